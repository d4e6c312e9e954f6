//! Python source from names of strangers: string literals, keys, and the way from a root to a value.
//!
//! Whatever the name, what comes out is one literal on one line, of characters that are plainly visible,
//! and Python reads the very same name back: escapes are Python's own, bytes that are not UTF-8 become the
//! lone surrogates `os.fsdecode` gives them.

use std::fmt::Write as _;
use std::path::Path;

use crate::text::shown;
use crate::value::view::{self, Label};
use crate::value::{Tree, Value, python};

/// Deepest nesting of a key that is written out.
const KEY_DEPTH: usize = 3;

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

/// A literal for a mapping key, if it has one.
fn key(tree: &Tree, value: Value, depth: usize) -> Option<String> {
    Some(match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) if x.is_finite() => python::float_repr(x),
        Value::Text(span) => string_bytes(tree.bytes(span)),
        Value::Tuple { len, .. } if depth > 0 => {
            let items = tree.items(value).iter().map(|v| key(tree, *v, depth - 1));
            let items: Option<Vec<String>> = items.collect();
            format!("({}{})", items?.join(", "), if len == 1 { "," } else { "" })
        }
        _ => return None,
    })
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

/// The expression that leads from `variable` (the root) to the value `target` that lies at the dotted path
/// `name`: `checkpoint["model"]`, `checkpoint["optimizer_states"][0]`. Keys may hold dots themselves.
pub fn access(tree: &Tree, variable: &str, name: &str, target: Value) -> Option<String> {
    step(tree, tree.root(), variable, name, target, 6)
}

fn step(tree: &Tree, at: Value, code: &str, rest: &str, target: Value, depth: usize) -> Option<String> {
    if rest.is_empty() && at == target {
        return Some(code.to_owned());
    }
    if depth == 0 {
        return None;
    }
    for (place, (label, child)) in view::children(tree, at).enumerate() {
        let container = !matches!(child, Value::Tensor(_) | Value::Text(_) | Value::Int(_) | Value::Float(_));
        if !container {
            continue;
        }
        let text = label.text(tree);
        let Some(after) = rest.strip_prefix(text.as_str()) else { continue };
        let Some(after) = after.strip_prefix('.').or_else(|| after.is_empty().then_some("")) else {
            continue;
        };
        let Some(code) = subscript(tree, at, code, place, label, child) else { continue };
        if let Some(found) = step(tree, child, &code, after, target, depth - 1) {
            return Some(found);
        }
    }
    None
}

fn subscript(
    tree: &Tree,
    parent: Value,
    code: &str,
    place: usize,
    label: Label,
    child: Value,
) -> Option<String> {
    match label {
        Label::Index(n) => Some(format!("{code}[{n}]")),
        Label::Part(_) => None,
        Label::Key(name) => {
            let text = label.text(tree);
            let attribute =
                matches!(parent, Value::Object(_)) && tree.attribute(parent, &text) == Some(child);
            match key(tree, name, KEY_DEPTH) {
                _ if attribute => identifier(&text).map(|name| format!("{code}.{name}")),
                Some(key) => Some(format!("{code}[{key}]")),
                // A key only its own class could write down.
                None => Some(format!("list({code}.values())[{place}]")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Dict;

    #[test]
    fn literals_hold_whatever_the_name() {
        for (text, literal) in [
            ("model.pt", r#""model.pt""#),
            ("it's \"x\"", r#""it's \"x\"""#),
            ("a\\b", r#""a\\b""#),
            ("a\\u{41}\n\u{1b}", r#""a\\u{41}\n\x1b""#),
            ("\u{202e}\u{e0041}é", r#""\u202e\U000e0041é""#),
            ("\"); import os #", r#""\"); import os #""#),
            ("\\\"", r#""\\\"""#),
        ] {
            assert_eq!(string(text), literal);
        }
        assert_eq!(string_bytes(b"a\xff\xed\xa0\xbdz"), r#""a\udcff\ud83dz""#);
        assert_eq!(string_bytes(b"\xe9"), r#""\udce9""#);
    }

    #[test]
    fn identifiers_are_ascii_and_no_keywords() {
        assert!(dotted("argparse.Namespace").is_some() && dotted("a._b.C9").is_some());
        for name in ["", "a..b", "1a", "class", "a.b c", "a.m\u{43e}del", "a\n", "x.lambda", "f<locals>"] {
            assert_eq!(dotted(name), None, "{name}");
        }
    }

    #[test]
    fn the_way_to_a_section() {
        let mut tree = Tree::default();
        let inner = Value::Dict(tree.add_dict(Dict::default()));
        let list = Value::List(tree.add_list(vec![Value::Int(1), inner]));
        let (dotted, plain, pair) = (tree.add_text("a.b"), tree.add_text("x"), tree.add_text("q\""));
        let pair = tree.add_tuple(&[pair, Value::Int(2)]);
        let entries = vec![(plain, Value::Int(3)), (dotted, list), (pair, inner)];
        let root = tree.add_dict(Dict { entries, ..Dict::default() });
        tree.set_root(Value::Dict(root));
        let found = access(&tree, "checkpoint", "a.b.1", inner);
        assert_eq!(found.as_deref(), Some(r#"checkpoint["a.b"][1]"#));
        let name = Label::Key(pair).text(&tree);
        let found = access(&tree, "c", &name, inner);
        assert_eq!(found.as_deref(), Some(r#"c[("q\"", 2)]"#));
        assert_eq!(access(&tree, "c", "a.b.2", inner), None);
    }
}
