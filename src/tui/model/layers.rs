//! The layers of a checkpoint: its tensors' dotted names, and the modules of whole models, as a tree.
//!
//! One flat vector in preorder, each node with the end of its subtree; built once, on the thread that
//! opened the file. Names are ranges of the checkpoint's own texts, so a tree of 100,000 tensors holds none.

mod draft;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, ModuleInfo, Section, SectionRole, TensorEntry};
use crate::tensor::TensorRole;
use crate::text::natural;
use draft::{Draft, DraftNode};

/// The text a node's name is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The path of a tensor, as an index into [`Checkpoint::tensors`].
    Tensor(u32),
    /// The path of a module, as an index into [`Checkpoint::modules`].
    Module(u32),
}

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
    /// The module of that name, as an index into [`Checkpoint::modules`].
    pub module: Option<u32>,
    /// The section it stands for.
    pub section: Option<u32>,
    /// Tensors in it.
    pub tensors: u32,
    /// Elements of the tensors in it; a tensor of two names counts once.
    pub elements: u64,
    /// Elements of the model parameters in it.
    pub parameters: u64,
    /// Bytes of the tensors in it.
    pub bytes: u64,
    /// Its place among its siblings in natural order of their names.
    pub name_rank: u32,
    source: Source,
    name: (u32, u32),
}

/// The tree and the orders of its tensors.
pub struct Layers {
    checkpoint: Arc<Checkpoint>,
    /// Nodes in preorder.
    pub nodes: Vec<Node>,
    /// The node of each tensor.
    pub node_of: Vec<u32>,
    /// The tensors in natural order of their names.
    pub by_name: Vec<u32>,
    /// For each tensor, the place of its shape among all shapes: fewer dimensions first, then smaller ones.
    pub shape_rank: Vec<u32>,
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
        let (drafted, roots) = Draft::of(&checkpoint);
        let entries = checkpoint.tensors();
        let mut layers = Self {
            nodes: Vec::with_capacity(drafted.len()),
            node_of: vec![0; entries.len()],
            by_name: sorted(entries, |a, b| natural::compare(&a.path, &b.path)),
            shape_rank: shape_ranks(&checkpoint),
            shared: entries.iter().map(|e| checkpoint.shared_with(e).count() as u16).collect(),
            checkpoint,
        };
        layers.flatten(&drafted, &roots);
        layers.total();
        layers.rank_names();
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
        let text = source_text(&self.checkpoint, node.source);
        text.get(node.name.0 as usize..node.name.1 as usize).unwrap_or_default()
    }

    /// The whole path of a node, unescaped.
    pub fn path(&self, node: &Node) -> &str {
        source_text(&self.checkpoint, node.source).get(..node.name.1 as usize).unwrap_or_default()
    }

    /// The section a node stands for.
    pub fn section(&self, node: &Node) -> Option<&Section> {
        self.checkpoint.sections().get(node.section? as usize)
    }

    /// The module a node stands for.
    pub fn module(&self, node: &Node) -> Option<&ModuleInfo> {
        self.checkpoint.modules().get(node.module? as usize)
    }

    fn flatten(&mut self, drafted: &[DraftNode], roots: &[u32]) {
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
                module: from.module,
                section: from.section,
                tensors: 0,
                elements: 0,
                parameters: 0,
                bytes: 0,
                name_rank: 0,
                source: from.source,
                name: from.name,
            });
            stack.extend(from.children.iter().rev().map(|child| (*child, Some(place), depth + 1)));
        }
    }

    /// Adds up what lies below each node. In preorder, what is below a node stands behind it.
    fn total(&mut self) {
        let mut seen = HashSet::new();
        for at in (0..self.nodes.len()).rev() {
            let own = self.nodes.get(at).and_then(|n| n.tensor).and_then(|t| self.own(t, &mut seen));
            let Some(node) = self.nodes.get_mut(at) else { continue };
            if let Some((elements, parameters, bytes)) = own {
                node.tensors += 1;
                node.elements = node.elements.saturating_add(elements);
                node.parameters = node.parameters.saturating_add(parameters);
                node.bytes = node.bytes.saturating_add(bytes);
            }
            let below = node.clone();
            if let Some(above) = below.parent.and_then(|p| self.nodes.get_mut(p as usize)) {
                above.tensors += below.tensors;
                above.elements = above.elements.saturating_add(below.elements);
                above.parameters = above.parameters.saturating_add(below.parameters);
                above.bytes = above.bytes.saturating_add(below.bytes);
                above.end = above.end.max(below.end);
            }
        }
    }

    /// Ranks the names of siblings once, so that ordering a tree by name compares numbers.
    fn rank_names(&mut self) {
        let mut parents: Vec<(u32, u32)> = vec![(0, self.nodes.len() as u32)];
        parents.extend((0..).zip(&self.nodes).map(|(at, node)| (at + 1, node.end)));
        for (from, end) in parents {
            let mut siblings = self.siblings(from, end);
            siblings.sort_by(|a, b| match (self.node(*a), self.node(*b)) {
                (Some(a), Some(b)) => natural::compare(self.name(a), self.name(b)),
                _ => Ordering::Equal,
            });
            for (rank, at) in (0..).zip(siblings) {
                if let Some(node) = self.nodes.get_mut(at as usize) {
                    node.name_rank = rank;
                }
            }
        }
    }

    /// The nodes from `from` on that are not below one another, up to `end`.
    pub fn siblings(&self, from: u32, end: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut at = from;
        while let Some(node) = self.node(at).filter(|_| at < end) {
            found.push(at);
            at = node.end;
        }
        found
    }

    /// Elements, parameters and bytes of a tensor; nothing for its second name in one section.
    fn own(
        &self,
        tensor: u32,
        seen: &mut HashSet<(u32, crate::tensor::TensorId)>,
    ) -> Option<(u64, u64, u64)> {
        let entry = self.entry(tensor)?;
        if !seen.insert((entry.section, entry.id)) {
            return Some((0, 0, 0));
        }
        let meta = self.checkpoint.meta(entry);
        let role = self.checkpoint.section_of(entry).map(|s| s.role);
        let of_model = matches!(role, Some(SectionRole::Model | SectionRole::Ema));
        let counts = of_model && entry.role == TensorRole::Parameter;
        Some((meta.numel(), if counts { meta.numel() } else { 0 }, meta.nbytes()))
    }
}

