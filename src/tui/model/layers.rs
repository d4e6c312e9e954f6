//! The layers of a checkpoint: its tensors' dotted names as a tree.
//!
//! One flat vector in preorder, each node with the end of its subtree; built once, on the thread that
//! opened the file. Names are ranges of the tensors' own paths, so a tree of 100,000 tensors costs no text.

use std::collections::HashMap;
use std::sync::Arc;

use crate::text::natural;
use crate::checkpoint::{Checkpoint, Format, Section, TensorEntry};
use crate::tensor::TensorRole;

/// Deeper parts of a name stay together in one node.
const DEPTH: usize = 64;

/// A node: a section, a module, or a tensor.
#[derive(Debug, Clone)]
pub struct Node {
    /// Steps from the root.
    pub depth: u16,
    /// The node it belongs to.
    pub parent: Option<u32>,
    /// One past the last node below it.
    pub end: u32,
    /// The tensor of that name, as an index into [`Checkpoint::tensors`].
    pub tensor: Option<u32>,
    /// Any tensor below it, to read its name from.
    entry: u32,
    /// Where its name lies in that tensor's path.
    name: (u32, u32),
    /// The module of that name, as an index into [`Checkpoint::modules`].
    pub module: Option<u32>,
    /// The section it stands for.
    pub section: Option<u32>,
    /// Tensors in it.
    pub tensors: u32,
    /// Elements of the parameters in it.
    pub parameters: u64,
    /// Bytes of the tensors in it.
    pub bytes: u64,
}

/// The tree and the orders of its tensors.
pub struct Layers {
    checkpoint: Arc<Checkpoint>,
    /// Nodes in preorder.
    pub nodes: Vec<Node>,
    /// The node of each tensor.
    pub node_of: Vec<u32>,
    /// For each tensor, its place in natural order.
    pub rank: Vec<u32>,
    /// For each tensor, how many other names lie on the same bytes.
    pub shared: Vec<u16>,
}

impl std::fmt::Debug for Layers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layers").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl Layers {
    /// The layers of a checkpoint.
    pub fn of(checkpoint: Arc<Checkpoint>) -> Self {
        let mut draft = Draft::default();
        let entries = checkpoint.tensors();
        let sectioned = has_section_nodes(&checkpoint);
        for (at, entry) in entries.iter().enumerate() {
            draft.add(at as u32, entry, sectioned);
        }
        draft.order(&checkpoint);
        let (drafted, roots) = (draft.nodes, draft.roots);
        let mut layers = Self {
            nodes: Vec::with_capacity(drafted.len()),
            node_of: vec![0; entries.len()],
            rank: ranks(entries),
            shared: entries.iter().map(|e| checkpoint.shared_with(e).count() as u16).collect(),
            checkpoint,
        };
        layers.flatten(&drafted, &roots, sectioned);
        layers.total();
        layers.name_modules();
        layers
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Arc<Checkpoint> {
        &self.checkpoint
    }

    /// The tensor with this index.
    pub fn entry(&self, tensor: u32) -> Option<&TensorEntry> {
        self.checkpoint.tensors().get(tensor as usize)
    }

    /// A node.
    pub fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    /// The last part of a node's name, unescaped.
    pub fn name(&self, node: &Node) -> &str {
        let path = self.entry(node.entry).map_or("", |e| &e.path);
        path.get(node.name.0 as usize..node.name.1 as usize).unwrap_or_default()
    }

    /// The whole path of a node, unescaped.
    pub fn path(&self, node: &Node) -> &str {
        self.entry(node.entry).and_then(|e| e.path.get(..node.name.1 as usize)).unwrap_or_default()
    }

    /// The section a node stands for.
    pub fn section(&self, node: &Node) -> Option<&Section> {
        self.checkpoint.sections().get(node.section? as usize)
    }

    /// The class of the module a node stands for.
    pub fn class(&self, node: &Node) -> Option<&str> {
        Some(self.checkpoint.modules().get(node.module? as usize)?.class.as_str())
    }

    fn flatten(&mut self, drafted: &[DraftNode], roots: &[u32], sectioned: bool) {
        // Children in reverse, so that the first of them comes off the stack first.
        let mut stack: Vec<(u32, Option<u32>, u16)> = roots.iter().rev().map(|at| (*at, None, 0)).collect();
        while let Some((at, parent, depth)) = stack.pop() {
            let Some(from) = drafted.get(at as usize) else { continue };
            let place = self.nodes.len() as u32;
            if let Some(slot) = from.tensor.and_then(|t| self.node_of.get_mut(t as usize)) {
                *slot = place;
            }
            self.nodes.push(Node {
                depth,
                parent,
                end: place + 1,
                tensor: from.tensor,
                entry: from.entry,
                name: from.name,
                module: None,
                section: (sectioned && depth == 0).then(|| self.section_of(from.entry)).flatten(),
                tensors: 0,
                parameters: 0,
                bytes: 0,
            });
            stack.extend(from.children.iter().rev().map(|child| (*child, Some(place), depth + 1)));
        }
    }

    fn section_of(&self, entry: u32) -> Option<u32> {
        self.entry(entry).map(|e| e.section)
    }

    /// Adds up what lies below each node. In preorder, children stand behind their parents.
    fn total(&mut self) {
        let mut seen = rustc_hash::FxHashSet::default();
        for at in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(at) else { continue };
            let own = node.tensor.and_then(|t| self.checkpoint.tensors().get(t as usize));
            let (mut tensors, mut parameters, mut bytes) = (node.tensors, node.parameters, node.bytes);
            let (end, parent) = (node.end, node.parent);
            if let Some(entry) = own {
                let meta = self.checkpoint.meta(entry);
                tensors += 1;
                // A tensor with two names in one section is counted under one of them.
                if seen.insert((entry.section, entry.id)) {
                    bytes = bytes.saturating_add(meta.nbytes());
                    if entry.role == TensorRole::Parameter {
                        parameters = parameters.saturating_add(meta.numel());
                    }
                }
            }
            if let Some(node) = self.nodes.get_mut(at) {
                (node.tensors, node.parameters, node.bytes) = (tensors, parameters, bytes);
            }
            if let Some(above) = parent.and_then(|p| self.nodes.get_mut(p as usize)) {
                above.tensors += tensors;
                above.parameters = above.parameters.saturating_add(parameters);
                above.bytes = above.bytes.saturating_add(bytes);
                above.end = above.end.max(end);
            }
        }
    }

    fn name_modules(&mut self) {
        let checkpoint = Arc::clone(&self.checkpoint);
        if checkpoint.modules().is_empty() {
            return;
        }
        let by_path: HashMap<&str, u32> =
            checkpoint.modules().iter().enumerate().map(|(i, m)| (m.path.as_str(), i as u32)).collect();
        for at in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(at) else { continue };
            let module = by_path.get(self.path(node)).copied();
            if let Some(node) = self.nodes.get_mut(at) {
                node.module = module;
            }
        }
    }
}

