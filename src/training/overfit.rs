//! Where a run began to overfit: the validation loss turns while the training loss goes on falling.
//!
//! The rule, in full: a validation loss has its lowest value at a point; each of its last three values lies
//! above that by 1 % of it or more; and the training loss, averaged over the stretch between the last two
//! evaluations, is lower than averaged over the stretch that ends at that point. Then that point is the turn.
//! With fewer than three evaluations behind the lowest value nothing is said.

use super::align::Places;
use super::metric::{self, Split};
use super::{Series, XAxis};

/// Evaluations behind the lowest value that must all lie above it.
const BEHIND: usize = 3;
/// By how much of the lowest value.
const MARGIN: f64 = 0.01;

/// A turn of a validation loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// What `at` counts.
    pub x: XAxis,
    /// Where the validation loss was lowest.
    pub at: f64,
    /// Name of the validation loss.
    pub validation: String,
    /// Name of the training loss that fell on.
    pub training: String,
}

/// The first validation loss of these series that turned, with the training loss of the same name.
pub fn turn(series: &[Series], places: &Places) -> Option<Turn> {
    let losses = || series.iter().filter(|s| metric::is_loss(&s.name) && !metric::is_running_best(&s.name));
    losses().filter(|s| metric::split_of(&s.name) == Split::Validation).find_map(|validation| {
        let wanted = stem(&validation.name);
        let is_training = |s: &&Series| {
            matches!(metric::split_of(&s.name), Split::Train | Split::Unsaid) && stem(&s.name) == wanted
        };
        losses().filter(is_training).find_map(|training| {
            let at = turned(validation, training, places)?;
            let (name, other) = (validation.name.clone(), training.name.clone());
            Some(Turn { x: validation.x, at, validation: name, training: other })
        })
    })
}

/// The name of a metric without the split it was taken on.
fn stem(name: &str) -> Vec<String> {
    let mut words = metric::words(name);
    words.retain(|w| !matches!(w.as_str(), "train" | "val" | "epoch" | "step" | "history" | "avg" | "mean"));
    words.sort();
    words
}

fn turned(validation: &Series, training: &Series, places: &Places) -> Option<f64> {
    let (at, value) = validation.points.shape().lowest?;
    let (before, behind) = validation.points.split_at(validation.points.partition_point(|p| p.0 < at));
    let finite = |p: &&(f64, f64)| p.1.is_finite();
    // The last of all comes first; the lowest itself is not behind itself.
    let tail: Vec<_> = behind.iter().skip(1).rev().filter(finite).take(BEHIND).collect();
    if tail.len() < BEHIND || !tail.iter().all(|p| p.1 >= value + MARGIN * value.abs()) {
        return None;
    }
    let before = before.iter().rev().find(finite).map_or(f64::NEG_INFINITY, |p| p.0);
    let (second_last, last) = (tail.get(1)?.0, tail.first()?.0);
    let mean = |from: f64, until: f64| {
        let on = |x: f64| if training.x == validation.x { Some(x) } else { places.convert(x, training.x) };
        let from = if from.is_finite() { on(from)? } else { from };
        mean(&training.points, from, on(until)?)
    };
    (mean(second_last, last)? < mean(before, at)?).then_some(at)
}

/// Mean of the finite values behind `from` up to `until`.
fn mean(points: &[(f64, f64)], from: f64, until: f64) -> Option<f64> {
    let start = points.partition_point(|p| p.0 <= from);
    let end = points.partition_point(|p| p.0 <= until).max(start);
    let values = points.get(start..end)?.iter().map(|p| p.1).filter(|v| v.is_finite());
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), v| (count + 1, sum + v));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Mode;

    fn series(name: &str, x: XAxis, values: &[f64]) -> Series {
        let points = values.iter().enumerate().map(|(i, v)| (i as f64 + 1.0, *v)).collect();
        Series { name: name.to_owned(), x, points, source: String::new(), mode: Mode::Min }
    }

    fn at(validation: &[f64], training: &[f64]) -> Option<f64> {
        let both =
            [series("val_loss", XAxis::Epoch, validation), series("train_loss", XAxis::Epoch, training)];
        turn(&both, &Places::default()).map(|t| t.at)
    }

    #[test]
    fn the_point_where_the_validation_loss_turns() {
        let falling = [0.9, 0.7, 0.5, 0.4, 0.3, 0.2];
        assert_eq!(at(&[0.9, 0.6, 0.5, 0.6, 0.7, 0.8], &falling), Some(3.0));
        assert_eq!(
            at(&[0.9, 0.6, 0.5, 0.6, f64::NAN, 0.7, 0.8], &[0.9, 0.7, 0.5, 0.4, 0.4, 0.3, 0.2]),
            Some(3.0)
        );
    }

    #[test]
    fn a_plateau_noise_and_a_rising_training_loss_are_no_overfitting() {
        let falling = [0.9, 0.7, 0.5, 0.4, 0.3, 0.2];
        assert_eq!(at(&[0.9, 0.6, 0.5, 0.501, 0.502, 0.501], &falling), None, "a plateau");
        assert_eq!(at(&[0.9, 0.6, 0.5, 0.6, 0.6, 0.503], &falling), None, "it comes back");
        assert_eq!(at(&[0.9, 0.6, 0.5, 0.6, 0.7, 0.8], &[0.9, 0.7, 0.5, 0.6, 0.7, 0.8]), None, "both rise");
        assert_eq!(at(&[0.9, 0.6, 0.5, 0.6, 0.7], &falling), None, "too few behind");
        assert_eq!(at(&[], &[]), None);
    }

    #[test]
    fn the_training_loss_may_be_by_step_and_named_by_its_framework() {
        let validation = series("eval_loss", XAxis::Epoch, &[0.9, 0.5, 0.6, 0.7, 0.8]);
        let steps: Vec<f64> = (0..50).map(|i| 1.0 / (f64::from(i) + 1.0)).collect();
        let both = [series("loss", XAxis::Step, &steps), validation];
        assert_eq!(turn(&both, &Places::default()), None, "nothing tells which step an epoch is");
        let places = Places::from_pairs(vec![(10.0, 1.0)]);
        assert_eq!(turn(&both, &places).map(|t| (t.at, t.training)), Some((2.0, "loss".to_owned())));
        let other = [series("val_iou_loss", XAxis::Epoch, &[0.9, 0.5, 0.6, 0.7, 0.8]), both[0].clone()];
        assert_eq!(turn(&other, &places), None, "another loss");
    }
}
