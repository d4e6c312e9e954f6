//! The timeline of a run: every layer over its checkpoints, with a cursor on one of each.

use std::path::PathBuf;
use std::sync::Arc;

use super::cursor::Cursor;
use super::{Pane, Place};
use crate::compare::timeline::ranks::{self, OfCheckpoint, Ranks};
use crate::compare::timeline::scale::{self, Level, Measure, Scale, largest_norm};
use crate::compare::timeline::{Point, Row, Timeline, together};

/// What a line of the heat map stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// One tensor.
    Tensors,
    /// The tensors of one module.
    Modules,
    /// All tensors of one type of layer.
    Types,
}

impl Grouping {
    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Tensors => Self::Modules,
            Self::Modules => Self::Types,
            Self::Types => Self::Tensors,
        }
    }

    /// What the lines are, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tensors => "tensors",
            Self::Modules => "modules",
            Self::Types => "types of layers",
        }
    }
}

/// A line of the heat map.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Tensors it stands for.
    pub tensors: usize,
    /// It never changed.
    pub is_frozen: bool,
    /// One for each checkpoint.
    pub points: Vec<Option<Point>>,
    /// The largest of its norms.
    pub largest: f64,
    /// Effective rank at each checkpoint, the mean over the matrices it stands for; empty unless that is shown.
    pub ranks: Vec<Option<f64>>,
}

impl Line {
    /// The least and the most of its effective ranks.
    pub fn rank_bounds(&self) -> Option<(f64, f64)> {
        ranks::bounds(&self.ranks)
    }
}

/// The screen's state.
#[derive(Debug)]
pub struct TimelineView {
    /// Name of the run.
    pub run: String,
    /// Where to go back to.
    pub from: (Place, Pane),
    /// Checkpoints there will be.
    pub expected: usize,
    /// Everything has been read.
    pub is_complete: bool,
    /// What has been read.
    pub data: Arc<Timeline>,
    /// Effective ranks, as far as they are computed.
    pub ranks: Ranks,
    /// Checkpoints whose effective ranks were asked for.
    pub ranks_asked: usize,
    /// What the colours show.
    pub measure: Measure,
    /// What the lines are.
    pub grouping: Grouping,
    /// Two lines share a row of the screen, where it has colours for that.
    pub is_dense: bool,
    /// Lines of the heat map.
    pub lines: Vec<Line>,
    /// For the measure, over everything read.
    pub scale: Scale,
    /// The selected line.
    pub cursor: Cursor,
    /// The selected checkpoint.
    pub column: usize,
    /// The first visible checkpoint.
    pub first_column: usize,
}

impl TimelineView {
    /// An empty one.
    pub fn new(run: String, expected: usize, from: (Place, Pane)) -> Self {
        let data = Arc::new(Timeline::default());
        let scale = Scale::of(&data, Measure::Change);
        Self {
            run,
            from,
            expected,
            is_complete: false,
            data,
            ranks: Ranks::default(),
            ranks_asked: 0,
            measure: Measure::Change,
            grouping: Grouping::Tensors,
            is_dense: false,
            lines: Vec::new(),
            scale,
            cursor: Cursor::default(),
            column: 0,
            first_column: 0,
        }
    }

    /// Takes what has been read by now. The cursor stays on its checkpoint; on the newest if it was there.
    pub fn set(&mut self, data: Arc<Timeline>, is_complete: bool) {
        let was_last = self.column + 1 >= self.data.checkpoints.len();
        self.data = data;
        self.is_complete = is_complete;
        if was_last {
            self.column = self.data.checkpoints.len().saturating_sub(1);
        }
        self.rebuild();
    }

