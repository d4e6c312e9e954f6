//! What a checkpoint holds beside tensors, bounded in depth, breadth and length however large the graph is.

use super::html::{Cell, Page};
use crate::checkpoint::{Checkpoint, Scalar, SectionRole};
use crate::text::{number, shown};
use crate::training::TrainingInfo;
use crate::value::view::{self, Leaf};
use crate::value::{Value, python};

/// Levels below the root.
const DEPTH: usize = 4;
/// Children of one value.
const CHILDREN: usize = 40;
/// Lines in all.
const LINES: usize = 250;
/// Plain values of a sequence on one line.
const INLINE: usize = 8;
/// Characters of one value.
const TEXT: usize = 160;

/// Writes hyperparameters and metadata.
pub(super) fn write(page: &mut Page, checkpoint: &Checkpoint, training: &TrainingInfo) {
    let mut lines = Lines { checkpoint, found: Vec::new(), cut: false };
    let tree = checkpoint.tree();
    let root = match (checkpoint.container_metadata(), checkpoint.format().is_listing()) {
        (Some(value), true) => Some(value),
        (None, true) => None,
        _ => Some(tree.root()),
    };
    if let Some(root) = root {
        lines.children(root, 0);
    }
    if lines.found.is_empty() && training.hyperparameters.is_empty() {
        return;
    }
    page.section("Metadata");
    settings(page, &training.hyperparameters);
    if !lines.found.is_empty() {
        page.table("What it holds beside tensors", &[("name", false), ("value", false)]);
        for (depth, name, value) in &lines.found {
            page.raw("<tr><th scope=\"row\"><code>");
            for _ in 0..*depth {
                page.raw("&nbsp;&nbsp;&nbsp;");
            }
            page.name(name).raw("</code></th><td>").text(value).raw("</td></tr>\n");
        }
        page.table_end();
    }
    if lines.cut {
        page.note("More of it is not shown; ckpt-tui show -v has all.");
    }
    page.close();
}

/// Hyperparameters, as far as a page has room.
pub(super) fn settings(page: &mut Page, all: &[(String, String)]) {
    const SETTINGS: usize = 80;
    if all.is_empty() {
        return;
    }
    page.table("Hyperparameters", &[("name", false), ("value", false)]);
    for (name, value) in all.iter().take(SETTINGS) {
        let value: String = value.chars().take(TEXT).collect();
        page.row(&[Cell::Name(name.clone()), Cell::Text(value)]);
    }
    page.table_end();
    if all.len() > SETTINGS {
        page.note(&format!("{} more are not shown.", all.len() - SETTINGS));
    }
}

struct Lines<'a> {
    checkpoint: &'a Checkpoint,
    found: Vec<(usize, String, String)>,
    cut: bool,
}

impl Lines<'_> {
    fn children(&mut self, value: Value, depth: usize) {
        let tree = self.checkpoint.tree();
        let weights = self.checkpoint.sections().iter().any(|s| s.value == value && is_weights(s.role));
        for (count, (label, child)) in view::children(tree, value).enumerate() {
            if let Value::Tensor(id) = child
                && (weights || self.checkpoint.scalar(id).is_none())
            {
                continue;
            }
            if count >= CHILDREN || self.found.len() >= LINES {
                self.cut = true;
                return;
            }
            self.entry(label.text(tree), child, depth);
        }
    }

    fn entry(&mut self, name: String, value: Value, depth: usize) {
        if let Some(text) =
            self.plain(value).or_else(|| self.inline(value)).or_else(|| self.summary(&name, value))
        {
            self.found.push((depth, name, text));
            return;
        }
        let tree = self.checkpoint.tree();
        let class = view::class(tree, value).map(|class| shown(&class).into_owned()).unwrap_or_default();
        let count = view::child_count(tree, value);
        if depth + 1 >= DEPTH {
            self.found.push((depth, name, format!("{class} {count} entries").trim().to_owned()));
            return;
        }
        self.found.push((depth, name, class));
        self.children(value, depth + 1);
    }

    /// Weights and the moments of an optimizer have their own tables.
    fn summary(&self, name: &str, value: Value) -> Option<String> {
        let sections = self.checkpoint.sections();
        let section = sections.iter().find(|s| s.value == value && !s.name.is_empty());
        if let Some(section) = section.filter(|s| is_weights(s.role) && s.tensors > 0) {
            return Some(super::html::of(section.tensors as u64, "tensor"));
        }
        let tree = self.checkpoint.tree();
        let optimizer = |s: &crate::checkpoint::Section| {
            s.role == SectionRole::Optimizer && tree.get(s.value, "state") == Some(value)
        };
        let is_state = name == "state" && sections.iter().any(optimizer);
        let count = view::child_count(tree, value) as u64;
        is_state.then(|| format!("moments of {}", super::html::of(count, "parameter")))
    }

    fn plain(&self, value: Value) -> Option<String> {
        let text = match view::leaf(self.checkpoint.tree(), value)? {
            Leaf::None => "None".to_owned(),
            Leaf::Bool(yes) => if yes { "True" } else { "False" }.to_owned(),
            Leaf::Int(n) => n.to_string(),
            Leaf::Float(x) => python::float_repr(x),
            Leaf::Text(text) => format!("'{}'", shown(&cut(&text))),
            Leaf::Bytes { len, .. } => format!("{} of raw data", number::bytes(len as u64)),
            Leaf::BigInt(text) | Leaf::Word(text) => shown(&cut(&text)).into_owned(),
            Leaf::Array(array) => format!("array {} {}", shown(&array.dtype), number::shape(&array.shape)),
            Leaf::Storage(_) => "a storage".to_owned(),
            Leaf::Tensor(id) => match self.checkpoint.scalar(id) {
                Some(Scalar::Float(x)) => python::float_repr(x),
                Some(Scalar::Int(n)) => n.to_string(),
                Some(Scalar::Bool(yes)) => if yes { "True" } else { "False" }.to_owned(),
                None => {
                    let meta = self.checkpoint.tree().tensor(id)?;
                    format!("tensor {} {}", meta.dtype, number::shape(meta.shape()))
                }
            },
        };
        Some(text)
    }

    fn inline(&self, value: Value) -> Option<String> {
        let tree = self.checkpoint.tree();
        let (open, close) = match value {
            Value::List(_) => ("[", "]"),
            Value::Tuple { .. } => ("(", ")"),
            Value::Set(_) | Value::FrozenSet(_) => ("{", "}"),
            Value::Dict(_) if view::child_count(tree, value) == 0 => return Some("{}".to_owned()),
            _ => return None,
        };
        let items = tree.items(value);
        let shown: Option<Vec<String>> = items.iter().take(INLINE).map(|item| self.plain(*item)).collect();
        let shown = shown?;
        if items.len() > INLINE {
            return Some(format!("{open}{}, … {} in all{close}", shown.join(", "), items.len()));
        }
        Some(format!("{open}{}{close}", shown.join(", ")))
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn is_weights(role: SectionRole) -> bool {
    matches!(role, SectionRole::Model | SectionRole::Ema)
}
