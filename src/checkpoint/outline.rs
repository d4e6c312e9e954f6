//! From the object graph to sections, named tensors and modules: one bounded walk.
//!
//! Names follow the contract of `show`: mapping keys and sequence indices from the root, joined with dots; a
//! pickled module or TorchScript object counts as its `state_dict()`; tensors in other objects are named
//! through attributes. Nothing recurses, and a value shared under very many names is named under the first
//! of them only, so a graph of 30 levels with 10 references each costs what its 30 nodes cost.

use std::collections::HashMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::module::{self, ScriptTypes};
use super::section::{self, Part, search};
use super::{
    Checkpoint, Diagnostic, Format, Kind, ModuleInfo, Parts, Section, SectionRole, Severity, TensorEntry,
};
use crate::limits::Limits;
use crate::sorting::Sort as _;
use crate::tensor::{TensorId, TensorMeta, TensorRole, guess_role};
use crate::value::view::{self, Label};
use crate::value::{Tree, Value, modules};

/// Names under which the inside of one shared container is listed.
const EXPANSIONS: u32 = 64;

/// Values looked through beside four times those there are: a million objects may share one list.
const LOOKED: usize = 4_000_000;
/// Bytes of an ordinary name, at most on the average; past the limit for all names only longer ones count.
const ORDINARY: usize = 512;

/// What [`Checkpoint::assemble`] derives from an object graph.
#[derive(Debug, Default)]
pub struct Outline {
    sections: Vec<Section>,
    entries: Vec<TensorEntry>,
    modules: Vec<ModuleInfo>,
    diagnostics: Vec<Diagnostic>,
}

impl Checkpoint {
    /// Derives sections, tensors, modules and kind from what a reader found.
    pub fn assemble(mut parts: Parts, types: &ScriptTypes, limits: &Limits) -> Self {
        let outline = Outline::of(&parts.tree, parts.format, types, limits);
        parts.diagnostics.extend(outline.diagnostics);
        parts.diagnostics.extend(super::placeholders::find(&parts.tree, &outline.sections, &outline.entries));
        let kind = kind_of(&parts, &outline.sections, &outline.entries);
        Self {
            parts,
            kind,
            sections: outline.sections,
            entries: outline.entries,
            modules: outline.modules,
            shards: Vec::new(),
            scalars: std::sync::Mutex::default(),
            shared: std::sync::OnceLock::new(),
            by_id: std::sync::OnceLock::new(),
        }
    }
}

/// One container on the way from the root.
struct Frame {
    children: Vec<(Label, Value, Option<TensorRole>)>,
    next: usize,
    /// Length of the path before this container's own children.
    path_len: usize,
    section: Option<u32>,
    node: Option<Node>,
    /// Entries listed before this container was entered.
    before: usize,
    /// Something below was left out because it is on the path already, or was expanded too often.
    cut: bool,
}

/// Identity of a container: small numbers we gave out ourselves, so that no seeded hashing is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Sequence(u32),
    Tuple(u32, u32),
    Dict(u32),
    Object(u32),
}

fn node(value: Value) -> Option<Node> {
    match value {
        Value::List(id) | Value::Set(id) | Value::FrozenSet(id) => Some(Node::Sequence(id.0)),
        Value::Tuple { start, len } if len > 0 => Some(Node::Tuple(start, len)),
        Value::Dict(id) => Some(Node::Dict(id.0)),
        Value::Object(id) => Some(Node::Object(id.0)),
        _ => None,
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    types: &'a ScriptTypes,
    parts: HashMap<String, u32>,
    outline: Outline,
    path: String,
    on_path: FxHashSet<Node>,
    /// Containers without a tensor below, and how often the others were expanded.
    barren: FxHashSet<Node>,
    expanded: FxHashMap<Node, u32>,
    budget: usize,
    depth: usize,
    /// Values that may yet be looked through.
    values: usize,
    /// Bytes of names listed so far, and those that may be.
    named: usize,
    names: usize,
}

impl Outline {
    /// Walks `tree` from its root.
    pub fn of(tree: &Tree, format: Format, types: &ScriptTypes, limits: &Limits) -> Self {
        let parts = if format.is_nested() {
            section::nested::find(tree, tree.root())
        } else {
            section::find(tree, tree.root())
        };
        let mut walk = Walk {
            tree,
            types,
            parts: parts.iter().enumerate().map(|(i, p)| (p.name.clone(), i as u32)).collect(),
            outline: Self { sections: parts.into_iter().map(Section::of).collect(), ..Self::default() },
            path: String::new(),
            on_path: FxHashSet::default(),
            barren: FxHashSet::default(),
            expanded: FxHashMap::default(),
            budget: limits.walk,
            depth: limits.depth,
            values: LOOKED + 4 * tree.values(),
            named: 0,
            names: limits.names,
        };
        walk.run();
        let mut outline = walk.outline;
        outline.count(tree);
        outline
    }

    fn count(&mut self, tree: &Tree) {
        // Each tensor once, however many names it has: sorted by what makes it one, and repeats skipped.
        let mut counted: Vec<(u32, (u32, u64), TensorId)> = Vec::new();
        for entry in &self.entries {
            let Some(section) = self.sections.get_mut(entry.section as usize) else { continue };
            section.tensors += 1;
            let model = matches!(section.role, SectionRole::Model | SectionRole::Ema);
            if model && entry.role == TensorRole::Parameter {
                let Some(meta) = tree.tensor(entry.id) else { continue };
                let place =
                    meta.storage.map_or((u32::MAX, u64::from(entry.id.0)), |s| (s.0, meta.storage_offset));
                counted.push((entry.section, place, entry.id));
            }
        }
        let shape = |id: TensorId| tree.tensor(id).map(TensorMeta::shape).unwrap_or_default();
        counted.in_order(|a, b| (a.0, a.1, shape(a.2)).cmp(&(b.0, b.1, shape(b.2))));
        counted.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1) && shape(a.2) == shape(b.2));
        for (section, _, id) in counted {
            let (Some(section), Some(meta)) = (self.sections.get_mut(section as usize), tree.tensor(id))
            else {
                continue;
            };
            section.parameters = section.parameters.saturating_add(meta.numel());
        }
    }
}

