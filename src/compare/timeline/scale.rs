//! Points as steps of a ramp: what a heat map is drawn with, in whatever characters or colours.

use super::{Point, Row, Timeline};

/// What a heat map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Relative change since the checkpoint before, on a logarithmic scale over the whole run.
    Change,
    /// Norm, as a part of the row's largest.
    Norm,
    /// NaN and infinities, on a logarithmic scale.
    Nan,
    /// Effective rank, between the least and the most of the row; see [`super::ranks`].
    Rank,
}

impl Measure {
    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Change => Self::Norm,
            Self::Norm => Self::Nan,
            Self::Nan => Self::Rank,
            Self::Rank => Self::Change,
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Change => "relative change",
            Self::Norm => "norm",
            Self::Nan => "NaN and inf",
            Self::Rank => "effective rank",
        }
    }
}

/// One cell of a heat map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing is known: no such tensor, or nothing before it.
    Unknown,
    /// Exactly nothing: no change, no NaN.
    Zero,
    /// From the least to the most, 1 to [`STEPS`].
    Step(u8),
    /// There are NaN or infinities in it.
    Broken,
}

/// Steps of a ramp.
pub const STEPS: u8 = 8;

/// The bounds a ramp runs between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    measure: Measure,
    least: f64,
    most: f64,
}

impl Scale {
    /// The scale for all of `timeline`.
    pub fn of(timeline: &Timeline, measure: Measure) -> Self {
        // Counters among the buffers double from one checkpoint to the next: the ramp is for what is trained.
        let trained = timeline.rows.iter().any(|row| row.is_parameter) && measure == Measure::Change;
        let rows = timeline.rows.iter().filter(|row| row.is_parameter || !trained);
        let points = rows.flat_map(|row| row.points.iter().flatten());
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for point in points {
            let value = match measure {
                Measure::Change => point.relative_change.unwrap_or(0.0),
                Measure::Norm => point.l2,
                Measure::Nan => (point.nan + point.inf) as f64,
                Measure::Rank => 0.0,
            };
            if value > 0.0 && value.is_finite() {
                (least, most) = (least.min(value), most.max(value));
            }
        }
        Self { measure, least, most }
    }

    /// Values of the least and the most step; `None` where there are none, and for norms, whose rows have each their
    /// own.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        (self.most > 0.0 && self.measure != Measure::Norm).then_some((self.least, self.most))
    }

    /// The level of a point of a row whose largest norm is `largest`.
    pub fn level(&self, point: Option<&Point>, largest: f64) -> Level {
        let Some(point) = point else { return Level::Unknown };
        let broken = point.nan + point.inf > 0;
        match self.measure {
            _ if broken && self.measure != Measure::Nan => Level::Broken,
            Measure::Change => match point.relative_change {
                None => Level::Unknown,
                Some(change) => self.logarithmic(change),
            },
            Measure::Norm if largest > 0.0 => {
                let step = (point.l2 / largest * f64::from(STEPS)).ceil().clamp(0.0, f64::from(STEPS));
                if point.l2 > 0.0 { Level::Step(step as u8) } else { Level::Zero }
            }
            Measure::Norm => Level::Zero,
            Measure::Nan => self.logarithmic((point.nan + point.inf) as f64),
            // No part of a point.
            Measure::Rank => Level::Unknown,
        }
    }

    fn logarithmic(&self, value: f64) -> Level {
        if value <= 0.0 {
            return Level::Zero;
        }
        let range = (self.most / self.least).ln();
        let part = if range > 0.0 { (value / self.least).ln() / range } else { 1.0 };
        // An infinite change (from nothing to something) is the most.
        let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 };
        Level::Step(1 + (part * f64::from(STEPS - 1)).round() as u8)
    }
}

/// The level of a value between the least and the most of its row; the middle where all are the same.
pub fn between(value: f64, least: f64, most: f64) -> Level {
    let range = most - least;
    let part = if range > 0.0 { ((value - least) / range).clamp(0.0, 1.0) } else { 0.5 };
    Level::Step(1 + (part * f64::from(STEPS - 1)).round() as u8)
}

/// The largest norm of a row: what its own norms are measured by.
pub fn largest_norm(row: &Row) -> f64 {
    row.points.iter().flatten().map(|point| point.l2).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::LayerType;
    use super::*;

    fn timeline(changes: &[f64]) -> Timeline {
        let point = |change: &f64| {
            let (change, moved) = (Some(*change), u64::from(*change > 0.0));
            Some(Point { change, relative_change: change, moved, l2: 2.0, nan: 0, inf: 0 })
        };
        let row = Row {
            key: "w".to_owned(),
            layer_type: LayerType::Linear,
            is_parameter: true,
            points: changes.iter().map(point).collect(),
        };
        Timeline { rows: vec![row], ..Timeline::default() }
    }

    #[test]
    fn the_ramp_runs_from_the_least_to_the_most() {
        let timeline = timeline(&[1e-4, 1e-2, 1.0, 0.0, f64::INFINITY]);
        let scale = Scale::of(&timeline, Measure::Change);
        let row = &timeline.rows[0];
        let levels: Vec<Level> = row.points.iter().map(|p| scale.level(p.as_ref(), 2.0)).collect();
        let want = [Level::Step(1), Level::Step(5), Level::Step(8), Level::Zero, Level::Step(8)];
        assert_eq!(levels, want);
        assert_eq!(scale.level(None, 2.0), Level::Unknown);
        let norm = Scale::of(&timeline, Measure::Norm);
        assert_eq!(norm.level(row.points[0].as_ref(), largest_norm(row)), Level::Step(8));
        let broken = Point { nan: 3, ..row.points[0].unwrap() };
        assert_eq!(scale.level(Some(&broken), 2.0), Level::Broken);
    }
}
