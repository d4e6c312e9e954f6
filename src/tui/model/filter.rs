//! Fuzzy matching of names: letters in order, best first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// What a filter let through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Positions of the names that match, ascending.
    pub hits: Vec<u32>,
    /// The one that matches best.
    pub best: Option<u32>,
}

/// A pattern ready to be tried on many names.
pub struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Fuzzy {
    /// `None` when the pattern lets everything through.
    pub fn new(pattern: &str) -> Option<Self> {
        let pattern = Pattern::parse(pattern, CaseMatching::Smart, Normalization::Smart);
        let matcher = Matcher::new(Config::DEFAULT);
        (!pattern.atoms.is_empty()).then(|| Self { pattern, matcher, buffer: Vec::new() })
    }

    /// How well `name` matches; `None` when it does not.
    pub fn score(&mut self, name: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(name, &mut self.buffer), &mut self.matcher)
    }

    /// Which characters of `name` match, ascending. Empty when it does not.
    pub fn letters(&mut self, name: &str) -> Vec<u32> {
        let mut found = Vec::new();
        let matched =
            self.pattern.indices(Utf32Str::new(name, &mut self.buffer), &mut self.matcher, &mut found);
        if matched.is_none() {
            return Vec::new();
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Tries every name; `None` when `stop` said so on the way.
    pub fn all<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
        stop: impl Fn() -> bool,
    ) -> Option<Matches> {
        let mut matches = Matches::default();
        let mut best_score = 0;
        for (at, name) in names.enumerate() {
            if at.is_multiple_of(1024) && stop() {
                return None;
            }
            if let Some(score) = self.score(name) {
                matches.hits.push(at as u32);
                if score > best_score {
                    (best_score, matches.best) = (score, Some(at as u32));
                }
            }
        }
        matches.best = matches.best.or_else(|| matches.hits.first().copied());
        Some(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(pattern: &str) -> (Vec<u32>, Option<u32>) {
        let names = ["layer1.conv1.weight", "layer1.bn1.bias", "fc.weight", "layer10.conv1.weight"];
        let matches = Fuzzy::new(pattern).unwrap().all(names.into_iter(), || false).unwrap();
        (matches.hits, matches.best)
    }

    #[test]
    fn letters_in_order_match_and_words_narrow() {
        assert_eq!(hits("conv").0, [0, 3]);
        assert_eq!(hits("l10cw").0, [3]);
        assert_eq!(hits("weight !conv").0, [2]);
        assert_eq!(hits("fcw"), (vec![2], Some(2)));
        assert_eq!(hits("zzz"), (vec![], None));
        assert!(Fuzzy::new("  ").is_none());
    }

    #[test]
    fn matched_letters_are_told() {
        assert_eq!(Fuzzy::new("fw").unwrap().letters("fc.weight"), [0, 3]);
        assert!(Fuzzy::new("x").unwrap().letters("fc.weight").is_empty());
    }

    #[test]
    fn a_newer_request_stops_an_older_one() {
        assert_eq!(Fuzzy::new("a").unwrap().all(["a"].into_iter(), || true), None);
    }
}
