//! Natural order: `layers.2` before `layers.10`, `epoch_9.pt` before `epoch_10.pt`.
//!
//! A total order over any text: numbers of any length compare without being parsed, and texts that differ
//! only in leading zeros still differ.

use std::cmp::Ordering;

/// Compares with runs of ASCII digits taken as numbers; everything else by bytes.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let order = match (left.split_first(), right.split_first()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((x, _)), Some((y, _))) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let ((this, rest_left), (that, rest_right)) = (number(left), number(right));
                (left, right) = (rest_left, rest_right);
                this.len().cmp(&that.len()).then_with(|| this.cmp(that))
            }
            (Some((x, rest_left)), Some((y, rest_right))) => {
                (left, right) = (rest_left, rest_right);
                x.cmp(y)
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits `text` starts with, without leading zeros, and what follows.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().position(|b| *b != b'0').unwrap_or(digits.len());
    (digits.split_at(zeros).1, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["layer.10.w", "layer.2.w", "layer.2.b", "layer.02.b", "layer", "Layer.1", "9", "10"];
        names.sort_by(|a, b| compare(a, b));
        let want = ["9", "10", "Layer.1", "layer", "layer.02.b", "layer.2.b", "layer.2.w", "layer.10.w"];
        assert_eq!(names, want);
    }

    #[test]
    fn numbers_of_any_length() {
        let (a, b) = (format!("x{}", "9".repeat(400)), format!("x1{}", "0".repeat(400)));
        assert_eq!((compare(&a, &b), compare(&b, &a)), (Ordering::Less, Ordering::Greater));
        assert_eq!(compare("x00", "x0"), "x00".cmp("x0"));
        assert_eq!(compare("a1b", "a1b"), Ordering::Equal);
    }

    #[test]
    fn the_order_is_transitive_where_zeros_differ() {
        let names = ["a1", "a01", "a1b", "a01b", "a001"];
        for a in names {
            for b in names {
                assert_eq!(compare(a, b), compare(b, a).reverse(), "{a} {b}");
                for c in names {
                    if compare(a, b).is_lt() && compare(b, c).is_lt() {
                        assert!(compare(a, c).is_lt(), "{a} {b} {c}");
                    }
                }
            }
        }
    }
}
