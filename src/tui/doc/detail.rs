//! Details of what is selected in an opened checkpoint.

use super::{fact, of, stats, value};
use crate::checkpoint::{Checkpoint, ModuleInfo, Section, TensorEntry};
use crate::tensor::{Layout, Place, Quantizer, TensorMeta, TensorRole};
use crate::text::number;
use crate::text::shown;
use crate::tui::model::browser::{Browser, View};
use crate::tui::model::document::{Document, Line, Mark, heading, named};
use crate::tui::model::layers::{Layers, Node};

/// The text of the detail pane.
pub fn document(browser: &Browser) -> Document {
    let layers = browser.layers();
    match browser.view {
        View::Layers => {
            let node = browser.tree.selected().and_then(|at| layers.node(at));
            let mut out = node.map(|node| layer(layers, node)).unwrap_or_default();
            if let (Some(node), Some(at)) = (node, browser.tree.selected()) {
                match node.tensor {
                    Some(tensor) => stats::brief(browser, tensor, &mut out),
                    None => stats::rolled_up(browser, at, node.tensors, &mut out),
                }
            }
            out
        }
        View::Tensors => {
            let entry = browser.table.selected().and_then(|at| layers.entry(at));
            let mut out = entry.map(|entry| tensor(layers.checkpoint(), entry)).unwrap_or_default();
            if let Some(at) = browser.table.selected() {
                stats::brief(browser, at, &mut out);
            }
            out
        }
        View::Metadata => value::document(browser),
        View::Parts => super::parts::document(browser),
        View::Load | View::Diagnostics => Vec::new(),
    }
}

fn layer(layers: &Layers, node: &Node) -> Document {
    let checkpoint = layers.checkpoint();
    if let Some(entry) = node.tensor.and_then(|t| layers.entry(t)) {
        return tensor(checkpoint, entry);
    }
    let mut out = match layers.section(node) {
        Some(part) => section(part),
        None => vec![Line::Heading(shown(layers.path(node)).into_owned())],
    };
    if let Some(info) = layers.module(node) {
        module(checkpoint, info, &mut out);
        heading(&mut out, "In it");
    }
    out.push(fact("tensors", number::grouped(u64::from(node.tensors))));
    if node.parameters > 0 || node.elements == 0 {
        out.push(fact("parameters", number::grouped(node.parameters)));
    }
    if node.elements != node.parameters {
        out.push(fact("elements", number::grouped(node.elements)));
    }
    out.push(fact("bytes", size(node.bytes)));
    let whole = checkpoint.parameters();
    if node.parameters > 0 && whole > 0 && node.depth > 0 {
        let share = node.parameters as f64 * 100.0 / whole as f64;
        out.push(fact("share", format!("{share:.1} % of the model")));
    }
    out
}

fn section(section: &Section) -> Document {
    let name = if section.name.is_empty() { "(root)".into() } else { shown(&section.name) };
    let mut out = vec![Line::Heading(name.into_owned()), fact("section", section.role.name())];
    if section.is_module {
        out.push(fact("", "a pickled module, listed as its state_dict()"));
    }
    out
}

fn module(checkpoint: &Checkpoint, info: &ModuleInfo, out: &mut Document) {
    out.push(fact("class", shown(&info.class)));
    match info.training {
        Some(true) => out.push(fact("training", "True: saved in train mode")),
        Some(false) => out.push(fact("training", "False: saved in eval mode")),
        None => {}
    }
    if !info.attributes.is_empty() {
        heading(out, "Attributes");
    }
    let pair =
        |(name, attribute): &(Box<str>, _)| (shown(name).into_owned(), value::short(checkpoint, *attribute));
    named(out, info.attributes.iter().map(pair).collect());
}

