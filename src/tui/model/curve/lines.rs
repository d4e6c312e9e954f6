//! The lines on the plot: the leading metric of the selected run, further metrics, further runs.
//!
//! What a line needs to be drawn is made once and kept while runs and metrics come and go; a scan that brings
//! new values makes it again.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Curve, KEPT};
use crate::runs::Run;
use crate::training::align::Places;
use crate::training::prepared::Prepared;
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

impl Line {
    fn key(&self) -> (PathBuf, String, XAxis) {
        (self.run.clone(), self.metric.clone(), self.data.x())
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
        self.left_out = 0;
        let Some(lead) = self.shown().map(Head::of) else { return };
        let mut wanted = vec![lead.canonical.clone()];
        wanted.extend(self.added.iter().filter(|name| **name != lead.canonical).cloned());
        for (number, run) in runs.iter().enumerate() {
            self.draw_run(run, number == 0, &wanted, &lead);
        }
        let weight = self.weight();
        for line in self.lines.iter_mut().filter(|line| line.data.weight().total_cmp(&weight).is_ne()) {
            line.data = Arc::new(line.data.with_weight(weight));
            self.made.lines.insert(line.key(), Arc::clone(&line.data));
        }
    }

    fn draw_run(&mut self, run: &Run, is_selected: bool, wanted: &[String], lead: &Head) {
        let all = self.made.of(run).series;
        for (number, name) in wanted.iter().enumerate() {
            let same = |s: &Series| metric::canonical(&s.name) == *name;
            let at = match (is_selected, number) {
                (true, 0) => Some(self.at),
                _ => all.iter().position(|s| same(s) && s.x == lead.x).or_else(|| all.iter().position(same)),
            };
            let Some((at, one)) = at.and_then(|at| Some((at, all.get(at)?))) else { continue };
            // Lines that are not drawn need not be made.
            if self.lines.len() >= MOST {
                self.left_out += 1;
                continue;
            }
            let key = (run.path.clone(), one.name.clone(), lead.x);
            // Two series of one name differ in what they count along x.
            let held = self.made.lines.get(&key).filter(|held| held.series().is_some_and(|s| s.x == one.x));
            let data = held.cloned().or_else(|| ready(run, &all, at, lead.x));
            let Some(data) = data else {
                self.no_place.push(one.name.clone());
                continue;
            };
            if self.made.lines.len() >= KEPT {
                self.made.lines.clear();
            }
            self.made.lines.insert(key, Arc::clone(&data));
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

/// A series ready to be drawn along `x`; `None` when it cannot be told along it.
fn ready(run: &Run, all: &Arc<Vec<Series>>, at: usize, x: XAxis) -> Option<Arc<Prepared>> {
    let one = all.get(at)?;
    let converted = if one.x == x { None } else { Some((x, Places::of(run).points(one, x)?)) };
    Prepared::new(Arc::clone(all), at, converted).map(Arc::new)
}
