//! Metadata as an indented tree: short, bounded in depth, breadth and length however large the graph is.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::checkpoint::{Checkpoint, Scalar, SectionRole};
use crate::cli::style::{Style, Tone};
use crate::text::{fit, number, shown};
use crate::value::view::{self, Leaf};
use crate::value::{Value, python};

/// Longest text of one value, in cells.
const TEXT: usize = 100;
/// Sequences of at most this many plain values stand on one line.
const INLINE: usize = 8;

/// How much is written.
struct Bounds {
    depth: usize,
    children: usize,
    lines: usize,
}

/// Writes the children of values as a tree.
pub(super) struct TreeWriter<'a> {
    checkpoint: &'a Checkpoint,
    style: &'a Style,
    bounds: Bounds,
    lines: usize,
}

impl<'a> TreeWriter<'a> {
    /// A writer for `checkpoint`.
    pub(super) fn new(checkpoint: &'a Checkpoint, style: &'a Style) -> Self {
        let bounds = if style.verbose {
            Bounds { depth: 32, children: 4_096, lines: 100_000 }
        } else {
            Bounds { depth: 4, children: 24, lines: 300 }
        };
        Self { checkpoint, style, bounds, lines: 0 }
    }

    /// The value as lines of text, one for each child and its children.
    pub(super) fn write(&mut self, out: &mut dyn Write, value: Value) -> io::Result<()> {
        self.children(out, value, 0)
    }

    /// A value on one line, if it fits on one.
    pub(super) fn short(&self, value: Value) -> Option<String> {
        self.plain(value).or_else(|| self.inline(value))
    }

