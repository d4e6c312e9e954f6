//! JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` stand bare where RFC 8259 has no word for them.
//!
//! `serde_json` reads everything else, and strictly; JSON5 parsers would take the three words and a whole
//! other language with them, at a tenth of the speed. So text that does not parse has its bare words
//! replaced, outside of strings only, by strings that [`number`] knows; strings of files cannot be mistaken for
//! them, for they begin with a control character JSON forbids unescaped and no metric begins with.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::training::metric;

/// What stands for the three words.
const WORDS: [(&[u8], &[u8]); 3] =
    [(b"-Infinity", b"\"\\u0001-inf\""), (b"Infinity", b"\"\\u0001inf\""), (b"NaN", b"\"\\u0001nan\"")];

/// Parses JSON, bare NaN and infinities included.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    parse_as(bytes)
}

/// Parses JSON into any type, bare NaN and infinities becoming strings [`number`] knows.
pub(super) fn parse_as<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) => match relaxed(bytes) {
            Cow::Owned(strict) => serde_json::from_slice(&strict),
            Cow::Borrowed(_) => Err(error),
        },
    }
}

/// `bytes` with bare words replaced; borrowed when there are none.
pub fn relaxed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let mut len = 1;
        let mut replacement: Option<&[u8]> = None;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => len = 2,
            b'N' | b'I' | b'-' if !in_string => {
                let rest = bytes.get(at..).unwrap_or_default();
                if let Some((word, strict)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                    (len, replacement) = (word.len(), Some(*strict));
                }
            }
            _ => {}
        }
        let end = (at + len).min(bytes.len());
        match (&mut out, replacement) {
            (Some(out), Some(strict)) => out.extend_from_slice(strict),
            (Some(out), None) => out.extend_from_slice(bytes.get(at..end).unwrap_or_default()),
            (None, Some(strict)) => {
                let mut begun = bytes.get(..at).unwrap_or_default().to_vec();
                begun.extend_from_slice(strict);
                out = Some(begun);
            }
            (None, None) => {}
        }
        at = end;
    }
    out.map_or(Cow::Borrowed(bytes), Cow::Owned)
}

/// The number a value is. A bool is none.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => match text.strip_prefix('\u{1}') {
            Some("nan") => Some(f64::NAN),
            Some("inf") => Some(f64::INFINITY),
            Some("-inf") => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a value as a setting.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix('\u{1}') {
            Some(word) => word.to_owned(),
            None => text.clone(),
        },
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Number(n) => match n.as_f64().filter(|_| n.is_f64()) {
            Some(x) => crate::text::number::number(x),
            None => n.to_string(),
        },
        other => other.to_string(),
    }
}

/// Levels of objects within objects that are looked into.
const DEPTH: usize = 6;
/// What the COCO evaluation gives, in its order.
const COCO: [&str; 12] =
    ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"];

/// Numbers of an object and of the objects in it: `train` of `{"train": {"loss": 1}}` goes before a slash. Deeper
/// than one level only what is called like a metric counts, and settings never do.
pub(super) fn numbers(object: &Map<String, Value>, mut each: impl FnMut(&str, f64)) {
    walk(object, "", 0, &mut each);
}

fn walk(object: &Map<String, Value>, prefix: &str, depth: usize, each: &mut impl FnMut(&str, f64)) {
    for (key, value) in object {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}/{key}") };
        if let Some(number) = number_or_single(value).or_else(|| quoted(key, value)) {
            if depth < 2 || metric::is_metric(key) {
                each(&name, number);
            }
            continue;
        }
        match value {
            Value::Object(inner) if depth < DEPTH && !is_settings(key) => walk(inner, &name, depth + 1, each),
            // DETR writes the twelve numbers of `coco_evaluator` as a list.
            Value::Array(items) if items.len() == COCO.len() && key.contains("coco_eval") => {
                for (part, item) in COCO.iter().zip(items) {
                    if let Some(value) = number(item) {
                        each(&format!("{name}/{part}"), value);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_settings(key: &str) -> bool {
    matches!(
        key,
        "config" | "args" | "hparams" | "params" | "hyperparameters" | "cfg" | "hist_stats" | "_wandb"
    )
}

/// fairseq writes its numbers between quotes.
pub(super) fn quoted(name: &str, value: &Value) -> Option<f64> {
    let Value::String(text) = value else { return None };
    (text.len() <= 24 && metric::is_metric(name)).then(|| text.parse().ok()).flatten()
}

/// A number, or the only number of a list.
fn number_or_single(value: &Value) -> Option<f64> {
    match value {
        Value::Array(items) => match items.as_slice() {
            [one] => number(one),
            _ => None,
        },
        other => number(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_become_numbers_and_strings_stay() {
        let text = br#"{"a": NaN, "b": [-Infinity, Infinity], "NaN": "Infinity \" NaN", "c": -1.5}"#;
        let value = parse(text).unwrap();
        assert!(number(&value["a"]).unwrap().is_nan());
        assert_eq!(number(&value["b"][0]), Some(f64::NEG_INFINITY));
        assert_eq!(number(&value["b"][1]), Some(f64::INFINITY));
        assert_eq!(value["NaN"], "Infinity \" NaN");
        assert_eq!(number(&value["c"]), Some(-1.5));
        assert_eq!(number(&value["NaN"]), None);
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["{", "NaN NaN", "{\"a\": Nan}", "\"", "\\", "{\"a\": NaN"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(matches!(relaxed(b"{\"a\": 1}"), Cow::Borrowed(_)));
    }

    #[test]
    fn objects_within_are_named_by_their_keys() {
        let Value::Object(map) =
            parse(br#"{"a": 1, "train": {"loss": 2, "deep": {"x": 3}}, "ok": true}"#).unwrap()
        else {
            panic!()
        };
        let mut found = Vec::new();
        numbers(&map, |name, value| found.push((name.to_owned(), value)));
        assert_eq!(found, [("a".to_owned(), 1.0), ("train/loss".to_owned(), 2.0)]);
    }
}
