//! Values as JSON, for `show --json`: plain JSON where Python's value is plain, tensors as
//! `{"$tensor": path}`, objects as `{"$class": name, …}`. Written as a stream; never longer than a budget,
//! however often values are shared.

use std::cell::Cell;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::numpy::{self, Array};
use super::view::{self, Label, Leaf};
use super::{Tree, Value};
use crate::tensor::TensorId;

/// Deepest nesting written; what lies deeper appears as `{"$deeper": true}`.
const DEPTH: u32 = 100;
/// Nodes written at most, a long text counting as several; after that containers appear as `{"$omitted": n}`.
const BUDGET: usize = 4_000_000;
/// Bytes of text that count as a node.
const NODE: usize = 16;
/// Array elements written in full.
const ARRAY: usize = 4_096;

/// Classes that say nothing about a tensor.
const PLAIN: [&str; 3] = ["torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"];

/// What only an opened checkpoint knows about the tensors a tree names.
pub trait TensorNames {
    /// Path of a tensor, if it has one.
    fn path(&self, id: TensorId) -> Option<&str>;
    /// Value of a one-element tensor: [`Leaf::Float`], [`Leaf::Int`] or [`Leaf::Bool`].
    fn scalar(&self, id: TensorId) -> Option<Leaf>;
}

/// How many nodes may still be written, shared by all values of one document.
pub struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(BUDGET))
    }
}

impl Budget {
    /// Takes so many nodes; false when there were fewer, and none are left.
    fn spend(&self, nodes: usize) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(nodes));
        nodes <= left
    }

    fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// What is not written for want of room: elements, entries, or bytes of a text.
struct Omitted(usize);

impl Serialize for Omitted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        one(serializer, "$omitted", &self.0)
    }
}

/// A value to be serialised.
pub struct Json<'a> {
    tree: &'a Tree,
    value: Value,
    names: &'a dyn TensorNames,
    /// An entry that stands before those of the value itself.
    first: Option<(&'static str, Value)>,
    depth: u32,
    budget: &'a Budget,
    parent: Option<&'a Json<'a>>,
}

/// Calls `with` with a serialisable view of `value`.
pub fn with_json<R>(
    tree: &Tree,
    value: Value,
    names: &dyn TensorNames,
    with: impl FnOnce(&Json<'_>) -> R,
) -> R {
    with(&Json::new(tree, value, names, &Budget::default()))
}

impl<'a> Json<'a> {
    /// A serialisable view of `value`.
    pub fn new(tree: &'a Tree, value: Value, names: &'a dyn TensorNames, budget: &'a Budget) -> Self {
        Self { tree, value, names, first: None, depth: 0, budget, parent: None }
    }

    /// With an entry in front: what a container says beside the mapping it holds.
    #[must_use]
    pub fn beside(mut self, name: &'static str, value: Value) -> Self {
        self.first = Some((name, value));
        self
    }
}

impl Json<'_> {
    fn child(&self, value: Value) -> Json<'_> {
        Json { value, depth: self.depth + 1, parent: Some(self), first: None, ..*self }
    }

    /// The value holds itself.
    fn is_cycle(&self) -> bool {
        std::iter::successors(self.parent, |at| at.parent).any(|at| at.value == self.value)
    }

    fn container<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth > DEPTH {
            return one(serializer, "$deeper", &true);
        }
        if self.budget.0.get() == 0 {
            return one(serializer, "$omitted", &view::child_count(self.tree, self.value));
        }
        let empty = matches!(self.value, Value::Tuple { len: 0, .. });
        if !empty && self.is_cycle() {
            return one(serializer, "$cycle", &true);
        }
        let children = view::children(self.tree, self.value);
        if view::is_sequence(self.tree, self.value) {
            let mut seq = serializer.serialize_seq(None)?;
            for (at, (_, child)) in children.enumerate() {
                if self.budget.is_spent() {
                    seq.serialize_element(&Omitted(view::child_count(self.tree, self.value) - at))?;
                    break;
                }
                seq.serialize_element(&self.child(child))?;
            }
            return seq.end();
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(array) = numpy::array(self.tree, self.value) {
            map.serialize_entry("$class", "numpy.ndarray")?;
            map.serialize_entry("dtype", &array.dtype)?;
            map.serialize_entry("shape", &array.shape)?;
            let elements: Vec<_> = children.map(|(_, child)| self.child(child)).collect();
            map.serialize_entry("values", &elements)?;
            return map.end();
        }
        if matches!(self.value, Value::Object(_)) {
            map.serialize_entry("$class", &view::class(self.tree, self.value))?;
        }
        if let Some((name, value)) = self.first {
            map.serialize_entry(name, &self.child(value))?;
        }
        for (at, (label, child)) in children.enumerate() {
            if self.budget.is_spent() {
                map.serialize_entry("$omitted", &(view::child_count(self.tree, self.value) - at))?;
                break;
            }
            let name = name(self.tree, label);
            self.budget.spend(name.len() / NODE);
            map.serialize_entry(&name, &self.child(child))?;
        }
        map.end()
    }

    fn tensor<S: Serializer>(&self, serializer: S, id: TensorId) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let path = self.names.path(id);
        self.budget.spend(path.map_or(0, str::len) / NODE);
        map.serialize_entry("$tensor", &path)?;
        if let (None, Some(meta)) = (path, self.tree.tensor(id)) {
            // In no state dict (a non-persistent buffer, a plain attribute): this is all there is of it.
            map.serialize_entry("dtype", meta.dtype.name())?;
            map.serialize_entry("shape", meta.shape())?;
        }
        match self.names.scalar(id) {
            Some(Leaf::Float(x)) => map.serialize_entry("value", &x)?,
            Some(Leaf::Int(n)) => map.serialize_entry("value", &n)?,
            Some(Leaf::Bool(b)) => map.serialize_entry("value", &b)?,
            _ => {}
        }
        // What Python code has set on the tensor, and the class of a tensor of a subclass.
        if let Some((class, state)) = self.tree.tensor_note(id) {
            let class = match class {
                Value::Global(id) => self.tree.global(id).map(super::Global::path),
                _ => None,
            };
            if let Some(class) = class.filter(|c| !PLAIN.contains(&c.as_str())) {
                map.serialize_entry("$class", &class)?;
            }
            if !self.is_cycle() && self.depth < DEPTH {
                let parts = self.tree.state_parts(state);
                for (name, part) in ["attributes", "slots"].into_iter().zip(parts) {
                    map.serialize_entry(name, &self.child(part))?;
                }
            }
        }
        map.end()
    }
}

