//! The Python literal in the header of a `.npy` file, read by a tokenizer and never evaluated.

use crate::error::{Error, ErrorKind, Result};

/// Brackets inside brackets.
const DEPTH: usize = 8;

/// A literal: what numpy writes, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Int(i128),
    Bool(bool),
    /// A tuple or list.
    Sequence(Vec<Literal>),
    Dict(Vec<(String, Literal)>),
}

/// Reads the one literal `text` consists of.
///
/// # Errors
/// [`ErrorKind::Header`] with the offset where the text stops being such a literal.
pub(super) fn parse(text: &[u8]) -> Result<Literal> {
    let mut reader = Reader { text, at: 0 };
    let literal = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.malformed("something follows the dictionary"));
    }
    Ok(literal)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    #[cold]
    fn malformed(&self, what: &str) -> Error {
        Error::new(ErrorKind::Header, format!("malformed numpy header: {what}"))
            .coded("NPY_HEADER")
            .at(self.at as u64)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes past `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Literal> {
        self.space();
        if depth > DEPTH {
            return Err(self.malformed("it is nested too deeply"));
        }
        match self.peek() {
            Some(b'\'' | b'"') => self.quoted().map(Literal::Text),
            Some(b'(') => self.sequence(b')', depth),
            Some(b'[') => self.sequence(b']', depth),
            Some(b'{') => self.dict(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// Text in quotes. Field names may hold anything; a backslash keeps the next byte.
    fn quoted(&mut self) -> Result<String> {
        let quote = self.peek();
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.malformed("a text does not end")),
                byte if byte == quote => break,
                Some(b'\\') => {
                    self.at += 1;
                    bytes.extend(self.peek());
                }
                Some(byte) => bytes.push(byte),
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn sequence(&mut self, close: u8, depth: usize) -> Result<Literal> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.value(depth + 1)?);
            if !self.take(b',') && self.peek() != Some(close) {
                return Err(self.malformed("a comma is missing"));
            }
        }
        Ok(Literal::Sequence(items))
    }

    fn dict(&mut self, depth: usize) -> Result<Literal> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.take(b'}') {
            if !matches!(self.peek(), Some(b'\'' | b'"')) {
                return Err(self.malformed("a key is not text"));
            }
            let key = self.quoted()?;
            if !self.take(b':') {
                return Err(self.malformed("a colon is missing"));
            }
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(self.malformed("a key stands twice"));
            }
            entries.push((key, self.value(depth + 1)?));
            if !self.take(b',') && self.peek() != Some(b'}') {
                return Err(self.malformed("a comma is missing"));
            }
        }
        Ok(Literal::Dict(entries))
    }

    /// A whole number, perhaps with the `L` of Python 2.
    fn number(&mut self) -> Result<Literal> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        let number = std::str::from_utf8(digits).ok().and_then(|t| t.parse().ok());
        let number = number.ok_or_else(|| self.malformed("a number is not one"))?;
        self.at += usize::from(self.peek() == Some(b'L'));
        Ok(Literal::Int(number))
    }

    fn word(&mut self) -> Result<Literal> {
        for (word, literal) in [(&b"True"[..], true), (b"False", false)] {
            if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
                self.at += word.len();
                return Ok(Literal::Bool(literal));
            }
        }
        Err(self.malformed("only plain literals can stand here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_as_numpy_writes_them() {
        let text = b"{'descr': [('a', '<i4', (2,)), (\"b'\", [('c', '|u1')])], 'fortran_order': False, 'shape': (2L, -3,), }  \n";
        let Literal::Dict(entries) = parse(text).unwrap() else { panic!("not a dict") };
        assert_eq!(entries[1].1, Literal::Bool(false));
        assert_eq!(entries[2].1, Literal::Sequence(vec![Literal::Int(2), Literal::Int(-3)]));
    }

    #[test]
    fn expressions_are_not_literals() {
        let deep = "(".repeat(60_000);
        for text in
            ["{'a': __import__('os')}", "{'a': 1+1}", "{'a': 1.5}", "[1 2]", "{'a': 1, 'a': 2}", "{", &deep]
        {
            assert_eq!(parse(text.as_bytes()).unwrap_err().kind(), ErrorKind::Header, "{text:.40}");
        }
    }
}