fn tensor(checkpoint: &Checkpoint, entry: &TensorEntry) -> Document {
    let meta = checkpoint.meta(entry);
    let key = if entry.key().is_empty() { &entry.path } else { entry.key() };
    let mut out = vec![Line::Heading(shown(key).into_owned())];
    out.push(fact("dtype", meta.dtype.name()));
    out.push(fact("shape", number::shape(meta.shape())));
    if meta.layout == Layout::Strided {
        let way = if meta.is_contiguous() { "" } else { "  (not contiguous)" };
        out.push(fact("stride", format!("{}{way}", number::shape(meta.stride()))));
    } else {
        out.push(fact("layout", meta.layout.name()));
    }
    out.push(fact("elements", number::grouped(meta.numel())));
    out.push(fact("bytes", size(meta.nbytes())));
    let role = if entry.role == TensorRole::Parameter { "parameter" } else { "buffer" };
    out.push(fact("role", role));
    out.extend(meta.requires_grad.map(|flag| fact("requires grad", if flag { "True" } else { "False" })));
    if let Some(scalar) = checkpoint.scalar(entry.id) {
        out.push(fact("value", value::scalar(scalar)));
    }
    extras(meta, &mut out);
    storage(checkpoint, entry, &mut out);
    shared(checkpoint, entry, &mut out);
    out.push(Line::Blank);
    if let Some(section) = checkpoint.section_of(entry).filter(|s| !s.name.is_empty()) {
        out.push(fact("section", format!("{} ({})", shown(&section.name), section.role.name())));
    }
    out.push(fact("path", shown(&entry.path)));
    out
}

fn extras(meta: &TensorMeta, out: &mut Document) {
    match meta.quantizer.as_deref() {
        Some(Quantizer::PerTensor { scale, zero_point }) => {
            out.push(fact("quantised", format!("scale {scale}, zero point {zero_point}")));
        }
        Some(Quantizer::PerChannel { axis, .. }) => {
            out.push(fact("quantised", format!("one scale per channel, along axis {axis}")));
        }
        None => {}
    }
    if meta.conj || meta.neg {
        let bits = [(meta.conj, "conjugated"), (meta.neg, "negated")];
        let bits: Vec<&str> = bits.iter().filter(|b| b.0).map(|b| b.1).collect();
        out.push(fact("when read", bits.join(", ")));
    }
    out.extend(meta.parts.iter().map(|(name, _)| fact("part", shown(name))));
}

fn storage(checkpoint: &Checkpoint, entry: &TensorEntry, out: &mut Document) {
    let Some(storage) = checkpoint.storage_of(entry) else {
        if checkpoint.meta(entry).layout == Layout::Strided {
            out.push(fact("storage", "none: the file holds no bytes for it (meta device)"));
        }
        return;
    };
    let parts = [shown(&storage.key), number::bytes(storage.nbytes).into(), shown(&storage.location)];
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).filter(|p| !p.is_empty()).collect();
    out.push(fact("storage", parts.join("  ")));
    let offset = checkpoint.meta(entry).storage_offset;
    if offset > 0 {
        out.push(fact("", format!("from element {} on", number::grouped(offset))));
    }
    match storage.place {
        Place::Missing => out.push(Line::Item(Mark::Error, "its bytes are not in the file".to_owned())),
        Place::NotStored => out.push(Line::Item(Mark::Warning, "saved without bytes".to_owned())),
        Place::ZipMember { deflated: true, .. } => out.push(fact("", "compressed")),
        _ => {}
    }
}

fn shared(checkpoint: &Checkpoint, entry: &TensorEntry, out: &mut Document) {
    const LISTED: usize = 20;
    let others: Vec<&TensorEntry> = checkpoint.shared_with(entry).collect();
    if others.is_empty() {
        return;
    }
    heading(out, format!("Shares its bytes with {}", of(others.len() as u64, "name")));
    out.extend(
        others.iter().take(LISTED).map(|other| Line::Item(Mark::Dot, shown(&other.path).into_owned())),
    );
    if others.len() > LISTED {
        out.push(Line::Hint(format!("and {} more", others.len() - LISTED)));
    }
}

fn size(n: u64) -> String {
    if n < 1024 { number::bytes(n) } else { format!("{} ({})", number::bytes(n), number::grouped(n)) }
}