    fn children(&mut self, out: &mut dyn Write, value: Value, depth: usize) -> io::Result<()> {
        let tree = self.checkpoint.tree();
        let total = view::child_count(tree, value);
        let weights = self.checkpoint.sections().iter().any(|s| s.value == value && is_weights(s.role));
        let mut written = 0;
        for (label, child) in view::children(tree, value) {
            // Tensors have tables of their own; a loss or score that is one is worth a second look.
            let single = || matches!(child, Value::Tensor(id) if self.checkpoint.scalar(id).is_some());
            if depth == 0 && matches!(child, Value::Tensor(_)) && (weights || !single()) {
                continue;
            }
            if written == self.bounds.children || self.lines >= self.bounds.lines {
                let rest = total.saturating_sub(written);
                let text = format!("{} {rest} more (-v shows them)", self.style.ellipsis());
                return self.line(out, depth, "", &text);
            }
            written += 1;
            let name = fit::shorten(&shown(&label.text(tree)), TEXT, self.style.ellipsis()).into_owned();
            self.entry(out, &name, child, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, out: &mut dyn Write, name: &str, value: Value, depth: usize) -> io::Result<()> {
        if let Some(text) = self.short(value) {
            return self.line(out, depth, name, &text);
        }
        if let Some(text) = self.summary(name, value) {
            return self.line(out, depth, name, &text);
        }
        let tree = self.checkpoint.tree();
        let class = view::class(tree, value).map(|class| shown(&class).into_owned()).unwrap_or_default();
        if depth + 1 >= self.bounds.depth {
            let count = view::child_count(tree, value);
            let space = if class.is_empty() { "" } else { " " };
            return self.line(out, depth, name, &format!("{class}{space}{}", entries(count)));
        }
        self.line(out, depth, name, &class)?;
        self.children(out, value, depth + 1)
    }

    /// One line for what is listed elsewhere: a model's weights, and the moments of an optimizer.
    fn summary(&self, name: &str, value: Value) -> Option<String> {
        let sections = self.checkpoint.sections();
        let section = sections.iter().find(|s| s.value == value && !s.name.is_empty());
        if let Some(section) = section.filter(|s| is_weights(s.role) && s.tensors > 0) {
            return Some(format!("{}, listed above", tensors(section.tensors)));
        }
        let optimizer = sections.iter().any(|s| {
            s.role == SectionRole::Optimizer && self.checkpoint.tree().get(s.value, "state") == Some(value)
        });
        let count = view::child_count(self.checkpoint.tree(), value);
        (optimizer && name == "state").then(|| format!("moments of {}, listed above", parameters(count)))
    }

    /// A value without children.
    fn plain(&self, value: Value) -> Option<String> {
        let leaf = view::leaf(self.checkpoint.tree(), value)?;
        let text = match leaf {
            Leaf::None => "None".to_owned(),
            Leaf::Bool(true) => "True".to_owned(),
            Leaf::Bool(false) => "False".to_owned(),
            Leaf::Int(n) => n.to_string(),
            Leaf::BigInt(text) => text,
            Leaf::Float(x) => python::float_repr(x),
            Leaf::Text(text) => format!("'{}'", shown(&text)),
            Leaf::Bytes { len, .. } => format!("{} of raw data", number::bytes(len as u64)),
            Leaf::Word(text) => shown(&text).into_owned(),
            Leaf::Array(array) => array_text(&array, self.style),
            Leaf::Tensor(id) => self.tensor(id),
            Leaf::Storage(_) => "a storage".to_owned(),
        };
        Some(fit::shorten(&text, TEXT, self.style.ellipsis()).into_owned())
    }

    fn tensor(&self, id: crate::tensor::TensorId) -> String {
        match (self.checkpoint.scalar(id), self.checkpoint.tree().tensor(id)) {
            (Some(Scalar::Float(x)), Some(meta)) => format!("{} ({})", python::float_repr(x), meta.dtype),
            (Some(Scalar::Int(n)), Some(meta)) => format!("{n} ({})", meta.dtype),
            (Some(Scalar::Bool(b)), Some(meta)) => {
                format!("{} ({})", if b { "True" } else { "False" }, meta.dtype)
            }
            (None, Some(meta)) => format!("tensor {} {}", meta.dtype, number::shape(meta.shape())),
            (_, None) => "tensor".to_owned(),
        }
    }

    /// A short sequence of plain values, or the beginning of a long one.
    fn inline(&self, value: Value) -> Option<String> {
        let tree = self.checkpoint.tree();
        let (open, close) = match value {
            Value::List(_) => ('[', ']'),
            Value::Tuple { .. } => ('(', ')'),
            Value::Set(_) | Value::FrozenSet(_) => ('{', '}'),
            Value::Dict(_) if view::child_count(tree, value) == 0 => return Some("{}".to_owned()),
            _ => return None,
        };
        let items = tree.items(value);
        let mut text = String::from(open);
        for (i, item) in items.iter().take(INLINE).enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            let _ = write!(text, "{comma}{}", self.plain(*item)?);
        }
        if items.len() > INLINE {
            let _ = write!(text, ", {}{close} {}", self.style.ellipsis(), entries(items.len()));
        } else {
            text.push(close);
        }
        (fit::width(&text) <= TEXT).then_some(text)
    }

    fn line(&mut self, out: &mut dyn Write, depth: usize, name: &str, text: &str) -> io::Result<()> {
        self.lines += 1;
        let indent = 2 + 2 * depth;
        let colon = if name.is_empty() { "" } else { ":" };
        let space = if name.is_empty() || text.is_empty() { "" } else { " " };
        // What does not fit on the line is shortened, not wrapped: the indentation is the structure.
        let room = self.style.width.map_or(usize::MAX, |width| width.saturating_sub(indent + 2));
        let name = fit::shorten(name, room - fit::width(text).min(room / 2), self.style.ellipsis());
        let text = fit::shorten(text, room.saturating_sub(fit::width(&name)), self.style.ellipsis());
        let name = self.style.paint(Tone::Dim, &name);
        writeln!(out, "{:indent$}{name}{colon}{space}{text}", "")
    }
}

fn is_weights(role: SectionRole) -> bool {
    matches!(role, SectionRole::Model | SectionRole::Ema)
}

fn array_text(array: &crate::value::numpy::Array, style: &Style) -> String {
    let mut text = format!("array {} {}", shown(&array.dtype), number::shape(&array.shape));
    let numbers = array.values.iter().map(|x| python::float_repr(*x));
    let words = array.words.iter().map(|word| shown(word).into_owned());
    for (i, element) in numbers.chain(words).take(INLINE).enumerate() {
        let _ = write!(text, "{} {element}", if i > 0 { "," } else { ":" });
    }
    if array.values.len() + array.words.len() > INLINE {
        let _ = write!(text, ", {}", style.ellipsis());
    }
    text
}

/// `1 tensor`, `122 tensors`.
pub(super) fn tensors(count: usize) -> String {
    plural(count, "tensor", "tensors")
}

fn parameters(count: usize) -> String {
    plural(count, "parameter", "parameters")
}

fn entries(count: usize) -> String {
    plural(count, "entry", "entries")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number::grouped(count as u64), if count == 1 { one } else { many })
}
