//! JSON texts inside containers, as values of the tree.

use serde_json::Value as Json;

use crate::value::{Dict, Tree, Value};

/// Longest text of a JSON value that is kept; base64 of pickles is not metadata.
const TEXT: usize = 64 << 10;

/// The JSON in `bytes`; text that is no JSON is kept as text.
pub(crate) fn parse(tree: &mut Tree, bytes: &[u8]) -> Value {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(json) => value(tree, &json),
        Err(_) => Value::Text(tree.add_bytes(bytes)),
    }
}

/// A JSON value. The parser bounds its depth.
pub(crate) fn value(tree: &mut Tree, json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) if text.len() > TEXT => tree.add_text(&format!("({} bytes of text)", text.len())),
        Json::String(text) => tree.add_text(text),
        Json::Array(items) => {
            let items = items.iter().map(|item| value(tree, item)).collect();
            Value::List(tree.add_list(items))
        }
        Json::Object(map) => {
            let entries = map.iter().map(|(key, item)| (tree.add_text(key), value(tree, item))).collect();
            Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() }))
        }
    }
}
