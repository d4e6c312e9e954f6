//! Python source from names of strangers: string literals, keys, and the way from a root to a value.
//!
//! Whatever the name, what comes out is one literal on one line, of characters that are plainly visible,
//! and Python reads the very same name back: escapes are Python's own, bytes that are not UTF-8 become the
//! lone surrogates `os.fsdecode` gives them.

pub use crate::text::python::{dotted, identifier, path, string, string_bytes};
use crate::value::view::{self, Label};
use crate::value::{Tree, Value, python};

/// Deepest nesting of a key that is written out.
const KEY_DEPTH: usize = 3;

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
