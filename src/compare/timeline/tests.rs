use super::*;

fn point(change: f64, before: f64, l2: f64) -> Point {
    let relative = if change > 0.0 { change / before } else { 0.0 };
    let moved = u64::from(change > 0.0);
    Point { change: Some(change), relative_change: Some(relative), moved, l2, nan: 0, inf: 0 }
}

fn row(key: &str, points: Vec<Option<Point>>) -> Row {
    Row { key: key.to_owned(), layer_type: LayerType::Linear, is_parameter: true, points }
}

#[test]
fn frozen_is_compared_and_never_moved() {
    let first = Point { change: None, relative_change: None, moved: 0, l2: 1.0, nan: 0, inf: 0 };
    let still = point(0.0, 1.0, 1.0);
    assert!(row("a", vec![Some(first), Some(still), Some(still)]).is_frozen());
    assert!(!row("a", vec![Some(first), Some(still), Some(point(0.1, 1.0, 1.0))]).is_frozen());
    assert!(!row("a", vec![Some(first)]).is_frozen(), "there was nothing to compare it with");
}

#[test]
fn several_tensors_change_as_one_vector() {
    let (a, b) = (point(3.0, 6.0, 5.0), point(4.0, 8.0, 12.0));
    let sum = together([Some(&a), None, Some(&b)].into_iter()).unwrap();
    assert_eq!((sum.change, sum.relative_change, sum.l2), (Some(5.0), Some(0.5), 13.0));
    let still = point(0.0, 0.0, 10.0);
    let sum = together([Some(&a), Some(&still)].into_iter()).unwrap();
    assert!((sum.relative_change.unwrap() - 3.0 / (36.0_f64 + 100.0).sqrt()).abs() < 1e-12);
    assert_eq!(together([None, None].into_iter()), None);
}

#[test]
fn the_first_nan_is_named_with_its_checkpoint() {
    let good = point(0.1, 1.0, 1.0);
    let bad = Point { nan: 2, ..good };
    let stop = |n: u32| Stop { path: format!("e{n}.pt").into(), epoch: None, step: None, ema_drift: None };
    let timeline = Timeline {
        checkpoints: (0..3).map(stop).collect(),
        rows: vec![
            row("a", vec![Some(good), Some(good), Some(bad)]),
            row("b", vec![None, Some(bad), Some(bad)]),
        ],
        skipped: Vec::new(),
    };
    assert_eq!(timeline.first_nan(), Some(FirstNan { checkpoint: 1, key: "b".to_owned(), tensors: 1 }));
}
