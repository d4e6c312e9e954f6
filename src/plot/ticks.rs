//! Round values along an axis, and how they are written: as few digits as tell them apart.

use super::{Axis, Scale};

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it is.
    pub value: f64,
    /// How it is written: plain ASCII of at most nine characters.
    pub label: String,
}

/// Ticks of values: at most `most` of them, at least one where the axis holds a round value at all.
pub fn values(axis: &Axis, most: usize) -> Vec<Tick> {
    match axis.scale {
        Scale::Linear => linear(axis, most, 0.0),
        Scale::Log => log(axis, most),
    }
}

/// Ticks of a count along x: epochs or steps. `whole` leaves out what lies between whole numbers.
pub fn counts(axis: &Axis, most: usize, whole: bool) -> Vec<Tick> {
    let mut ticks = linear(axis, most, if whole { 1.0 } else { 0.0 });
    let largest = ticks.iter().map(|t| t.value.abs()).fold(0.0, f64::max);
    let (by, unit) = match largest {
        l if l >= 1e9 => (1e9, "G"),
        l if l >= 1e6 => (1e6, "M"),
        l if l >= 1e4 => (1e3, "k"),
        _ => return ticks,
    };
    for tick in &mut ticks {
        // No more digits than the value has: steps are round.
        let text = format!("{:.6}", tick.value / by);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        tick.label = if tick.value == 0.0 { "0".to_owned() } else { format!("{text}{unit}") };
    }
    ticks
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `rough`: its factor and its power.
fn round_step(rough: f64) -> (f64, i32) {
    let power = rough.log10().floor();
    let head = rough / 10_f64.powf(power);
    let power = power as i32;
    match head {
        h if h <= 1.0 + 1e-9 => (1.0, power),
        h if h <= 2.0 + 1e-9 => (2.0, power),
        h if h <= 5.0 + 1e-9 => (5.0, power),
        _ => (1.0, power + 1),
    }
}

fn linear(axis: &Axis, most: usize, least: f64) -> Vec<Tick> {
    let width = (axis.high / 2.0 - axis.low / 2.0) * 2.0;
    if most == 0 || width <= 0.0 || !width.is_finite() {
        return Vec::new();
    }
    // From steps that are too small on: the first with few enough ticks has as many as there is room for.
    let mut rough = (width / most as f64 / 2.5).max(least);
    loop {
        let (factor, power) = round_step(rough);
        let step = factor * 10_f64.powi(power);
        let (first, last) = ((axis.low / step - 1e-9).ceil(), (axis.high / step + 1e-9).floor());
        if !step.is_normal() || !first.is_finite() || last - first > 1e6 {
            return Vec::new();
        }
        if last - first + 1.0 > most as f64 {
            rough = step * 1.01;
            continue;
        }
        let count = (last - first + 1.0).max(0.0) as usize;
        // One number times the step, not a sum of steps: errors would add up.
        let value = |i: usize| (first + i as f64) * step;
        let largest = axis.low.abs().max(axis.high.abs());
        return (0..count)
            .map(|i| Tick { value: value(i), label: written(value(i), power, largest) })
            .collect();
    }
}

/// A multiple of a step of ten to the `power`, so that all ticks of an axis have the same digits.
fn written(value: f64, power: i32, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let plain = (1e-4..1e6).contains(&largest) && power >= -5;
    if plain {
        let decimals = usize::try_from(-power).unwrap_or(0);
        return format!("{value:.decimals$}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(magnitude - power).unwrap_or(0).min(4);
    format!("{value:.decimals$e}")
}

/// Powers of ten, with 2 and 5 times them between where there is room; round values as on a linear axis
/// where the range is less than a power of ten.
fn log(axis: &Axis, most: usize) -> Vec<Tick> {
    let (low, high) = (axis.low.log10(), axis.high.log10());
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let decades = usize::try_from(last - first + 1).unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    if high - low < 1.0 {
        let ticks = linear(axis, most, 0.0);
        return spread(axis, ticks, most);
    }
    if decades > most {
        let every = i32::try_from(decades.div_ceil(most)).unwrap_or(i32::MAX);
        return (first..=last).filter(|p| p.rem_euclid(every) == 0).map(|p| decade(1.0, p)).collect();
    }
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let all = (first - 1..=last).flat_map(|power| factors.iter().map(move |f| decade(*f, power)));
        let ticks: Vec<Tick> = all.filter(|t| axis.contains(t.value)).collect();
        if ticks.len() <= most {
            return ticks;
        }
    }
    Vec::new()
}

/// Linear ticks crowd at the top of a log axis: those too close to the one below are left out.
fn spread(axis: &Axis, ticks: Vec<Tick>, most: usize) -> Vec<Tick> {
    let least = 0.7 / most as f64;
    let mut kept: Vec<Tick> = Vec::new();
    for tick in ticks {
        let place = axis.share(tick.value).unwrap_or(0.0);
        let before = kept.last().and_then(|t| axis.share(t.value));
        if before.is_none_or(|before| place - before >= least) {
            kept.push(tick);
        }
    }
    kept
}

fn decade(factor: f64, power: i32) -> Tick {
    let value = factor * 10_f64.powi(power);
    let label = if (-4..6).contains(&power) {
        let decimals = usize::try_from(-power).unwrap_or(0);
        format!("{value:.decimals$}")
    } else {
        format!("{factor}e{power}")
    };
    Tick { value, label }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.label.as_str()).collect()
    }

    fn on(low: f64, high: f64, scale: Scale, most: usize) -> Vec<String> {
        values(&Axis { low, high, scale }, most).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn values_are_round_and_have_the_same_digits() {
        assert_eq!(on(0.0, 1.04, Scale::Linear, 6), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(on(-3.2, 3.2, Scale::Linear, 4), ["-2", "0", "2"]);
        assert_eq!(on(0.031, 0.049, Scale::Linear, 5), ["0.035", "0.040", "0.045"]);
        assert_eq!(on(1.1e-6, 4.9e-6, Scale::Linear, 5), ["2e-6", "3e-6", "4e-6"]);
        assert_eq!(on(0.0, 2.5e7, Scale::Linear, 3), ["0", "1e7", "2e7"]);
        assert_eq!(on(99.0, 101.0, Scale::Linear, 1), ["100"]);
    }

    #[test]
    fn log_axes_have_powers_of_ten() {
        assert_eq!(on(0.009, 11.0, Scale::Log, 5), ["0.01", "0.1", "1", "10"]);
        assert_eq!(on(0.09, 1.1, Scale::Log, 6), ["0.1", "0.2", "0.5", "1"]);
        assert_eq!(on(1e-12, 1e-1, Scale::Log, 4), ["1e-12", "1e-9", "1e-6", "0.001"]);
        assert_eq!(on(0.31, 0.62, Scale::Log, 4), ["0.4", "0.5", "0.6"]);
    }

    #[test]
    fn counts_are_whole_and_short() {
        let steps = |low, high, most| counts(&Axis::between(low, high, 0.5), most, true);
        assert_eq!(labels(&steps(1.0, 3.0, 9)), ["1", "2", "3"]);
        assert_eq!(labels(&steps(0.0, 1_000_000.0, 5)), ["0", "0.5M", "1M"]);
        assert_eq!(labels(&steps(2_000.0, 41_000.0, 5)), ["10k", "20k", "30k", "40k"]);
        assert_eq!(labels(&counts(&Axis::between(0.0, 1.0, 0.5), 3, false)), ["0", "0.5", "1.0"]);
    }

    proptest! {
        #[test]
        fn ticks_are_few_ascending_told_apart_and_on_the_axis(
            a in -1e9_f64..1e9, width in 1e-3_f64..1e9, most in 1_usize..12, log in any::<bool>(),
        ) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let low = if log { a.abs() + 1e-9 } else { a };
            let axis = Axis { low, high: low + width, scale };
            let ticks = values(&axis, most);
            prop_assert!(ticks.len() <= most);
            for pair in ticks.windows(2) {
                prop_assert!(pair[0].value < pair[1].value);
                prop_assert!(width / low.abs().max(1.0) < 1e-3 || pair[0].label != pair[1].label, "{pair:?}");
            }
            let room = width * 1e-6;
            for tick in &ticks {
                prop_assert!((axis.low - room..=axis.high + room).contains(&tick.value), "{axis:?} {tick:?}");
                prop_assert!(tick.label.len() <= 11, "{tick:?}");
            }
        }
    }
}
