//! The lines on the plot: the leading metric of the selected run, further metrics, further runs.
//!
//! What a line needs to be drawn is made once and kept while runs and metrics come and go; a scan that brings
//! new values makes it again.

use std::path::PathBuf;
use std::sync::Arc;

use super::Curve;
use crate::runs::Run;
use crate::training::align::Places;
use crate::training::curve::series_of_run;
use crate::training::prepared::Prepared;
use crate::training::{Mode, Series, XAxis, metric, overfit};

/// Lines drawn at most: more cannot be told apart.
pub const MOST: usize = 8;

/// A line on the plot.
#[derive(Debug, Clone)]
pub struct Line {
    /// Folder of its run.
    pub run: PathBuf,
    /// Name of its run.
    pub run_name: String,
    /// Its metric, as the run writes it.
    pub metric: String,
    /// What is drawn.
    pub data: Arc<Prepared>,
    /// Measured on the right axis: its metric is of another kind than the leading one.
    pub right: bool,
}

/// Metrics of a kind share an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loss,
    Score,
    Neutral,
}

fn kind(series: &Series) -> Kind {
    match series.mode {
        _ if metric::is_loss(&series.name) => Kind::Loss,
        Mode::None => Kind::Neutral,
        Mode::Min | Mode::Max => Kind::Score,
    }
}

impl Curve {
    /// Makes the lines again. `runs` are those to draw, the selected one first; `anew` after their values
    /// changed.
    pub fn draw(&mut self, runs: &[&Run], anew: bool) {
        let old = if anew { Vec::new() } else { std::mem::take(&mut self.lines) };
        self.lines.clear();
        self.no_place.clear();
        self.left_out = 0;
        let Some((lead, first)) = self.shown().map(Head::of).zip(runs.first()) else {
            self.turn = None;
            return;
        };
        if anew || old.first().is_none_or(|line| line.run != first.path) {
            self.turn = overfit::turn(&self.series, &Places::of(first));
        }
        let mut wanted = vec![lead.canonical.clone()];
        wanted.extend(self.added.iter().filter(|name| **name != lead.canonical).cloned());
        for (number, run) in runs.iter().enumerate() {
            let own = if number == 0 { Some(Arc::clone(&self.series)) } else { None };
            self.draw_run(run, own, &wanted, &lead, &old);
        }
        let weight = self.weight();
        for line in self.lines.iter_mut().filter(|line| line.data.weight().total_cmp(&weight).is_ne()) {
            line.data = Arc::new(line.data.with_weight(weight));
        }
    }

    fn draw_run(
        &mut self,
        run: &Run,
        series: Option<Arc<Vec<Series>>>,
        wanted: &[String],
        lead: &Head,
        old: &[Line],
    ) {
        let is_selected = series.is_some();
        let mut series = series;
        for (number, name) in wanted.iter().enumerate() {
            let kept = old.iter().find(|line| {
                line.run == run.path
                    && line.data.x() == lead.x
                    && metric::canonical(&line.metric) == *name
                    // The leading series is this very one, not another of its name.
                    && !(is_selected && number == 0)
            });
            if let Some(line) = kept {
                self.push(line.clone());
                continue;
            }
            let all = series.get_or_insert_with(|| Arc::new(series_of_run(run)));
            let same = |s: &Series| metric::canonical(&s.name) == *name;
            let at = match (is_selected, number) {
                (true, 0) => Some(self.at),
                _ => all.iter().position(|s| same(s) && s.x == lead.x).or_else(|| all.iter().position(same)),
            };
            let Some((at, one)) = at.and_then(|at| Some((at, all.get(at)?))) else { continue };
            let held = old.iter().find(|line| {
                line.run == run.path && line.metric == one.name && line.data.x() == lead.x && one.x == lead.x
            });
            let data = held.map(|line| Arc::clone(&line.data)).or_else(|| ready(run, all, at, lead.x));
            let Some(data) = data else {
                self.no_place.push(one.name.clone());
                continue;
            };
            let right = kind(one) != lead.kind;
            let (metric, run_name) = (one.name.clone(), run.name.clone());
            self.push(Line { run: run.path.clone(), run_name, metric, data, right });
        }
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() < MOST {
            self.lines.push(line);
        } else {
            self.left_out += 1;
        }
    }

    /// Puts a metric on the plot, or takes it off.
    pub fn toggle_metric(&mut self, name: &str) {
        let name = metric::canonical(name);
        match self.added.iter().position(|n| *n == name) {
            Some(at) => {
                self.added.remove(at);
            }
            None => self.added.push(name),
        }
    }

    /// True when a metric of the selected run is on the plot.
    pub fn has_metric(&self, at: usize) -> bool {
        let added = |s: &Series| self.added.contains(&metric::canonical(&s.name));
        at == self.at || self.series.get(at).is_some_and(added)
    }
}

/// What the other lines go by of the leading one.
struct Head {
    canonical: String,
    x: XAxis,
    kind: Kind,
}

impl Head {
    fn of(series: &Series) -> Self {
        Self { canonical: metric::canonical(&series.name), x: series.x, kind: kind(series) }
    }
}

/// A series ready to be drawn along `x`; `None` when it cannot be told along it.
fn ready(run: &Run, all: &Arc<Vec<Series>>, at: usize, x: XAxis) -> Option<Arc<Prepared>> {
    let one = all.get(at)?;
    let converted = if one.x == x { None } else { Some((x, Places::of(run).points(one, x)?)) };
    Prepared::new(Arc::clone(all), at, converted).map(Arc::new)
}
