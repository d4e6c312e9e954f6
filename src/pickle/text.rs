//! Numbers and strings written as text: protocol 0, and long integers.

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Span, Tree, Value};

fn malformed(what: &str) -> Error {
    let code = if what == "string" { "PICKLE_STRING" } else { "PICKLE_NUMBER" };
    Error::new(ErrorKind::Pickle, format!("malformed {what} in the pickle")).coded(code)
}

/// `INT`: a line of `strtol(…, 0)`, so hexadecimal counts; `00` and `01` are booleans.
pub(super) fn int(tree: &mut Tree, line: &[u8]) -> Result<Value> {
    match line {
        b"00" => Ok(Value::Bool(false)),
        b"01" => Ok(Value::Bool(true)),
        _ => integer(tree, line),
    }
}

/// `LONG`: as `INT`, perhaps with an `L` behind.
pub(super) fn long(tree: &mut Tree, line: &[u8]) -> Result<Value> {
    integer(tree, line.strip_suffix(b"L").unwrap_or(line))
}

fn integer(tree: &mut Tree, line: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(line).map_err(|_| malformed("integer"))?.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, digits.get(2..).unwrap_or_default()),
        Some("0o") => (8, digits.get(2..).unwrap_or_default()),
        Some("0b") => (2, digits.get(2..).unwrap_or_default()),
        // C's strtol takes a leading zero for octal.
        Some(two) if two.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(malformed("integer"));
    }
    if let Ok(n) = i128::from_str_radix(&digits, radix) {
        let n = if negative { -n } else { n };
        return Ok(i64::try_from(n).map_or_else(|_| wide(tree, n), Value::Int));
    }
    // Longer than 128 bits: no file needs its value, only that it is an integer.
    Ok(tree.add_text(text))
}

fn wide(tree: &mut Tree, n: i128) -> Value {
    Value::BigInt(tree.add_bytes(&n.to_le_bytes()))
}

/// `LONG1` and `LONG4`: two's complement, little-endian; no bytes are 0.
pub(super) fn long_bytes(bytes: &[u8], span: Span) -> Value {
    if bytes.len() > 8 {
        return Value::BigInt(span);
    }
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let mut word = [if negative { 0xff } else { 0 }; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    Value::Int(i64::from_le_bytes(word))
}

/// `FLOAT`: a line as `repr(float)` writes it.
pub(super) fn float(line: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(line).map_err(|_| malformed("float"))?;
    text.trim().parse().map(Value::Float).map_err(|_| malformed("float"))
}

/// `STRING`: a quoted Python 2 string literal with backslash escapes.
pub(super) fn quoted(tree: &mut Tree, line: &[u8], span: Span) -> Result<Value> {
    let line = line.trim_ascii_end();
    let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = line else {
        return Err(malformed("string"));
    };
    if !inner.contains(&b'\\') {
        return Ok(byte_string(tree, inner, Span { start: span.start + 1, len: inner.len() as u32 }));
    }
    let bytes = unescape(inner)?;
    let span = tree.add_bytes(&bytes);
    Ok(byte_string(tree, &bytes, span))
}

/// Python 2's `str`: text if it is UTF-8, else read as latin-1, as `torch.load` and most files expect.
pub(super) fn byte_string(tree: &mut Tree, bytes: &[u8], span: Span) -> Value {
    if std::str::from_utf8(bytes).is_ok() {
        return Value::Text(span);
    }
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    tree.add_text(&text)
}

fn unescape(text: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escaped = rest.next().ok_or_else(|| malformed("string"))?;
        match escaped {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' | b'\'' | b'"' => out.push(escaped),
            b'\n' => {}
            b'x' => {
                let digits = [rest.next(), rest.next()].map(|d| d.and_then(|d| char::from(d).to_digit(16)));
                let [Some(high), Some(low)] = digits else { return Err(malformed("string")) };
                out.push((high * 16 + low) as u8);
            }
            b'0'..=b'7' => {
                let mut code = u32::from(escaped - b'0');
                for _ in 0..2 {
                    let Some(digit) = rest.as_slice_first().filter(|d| (b'0'..=b'7').contains(d)) else {
                        break;
                    };
                    code = code * 8 + u32::from(digit - b'0');
                    rest.next();
                }
                out.push(code as u8);
            }
            other => out.extend([b'\\', other]),
        }
    }
    Ok(out)
}

/// Looks at the next byte without taking it.
trait Peek {
    fn as_slice_first(&self) -> Option<u8>;
}

impl Peek for std::iter::Copied<std::slice::Iter<'_, u8>> {
    fn as_slice_first(&self) -> Option<u8> {
        self.clone().next()
    }
}

/// `UNICODE`: raw-unicode-escape, in which only `\uXXXX` and `\UXXXXXXXX` are escapes and other bytes are
/// latin-1.
pub(super) fn raw_unicode(tree: &mut Tree, line: &[u8], span: Span) -> Value {
    if line.is_ascii() && !line.contains(&b'\\') {
        return Value::Text(span);
    }
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        let digits = match line.get(at + 1) {
            Some(b'u') if *byte == b'\\' => 4,
            Some(b'U') if *byte == b'\\' => 8,
            _ => 0,
        };
        let code = line.get(at + 2..at + 2 + digits).filter(|d| !d.is_empty());
        let code =
            code.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
        if let Some(code) = code {
            out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            at += 2 + digits;
        } else {
            out.push(char::from(*byte));
            at += 1;
        }
    }
    tree.add_text(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Value> {
        int(&mut Tree::default(), line.as_bytes())
    }

    #[test]
    fn integers_as_strtol_reads_them() {
        for (line, value) in [
            ("01", Value::Bool(true)),
            ("-5", Value::Int(-5)),
            ("0x10", Value::Int(16)),
            ("010", Value::Int(8)),
            ("+7", Value::Int(7)),
            ("9223372036854775807", Value::Int(i64::MAX)),
        ] {
            assert_eq!(parse(line).unwrap(), value, "{line}");
        }
        assert!(matches!(parse("9223372036854775808").unwrap(), Value::BigInt(_)));
        for line in ["", "x", "1.5", "0x", "-"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn long_integers() {
        let span = Span::default();
        assert_eq!(long_bytes(&[], span), Value::Int(0));
        assert_eq!(long_bytes(&[0xff], span), Value::Int(-1));
        assert_eq!(long_bytes(&[0xff, 0], span), Value::Int(255));
        assert_eq!(long_bytes(&[0; 9], span), Value::BigInt(span));
    }

    #[test]
    fn strings_with_escapes() {
        assert_eq!(unescape(br"a\x41\101\n\q\\").unwrap(), b"aAA\n\\q\\");
        assert!(unescape(br"\x4").is_err());
        let mut tree = Tree::default();
        let value = raw_unicode(&mut tree, b"a\\u00e9\\n\xe9", Span::default());
        assert_eq!(tree.as_text(value).unwrap(), "aé\\né");
    }
}