/// Sections are nodes of their own when there are several, or when the only one has a name.
fn has_section_nodes(checkpoint: &Checkpoint) -> bool {
    let mut with_tensors = checkpoint.sections().iter().filter(|s| s.tensors > 0);
    with_tensors.any(|s| !s.name.is_empty())
}

fn ranks(entries: &[TensorEntry]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..entries.len() as u32).collect();
    let path = |at: &u32| entries.get(*at as usize).map_or("", |e| &e.path);
    order.sort_by(|a, b| natural::compare(path(a), path(b)));
    let mut rank = vec![0; entries.len()];
    for (place, at) in order.iter().enumerate() {
        if let Some(slot) = rank.get_mut(*at as usize) {
            *slot = place as u32;
        }
    }
    rank
}

#[derive(Debug, Default)]
struct DraftNode {
    entry: u32,
    name: (u32, u32),
    tensor: Option<u32>,
    children: Vec<u32>,
}

/// The tree while it grows: children as lists.
#[derive(Default)]
struct Draft<'a> {
    nodes: Vec<DraftNode>,
    roots: Vec<u32>,
    /// Node by section and path. Seeded hashing: the names are a stranger's.
    known: HashMap<(u32, &'a str), u32>,
}

impl<'a> Draft<'a> {
    fn add(&mut self, at: u32, entry: &'a TensorEntry, sectioned: bool) {
        let path: &'a str = &entry.path;
        let key_start = path.len() - entry.key().len();
        let mut parent = None;
        if sectioned {
            // The section's own node is named by its whole name, dots included; the root's is empty.
            let name_end = key_start.saturating_sub(usize::from(key_start < path.len()));
            let node = self.node(entry.section, path, (0, name_end), at, None);
            if key_start == path.len() {
                self.set_tensor(node, at);
                return;
            }
            parent = Some(node);
        }
        let mut start = key_start;
        for depth in 0.. {
            let rest = path.get(start..).unwrap_or_default();
            let dot = rest.find('.').filter(|_| depth < DEPTH);
            let end = dot.map_or(path.len(), |dot| start + dot);
            let node = self.node(entry.section, path, (start, end), at, parent);
            if dot.is_none() {
                self.set_tensor(node, at);
                return;
            }
            parent = Some(node);
            start = end + 1;
        }
    }

    /// Of two tensors with one name (no file should have them) the first stays in the tree.
    fn set_tensor(&mut self, node: u32, tensor: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.tensor.get_or_insert(tensor);
        }
    }

    fn node(
        &mut self,
        section: u32,
        path: &'a str,
        name: (usize, usize),
        entry: u32,
        parent: Option<u32>,
    ) -> u32 {
        let key = (section, path.get(..name.1).unwrap_or(path));
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let at = self.nodes.len() as u32;
        let name = (name.0 as u32, name.1 as u32);
        self.nodes.push(DraftNode { entry, name, tensor: None, children: Vec::new() });
        match parent.and_then(|p| self.nodes.get_mut(p as usize)) {
            Some(parent) => parent.children.push(at),
            None => self.roots.push(at),
        }
        self.known.insert(key, at);
        at
    }

    /// Numbered children in the order of their numbers; all of them in natural order where the file's own
    /// order says nothing (safetensors writes its header sorted by dtype and name).
    fn order(&mut self, checkpoint: &Checkpoint) {
        let sorted_file = checkpoint.format() == Format::Safetensors;
        let names: Vec<&str> = self.nodes.iter().map(|n| name_of(checkpoint, n)).collect();
        let name = |at: &u32| names.get(*at as usize).copied().unwrap_or_default();
        let numbered =
            |at: &u32| !name(at).is_empty() && name(at).bytes().all(|b| b.is_ascii_digit());
        for node in &mut self.nodes {
            if sorted_file || node.children.iter().all(numbered) {
                node.children.sort_by(|a, b| natural::compare(name(a), name(b)));
            }
        }
        if sorted_file {
            self.roots.sort_by(|a, b| natural::compare(name(a), name(b)));
        }
    }
}

fn name_of<'a>(checkpoint: &'a Checkpoint, node: &DraftNode) -> &'a str {
    let entry = checkpoint.tensors().get(node.entry as usize);
    entry.and_then(|e| e.path.get(node.name.0 as usize..node.name.1 as usize)).unwrap_or_default()
}
