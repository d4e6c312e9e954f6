//! The lines on the plot: the leading metric of the selected run, further metrics, further runs.
//!
//! What a line needs to be drawn is made once and kept while runs and metrics come and go; a scan that brings
//! new values makes it again.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Curve, KEPT, OfRun};
use crate::runs::Run;
use crate::training::align::Places;
use crate::training::prepared::{Prepared, Wanted};
use crate::training::{Mode, Series, XAxis, metric};

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

/// What tells lines apart: folder of the run, name of the metric, and what is along x.
pub type Key = (PathBuf, String, XAxis);

/// A line that is ready, and what it was placed along x by.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    data: Arc<Prepared>,
    places: Arc<Places>,
}

impl Ready {
    /// True while it shows just this series.
    fn holds(&self, series: &Series, places: &Arc<Places>) -> bool {
        let placed = || series.x == self.data.x() || self.places == *places;
        self.data.is_of(series) && placed()
    }
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
    /// Makes the lines again. `runs` are those to draw, the selected one first.
    pub fn draw(&mut self, runs: &[&Run]) {
        self.lines.clear();
        self.no_place.clear();
        self.wanted.clear();
        self.left_out = 0;
        let Some(lead) = self.shown().map(Head::of) else { return };
        let mut wanted = vec![lead.canonical.clone()];
        wanted.extend(self.added.iter().filter(|name| **name != lead.canonical).cloned());
        for (number, run) in runs.iter().enumerate() {
            self.draw_run(run, number == 0, &wanted, &lead);
        }
    }

    /// Takes in what a worker made ready; to be drawn again then.
    pub fn prepared(&mut self, generation: u64, made: Vec<(Key, Wanted, Option<Prepared>)>) {
        self.preparing.take_if(|newest| *newest == generation);
        for (key, wanted, data) in made {
            if let Some(data) = data {
                self.keep(key, Ready { data: Arc::new(data), places: wanted.places });
            }
        }
    }

    fn keep(&mut self, key: Key, ready: Ready) {
        if self.made.lines.len() >= KEPT {
            self.made.lines.clear();
        }
        self.made.lines.insert(key, ready);
    }

    /// A line as it is to be, or as it was until a worker has made it; nothing when it never was.
    fn ready(&mut self, run: &Run, series: &Series, x: XAxis) -> Option<Arc<Prepared>> {
        let OfRun { places, .. } = self.made.of(run);
        let key = (run.path.clone(), series.name.clone(), x);
        let before = self.made.lines.get(&key);
        let held = before.filter(|ready| ready.holds(series, &places)).map(|ready| Arc::clone(&ready.data));
        let weight = self.weight();
        if let Some(held) = held.as_ref().filter(|held| held.weight().total_cmp(&weight).is_eq()) {
            return Some(Arc::clone(held));
        }
        // A log that has grown is shown as it was until the new points are ready.
        let meanwhile = before.filter(|ready| ready.data.series().x == series.x).map(|r| Arc::clone(&r.data));
        let wanted = Wanted { series: series.clone(), x, places: Arc::clone(&places), weight, held };
        if wanted.is_long() {
            self.wanted.push((key, wanted));
            return meanwhile;
        }
        let data = Arc::new(wanted.prepare()?);
        self.keep(key, Ready { data: Arc::clone(&data), places });
        Some(data)
    }

    fn draw_run(&mut self, run: &Run, is_selected: bool, wanted: &[String], lead: &Head) {
        let OfRun { series: all, places, .. } = self.made.of(run);
        for (number, name) in wanted.iter().enumerate() {
            let same = |s: &Series| metric::canonical(&s.name) == *name;
            let at = match (is_selected, number) {
                (true, 0) => Some(self.at),
                _ => all.iter().position(|s| same(s) && s.x == lead.x).or_else(|| all.iter().position(same)),
            };
            let Some(one) = at.and_then(|at| all.get(at)) else { continue };
            // Lines that are not drawn need not be made.
            if self.lines.len() >= MOST {
                self.left_out += 1;
                continue;
            }
            if one.x != lead.x && places.is_empty() {
                self.no_place.push(one.name.clone());
                continue;
            }
            let Some(data) = self.ready(run, one, lead.x) else { continue };
            let right = kind(one) != lead.kind;
            let (metric, run_name) = (one.name.clone(), run.name.clone());
            self.lines.push(Line { run: run.path.clone(), run_name, metric, data, right });
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
