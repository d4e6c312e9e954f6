//! Values of the metadata in words: a short form for rows, the whole for the detail pane.

use super::fact;
use crate::checkpoint::{Checkpoint, Scalar};
use crate::text::number;
use crate::text::shown;
use crate::tui::model::browser::Browser;
use crate::tui::model::document::{Document, Line};
use crate::tui::model::metadata::What;
use crate::value::numpy::Array;
use crate::value::python::float_repr;
use crate::value::view::{self, Leaf};
use crate::value::{Tree, Value};

/// Characters of a text shown in the detail pane.
const LONGEST: usize = 20_000;
/// Characters of a text looked at for a row.
const ROW: usize = 400;
/// Numbers of an array shown in the detail pane.
const NUMBERS: usize = 200;

/// A value in one line, safe to show.
pub fn short(checkpoint: &Checkpoint, value: Value) -> String {
    let tree = checkpoint.tree();
    match view::leaf(tree, value) {
        Some(leaf) => leaf_text(checkpoint, &leaf),
        None => container(tree, value),
    }
}

/// What kind of thing a value is.
pub fn kind(checkpoint: &Checkpoint, value: Value) -> String {
    let tree = checkpoint.tree();
    let plain = match view::leaf(tree, value) {
        Some(Leaf::None) => "None",
        Some(Leaf::Bool(_)) => "bool",
        Some(Leaf::Int(_) | Leaf::BigInt(_)) => "int",
        Some(Leaf::Float(_)) => "float",
        Some(Leaf::Text(_)) => "str",
        Some(Leaf::Bytes { .. }) => "bytes",
        Some(Leaf::Tensor(_)) => "tensor",
        Some(Leaf::Storage(_)) => "storage",
        Some(Leaf::Array(_)) => "numpy.ndarray",
        Some(Leaf::Word(_)) | None => "",
    };
    let named = || view::class(tree, value).map(|class| shown(&class).into_owned());
    match value {
        _ if !plain.is_empty() => plain.to_owned(),
        Value::List(_) => "list".to_owned(),
        Value::Tuple { .. } => "tuple".to_owned(),
        Value::Dict(_) => named().unwrap_or_else(|| "dict".to_owned()),
        Value::Global(_) => "class or function".to_owned(),
        _ => named().unwrap_or_else(|| "object".to_owned()),
    }
}

fn container(tree: &Tree, value: Value) -> String {
    let count = view::child_count(tree, value);
    let entries = number::count(count as u64);
    let class = view::class(tree, value).map(|class| shown(&class).into_owned());
    match value {
        Value::List(_) => format!("[{entries}]{}", preview(tree, value)),
        Value::Tuple { .. } => format!("({entries}){}", preview(tree, value)),
        Value::Dict(_) => format!("{{{entries}}}{}", class.map(|c| format!(" {c}")).unwrap_or_default()),
        _ => match class {
            Some(class) if count == 0 => class,
            Some(class) => format!("{class} {{{entries}}}"),
            None => format!("{{{entries}}}"),
        },
    }
}

/// The first and the last elements of a sequence of numbers: a history at a glance.
fn preview(tree: &Tree, value: Value) -> String {
    let text = |v: &Value| match view::leaf(tree, *v)? {
        Leaf::Int(n) => Some(n.to_string()),
        Leaf::Float(x) => Some(number::number(x)),
        _ => None,
    };
    let items = tree.items(value);
    let (head, rest) = items.split_at(items.len().min(4));
    let Some(mut parts) = head.iter().map(text).collect::<Option<Vec<String>>>() else {
        return String::new();
    };
    if rest.len() > 1 {
        parts.push("..".to_owned());
    }
    parts.extend(rest.last().and_then(text));
    if parts.is_empty() { String::new() } else { format!("  {}", parts.join(" ")) }
}

