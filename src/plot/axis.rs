//! What a place along an edge of the plot stands for.

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences take equal room.
    #[default]
    Linear,
    /// Equal ratios take equal room. Values at or below 0 have no place.
    Log,
}

/// A range of values and how they are spread over it; `low < high`, and both are positive on a log axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Value at the beginning.
    pub low: f64,
    /// Value at the end.
    pub high: f64,
    /// How values are spread.
    pub scale: Scale,
}

/// Share of the range left free on either side, so that extremes do not lie on the frame.
const AIR: f64 = 0.04;

impl Axis {
    /// An axis from `low` to `high` exactly; a range of no width is widened by `half` on either side, and one
    /// that is no range at all becomes 0 to 1.
    pub fn between(low: f64, high: f64, half: f64) -> Self {
        let (low, high) = match (low.is_finite() && high.is_finite(), high > low) {
            (true, true) => (low, high),
            // Between neighbouring floats there may be nothing to widen by.
            (true, false) if low + half > low - half => (low - half, low + half),
            _ => (0.0, 1.0),
        };
        Self { low, high, scale: Scale::Linear }
    }

    /// An axis that shows `low` to `high` with some air around them. On a log axis both must be positive;
    /// where they are not, there is nothing to show and it spans 0.1 to 1.
    pub fn around(low: f64, high: f64, scale: Scale) -> Self {
        match scale {
            Scale::Linear => {
                let half = if low.is_finite() { (low.abs() * 0.05).max(1e-9) } else { 0.5 };
                let bare = Self::between(low, high, half);
                let air = (bare.high / 2.0 - bare.low / 2.0) * 2.0 * AIR;
                let wide = Self { low: bare.low - air, high: bare.high + air, ..bare };
                // Something that never falls below nothing is not shown below nothing.
                let low = if bare.low >= 0.0 { wide.low.max(0.0) } else { wide.low };
                if wide.low.is_finite() && wide.high.is_finite() { Self { low, ..wide } } else { bare }
            }
            Scale::Log if low > 0.0 && high.is_finite() => {
                let bare = Self::between(low.log10(), high.log10(), 0.05);
                let air = (bare.high - bare.low) * AIR;
                let (low, high) = (10_f64.powf(bare.low - air), 10_f64.powf(bare.high + air));
                if low > 0.0 && high.is_finite() {
                    Self { low, high, scale }
                } else {
                    Self { low: f64::MIN_POSITIVE, high: f64::MAX, scale }
                }
            }
            Scale::Log => Self { low: 0.1, high: 1.0, scale },
        }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end, and beyond them outside. `None` for what has no
    /// place: what is not finite and, on a log axis, what is not positive.
    pub fn share(&self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        match self.scale {
            // Halves: a range from the lowest to the highest float has no width of its own.
            Scale::Linear => Some((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)),
            Scale::Log if value <= 0.0 => None,
            Scale::Log => {
                let (low, high) = (self.low.log10(), self.high.log10());
                Some((value.log10() - low) / (high - low))
            }
        }
    }

    /// The value at a place: the reverse of [`Axis::share`].
    pub fn value(&self, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.low + (self.high / 2.0 - self.low / 2.0) * share * 2.0,
            Scale::Log => {
                let (low, high) = (self.low.log10(), self.high.log10());
                10_f64.powf(low + (high - low) * share)
            }
        }
    }

    /// True when a value lies on the axis.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The cell of `cells` a value's dot falls into, from the beginning, with `sub` dots to a cell: the very
    /// cell a line is drawn in. `None` when the value lies outside.
    pub fn cell(&self, value: f64, cells: u16, sub: u16) -> Option<u16> {
        let share = self.share(value).filter(|s| (-1e-9..=1.0 + 1e-9).contains(s))?;
        let last = f64::from((cells * sub).checked_sub(1)?);
        Some((share * last).round() as u16 / sub.max(1))
    }

    /// The same, counted from the end: rows from the top.
    pub fn cell_from_end(&self, value: f64, cells: u16, sub: u16) -> Option<u16> {
        let share = self.share(value).filter(|s| (-1e-9..=1.0 + 1e-9).contains(s))?;
        let last = f64::from((cells * sub).checked_sub(1)?);
        Some(((1.0 - share) * last).round() as u16 / sub.max(1))
    }

    /// What a cell spans: the reverse of [`Axis::cell`].
    pub fn span(&self, cell: u16, cells: u16, sub: u16) -> (f64, f64) {
        let last = f64::from((cells * sub).max(2) - 1);
        let edge = |dot: u16| self.value((f64::from(dot) - 0.5) / last);
        (edge(cell * sub), edge((cell + 1) * sub))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_single_value_lies_in_the_middle() {
        let axis = Axis::around(5.0, 5.0, Scale::Linear);
        assert_eq!(axis.share(5.0), Some(0.5));
        let axis = Axis::around(5.0, 5.0, Scale::Log);
        assert!((axis.share(5.0).unwrap() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn losses_are_not_shown_below_nothing() {
        assert!(Axis::around(0.01, 2.0, Scale::Linear).low.abs() < f64::EPSILON);
        assert!(Axis::around(-0.01, 2.0, Scale::Linear).low < -0.01);
    }

    #[test]
    fn what_has_no_place_has_none() {
        let log = Axis::around(0.1, 10.0, Scale::Log);
        assert_eq!((log.share(0.0), log.share(-1.0), log.share(f64::NAN)), (None, None, None));
        assert!((log.share(1.0).unwrap() - 0.5).abs() < 1e-9);
        let nothing = Axis::around(f64::INFINITY, f64::NEG_INFINITY, Scale::Linear);
        assert!(nothing.low < nothing.high);
        assert_eq!(nothing.share(f64::INFINITY), None);
    }

    proptest! {
        #[test]
        fn every_axis_is_a_range_and_goes_both_ways(a in any::<f64>(), b in any::<f64>(), log in any::<bool>()) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            let scale = if log { Scale::Log } else { Scale::Linear };
            let axis = Axis::around(low, high, scale);
            prop_assert!(axis.low < axis.high && axis.low.is_finite() && axis.high.is_finite(), "{axis:?}");
            let middle = axis.value(0.5);
            prop_assert!(axis.contains(middle), "{axis:?} {middle}");
            prop_assert!((axis.share(middle).unwrap() - 0.5).abs() < 1e-6, "{axis:?}");
        }
    }
}
