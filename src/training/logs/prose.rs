//! What a program said on its screen, kept in a file: `iter 100: loss 2.31`, `Epoch [3/10] train loss: 0.5, acc 81.2%`,
//! `epoch: 1, lr: 1e-3 - valid WER: 30.1`.
//!
//! The last resort: whatever another log has is taken from there. A number counts for the words right before it, if
//! they are those of a metric or of an epoch or step; a line that names no place belongs to the one named last.

use super::Log;
use super::rows::{Epochs, Place, Rows, WEAK, is_bookkeeping, rank_of};
use super::text::lines;
use crate::training::{XAxis, metric};

/// Bytes that are read; screens say less in months.
const MOST: usize = 64 << 20;
/// Words before a number that may belong to its name.
const WORDS: usize = 4;

pub(super) fn read(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    let mut rows = Rows::default();
    let mut place = Place::default();
    for (line, ended) in lines(bytes.get(..bytes.len().min(MOST)).unwrap_or_default()) {
        let Ok(text) = std::str::from_utf8(line) else { continue };
        if ended && text.len() < 4096 {
            // A progress bar draws over itself: what it said last counts.
            take(text.rsplit('\r').next().unwrap_or(text), &mut place, &mut rows);
        }
    }
    rows.finish(Epochs::Unsaid, &mut log);
    log
}

/// A number of a line, and what stands before it.
struct Said {
    name: String,
    value: f64,
}

fn take(line: &str, place: &mut Place, rows: &mut Rows) {
    let said = numbers(line);
    let mut here = Place::default();
    let mut held = WEAK;
    for Said { name, value } in said.iter().filter(|s| s.value >= 0.0) {
        match rank_of(name) {
            Some((XAxis::Epoch, _)) => here.epoch = here.epoch.or(Some(*value)),
            Some((XAxis::Step, rank)) if rank < held => (here.step, held) = (Some(*value), rank),
            _ => {}
        }
    }
    if here != Place::default() {
        // A line that tells the step alone is within the epoch told last.
        *place = Place { epoch: here.epoch.or(place.epoch), step: here.step };
    }
    if *place == Place::default() {
        return;
    }
    for Said { name, value } in said {
        if metric::is_metric(&name) && !is_bookkeeping(&name) {
            rows.push(&name, *place, value);
        }
    }
}

/// The numbers of a line with the words right before each.
fn numbers(line: &str) -> Vec<Said> {
    let mut found = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut nested = 0_u32;
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '(' => {
                nested += 1;
                1
            }
            ')' => {
                nested = nested.saturating_sub(1);
                1
            }
            ',' | '|' | ';' => {
                words.clear();
                1
            }
            c if c.is_ascii_digit() || starts_number(rest) => {
                let len = number_len(rest);
                let value = rest.get(..len).and_then(super::text::number);
                // In brackets stand means and totals: `Loss 0.5 (0.6)`.
                if let Some(value) = value.filter(|_| nested == 0 && !words.is_empty()) {
                    found.push(Said { name: name(&words), value });
                }
                words.clear();
                len + total_len(rest.get(len..).unwrap_or_default())
            }
            c if c.is_alphabetic() => {
                let len =
                    rest.find(|c: char| !(c.is_alphanumeric() || "_/@.".contains(c))).unwrap_or(rest.len());
                let word = rest.get(..len).unwrap_or_default().trim_end_matches('.');
                words.push(word);
                len
            }
            c => c.len_utf8(),
        };
        rest = rest.get(len.max(1)..).unwrap_or_default();
    }
    found
}

/// `-0.5`, `.5`, `nan` and `inf` as values.
fn starts_number(text: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut chars = text.chars();
    match chars.next() {
        Some('-' | '.') => digit(chars.next()),
        Some('n' | 'i') => {
            let word: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
            word == "nan" || word == "inf"
        }
        _ => false,
    }
}

