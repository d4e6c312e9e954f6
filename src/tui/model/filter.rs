//! Fuzzy matching of names: letters in order, best first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Threads one filter uses at most: a few finish within a frame, more would only disturb.
const THREADS: usize = 4;

/// What a filter let through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Positions of the names that match, ascending.
    pub hits: Vec<u32>,
    /// The one that matches best.
    pub best: Option<u32>,
    best_score: u32,
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

    /// Tries every name, which come with their positions in ascending order; `None` when `stop` said so on
    /// the way.
    pub fn all<'a>(
        &mut self,
        names: impl Iterator<Item = (u32, &'a str)>,
        stop: impl Fn() -> bool,
    ) -> Option<Matches> {
        let mut matches = Matches::default();
        for (tried, (at, name)) in names.enumerate() {
            if tried.is_multiple_of(1024) && stop() {
                return None;
            }
            if let Some(score) = self.score(name) {
                matches.add(at, score);
            }
        }
        Some(matches)
    }
}

impl Matches {
    fn add(&mut self, at: u32, score: u32) {
        self.hits.push(at);
        if self.best.is_none() || score > self.best_score {
            (self.best, self.best_score) = (Some(at), score);
        }
    }

    fn append(&mut self, mut behind: Self) {
        self.hits.append(&mut behind.hits);
        if self.best.is_none() || behind.best.is_some() && behind.best_score > self.best_score {
            (self.best, self.best_score) = (behind.best, behind.best_score);
        }
    }
}

/// Tries names on several threads: those at `candidates`, which ascend. `None` when `stop` said so, or when
/// the pattern lets everything through.
pub fn in_parallel<'a>(
    pattern: &str,
    candidates: &[u32],
    name: impl Fn(u32) -> &'a str + Sync,
    stop: impl Fn() -> bool + Sync,
) -> Option<Matches> {
    Fuzzy::new(pattern)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let part = candidates.len().div_ceil(threads).max(1);
    let (name, stop) = (&name, &stop);
    let try_part = |part: &[u32]| Fuzzy::new(pattern)?.all(part.iter().map(|at| (*at, name(*at))), stop);
    std::thread::scope(|scope| {
        let try_part = &try_part;
        let parts: Vec<_> = candidates.chunks(part).map(|part| scope.spawn(move || try_part(part))).collect();
        let mut all = Matches::default();
        for part in parts {
            match part.join() {
                Ok(matches) => all.append(matches?),
                // The job this runs in reports it.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Some(all)
    })
}

/// Whether everything `longer` lets through, `shorter` lets through too: then only that need be tried.
pub fn narrows(shorter: &str, longer: &str) -> bool {
    let plain = |text: &str| !text.contains(['!', '^', '$', '\'', '\\']);
    !shorter.trim().is_empty() && longer.starts_with(shorter) && plain(longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(pattern: &str) -> (Vec<u32>, Option<u32>) {
        let names = ["layer1.conv1.weight", "layer1.bn1.bias", "fc.weight", "layer10.conv1.weight"];
        let matches = Fuzzy::new(pattern).unwrap().all((0..).zip(names), || false).unwrap();
        let again = in_parallel(pattern, &[0, 1, 2, 3], |at| names[at as usize], || false).unwrap();
        assert_eq!(matches, again, "on several threads the same");
        (matches.hits, matches.best)
    }

    #[test]
    fn only_plain_longer_patterns_narrow() {
        assert!(narrows("con", "conv") && narrows("con", "con w"));
        assert!(
            !narrows("", "conv") && !narrows("conv", "con") && !narrows("a", "a !b") && !narrows("a$", "a$b")
        );
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
        assert_eq!(Fuzzy::new("a").unwrap().all([(0, "a")].into_iter(), || true), None);
    }
}