impl Section {
    fn of(part: Part) -> Self {
        let Part { name, role, value, is_module } = part;
        Self { name, role, value, is_module, tensors: 0, parameters: 0 }
    }
}

impl Walk<'_> {
    fn run(&mut self) {
        let mut stack = Vec::new();
        self.visit(Label::Index(0), self.tree.root(), None, None, &mut stack);
        while let Some(top) = stack.last_mut() {
            let Some((label, value, role)) = top.children.get(top.next).copied() else {
                self.leave(&mut stack);
                continue;
            };
            top.next += 1;
            let section = top.section;
            if self.budget == 0 && self.outline.diagnostics.iter().any(|d| d.code == "LIMIT") {
                return;
            }
            if self.budget == 0 {
                self.note_shared(
                    "the object graph is larger than the walk limit; further names are not listed",
                );
                return;
            }
            self.budget -= 1;
            self.visit(label, value, role, section, &mut stack);
        }
    }

    fn leave(&mut self, stack: &mut Vec<Frame>) {
        let Some(frame) = stack.pop() else { return };
        self.path.truncate(frame.path_len);
        let Some(node) = frame.node else { return };
        self.on_path.remove(&node);
        if frame.cut {
            if let Some(parent) = stack.last_mut() {
                parent.cut = true;
            }
        } else if frame.before == self.outline.entries.len() {
            self.barren.insert(node);
        }
    }

    fn visit(
        &mut self,
        label: Label,
        value: Value,
        role: Option<TensorRole>,
        section: Option<u32>,
        stack: &mut Vec<Frame>,
    ) {
        let is_root = stack.is_empty();
        if let Value::Tensor(id) = value {
            let path_len = self.push_label(label, is_root);
            self.list(id, role, section);
            self.path.truncate(path_len);
            return;
        }
        let Some(node) = node(value) else { return };
        if self.barren.contains(&node) {
            return;
        }
        let expanded = self.expanded.entry(node).or_insert(0);
        let often = *expanded >= EXPANSIONS;
        if often || self.on_path.contains(&node) {
            if let Some(top) = stack.last_mut() {
                top.cut = true;
            }
            if often {
                self.note_shared(
                    "a value is shared under very many names; its tensors are listed under the first of them",
                );
            }
            return;
        }
        *expanded += 1;
        if stack.len() > self.depth {
            self.note(
                "PICKLE_DEPTH",
                Severity::Broken,
                "values are nested deeper than is listed here; tensors found so far are",
            );
            return;
        }
        let path_len = self.push_label(label, is_root);
        // Parts lie near the root; deeper paths are long, and hashing one at each level would add up.
        let part =
            if stack.len() <= section::DEPTH { self.parts.get(self.path.as_str()).copied() } else { None };
        let section = part.or(section);
        // Whether it is a module is seen by searching its attributes.
        self.look(search::size(self.tree, value));
        let is_module = module::is_module(self.tree, value) || module::is_script(self.tree, value);
        if is_module {
            self.note_module(value);
        }
        let children = self.children(value, is_module);
        self.on_path.insert(node);
        let before = self.outline.entries.len();
        stack.push(Frame { children, next: 0, path_len, section, node: Some(node), before, cut: false });
    }

    fn children(&mut self, value: Value, is_module: bool) -> Vec<(Label, Value, Option<TensorRole>)> {
        if is_module {
            let members = module::members(self.tree, value, self.types);
            return members.into_iter().map(|m| (Label::Key(m.name), m.value, m.role)).collect();
        }
        let mut seen = 0;
        let all = view::children(self.tree, value).inspect(|_| seen += 1);
        let kept = all
            .filter(|(_, v)| node(*v).is_some() || matches!(v, Value::Tensor(_)))
            .map(|(l, v)| (l, v, None))
            .collect();
        // What is passed over costs time as well, where a million objects share one list.
        self.look(seen);
        kept
    }

    fn look(&mut self, values: usize) {
        self.values = self.values.saturating_sub(values);
        if self.values == 0 {
            self.budget = 0;
        }
    }

    fn push_label(&mut self, label: Label, is_root: bool) -> usize {
        let before = self.path.len();
        if !is_root {
            // `Module.state_dict` joins with a dot even after an empty name; mappings do so unless at the root.
            if before > 0 {
                self.path.push('.');
            }
            label.write(self.tree, &mut self.path);
        }
        before
    }

    fn list(&mut self, id: TensorId, role: Option<TensorRole>, section: Option<u32>) {
        let section = section.unwrap_or_else(|| self.leftover());
        let name = self.outline.sections.get(section as usize).map_or("", |s| s.name.as_str());
        let key_start = match self.path.get(name.len()..) {
            Some(rest) if !name.is_empty() && rest.starts_with('.') => name.len() + 1,
            _ => name.len().min(self.path.len()),
        };
        let key = self.path.get(key_start..).unwrap_or_default();
        let role = role.unwrap_or_else(|| match self.tree.tensor(id) {
            Some(meta) if meta.is_parameter => TensorRole::Parameter,
            Some(meta) => guess_role(key, meta.dtype),
            None => TensorRole::Buffer,
        });
        self.named += self.path.len();
        if self.named > self.names.max(self.outline.entries.len() * ORDINARY) {
            self.budget = 0;
            let text = "the names of its tensors are longer than the limit; further tensors are not listed";
            self.note("LIMIT", Severity::Broken, text);
            return;
        }
        let path = self.path.as_str().into();
        self.outline.entries.push(TensorEntry { path, key_start: key_start as u32, section, id, role });
    }

    /// The section of tensors no part claims: named after their top-level key, or the root's.
    fn leftover(&mut self) -> u32 {
        let top = match self.path.split_once('.') {
            Some((top, _)) => top.to_owned(),
            None => String::new(),
        };
        if let Some(at) = self.parts.get(&top) {
            return *at;
        }
        let at = self.outline.sections.len() as u32;
        let value = if top.is_empty() { self.tree.root() } else { Value::None };
        let value = self.tree.get(self.tree.root(), &top).unwrap_or(value);
        let part = Part { name: top.clone(), role: SectionRole::Other, value, is_module: false };
        self.outline.sections.push(Section::of(part));
        self.parts.insert(top, at);
        at
    }

    fn note_module(&mut self, value: Value) {
        let class = match view::class(self.tree, value) {
            // torch.fx saves a traced module as a call that puts it together again.
            Some(class) if class == modules::FX_MODULE => {
                Some("torch.fx.graph_module.GraphModule".to_owned())
            }
            other => other,
        };
        self.outline.modules.push(ModuleInfo {
            path: self.path.clone(),
            class: class.unwrap_or_else(|| "object".to_owned()),
            training: module::training_flag(self.tree, value),
            attributes: module::attributes(self.tree, value),
        });
    }

    fn note_shared(&mut self, message: &str) {
        self.note("SHARED_WALK", Severity::Warning, message);
    }

    fn note(&mut self, code: &'static str, severity: Severity, message: &str) {
        if !self.outline.diagnostics.iter().any(|d| d.code == code) {
            self.outline.diagnostics.push(Diagnostic::new(severity, code, message));
        }
    }
}

