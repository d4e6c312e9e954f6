//! The tree while it grows: children as lists, in the order a person expects.

use std::collections::HashMap;

use super::{Source, source_text};
use crate::checkpoint::{Checkpoint, Format, Section};
use crate::text::natural;

/// Deeper parts of a name stay together in one node.
const DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct DraftNode {
    pub(super) source: Source,
    pub(super) name: (u32, u32),
    pub(super) tensor: Option<u32>,
    pub(super) module: Option<u32>,
    pub(super) section: Option<u32>,
    pub(super) children: Vec<u32>,
}

pub(super) struct Draft<'a> {
    checkpoint: &'a Checkpoint,
    /// Sections have nodes of their own.
    sectioned: bool,
    nodes: Vec<DraftNode>,
    roots: Vec<u32>,
    /// Node by section and path. Seeded hashing: the names are a stranger's.
    known: HashMap<(u32, &'a str), u32>,
}

impl<'a> Draft<'a> {
    /// Nodes and the first level of them.
    pub(super) fn of(checkpoint: &'a Checkpoint) -> (Vec<DraftNode>, Vec<u32>) {
        let mut draft = Self {
            checkpoint,
            sectioned: has_section_nodes(checkpoint),
            nodes: Vec::new(),
            roots: Vec::new(),
            known: HashMap::new(),
        };
        // Modules first: they come in the model's own order, those without tensors included.
        for at in 0..checkpoint.modules().len() as u32 {
            draft.add_module(at);
        }
        for (at, entry) in checkpoint.tensors().iter().enumerate() {
            let node =
                draft.add(Source::Tensor(at as u32), entry.section, entry.path.len() - entry.key().len());
            if let Some(node) = draft.nodes.get_mut(node as usize) {
                // Of two tensors with one name (no file should have them) the first stays in the tree.
                node.tensor.get_or_insert(at as u32);
            }
        }
        draft.order();
        (draft.nodes, draft.roots)
    }

    fn add_module(&mut self, at: u32) {
        let Some(module) = self.checkpoint.modules().get(at as usize) else { return };
        let inside = |section: &Section| {
            let rest = module.path.strip_prefix(section.name.as_str());
            section.is_module
                && (section.name.is_empty() || rest.is_some_and(|r| r.is_empty() || r.starts_with('.')))
        };
        let sections = self.checkpoint.sections();
        let longest = (0..).zip(sections).filter(|(_, s)| inside(s)).max_by_key(|(_, s)| s.name.len());
        let Some((section, found)) = longest else { return };
        let name = found.name.len();
        let key_start = if name == 0 || name == module.path.len() { name } else { name + 1 };
        let node = self.add(Source::Module(at), section, key_start);
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.module = Some(at);
        }
    }

    /// The node of a path, with all nodes above it. The name inside its section begins at `key_start`.
    fn add(&mut self, source: Source, section: u32, key_start: usize) -> u32 {
        let path = source_text(self.checkpoint, source);
        let mut parent = None;
        if self.sectioned {
            // A section's node is named by its whole name, dots included.
            let end = key_start.saturating_sub(usize::from(key_start < path.len()));
            let node = self.node(section, source, (0, end), None);
            if let Some(node) = self.nodes.get_mut(node as usize) {
                node.section = Some(section);
            }
            if key_start == path.len() {
                return node;
            }
            parent = Some(node);
        }
        let mut start = key_start;
        for depth in 0..DEPTH {
            let rest = path.get(start..).unwrap_or_default();
            let Some(dot) = rest.find('.').filter(|_| depth + 1 < DEPTH) else { break };
            parent = Some(self.node(section, source, (start, start + dot), parent));
            start += dot + 1;
        }
        self.node(section, source, (start, path.len()), parent)
    }

    fn node(&mut self, section: u32, source: Source, name: (usize, usize), parent: Option<u32>) -> u32 {
        let path = source_text(self.checkpoint, source);
        let key = (section, path.get(..name.1).unwrap_or(path));
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let at = self.nodes.len() as u32;
        let name = (name.0 as u32, name.1 as u32);
        let children = Vec::new();
        self.nodes.push(DraftNode { source, name, tensor: None, module: None, section: None, children });
        match parent.and_then(|p| self.nodes.get_mut(p as usize)) {
            Some(parent) => parent.children.push(at),
            None => self.roots.push(at),
        }
        self.known.insert(key, at);
        at
    }

    /// Numbered children in the order of their numbers; all of them in natural order where the file's own
    /// order says nothing (safetensors headers are sorted); and a module's own tensors before what is in it.
    fn order(&mut self) {
        let sorted_file = self.checkpoint.format() == Format::Safetensors;
        let name = |node: &DraftNode| {
            let text = source_text(self.checkpoint, node.source);
            text.get(node.name.0 as usize..node.name.1 as usize).unwrap_or_default()
        };
        let names: Vec<&str> = self.nodes.iter().map(name).collect();
        let leaves: Vec<bool> =
            self.nodes.iter().map(|n| n.module.is_none() && n.children.is_empty()).collect();
        let name = |at: &u32| names.get(*at as usize).copied().unwrap_or_default();
        let is_leaf = |at: &u32| leaves.get(*at as usize).copied().unwrap_or(false);
        let numbered = |at: &u32| !name(at).is_empty() && name(at).bytes().all(|b| b.is_ascii_digit());
        for node in &mut self.nodes {
            if sorted_file || node.children.iter().all(numbered) {
                node.children.sort_by(|a, b| natural::compare(name(a), name(b)));
            } else if node.module.is_some() {
                node.children.sort_by_key(|child| !is_leaf(child));
            }
        }
        if sorted_file {
            self.roots.sort_by(|a, b| natural::compare(name(a), name(b)));
        }
    }
}

/// Sections are nodes of their own when one has a name, or is a module with a class to show.
fn has_section_nodes(checkpoint: &Checkpoint) -> bool {
    let mut with_tensors = checkpoint.sections().iter().filter(|s| s.tensors > 0 || s.is_module);
    with_tensors.any(|s| !s.name.is_empty() || s.is_module)
}
