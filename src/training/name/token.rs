//! File names as words and numbers.

/// A word in lower case, or a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Number(Number),
}

/// A number in a name, with how it stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// Digits before the point.
    pub(super) digits: usize,
    decimals: usize,
    /// Nothing stands between it and the word before it: `ep1`.
    pub(super) glued: bool,
    /// Nothing stands between it and the word after it: `3d`.
    pub(super) glued_to_next: bool,
    /// It stands behind `=`.
    pub(super) given: bool,
}

impl Number {
    /// The number, if it has no fraction.
    pub(super) fn whole(&self) -> Option<u64> {
        (self.decimals == 0 && self.value >= 0.0 && self.value < 1e15).then_some(self.value as u64)
    }

    pub(super) fn is_decimal(&self) -> bool {
        self.decimals > 0 || !self.value.is_finite()
    }

    /// `20240131`, a date rather than a count.
    pub(super) fn is_date(&self) -> bool {
        self.digits == 8 && (1.9e7..2.1e7).contains(&self.value)
    }
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Number(_) => None,
        }
    }
}

/// Words that keep the digit they end in: `top1`, `f1`.
const NUMBERED: [&str; 7] = ["top1", "top3", "top5", "f1", "f2", "r2", "rank1"];

/// Cuts `name` at everything that is neither letter nor digit, and between letters and digits.
pub(super) fn cut(name: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let bytes = name.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = name.get(at..).unwrap_or_default();
        let len = if byte.is_ascii_digit() {
            number(rest, name.get(..at).unwrap_or_default(), &mut tokens)
        } else if byte.is_ascii_alphabetic() || !byte.is_ascii() {
            word(rest, name.get(..at).unwrap_or_default(), &mut tokens)
        } else {
            1
        };
        at += len.max(1);
    }
    tokens
}

fn word(rest: &str, before: &str, tokens: &mut Vec<Token>) -> usize {
    let lower = rest.to_ascii_lowercase();
    let numbered = NUMBERED.iter().find(|w| {
        lower.starts_with(**w) && !lower.as_bytes().get(w.len()).is_some_and(u8::is_ascii_alphanumeric)
    });
    if let Some(word) = numbered {
        tokens.push(Token::Word((*word).to_owned()));
        return word.len();
    }
    let len = rest.find(|c: char| c.is_ascii() && !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let word = lower.get(..len).unwrap_or_default();
    // `epoch=3-val_loss=nan`: not every value is written in digits.
    let value = match word {
        "nan" if before.ends_with('=') => f64::NAN,
        "inf" if before.ends_with('=') => f64::INFINITY,
        _ => {
            tokens.push(Token::Word(word.to_owned()));
            return len;
        }
    };
    let number = Number { value, digits: 0, decimals: 0, glued: false, glued_to_next: false, given: true };
    tokens.push(Token::Number(number));
    len
}

fn number(rest: &str, before: &str, tokens: &mut Vec<Token>) -> usize {
    let digits = run(rest, 0);
    let decimals = if rest.as_bytes().get(digits) == Some(&b'.') { run(rest, digits + 1) } else { 0 };
    let mut len = if decimals > 0 { digits + 1 + decimals } else { digits };
    len += exponent(rest.get(len..).unwrap_or_default());
    let text = rest.get(..len).unwrap_or_default();
    let negative = before.ends_with("=-");
    let given = negative || before.ends_with('=');
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let number = Number {
        value: text.parse::<f64>().unwrap_or_default() * if negative { -1.0 } else { 1.0 },
        digits,
        decimals: len - digits,
        glued: letter(before.chars().last()),
        glued_to_next: letter(rest.get(len..).and_then(|r| r.chars().next())),
        given,
    };
    // A digit inside a hash or a version (`19c8e357`, `v1.2.3`) is no value.
    let mixed =
        number.glued_to_next && !number.given || rest.as_bytes().get(len) == Some(&b'.') && decimals > 0;
    if mixed && run(rest.get(len + 1..).unwrap_or_default(), 0) > 0 {
        let all = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
        tokens.push(Token::Word(rest.get(..all).unwrap_or_default().to_ascii_lowercase()));
        return all;
    }
    tokens.push(Token::Number(number));
    len
}

/// Digits of `text` from `at` on.
fn run(text: &str, at: usize) -> usize {
    text.bytes().skip(at).take_while(u8::is_ascii_digit).count()
}

/// Length of an exponent (`e-05`) at the start of `text`.
fn exponent(text: &str) -> usize {
    let signed = text.starts_with("e-") || text.starts_with("e+");
    match run(text, 2) {
        digits if signed && digits > 0 => 2 + digits,
        _ => 0,
    }
}