fn source_text(checkpoint: &Checkpoint, source: Source) -> &str {
    match source {
        Source::Tensor(at) => checkpoint.tensors().get(at as usize).map_or("", |e| &e.path),
        Source::Module(at) => checkpoint.modules().get(at as usize).map_or("", |m| &m.path),
    }
}

fn sorted(entries: &[TensorEntry], compare: impl Fn(&TensorEntry, &TensorEntry) -> Ordering) -> Vec<u32> {
    let mut order: Vec<u32> = (0..entries.len() as u32).collect();
    order.sort_by(|a, b| match (entries.get(*a as usize), entries.get(*b as usize)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    order
}

fn shape_ranks(checkpoint: &Checkpoint) -> Vec<u32> {
    let entries = checkpoint.tensors();
    let shape = |entry: &TensorEntry| {
        let shape = checkpoint.meta(entry).shape();
        (shape.len(), shape)
    };
    let order = sorted(entries, |a, b| shape(a).cmp(&shape(b)));
    let mut ranks = vec![0; entries.len()];
    let (mut rank, mut before) = (0, None);
    for at in order {
        let here = entries.get(at as usize).map(&shape);
        rank += u32::from(here != before);
        before = here;
        if let Some(slot) = ranks.get_mut(at as usize) {
            *slot = rank;
        }
    }
    ranks
}
