//! Python source from names of strangers: literals.
//!
//! Whatever the name, what comes out is one literal on one line, of characters that are plainly visible, and
//! Python reads the very same name back.

use std::fmt::Write as _;
use std::path::Path;

use super::shown;

/// A string literal for `text`.
pub fn string(text: &str) -> String {
    string_bytes(text.as_bytes())
}

/// A string literal for a path.
pub fn path(path: &Path) -> String {
    string_bytes(path.as_os_str().as_encoded_bytes())
}

/// A string literal for text that should be UTF-8. Surrogates survive pickling as three bytes each.
pub fn string_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    let mut rest = bytes;
    while !rest.is_empty() {
        let valid = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        write_escaped(valid, &mut out);
        rest = rest.get(valid.len()..).unwrap_or_default();
        rest = match *rest {
            [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, ..] => {
                let unit = 0xd000 | u32::from(high & 0x3f) << 6 | u32::from(low & 0x3f);
                let _ = write!(out, "\\u{unit:04x}");
                rest.get(3..).unwrap_or_default()
            }
            [byte, ..] => {
                let _ = write!(out, "\\udc{byte:02x}");
                rest.get(1..).unwrap_or_default()
            }
            [] => rest,
        };
    }
    out.push('"');
    out
}

/// Appends `text` with what [`shown`] escapes escaped in Python's way.
fn write_escaped(text: &str, out: &mut String) {
    let safe = shown(text);
    let mut rest = &*safe;
    while let Some(at) = rest.find(['\\', '"']) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        // `shown` escapes every backslash, so each one here starts an escape of its own.
        let code = tail.strip_prefix("\\u{").and_then(|t| t.split_once('}'));
        rest = match code {
            Some((hex, after)) => {
                let _ = match hex.len() {
                    0..=2 => write!(out, "\\x{hex:0>2}"),
                    3..=4 => write!(out, "\\u{hex:0>4}"),
                    _ => write!(out, "\\U{hex:0>8}"),
                };
                after
            }
            None if tail.starts_with('"') => {
                out.push_str("\\\"");
                tail.get(1..).unwrap_or_default()
            }
            None => {
                out.push_str(tail.get(..2).unwrap_or_default());
                tail.get(2..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
}

/// `name` as it can stand in Python source, if it is an identifier (ASCII only: others look like others).
pub fn identifier(name: &str) -> Option<&str> {
    let start = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (start && rest && !KEYWORDS.split(' ').any(|word| word == name)).then_some(name)
}

/// `package.module.Class` if each part is an identifier.
pub fn dotted(name: &str) -> Option<&str> {
    name.split('.').all(|part| identifier(part).is_some()).then_some(name)
}

const KEYWORDS: &str = "False None True and as assert async await break class continue def del elif else \
    except finally for from global if import in is lambda nonlocal not or pass raise return try while with \
    yield";
