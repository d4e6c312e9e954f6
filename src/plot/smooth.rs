//! Smoothing as TensorBoard does it, so that a number set here means what it means there.
//!
//! An exponential moving average that starts at 0 and is divided by `1 - weight^n`, the share of the weights
//! handed out after `n` values: the debiasing of Adam. Values that are not finite stay as they are and count
//! for nothing, and a constant series stays as it is. (TensorBoard: `resmoothDataset` in
//! `vz_line_chart2/line-chart.ts`.)

/// The points with their values smoothed; `weight` from 0 (not at all) to below 1. Costs one pass.
pub fn ema(points: &[(f64, f64)], weight: f64) -> Vec<(f64, f64)> {
    let first = points.first().map(|p| p.1);
    if points.iter().all(|p| Some(p.1) == first) {
        return points.to_vec();
    }
    let (mut last, mut left) = (0.0, 1.0);
    let smooth = |&(x, value): &(f64, f64)| {
        if !value.is_finite() {
            return (x, value);
        }
        last = last * weight + (1.0 - weight) * value;
        // What is left of the bias after so many values: weight to the power of their number.
        left *= weight;
        (x, last / (1.0 - left))
    };
    points.iter().map(smooth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(input: &[f64], weight: f64) -> Vec<f64> {
        let points: Vec<_> = input.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect();
        ema(&points, weight).into_iter().map(|p| p.1).collect()
    }

    /// By hand from TensorBoard's source with weight 0.5: last = 1/2, 5/4, 21/8; debiased by 1/2, 3/4, 7/8.
    #[test]
    fn the_values_of_tensorboard() {
        assert_eq!(values(&[1.0, 2.0, 4.0], 0.5), [1.0, 5.0 / 3.0, 3.0]);
    }

    #[test]
    fn what_is_no_number_counts_for_nothing() {
        let smoothed = values(&[1.0, f64::NAN, 2.0, f64::INFINITY, 4.0], 0.5);
        assert!(smoothed[1].is_nan() && smoothed[3].is_infinite());
        assert_eq!((smoothed[0], smoothed[2], smoothed[4]), (1.0, 5.0 / 3.0, 3.0));
    }

    #[test]
    fn a_constant_stays_and_nothing_is_nothing() {
        assert_eq!(values(&[0.1; 5], 0.9), [0.1; 5]);
        assert!(values(&[], 0.9).is_empty());
    }

    proptest! {
        #[test]
        fn smoothed_values_stay_between_the_extremes(
            input in prop::collection::vec(-1e6_f64..1e6, 1..200),
            weight in 0.0_f64..0.999,
        ) {
            let low = input.iter().copied().fold(f64::INFINITY, f64::min);
            let high = input.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let room = 1e-6 * (1.0 + high.abs().max(low.abs()));
            for value in values(&input, weight) {
                prop_assert!((low - room..=high + room).contains(&value));
            }
            prop_assert!(values(&input, 0.0) == input);
        }
    }
}
