//! JSON files beside the weights, as values of the tree.
//!
//! Python writes `NaN`, `Infinity` and `-Infinity` into JSON, which JSON does not know. They are put between
//! quotes, behind a character no text of such a file begins with, and become numbers again in the tree.

use serde_json::Value as Json;

use super::listing::Folder;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::text::shown;
use crate::value::{Dict, Tree, Value};

/// Marks a text that stands for a number: not a character, so not in any UTF-8 JSON worth reading.
const MARK: &str = "\u{fdd0}";

/// The JSON file `name` of the folder.
pub(super) fn read(folder: &Folder, name: &str, limits: &Limits) -> Result<Json> {
    let bytes = folder.read(name, limits.json_bytes)?;
    parse(&bytes).map_err(|e| e.in_file(&folder.path.join(name)))
}

fn parse(bytes: &[u8]) -> Result<Json> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let parsed = serde_json::from_slice(bytes).or_else(|error| match quoted(bytes) {
        Some(quoted) => serde_json::from_slice(&quoted),
        None => Err(error),
    });
    parsed.map_err(|e| Error::new(ErrorKind::Header, format!("malformed JSON: {}", shown(&e.to_string()))))
}

/// The same with Python's names of numbers between quotes; `None` when there are none.
fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (mut in_text, mut escaped, mut found) = (false, false, false);
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        if !in_text
            && let Some(word) =
                [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|w| rest.starts_with(w))
        {
            out.extend_from_slice(format!("\"{MARK}").as_bytes());
            out.extend_from_slice(word);
            out.push(b'"');
            rest = rest.get(word.len()..).unwrap_or_default();
            found = true;
            continue;
        }
        in_text ^= *byte == b'"' && !escaped;
        escaped = in_text && *byte == b'\\' && !escaped;
        out.push(*byte);
        rest = behind;
    }
    found.then_some(out)
}

/// Adds parsed JSON to a tree. (The parser bounds the nesting.)
pub(super) fn add(tree: &mut Tree, json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => match text.strip_prefix(MARK) {
            Some("NaN") => Value::Float(f64::NAN),
            Some("Infinity") => Value::Float(f64::INFINITY),
            Some("-Infinity") => Value::Float(f64::NEG_INFINITY),
            _ => tree.add_text(text),
        },
        Json::Array(items) => {
            let items = items.iter().map(|item| add(tree, item)).collect();
            Value::List(tree.add_list(items))
        }
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| (tree.add_text(key), add(tree, value))).collect();
            Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_python_are_numbers() {
        let text = br#"{"a": NaN, "b": [Infinity, -Infinity], "NaN \" NaN": "NaN", "c": "\\", "d": NaN}"#;
        let mut tree = Tree::default();
        let value = parse(text).unwrap();
        let root = add(&mut tree, &value);
        let number = |key| tree.as_number(tree.get(root, key).unwrap());
        assert!(number("a").unwrap().is_nan() && number("d").unwrap().is_nan());
        let items = tree.items(tree.get(root, "b").unwrap());
        assert_eq!(items, [Value::Float(f64::INFINITY), Value::Float(f64::NEG_INFINITY)]);
        assert_eq!(tree.as_text(tree.get(root, "NaN \" NaN").unwrap()).unwrap(), "NaN");
        assert_eq!(tree.as_text(tree.get(root, "c").unwrap()).unwrap(), "\\");
    }

    #[test]
    fn what_is_no_json_says_where() {
        let error = parse(b"{\"a\": ").unwrap_err();
        assert!(error.reason().contains("malformed JSON") && error.reason().contains("line 1"));
    }
}
