//! Checkpoints for tests, written as JSON: `{"$tensor": [values], "shape": […]}` is a float32 tensor,
//! `{"$float": "nan"}` what JSON cannot say, `{"$class": "a.b.C", …}` an object with that state, and
//! `{"$ints": {"1": …}}` a mapping with integer keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, Format, Parts};
use crate::limits::Limits;
use crate::tensor::{DType, Place, Storage, TensorMeta};
use crate::value::{Construct, Dict, Object, Tree, Value};

/// A checkpoint that holds `root`.
pub(crate) fn checkpoint(root: &Json) -> Checkpoint {
    checkpoint_with(root, None)
}

/// A checkpoint that holds `root`, and the container's own metadata.
pub(crate) fn checkpoint_with(root: &Json, metadata: Option<&Json>) -> Checkpoint {
    checkpoint_of(root, |parts| {
        parts.container_metadata = metadata.map(|m| build(&mut parts.tree, m));
    })
}

/// A checkpoint that holds `root`, after `change`.
pub(crate) fn checkpoint_of(root: &Json, change: impl FnOnce(&mut Parts)) -> Checkpoint {
    let mut tree = Tree::new(Arc::from(&[][..]));
    let value = build(&mut tree, root);
    tree.set_root(value);
    let mut parts = Parts {
        path: PathBuf::from("run/checkpoint.pt"),
        format: Format::TorchZip,
        files: Vec::new(),
        assembled: Vec::new(),
        identity: None,
        tree,
        container_metadata: None,
        globals: Vec::new(),
        weights_only: true,
        sources: Vec::new(),
        fingerprint: 0,
        diagnostics: Vec::new(),
    };
    change(&mut parts);
    Checkpoint::assemble(parts, &ScriptTypes::default(), &Limits::default())
}

fn build(tree: &mut Tree, json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap()), Value::Int),
        Json::String(s) => tree.add_text(s),
        Json::Array(items) => {
            let items = items.iter().map(|i| build(tree, i)).collect();
            Value::List(tree.add_list(items))
        }
        Json::Object(map) => {
            if let Some(text) = map.get("$float") {
                return Value::Float(text.as_str().unwrap().parse().unwrap());
            }
            if let Some(values) = map.get("$tensor") {
                return tensor(tree, values, map.get("shape"));
            }
            if let Some(class) = map.get("$class") {
                return object(tree, class.as_str().unwrap(), map);
            }
            let ints = map.get("$ints").map(|m| m.as_object().unwrap());
            let entries = ints.unwrap_or(map).iter().map(|(k, v)| {
                let key = if ints.is_some() { Value::Int(k.parse().unwrap()) } else { tree.add_text(k) };
                (key, build(tree, v))
            });
            let entries = entries.collect();
            Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() }))
        }
    }
}

fn object(tree: &mut Tree, class: &str, map: &serde_json::Map<String, Json>) -> Value {
    let (module, name) = class.rsplit_once('.').unwrap();
    let callable = Value::Global(tree.intern_global(module, name));
    let entries = map.iter().filter(|(k, _)| *k != "$class").map(|(k, v)| (tree.add_text(k), build(tree, v)));
    let entries = entries.collect();
    let state = Some(Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() })));
    let args = tree.add_tuple(&[]);
    let object = Object { state, ..Object::new(callable, Construct::New, args) };
    Value::Object(tree.add_object(object))
}

fn tensor(tree: &mut Tree, values: &Json, shape: Option<&Json>) -> Value {
    let values: Vec<f32> = values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
    let shape: Vec<u64> = match shape {
        Some(shape) => shape.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect(),
        None => Vec::new(),
    };
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let span = tree.add_bytes(&bytes);
    let storage = tree.add_storage(Storage {
        key: "0".into(),
        dtype: DType::Float32,
        location: Arc::from("cpu"),
        nbytes: bytes.len() as u64,
        place: Place::Inline { start: span.start, len: span.len },
        big_endian: false,
    });
    Value::Tensor(tree.add_tensor(TensorMeta::contiguous(DType::Float32, &shape, Some(storage), 0)))
}

/// A path for a test.
pub(crate) fn path(text: &str) -> &Path {
    Path::new(text)
}