fn number_len(text: &str) -> usize {
    if text.starts_with("nan") || text.starts_with("inf") {
        return 3;
    }
    let bytes = text.as_bytes();
    let exponent = |at: usize| matches!(bytes.get(at.wrapping_sub(1)), Some(b'e' | b'E'));
    let mut at = usize::from(text.starts_with('-'));
    while let Some(byte) = bytes.get(at) {
        let more = byte.is_ascii_digit()
            || *byte == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            || matches!(byte, b'e' | b'E')
                && bytes.get(at + 1).is_some_and(|b| b.is_ascii_digit() || *b == b'-' || *b == b'+')
            || matches!(byte, b'-' | b'+') && exponent(at);
        if !more {
            break;
        }
        at += 1;
    }
    at
}

/// What follows a number to say of how many: `/10`.
fn total_len(rest: &str) -> usize {
    let Some(total) = rest.strip_prefix('/') else { return 0 };
    1 + total.find(|c: char| !c.is_ascii_digit()).unwrap_or(total.len())
}

/// The words that make a name: the last ones, from the one on that says what it is.
fn name(words: &[&str]) -> String {
    let last = words.get(words.len().saturating_sub(WORDS)..).unwrap_or_default();
    let joined = |words: &[&str]| words.join("_");
    // The longest run of words that are all part of a metric's name, or the last word.
    let part = |word: &&&str| {
        let word = metric::words(word).join("_");
        matches!(
            word.as_str(),
            "train" | "val" | "test" | "best" | "mean" | "avg" | "total" | "learning" | "grad"
        ) || metric::is_metric(&word)
    };
    let kept = last.iter().rev().skip(1).take_while(part).count() + 1;
    joined(last.get(last.len().saturating_sub(kept)..).unwrap_or_default()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Vec<(String, f64)> {
        numbers(line).into_iter().map(|s| (s.name, s.value)).collect()
    }

    fn pairs(want: &[(&str, f64)]) -> Vec<(String, f64)> {
        want.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect()
    }

    #[test]
    fn numbers_and_their_names() {
        for (line, want) in [
            (
                "step 250: train loss 1.9632, val loss 2.0097",
                &[("step", 250.0), ("train_loss", 1.9632), ("val_loss", 2.0097)][..],
            ),
            ("Epoch [3/10] Loss: 0.5 (0.6) acc=81.2%", &[("epoch", 3.0), ("loss", 0.5), ("acc", 81.2)]),
            ("Step 12 | loss:2.5e-1 lr:1e-05 ", &[("step", 12.0), ("loss", 0.25), ("lr", 1e-5)]),
            (
                "epoch: 1, lr: 0.5 - train loss: 2.5 - valid WER: 30.5",
                &[("epoch", 1.0), ("lr", 0.5), ("train_loss", 2.5), ("valid_wer", 30.5)],
            ),
            ("the loss is nan", &[]),
            ("loss nan, best val_loss: -0.5", &[("best_val_loss", -0.5)]),
        ] {
            let found = said(line);
            let finite: Vec<_> = found.iter().filter(|(_, v)| v.is_finite()).cloned().collect();
            assert_eq!(finite, pairs(want), "{line}");
        }
        assert!(said("loss nan")[0].1.is_nan());
    }

    #[test]
    fn lines_without_a_place_belong_to_the_one_named_last() {
        let log = read(b"loss 9\nEpoch 1\n  train loss 0.5\n  val loss 0.75\nEpoch 2\n  train loss 0.25\n  val loss 0.5\ncut 3");
        let names: Vec<_> = log.series.iter().map(|s| (s.name.as_str(), s.points.as_slice())).collect();
        assert_eq!(
            names,
            [("train_loss", &[(1.0, 0.5), (2.0, 0.25)][..]), ("val_loss", &[(1.0, 0.75), (2.0, 0.5)])]
        );
    }

    #[test]
    fn what_is_no_training_gives_nothing() {
        for text in [
            "",
            "2024-01-01 12:00:00,123 INFO started 3 workers\n",
            "GET /loss 200\n",
            "epoch of the dinosaurs\n",
        ] {
            assert!(read(text.as_bytes()).series.is_empty(), "{text}");
        }
    }
}
