//! The parts a file's name says it plays.

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The newest of its run.
    Last,
    /// The best of its run.
    Best,
    /// An averaged copy of the weights.
    Ema,
    /// Weights from before training.
    Init,
    /// A file still being written.
    Unfinished,
}

/// A set of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Parts(u8);

impl Parts {
    /// True when the name says so.
    pub fn has(self, part: Part) -> bool {
        self.0 & 1 << part as u8 != 0
    }

    pub(super) fn add(&mut self, part: Part) {
        self.0 |= 1 << part as u8;
    }

    /// The part a word of a name stands for.
    pub(super) fn of_word(word: &str) -> Option<Part> {
        Some(match word {
            "last" | "latest" | "final" => Part::Last,
            "best" | "bestmodel" => Part::Best,
            "ema" | "swa" => Part::Ema,
            "init" | "initial" | "pretrained" => Part::Init,
            "tmp" | "incomplete" => Part::Unfinished,
            _ => return None,
        })
    }
}