    /// Makes the lines anew: after the data, the grouping or the measure changed.
    pub fn rebuild(&mut self) {
        self.scale = Scale::of(&self.data, self.measure);
        let rows = &self.data.rows;
        self.lines = match self.grouping {
            Grouping::Tensors => rows.iter().map(|row| self.line_of(row.key.clone(), &[row])).collect(),
            Grouping::Modules => self.grouped(rows, |row| {
                row.key.rsplit_once('.').map_or_else(|| "(root)".to_owned(), |(module, _)| module.to_owned())
            }),
            Grouping::Types => self.grouped(rows, |row| row.layer_type.name().to_owned()),
        };
    }

    /// Rows of one name as one line, in the order the names come.
    fn grouped(&self, rows: &[Row], name: impl Fn(&Row) -> String) -> Vec<Line> {
        let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
        let mut known = rustc_hash::FxHashMap::default();
        for row in rows {
            let name = name(row);
            let at = *known.entry(name.clone()).or_insert_with(|| {
                groups.push((name, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, members)) = groups.get_mut(at) {
                members.push(row);
            }
        }
        groups.into_iter().map(|(name, members)| self.line_of(name, &members)).collect()
    }

    fn line_of(&self, name: String, members: &[&Row]) -> Line {
        let mut line = line(name, members);
        if self.measure == Measure::Rank {
            let mean = |at: Option<&OfCheckpoint>| {
                let known = members.iter().filter_map(|row| at?.ranks.get(&row.key));
                let (sum, count) = known.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
                (count > 0).then(|| sum / f64::from(count))
            };
            let stops = self.data.checkpoints.iter();
            line.ranks = stops.map(|stop| mean(self.ranks.checkpoints.get(&stop.path))).collect();
        }
        line
    }

    /// The step a cell is drawn with.
    pub fn level(&self, line: &Line, column: usize) -> Level {
        if self.measure != Measure::Rank {
            return self.scale.level(line.points.get(column).and_then(Option::as_ref), line.largest);
        }
        match (line.ranks.get(column).copied().flatten(), line.rank_bounds()) {
            (Some(rank), Some((least, most))) => scale::between(rank, least, most),
            _ => Level::Unknown,
        }
    }

    /// The selected line.
    pub fn line(&self) -> Option<&Line> {
        self.lines.get(self.cursor.at)
    }

    /// The file of the selected checkpoint.
    pub fn path(&self) -> Option<&PathBuf> {
        self.data.checkpoints.get(self.column).map(|stop| &stop.path)
    }

    /// The selected cell.
    pub fn point(&self) -> Option<&Point> {
        self.line()?.points.get(self.column)?.as_ref()
    }

    /// Goes `by` checkpoints further, not beyond the ends.
    pub fn step(&mut self, by: isize) {
        let last = self.data.checkpoints.len().saturating_sub(1);
        self.column = self.column.saturating_add_signed(by).min(last);
    }

    /// Keeps cursor and window inside.
    pub fn settle(&mut self, rows: usize, columns: usize) {
        self.cursor.settle(self.lines.len(), rows);
        let count = self.data.checkpoints.len();
        self.column = self.column.min(count.saturating_sub(1));
        let columns = columns.max(1);
        self.first_column = self.first_column.min(self.column).max((self.column + 1).saturating_sub(columns));
        self.first_column = self.first_column.min(count.saturating_sub(columns));
    }
}

fn line(name: String, members: &[&Row]) -> Line {
    if let [row] = members {
        let (points, largest) = (row.points.clone(), largest_norm(row));
        return Line { name, tensors: 1, is_frozen: row.is_frozen(), points, largest, ranks: Vec::new() };
    }
    let count = members.first().map_or(0, |row| row.points.len());
    let point = |at: usize| together(members.iter().map(|row| row.points.get(at).and_then(Option::as_ref)));
    let points: Vec<Option<Point>> = (0..count).map(point).collect();
    let largest = points.iter().flatten().map(|point| point.l2).fold(0.0, f64::max);
    let is_frozen = members.iter().all(|row| row.is_frozen());
    Line { name, tensors: members.len(), is_frozen, points, largest, ranks: Vec::new() }
}
