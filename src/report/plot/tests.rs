//! Plots of anything.

use super::*;
use proptest::prelude::*;

fn plot(values: &[f64], mode: Mode) -> Plot {
    let points = values.iter().enumerate().map(|(at, y)| (at as f64 + 1.0, *y)).collect();
    let line = Line { name: "loss".to_owned(), points, mode };
    let title = "loss".to_owned();
    Plot { title, x: XAxis::Epoch, lines: vec![line], turn: Some(2.0), is_small: false }
}

fn drawn(plot: &Plot) -> String {
    let mut page = Page::default();
    figure(&mut page, plot);
    page.as_str().to_owned()
}

#[test]
fn a_curve_has_axes_its_best_and_its_words() {
    let text = drawn(&plot(&[0.9, 0.5, 0.2, 0.4], Mode::Min));
    assert!(text.contains(">best 0.2000</text>") && text.contains("overfits from here"));
    assert!(text.contains("lowest 0.2000 at epoch 3, last 0.4000 at epoch 4"), "{text}");
    assert!(!text.contains("logarithmic") && !text.contains("NaN"));
    assert!(drawn(&plot(&[900.0, 5.0, 0.2], Mode::Min)).contains("logarithmic"));
}

#[test]
fn what_is_no_number_is_a_gap_a_mark_and_a_word() {
    let text = drawn(&plot(&[1.0, 2.0, f64::NAN, f64::INFINITY, 3.0], Mode::Min));
    assert!(text.contains(">NaN</text>") && text.contains("2 values not finite, the first at epoch 3"));
    let path = text.split("<path class=\"line l0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(path.matches('M').count(), 2, "two pieces: {path}");
}

#[test]
fn a_million_points_are_a_small_picture_with_every_peak() {
    let mut values: Vec<f64> = (0..1_000_000).map(|i| 1.0 + f64::from(i % 7) * 0.01).collect();
    values[777_777] = 9.0;
    values[500_000] = f64::NAN;
    let text = drawn(&plot(&values, Mode::Max));
    assert!(text.len() < 60_000, "{}", text.len());
    assert!(text.contains("line faint l0") && text.contains("their running mean"));
    assert!(text.contains("best 9.000") && text.contains(">NaN</text>"));
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e3..1e3,
        2 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0), Just(f64::MAX), Just(1e-320)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_attribute_is_a_number(
        values in prop::collection::vec(value(), 0..3_000),
        constant in prop::option::of(value()),
        small in any::<bool>(),
    ) {
        let values: Vec<f64> = values.into_iter().map(|v| constant.unwrap_or(v)).collect();
        for mode in [Mode::Min, Mode::Max, Mode::None] {
            let plot = Plot { is_small: small, ..plot(&values, mode) };
            let text = drawn(&plot);
            for tag in text.split('<').filter(|tag| !tag.starts_with("svg class")) {
                let tag = tag.split('>').next().unwrap();
                prop_assert!(!tag.contains("NaN") && !tag.contains("inf"), "{}", tag);
            }
            prop_assert_eq!(text.matches("<svg").count(), text.matches("</svg>").count());
        }
    }
}
