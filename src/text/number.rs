//! Numbers as people read them: one place, so that the terminal UI and the command line agree.
//!
//! Everything here returns plain ASCII of bounded width. Counts use SI prefixes (11.2 M parameters), sizes
//! of files IEC ones (44.7 MiB), both with three significant digits; metrics have four.

use std::fmt::Write as _;

const SI: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
const IEC: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A count with three significant digits: `640`, `11.2 M`. At most six characters.
pub fn count(n: u64) -> String {
    match scaled(n, 1000.0, 999.5) {
        (value, 0) => format!("{value}"),
        (value, step) => format!("{} {}", three_digits(value), unit(&SI, step)),
    }
}

/// A size in bytes with three significant digits: `640 B`, `44.7 MiB`. At most eight characters.
pub fn bytes(n: u64) -> String {
    match scaled(n, 1024.0, 1023.5) {
        (value, 0) => format!("{value} B"),
        (value, step) => format!("{} {}", three_digits(value), unit(&IEC, step)),
    }
}

/// `n` divided by `base` until what would be printed is less than `base`, and how often that was.
fn scaled(n: u64, base: f64, most: f64) -> (f64, usize) {
    let (mut value, mut step) = (n as f64, 0);
    while value >= most.ceil() || (step > 0 && value >= most) {
        value /= base;
        step += 1;
    }
    (value, step)
}

fn unit(units: &'static [&'static str; 7], step: usize) -> &'static str {
    units.get(step).copied().unwrap_or("?")
}

fn three_digits(value: f64) -> String {
    // Thresholds where rounding would add a digit.
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

/// A count in full, in groups of three: `11,181,642`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A metric with four significant digits: `0.4123`, `93.75`, `1.500e-5`, `NaN`, `-inf`. Trailing zeros stay,
/// so that the numbers of a column line up.
pub fn metric(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".to_owned()
    } else if !x.is_finite() {
        format!("{x}")
    } else if (9.9995e-4..99_999.5).contains(&size) {
        let magnitude = format!("{size:.3e}").rsplit_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
        let decimals = usize::try_from(3_i32 - magnitude).unwrap_or(0);
        format!("{x:.decimals$}")
    } else {
        format!("{x:.3e}")
    }
}

/// A share of a whole, from 0 to 1, in percent: `0%`, `<0.1%`, `12.3%`, `100%`. 0 and 100 are only said of none and all.
pub fn percent(share: f64) -> String {
    match share {
        0.0 => "0%".to_owned(),
        1.0 => "100%".to_owned(),
        x if x < 0.001 => "<0.1%".to_owned(),
        x if x > 0.999 => ">99.9%".to_owned(),
        x => format!("{:.1}%", x * 100.0),
    }
}

/// How much of so many bytes is done, from 0 to 1: `43% of 1.12 GiB`. A percent of a large file takes a while, so there
/// are tenths: `4.3% of 100 GiB`. Rounded down.
pub fn done(share: f64, total: u64) -> String {
    const LARGE: u64 = 8 << 30;
    let share = share.clamp(0.0, 1.0) * 100.0;
    if total < LARGE {
        return format!("{}% of {}", share.floor(), bytes(total));
    }
    format!("{:.1}% of {}", (share * 10.0).floor() / 10.0, bytes(total))
}

/// A number of a configuration, as exactly as it was given and as short as that goes: `0.001`, `3e-5`, `1e20`.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 || !x.is_finite() || (1e-4..1e16).contains(&size) { format!("{x}") } else { format!("{x:e}") }
}

/// Completed epochs: `12`, `2.5`, `0.33`.
pub fn epoch(x: f64) -> String {
    format!("{x:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A shape: `[64, 3, 7, 7]`; `[]` for a scalar.
pub fn shape(sizes: &[u64]) -> String {
    let mut out = String::from("[");
    for (i, size) in sizes.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        let _ = write!(out, "{comma}{size}");
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.00 k"),
            (9_994, "9.99 k"),
            (9_995, "10.0 k"),
            (99_950, "100 k"),
            (999_499, "999 k"),
            (999_500, "1.00 M"),
            (11_181_642, "11.2 M"),
            (6_738_415_616, "6.74 G"),
            (u64::MAX, "18.4 E"),
        ] {
            assert_eq!(count(n), text, "{n}");
        }
    }

    #[test]
    fn sizes() {
        for (n, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.00 KiB"),
            (46_871_347, "44.7 MiB"),
            (1_047_527, "1023 KiB"),
            (1_048_575, "1.00 MiB"),
            (1 << 30, "1.00 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(n), text, "{n}");
        }
    }

    #[test]
    fn metrics() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.412_345, "0.4123"),
            (0.5, "0.5000"),
            (93.75, "93.75"),
            (99.999_9, "100.0"),
            (9.999_96, "10.00"),
            (-1.0, "-1.000"),
            (12_345.6, "12346"),
            (99_999.4, "99999"),
            (123_456.0, "1.235e5"),
            (0.001, "0.001000"),
            (0.000_015, "1.500e-5"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(metric(x), text, "{x}");
        }
    }

    #[test]
    fn parts_of_files() {
        for (share, total, text) in [
            (0.999, 4 << 30, "99% of 4.00 GiB"),
            (0.000_99, 100 << 30, "0.0% of 100 GiB"),
            (0.123_9, 100 << 30, "12.3% of 100 GiB"),
            (1.0, 100 << 30, "100.0% of 100 GiB"),
        ] {
            assert_eq!(done(share, total), text);
        }
    }

    #[test]
    fn shares() {
        for (x, text) in [
            (0.0, "0%"),
            (1e-9, "<0.1%"),
            (0.123_4, "12.3%"),
            (0.999_9, ">99.9%"),
            (0.999, "99.9%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(x), text, "{x}");
        }
    }

    #[test]
    fn numbers_keep_what_was_given() {
        for (x, text) in [
            (0.001, "0.001"),
            (3e-5, "3e-5"),
            (0.0, "0"),
            (256.0, "256"),
            (1e20, "1e20"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(x), text, "{x}");
        }
    }

    #[test]
    fn epochs_shapes_and_groups() {
        for (x, text) in [(12.0, "12"), (2.5, "2.5"), (0.333, "0.33"), (100.0, "100"), (0.0, "0")] {
            assert_eq!(epoch(x), text, "{x}");
        }
        assert_eq!((shape(&[]), shape(&[64, 3, 7, 7])), ("[]".to_owned(), "[64, 3, 7, 7]".to_owned()));
        assert_eq!(
            (grouped(7), grouped(1_234), grouped(11_181_642)),
            ("7".into(), "1,234".into(), "11,181,642".into())
        );
    }
}