fn leaf_text(checkpoint: &Checkpoint, leaf: &Leaf) -> String {
    match leaf {
        Leaf::None => "None".to_owned(),
        Leaf::Bool(flag) => python_bool(*flag).to_owned(),
        Leaf::Int(n) => n.to_string(),
        Leaf::BigInt(text) => text.clone(),
        Leaf::Float(x) => float_repr(*x),
        Leaf::Text(text) => format!("'{}'", shown(head(text, ROW))),
        Leaf::Bytes { len, head } => format!("{} {head}", number::bytes(*len as u64)),
        Leaf::Word(text) => shown(head(text, ROW)).into_owned(),
        Leaf::Array(array) => format!("array {} {}", shown(&array.dtype), number::shape(&array.shape)),
        Leaf::Storage(_) => "storage".to_owned(),
        Leaf::Tensor(id) => {
            let Some(meta) = checkpoint.tree().tensor(*id) else { return "tensor".to_owned() };
            let what = format!("tensor {} {}", meta.dtype.name(), number::shape(meta.shape()));
            match checkpoint.scalar(*id) {
                Some(value) => format!("{what} = {}", scalar(value)),
                None => what,
            }
        }
    }
}

fn python_bool(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

/// The value of a one-element tensor.
pub fn scalar(scalar: Scalar) -> String {
    match scalar {
        Scalar::Float(x) => float_repr(x),
        Scalar::Int(n) => n.to_string(),
        Scalar::Bool(flag) => python_bool(flag).to_owned(),
    }
}

/// Details of the selected row of the metadata.
pub(super) fn document(browser: &Browser) -> Document {
    let checkpoint = browser.checkpoint();
    let Some(row) = browser.metadata.selected() else { return Vec::new() };
    let What::Value(_, value) = row.what else {
        return vec![Line::Keys("{open} lists the next thousand")];
    };
    let path = browser.metadata.path(checkpoint, browser.metadata.cursor.at);
    let tree = checkpoint.tree();
    let mut out = vec![Line::Heading(shown(&path).into_owned()), fact("type", kind(checkpoint, value))];
    match view::leaf(tree, value) {
        None => {
            out.push(fact("entries", number::grouped(view::child_count(tree, value) as u64)));
        }
        Some(Leaf::Array(array)) => array_lines(&array, &mut out),
        Some(leaf @ Leaf::Tensor(id)) => {
            out.push(fact("value", leaf_text(checkpoint, &leaf)));
            out.extend(checkpoint.entry_of(id).map(|e| fact("listed as", shown(&e.path))));
        }
        Some(Leaf::Text(text)) => {
            out.push(fact("characters", number::grouped(text.chars().count() as u64)));
            out.push(Line::Blank);
            text_lines(&text, &mut out);
        }
        Some(leaf) => out.push(fact("value", leaf_text(checkpoint, &leaf))),
    }
    out
}

fn array_lines(array: &Array, out: &mut Document) {
    out.push(fact("dtype", shown(&array.dtype)));
    out.push(fact("shape", number::shape(&array.shape)));
    let numbers = array.values.iter().map(|x| number::number(*x));
    let words = array.words.iter().map(|word| shown(word).into_owned());
    let elements: Vec<String> = numbers.chain(words).take(NUMBERS).collect();
    if !elements.is_empty() {
        out.push(Line::Blank);
        out.push(Line::Text(elements.join("  ")));
    }
    if array.values.len() + array.words.len() > NUMBERS {
        out.push(Line::Hint(format!("the first {NUMBERS} of them")));
    }
}

fn text_lines(text: &str, out: &mut Document) {
    let visible = head(text, LONGEST);
    out.extend(visible.lines().map(|line| Line::Code(shown(line).into_owned())));
    if visible.len() < text.len() {
        out.push(Line::Hint(format!("the first {} of it", number::bytes(visible.len() as u64))));
    }
}

fn head(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The selected value itself, where it is text: not escaped.
pub fn selected_whole(browser: &Browser) -> Option<String> {
    let What::Value(_, value) = browser.metadata.selected()?.what else { return None };
    match view::leaf(browser.checkpoint().tree(), value) {
        Some(Leaf::Text(text)) => Some(text),
        _ => None,
    }
}

/// The whole text of the selected value, for the clipboard.
pub fn selected_text(browser: &Browser) -> Option<String> {
    let What::Value(_, value) = browser.metadata.selected()?.what else { return None };
    let checkpoint = browser.checkpoint();
    Some(match view::leaf(checkpoint.tree(), value) {
        Some(Leaf::Text(text)) => shown(&text).into_owned(),
        _ => short(checkpoint, value),
    })
}
