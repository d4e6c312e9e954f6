//! Paddle's pickles: names to numpy arrays (formats.md §9.7).

use super::arrays;
use crate::value::numpy;
use crate::value::{Tree, Value};

/// The entry Paddle adds to what it saves: structured names to those of the program.
const NAMES: &str = "StructuredToParameterName@@";
/// Mappings inside mappings that are looked into.
const DEPTH: usize = 8;
/// Mappings looked into.
const MAPPINGS: usize = 10_000;

/// Makes tensors of the arrays of a pickle Paddle wrote; `false` for one it did not.
///
/// The pickle starts at the first byte of file 0, so that the bytes of an array are a range of it.
pub(super) fn convert(tree: &mut Tree, root: Value) -> bool {
    if !is_paddle(tree, root) {
        return false;
    }
    let mut open = vec![(root, 0)];
    let mut left = MAPPINGS;
    while let Some((value, depth)) = open.pop() {
        let Value::Dict(id) = value else { continue };
        let entries = tree.entries(value).to_vec();
        let converted: Vec<(Value, Value)> =
            entries.into_iter().map(|(key, value)| (key, tensor(tree, value).unwrap_or(value))).collect();
        left = left.saturating_sub(1);
        if depth < DEPTH && left > 0 {
            let inner = converted.iter().filter(|(_, v)| matches!(v, Value::Dict(_)));
            open.extend(inner.map(|(_, v)| (*v, depth + 1)));
        }
        if let Some(dict) = tree.dict_mut(id) {
            dict.entries = converted;
        }
    }
    true
}

/// Paddle adds its table of names to a flat state, and writes each tensor of a nested one as `tuple((name,
/// array))`.
fn is_paddle(tree: &Tree, root: Value) -> bool {
    if tree.get(root, NAMES).is_some() {
        return true;
    }
    let mut open = vec![(root, 0)];
    let mut left = MAPPINGS;
    while let Some((value, depth)) = open.pop() {
        for (_, value) in tree.entries(value) {
            left = left.saturating_sub(1);
            if named(tree, *value).is_some() {
                return true;
            }
            if depth < DEPTH && left > 0 && matches!(value, Value::Dict(_)) {
                open.push((*value, depth + 1));
            }
        }
    }
    false
}

/// The array of `(name, array)`.
fn named(tree: &Tree, value: Value) -> Option<Value> {
    let pair = match value {
        Value::Tuple { .. } => value,
        // `builtins.tuple` called with one, as protocol 2 writes a subclass of it.
        Value::Object(id) => {
            let object = tree.object(id)?;
            let is_tuple =
                tree.class_of(value).is_some_and(|g| &*g.module == "builtins" && &*g.name == "tuple");
            *tree.items(object.args).first().filter(|_| is_tuple)?
        }
        _ => return None,
    };
    let &[name, array] = tree.items(pair) else { return None };
    (tree.as_text(name).is_some() && numpy::is_array(tree, array)).then_some(array)
}

fn tensor(tree: &mut Tree, value: Value) -> Option<Value> {
    let array = named(tree, value).unwrap_or(value);
    arrays::tensor(tree, array)
}
