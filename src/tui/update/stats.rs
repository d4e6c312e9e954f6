//! Statistics: what is asked for, and what comes.

use super::super::action::{Effect, StatsNews};
use super::super::commands::Command;
use super::super::model::browser::View;
use super::super::model::document::Scroll;
use super::super::model::jobs::{TaskKind, Unit};
use super::super::model::stats::{Known, Panel, Preview, Wanted};
use super::super::model::{Model, Pane, Place};

/// Elements read for the panel of values.
const VALUES: u64 = 1_024;

/// The commands of this file; `None` for others.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    match command {
        Command::ComputeStatistics => return Some(compute_shown(model)),
        Command::Statistics => {
            model.focus = Pane::Detail;
            show(model, Panel::Numbers);
        }
        Command::NextPanel => {
            let panel = model.browser.as_ref().map(|b| b.stats.panel.next()).unwrap_or_default();
            show(model, panel);
        }
        Command::LogHistogram => {
            let stats = &mut model.browser.as_mut()?.stats;
            stats.log = !stats.log;
        }
        _ => return None,
    }
    Some(Vec::new())
}

pub(super) fn show(model: &mut Model, panel: Panel) {
    if let Some(browser) = &mut model.browser {
        browser.stats.panel = panel;
        browser.stats.looked_at = None;
        browser.stats.spectra.looked_at = None;
        browser.detail = Scroll::default();
    }
}

/// Statistics of every tensor that filter and section let through, as far as they are not known.
fn compute_shown(model: &mut Model) -> Vec<Effect> {
    let Some(browser) = &model.browser else { return Vec::new() };
    let entries = browser.checkpoint().tensors();
    let shown: Vec<u32> = (0..entries.len() as u32).filter(|at| browser.is_shown(*at)).collect();
    let missing: Vec<u32> = shown.iter().copied().filter(|at| browser.stats.of(*at).is_none()).collect();
    if missing.is_empty() {
        model.say(format!(
            "statistics of all {} are there",
            super::super::doc::of(shown.len() as u64, "tensor")
        ));
        return Vec::new();
    }
    begin(model, missing)
}

fn begin(model: &mut Model, tensors: Vec<u32>) -> Vec<Effect> {
    let Some(browser) = &model.browser else { return Vec::new() };
    let layers = std::sync::Arc::clone(browser.layers());
    let (generation, work) = model.jobs.begin(TaskKind::Statistics, "statistics", Unit::Bytes, model.ticks);
    vec![Effect::Statistics(generation, work, layers, tensors)]
}

/// What the panel that is shown needs and was not asked for yet.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Checkpoint {
        return Vec::new();
    }
    let busy = model.jobs.task(TaskKind::Statistics).is_some();
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let Some(tensor) = browser.tensor().filter(|_| matches!(browser.view, View::Layers | View::Tensors))
    else {
        return Vec::new();
    };
    match browser.stats.panel {
        Panel::Facts | Panel::Spectrum => Vec::new(),
        Panel::Numbers => {
            let known = browser.stats.of(tensor).is_some();
            if known || busy || browser.stats.looked_at == Some(tensor) {
                return Vec::new();
            }
            browser.stats.looked_at = Some(tensor);
            begin(model, vec![tensor])
        }
        Panel::Values | Panel::HeatMap => preview(model, tensor),
    }
}

fn preview(model: &mut Model, tensor: u32) -> Vec<Effect> {
    let per = model.layout().values_per_row();
    let Some(browser) = &mut model.browser else { return Vec::new() };
    let stats = &mut browser.stats;
    if stats.asked.is_none_or(|asked| asked.tensor != tensor) {
        stats.row = super::super::model::cursor::Cursor::default();
    }
    let map = stats.panel == Panel::HeatMap;
    let first = stats.row.at as u64 * per;
    // Some rows before the window, so that moving to and fro does not read again.
    let wanted = Wanted { tensor, start: first.saturating_sub(VALUES / 4) / per * per, map };
    let held = stats.asked.is_some_and(|asked| {
        let inside = asked.start <= first && first + VALUES / 2 <= asked.start + VALUES;
        asked.tensor == tensor && asked.map == map && (map || inside || asked.start == wanted.start)
    });
    if held {
        return Vec::new();
    }
    stats.asked = Some(wanted);
    let layers = std::sync::Arc::clone(browser.layers());
    let (generation, work) = model.jobs.begin(TaskKind::Preview, "values", Unit::Bytes, model.ticks);
    vec![Effect::Preview(generation, work, layers, wanted, VALUES as usize)]
}

/// Statistics became known.
pub(super) fn learned(model: &mut Model, generation: u64, news: StatsNews) -> Vec<Effect> {
    if !model.jobs.is_current(TaskKind::Statistics, generation) {
        return Vec::new();
    }
    match news {
        StatsNews::Known(news) => {
            if let Some(browser) = &mut model.browser {
                let layers = std::sync::Arc::clone(browser.layers());
                browser.stats.learn(&layers, news);
            }
        }
        StatsNews::Done => {
            model.jobs.finish(TaskKind::Statistics, generation);
            let Some(browser) = &mut model.browser else { return Vec::new() };
            // Rows ordered by what was not known find their places.
            browser.rebuild();
            let said = serious(browser);
            if let Some(text) = said {
                model.complain(text);
            }
        }
    }
    Vec::new()
}

/// The worst that was found, in words.
fn serious(browser: &super::super::model::Browser) -> Option<String> {
    let entries = browser.checkpoint().tensors();
    let bad = |at: u32| match browser.stats.of(at) {
        Some(Known::Stats(_, found)) => found.first().copied().filter(|finding| finding.is_serious()),
        _ => None,
    };
    let mut all = (0..entries.len() as u32).filter_map(|at| Some((at, bad(at)?)));
    let (at, finding) = all.next()?;
    let name = entries.get(at as usize).map(|entry| crate::text::shown(&entry.path).into_owned())?;
    let more = match all.count() as u64 {
        0 => String::new(),
        n => format!(", and in {} more", super::super::doc::of(n, "tensor")),
    };
    Some(format!("{} in {name}{more}", finding.text()))
}

/// Elements of a tensor came.
pub(super) fn previewed(model: &mut Model, generation: u64, preview: Preview) -> Vec<Effect> {
    if model.jobs.finish(TaskKind::Preview, generation)
        && let Some(browser) = &mut model.browser
    {
        browser.stats.preview = Some(preview);
    }
    Vec::new()
}

/// Motions in the panel of values; false where the panel is another.
pub(super) fn moved(model: &mut Model, command: Command, count: Option<usize>) -> bool {
    let layout = model.layout();
    let (per, page) =
        (layout.values_per_row(), usize::from(layout.text(Pane::Detail).height).saturating_sub(2));
    let Some(browser) = &mut model.browser else { return false };
    if browser.stats.panel != Panel::Values || browser.tensor().is_none() {
        return false;
    }
    let total = browser.stats.preview.as_ref().map_or(0, |preview| preview.total);
    let rows = usize::try_from(total.div_ceil(per)).unwrap_or(usize::MAX);
    browser.stats.row.moved(command, count, rows, page);
    true
}