fn kind_of(parts: &Parts, sections: &[Section], entries: &[TensorEntry]) -> Kind {
    let tree = &parts.tree;
    let root = tree.root();
    let model = |s: &Section| matches!(s.role, SectionRole::Model | SectionRole::Ema);
    if parts.format == super::Format::TorchScript {
        return Kind::TorchScript;
    }
    let holds_modules = sections.iter().any(|s| s.is_module);
    if holds_modules
        && (sections.iter().any(|s| s.name.is_empty() && s.is_module)
            || !section::has_training_state(tree, root))
    {
        return Kind::WholeModel;
    }
    if !sections.iter().any(model) {
        let optimizer = sections.iter().any(|s| s.role == SectionRole::Optimizer);
        let beside = sections.iter().any(|s| s.role == SectionRole::Other && s.tensors > 0);
        return if optimizer && !beside { Kind::Optimizer } else { Kind::Other };
    }
    let only_models = match root {
        Value::Dict(_) if !sections.iter().any(|s| s.name.is_empty()) => {
            tree.entries(root).len() == sections.len()
        }
        _ => true,
    };
    let beside = !only_models || sections.iter().any(|s| !model(s));
    if beside || section::has_progress(tree, root) {
        return Kind::Training;
    }
    let is_adapter = |e: &&TensorEntry| ["lora_", "hada_", "lokr_"].iter().any(|word| e.key().contains(word));
    let adapted = entries.iter().filter(is_adapter).count();
    // With the layers it adapts beside it (`base_layer`), it is a whole model.
    let adapter = adapted * 2 > entries.len() && !entries.iter().any(|e| e.key().contains(".base_layer."));
    if adapter { Kind::Adapter } else { Kind::StateDict }
}