/// The first elements of an array, each as JSON has it.
struct Elements<'a>(&'a numpy::Array);

impl Serialize for Elements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Array { dtype, values, words, .. } = self.0;
        let whole = dtype.starts_with("int") || dtype.starts_with("uint");
        let mut seq = serializer.serialize_seq(None)?;
        for word in words.iter().take(ARRAY) {
            seq.serialize_element(word)?;
        }
        for value in values.iter().take(ARRAY) {
            match () {
                () if dtype == "bool" => seq.serialize_element(&(*value != 0.0))?,
                () if whole && value.abs() < 9e15 => seq.serialize_element(&(*value as i64))?,
                () => seq.serialize_element(value)?,
            }
        }
        seq.end()
    }
}

fn name(tree: &Tree, label: Label) -> String {
    match label {
        Label::Part(name) => format!("${name}"),
        other => other.text(tree),
    }
}

fn one<S: Serializer, T: Serialize>(serializer: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Value::Text(span) = self.value
            && !self.budget.spend(span.len as usize / NODE)
        {
            return Omitted(span.len as usize).serialize(serializer);
        }
        self.budget.spend(1);
        let Some(leaf) = view::leaf(self.tree, self.value) else { return self.container(serializer) };
        match leaf {
            Leaf::None => serializer.serialize_unit(),
            Leaf::Bool(b) => serializer.serialize_bool(b),
            Leaf::Int(n) => serializer.serialize_i64(n),
            // serde_json writes what is not finite as null.
            Leaf::Float(x) => serializer.serialize_f64(x),
            // Calls are words with their arguments in them.
            Leaf::BigInt(text) | Leaf::Word(text) if !self.budget.spend(text.len() / NODE) => {
                Omitted(text.len()).serialize(serializer)
            }
            Leaf::BigInt(text) | Leaf::Text(text) | Leaf::Word(text) => serializer.serialize_str(&text),
            Leaf::Bytes { len, head } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("$bytes", &len)?;
                map.serialize_entry("head", &head)?;
                map.end()
            }
            Leaf::Array(array) => {
                self.budget.spend(array.values.len().max(array.words.len()).min(ARRAY));
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$class", "numpy.ndarray")?;
                map.serialize_entry("dtype", &array.dtype)?;
                map.serialize_entry("shape", &array.shape)?;
                map.serialize_entry("values", &Elements(&array))?;
                map.end()
            }
            Leaf::Tensor(id) => self.tensor(serializer, id),
            Leaf::Storage(id) => {
                let storage = self.tree.storage(id);
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("$storage", &storage.map(|s| &*s.key))?;
                map.serialize_entry("bytes", &storage.map(|s| s.nbytes))?;
                map.end()
            }
        }
    }
}
