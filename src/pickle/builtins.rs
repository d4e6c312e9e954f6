//! Containers and bytes of Python's standard library, which need no code to rebuild (formats.md §3.3).

use crate::value::{Construct, Dict, GlobalId, Object, Tree, Value};

/// The result of `callable(*args)` where it is plainly a container or bytes; `None` for everything else.
pub(super) fn call(tree: &mut Tree, callable: Value, args: Value, construct: Construct) -> Option<Value> {
    let Value::Global(id) = callable else { return None };
    let global = tree.global(id)?;
    match (&*global.module, &*global.name) {
        ("collections", "OrderedDict" | "Counter") => mapping(tree, id, first(tree, args)),
        ("collections", "defaultdict") => mapping(tree, id, tree.items(args).get(1).copied()),
        ("builtins", "dict") => mapping(tree, id, first(tree, args)).map(|v| unclassed(tree, v)),
        ("builtins", "set") => {
            sequence(tree, first(tree, args)).map(|items| Value::Set(tree.add_list(items)))
        }
        ("builtins", "frozenset") => {
            sequence(tree, first(tree, args)).map(|items| Value::FrozenSet(tree.add_list(items)))
        }
        ("builtins", "list") => {
            sequence(tree, first(tree, args)).map(|items| Value::List(tree.add_list(items)))
        }
        ("builtins", "tuple") => sequence(tree, first(tree, args)).map(|items| tree.add_tuple(&items)),
        ("builtins", "bytes" | "bytearray") => bytes(tree, tree.items(args).to_vec().as_slice()),
        ("_codecs", "encode") => encoded(tree, tree.items(args).to_vec().as_slice()),
        ("copyreg", "_reconstructor") => reconstructor(tree, tree.items(args).to_vec().as_slice()),
        ("copyreg", "__newobj__") if construct == Construct::Call => {
            let items = tree.items(args).to_vec();
            items.split_first().map(|(class, rest)| instance(tree, *class, rest, None))
        }
        _ => None,
    }
}

fn first(tree: &Tree, args: Value) -> Option<Value> {
    tree.items(args).first().copied()
}

/// A mapping of class `class` from nothing, another mapping, or (Python 2) pairs.
fn mapping(tree: &mut Tree, class: GlobalId, from: Option<Value>) -> Option<Value> {
    let entries = match from {
        None => Vec::new(),
        Some(value @ Value::Dict(_)) => tree.entries(value).to_vec(),
        Some(value @ (Value::List(_) | Value::Tuple { .. })) => {
            let pair = |item: &Value| match *tree.items(*item) {
                [key, value] => Some((key, value)),
                _ => None,
            };
            tree.items(value).iter().map(pair).collect::<Option<_>>()?
        }
        Some(_) => return None,
    };
    Some(Value::Dict(tree.add_dict(Dict { entries, class: Some(class), attributes: None })))
}

fn unclassed(tree: &mut Tree, value: Value) -> Value {
    if let Value::Dict(id) = value
        && let Some(dict) = tree.dict_mut(id)
    {
        dict.class = None;
    }
    value
}

fn sequence(tree: &Tree, from: Option<Value>) -> Option<Vec<Value>> {
    match from {
        None => Some(Vec::new()),
        Some(value @ (Value::List(_) | Value::Tuple { .. } | Value::Set(_) | Value::FrozenSet(_))) => {
            Some(tree.items(value).to_vec())
        }
        Some(_) => None,
    }
}

fn bytes(tree: &mut Tree, args: &[Value]) -> Option<Value> {
    match *args {
        [] => Some(Value::Bytes(tree.add_bytes(&[]))),
        [value @ Value::Bytes(_)] => Some(value),
        [Value::Text(_), Value::Text(_)] => encoded(tree, args),
        [list @ Value::List(_)] => {
            let items = tree.items(list).iter().map(|v| u8::try_from(tree.as_int(*v)?).ok());
            let held: Vec<u8> = items.collect::<Option<_>>()?;
            Some(Value::Bytes(tree.add_bytes(&held)))
        }
        _ => None,
    }
}

/// `_codecs.encode(text, 'latin1')`: how protocol 2 writes bytes.
fn encoded(tree: &mut Tree, args: &[Value]) -> Option<Value> {
    let (Value::Text(text), codec) = (*args.first()?, args.get(1)) else { return None };
    let codec = codec.and_then(|c| tree.as_text(*c));
    if !matches!(codec.as_deref(), None | Some("latin1" | "latin-1" | "iso-8859-1")) {
        return None;
    }
    if tree.bytes(text).is_ascii() {
        return Some(Value::Bytes(text));
    }
    let text = std::str::from_utf8(tree.bytes(text)).ok()?;
    let held: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?;
    Some(Value::Bytes(tree.add_bytes(&held)))
}

/// `copyreg._reconstructor(class, base, state)`: an instance of `class`; `state` is what its built-in base
/// would be made from.
fn reconstructor(tree: &mut Tree, args: &[Value]) -> Option<Value> {
    let &[class, base, state] = args else { return None };
    let name = match base {
        Value::Global(id) => tree.global(id).map(|g| g.name.to_string()),
        _ => None,
    };
    Some(match (name.as_deref(), state) {
        (Some("object"), _) | (_, Value::None) => instance(tree, class, &[], None),
        (Some("dict"), Value::Dict(_)) => instance(tree, class, &[], Some(state)),
        (Some("list"), Value::List(_)) => instance(tree, class, &[], Some(state)),
        _ => instance(tree, class, &[state], None),
    })
}

fn instance(tree: &mut Tree, callable: Value, args: &[Value], content: Option<Value>) -> Value {
    if let Value::Global(id) = callable {
        tree.mark_called(id);
    }
    let args = tree.add_tuple(args);
    let entries = content.map(|c| tree.entries(c).to_vec()).unwrap_or_default();
    let items = content.filter(|c| matches!(c, Value::List(_))).map(|c| tree.items(c).to_vec());
    let object =
        Object { items: items.unwrap_or_default(), entries, ..Object::new(callable, Construct::New, args) };
    Value::Object(tree.add_object(object))
}
