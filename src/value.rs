//! The object graph of a checkpoint: an arena of values, read but never executed.
//!
//! A value is 16 bytes and `Copy`; containers and objects live in tables of [`Tree`] and are named by
//! index. So shared values are shared, cycles are harmless, nothing recurses, and dropping a list nested
//! 200,000 deep is dropping a few vectors.
//!
//! Three kinds of node, as the pickle machine produces them: scalars, containers, and opaque objects
//! (what would have been called, with which arguments and state). How they are presented (a `Namespace` as
//! its attributes, a numpy scalar as its number) is decided by pure functions in [`view`].

mod append;
mod finish;
pub mod json;
mod lookup;
pub mod modules;
pub mod numpy;
pub mod python;
pub mod view;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::tensor::{Storage, StorageId, TensorId, TensorMeta};

/// A range of the text pool of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

macro_rules! index {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    )*};
}

index! {
    /// Index of a list or set.
    ListId,
    /// Index of a mapping.
    DictId,
    /// Index of an opaque object.
    ObjectId,
    /// Index of a global name.
    GlobalId,
}

/// One value. `Copy`: containers are named by index.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits: two's complement, little-endian.
    BigInt(Span),
    Float(f64),
    /// Text: UTF-8, or nearly (lone surrogates survive pickling).
    Text(Span),
    Bytes(Span),
    /// Start and length in the tuple slab.
    Tuple {
        start: u32,
        len: u32,
    },
    List(ListId),
    Set(ListId),
    FrozenSet(ListId),
    Dict(DictId),
    /// A class or function, by name.
    Global(GlobalId),
    Object(ObjectId),
    Tensor(TensorId),
    Storage(StorageId),
}

/// A mapping, in order of insertion; of equal keys the last one counts.
#[derive(Debug, Clone, Default)]
pub struct Dict {
    /// Keys and values.
    pub entries: Vec<(Value, Value)>,
    /// `collections.OrderedDict`, `defaultdict`, `Counter`; none for a plain `dict`.
    pub class: Option<GlobalId>,
    /// Attributes set on the mapping itself, such as `_metadata` of a state dict.
    pub attributes: Option<Value>,
}

/// How an object would have come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Construct {
    /// `callable(*args)`: a call.
    Call,
    /// `cls.__new__(cls, *args, **kwargs)`: an instance without a call to its constructor.
    New,
    /// An extension code of the `copyreg` registry, unknown outside the process that wrote it.
    Extension,
}

/// Something only Python code could make, kept as what was asked for.
#[derive(Debug, Clone)]
pub struct Object {
    /// The class or callable, usually a [`Value::Global`].
    pub callable: Value,
    /// Call or instantiation.
    pub construct: Construct,
    /// Positional arguments: a tuple.
    pub args: Value,
    /// Keyword arguments: a mapping or `None`.
    pub kwargs: Value,
    /// What `__setstate__` or `__dict__.update` would have been given.
    pub state: Option<Value>,
    /// Elements appended (list subclasses, deque).
    pub items: Vec<Value>,
    /// Entries set (dict subclasses).
    pub entries: Vec<(Value, Value)>,
}

impl Object {
    /// An object without state, items or entries yet.
    pub fn new(callable: Value, construct: Construct, args: Value) -> Self {
        let (items, entries) = (Vec::new(), Vec::new());
        Self { callable, construct, args, kwargs: Value::None, state: None, items, entries }
    }
}

/// The name of a class or function, as `module` and qualified `name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Global {
    /// Module, under its Python 3 name.
    pub module: Box<str>,
    /// Qualified name in the module.
    pub name: Box<str>,
    /// The file calls it, or makes instances of it, rather than only naming it.
    pub called: bool,
    /// The file calls it as a function, and what that gives is not known here.
    pub opaque: bool,
    /// How the file spells it, where that is not `module.name`.
    pub written: Option<Box<str>>,
}

/// Longest name of a module or class that is taken for one, in bytes.
pub(crate) const LONGEST_NAME: usize = 4_096;

impl Global {
    /// True for what no module or class of Python can be called.
    pub fn is_impossible(&self) -> bool {
        let odd = |name: &str| name.len() > LONGEST_NAME || name.chars().any(char::is_control);
        self.module.is_empty() || odd(&self.module) || odd(&self.name)
    }

    /// `module.name`.
    pub fn path(&self) -> String {
        if self.module.is_empty() { self.name.to_string() } else { format!("{}.{}", self.module, self.name) }
    }
}

/// The arena. See the module's text.
#[derive(Debug, Default)]
pub struct Tree {
    /// Text from the file, held once; spans point into it.
    base: Arc<[u8]>,
    /// Text made while reading (unescaped strings), addressed behind `base`.
    extra: Vec<u8>,
    tuples: Vec<Value>,
    lists: Vec<Vec<Value>>,
    /// Values in lists, sets and mappings.
    held: usize,
    /// Bytes of the names of globals and storages.
    named: usize,
    dicts: Vec<Dict>,
    objects: Vec<Object>,
    globals: Vec<Global>,
    global_index: FxHashMap<(Box<str>, Box<str>), GlobalId>,
    tensors: Vec<TensorMeta>,
    storages: Vec<Storage>,
    /// Sizes and strides met so far.
    extents: FxHashSet<Arc<[u64]>>,
    /// Class and attributes of tensor subclasses.
    notes: FxHashMap<TensorId, (Value, Value)>,
    /// Objects that turned out to be something else once their state was known.
    resolved: FxHashMap<ObjectId, Value>,
    root: Option<Value>,
    /// The first key that stood twice in a mapping.
    duplicate: Option<Value>,
}

/// Heights of the tables that grow with the arguments of calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Level {
    tuples: usize,
    dicts: usize,
}

impl Level {
    /// The higher of both, table by table.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { tuples: self.tuples.max(other.tuples), dicts: self.dicts.max(other.dicts) }
    }
}

fn index(len: usize) -> u32 {
    // Every table entry costs at least 16 bytes of a budget far below 2³² entries.
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Tree {
    /// An empty tree over `base`, the bytes most spans will point into (at most 3 GiB).
    pub fn new(base: Arc<[u8]>) -> Self {
        Self { base, ..Self::default() }
    }

    /// The root value: what `torch.load` would have returned. `None` for a tree that holds nothing.
    pub fn root(&self) -> Value {
        self.root.unwrap_or(Value::None)
    }

    /// Sets the root value.
    pub fn set_root(&mut self, root: Value) {
        self.root = Some(root);
    }

    /// Memory the tables hold, in bytes, for the object budget.
    pub fn memory(&self) -> usize {
        self.extra.len()
            + self.tuples.len() * size_of::<Value>()
            + self.lists.len() * size_of::<Vec<Value>>()
            + self.held * size_of::<Value>()
            + self.named
            + self.dicts.len() * size_of::<Dict>()
            + self.objects.len() * size_of::<Object>()
            + self.tensors.len() * (size_of::<TensorMeta>() + 32)
            + self.storages.len() * (size_of::<Storage>() + 16)
    }

    // Text.

    /// Bytes of a span. Out-of-range spans (there are none) read as empty.
    pub fn bytes(&self, span: Span) -> &[u8] {
        let (start, len) = (span.start as usize, span.len as usize);
        let held = if start < self.base.len() {
            self.base.get(start..start + len)
        } else {
            self.extra.get(start - self.base.len()..).and_then(|rest| rest.get(..len))
        };
        held.unwrap_or_default()
    }

    /// Text of a span; what is not UTF-8 appears as U+FFFD.
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(span))
    }

    /// Adds bytes made while reading.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Span {
        let start = index(self.base.len() + self.extra.len());
        self.extra.extend_from_slice(bytes);
        Span { start, len: index(bytes.len()) }
    }

    /// Adds text as a value.
    pub fn add_text(&mut self, text: &str) -> Value {
        Value::Text(self.add_bytes(text.as_bytes()))
    }

    // Containers.

    /// Adds a tuple.
    pub fn add_tuple(&mut self, items: &[Value]) -> Value {
        let start = index(self.tuples.len());
        self.tuples.extend_from_slice(items);
        Value::Tuple { start, len: index(items.len()) }
    }

    /// Where the tables end now.
    pub fn level(&self) -> Level {
        Level { tuples: self.tuples.len(), dicts: self.dicts.len() }
    }

    /// Takes back tuples and mappings added since `level`. Whoever calls this knows that nothing refers to them.
    pub(crate) fn truncate(&mut self, level: Level) {
        self.tuples.truncate(level.tuples);
        let gone = self.dicts.get(level.dicts..).unwrap_or_default();
        let gone: usize = gone.iter().map(|d| 2 * d.entries.len()).sum();
        self.held = self.held.saturating_sub(gone);
        self.dicts.truncate(level.dicts);
    }

    /// Adds a list.
    pub fn add_list(&mut self, items: Vec<Value>) -> ListId {
        self.held += items.len();
        self.lists.push(items);
        ListId(index(self.lists.len() - 1))
    }

    /// Adds a mapping.
    pub fn add_dict(&mut self, dict: Dict) -> DictId {
        self.held += 2 * dict.entries.len();
        self.dicts.push(dict);
        DictId(index(self.dicts.len() - 1))
    }

    /// Adds an opaque object.
    pub fn add_object(&mut self, object: Object) -> ObjectId {
        self.held += object.items.len() + 2 * object.entries.len();
        self.objects.push(object);
        ObjectId(index(self.objects.len() - 1))
    }

    /// Adds a tensor.
    pub fn add_tensor(&mut self, mut meta: TensorMeta) -> TensorId {
        meta.share_extents(&mut self.extents);
        self.tensors.push(meta);
        TensorId(index(self.tensors.len() - 1))
    }

    /// Adds a storage.
    pub fn add_storage(&mut self, storage: Storage) -> StorageId {
        self.named += 2 * storage.key.len();
        self.storages.push(storage);
        StorageId(index(self.storages.len() - 1))
    }

    /// The global `module.name`, added on first use.
    pub fn intern_global(&mut self, module: &str, name: &str) -> GlobalId {
        let key = (Box::from(module), Box::from(name));
        if let Some(id) = self.global_index.get(&key) {
            return *id;
        }
        let id = GlobalId(index(self.globals.len()));
        // In the table and in its index, with what an allocation costs.
        self.named += 2 * (module.len() + name.len()) + size_of::<Global>() + 96;
        self.globals.push(Global {
            module: key.0.clone(),
            name: key.1.clone(),
            called: false,
            opaque: false,
            written: None,
        });
        self.global_index.insert(key, id);
        id
    }

    /// Notes how the file spells a global.
    pub fn note_spelling(&mut self, id: GlobalId, module: &str, name: &str) {
        if let Some(global) = self.globals.get_mut(id.0 as usize) {
            global.written.get_or_insert_with(|| format!("{module}.{name}").into_boxed_str());
        }
    }

    /// Notes that the file calls a global.
    pub fn mark_called(&mut self, id: GlobalId) {
        if let Some(global) = self.globals.get_mut(id.0 as usize) {
            global.called = true;
        }
    }

    /// Notes that the file calls a global as a function whose result is not known here.
    pub fn mark_opaque(&mut self, id: GlobalId) {
        if let Some(global) = self.globals.get_mut(id.0 as usize) {
            global.opaque = true;
        }
    }

    /// Elements of a tuple, list or set, in order. Empty for anything else.
    pub fn items(&self, value: Value) -> &[Value] {
        match value {
            Value::Tuple { start, len } => {
                let (start, len) = (start as usize, len as usize);
                self.tuples.get(start..start + len).unwrap_or_default()
            }
            Value::List(id) | Value::Set(id) | Value::FrozenSet(id) => {
                self.lists.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Entries of a mapping or dict subclass, in order. Empty for anything else.
    pub fn entries(&self, value: Value) -> &[(Value, Value)] {
        match value {
            Value::Dict(id) => self.dict(id).map(|d| d.entries.as_slice()).unwrap_or_default(),
            Value::Object(id) => self.object(id).map(|o| o.entries.as_slice()).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Values in tuples, lists, sets and mappings.
    pub(crate) fn values(&self) -> usize {
        self.held + self.tuples.len()
    }

    /// Bytes of the names of globals and storages.
    pub(crate) fn named(&self) -> usize {
        self.named
    }

    /// Counts values added to a list, a mapping or an object that was here before.
    pub(crate) fn count_added(&mut self, values: usize) {
        self.held += values;
    }

    /// A list, for appending.
    pub fn list_mut(&mut self, id: ListId) -> Option<&mut Vec<Value>> {
        self.lists.get_mut(id.0 as usize)
    }

    /// A mapping.
    pub fn dict(&self, id: DictId) -> Option<&Dict> {
        self.dicts.get(id.0 as usize)
    }

    /// A mapping, for changing.
    pub fn dict_mut(&mut self, id: DictId) -> Option<&mut Dict> {
        self.dicts.get_mut(id.0 as usize)
    }

    /// An opaque object.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.0 as usize)
    }

    /// An opaque object, for changing.
    pub fn object_mut(&mut self, id: ObjectId) -> Option<&mut Object> {
        self.objects.get_mut(id.0 as usize)
    }

    /// A global name.
    pub fn global(&self, id: GlobalId) -> Option<&Global> {
        self.globals.get(id.0 as usize)
    }

    /// Every global the file names, in order of first use.
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// A tensor.
    pub fn tensor(&self, id: TensorId) -> Option<&TensorMeta> {
        self.tensors.get(id.0 as usize)
    }

    /// A tensor, for changing.
    pub fn tensor_mut(&mut self, id: TensorId) -> Option<&mut TensorMeta> {
        self.tensors.get_mut(id.0 as usize)
    }

    /// Every tensor, named or not.
    pub fn tensors(&self) -> &[TensorMeta] {
        &self.tensors
    }

    /// A storage.
    pub fn storage(&self, id: StorageId) -> Option<&Storage> {
        self.storages.get(id.0 as usize)
    }

    /// Every storage.
    pub fn storages(&self) -> &[Storage] {
        &self.storages
    }

    /// Every storage, for placing them once the file's layout is known.
    pub fn storages_mut(&mut self) -> &mut [Storage] {
        &mut self.storages
    }

    /// Notes that a tensor is an instance of the subclass `class` with the attributes in `state`.
    pub fn note_tensor(&mut self, id: TensorId, class: Value, state: Value) {
        self.notes.insert(id, (class, state));
    }

    /// Class and attributes of a tensor of a subclass.
    pub fn tensor_note(&self, id: TensorId) -> Option<(Value, Value)> {
        self.notes.get(&id).copied()
    }

    /// Notes what an object is, now that its state is known; [`Tree::settle`] puts it in its place.
    pub fn resolve_object(&mut self, id: ObjectId, value: Value) {
        self.resolved.insert(id, value);
    }

    /// The first key [`Tree::drop_duplicate_keys`] met twice in a mapping.
    pub fn duplicate_key(&self) -> Option<Value> {
        self.duplicate
    }

    /// Numbers of lists and sets, mappings, and objects: sizes for tables indexed by their ids.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.lists.len(), self.dicts.len(), self.objects.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_sixteen_bytes() {
        assert_eq!(size_of::<Value>(), 16);
    }

    #[test]
    fn of_equal_keys_the_last_value_stands_at_the_first_place() {
        let mut tree = Tree::new(Arc::from(&b"ab"[..]));
        let (a, b) = (Value::Text(Span { start: 0, len: 1 }), Value::Text(Span { start: 1, len: 1 }));
        let again = tree.add_text("a");
        let entries = vec![(a, Value::Int(1)), (b, Value::Int(2)), (again, Value::Int(3))];
        let dict = tree.add_dict(Dict { entries, ..Dict::default() });
        assert_eq!(tree.drop_duplicate_keys(), 1);
        let entries = &tree.dict(dict).unwrap().entries;
        assert_eq!(entries.iter().map(|e| e.1).collect::<Vec<_>>(), [Value::Int(3), Value::Int(2)]);
    }

    #[test]
    fn text_behind_the_base_is_found() {
        let mut tree = Tree::new(Arc::from(&b"base"[..]));
        let value = tree.add_text("more");
        assert_eq!(tree.as_text(value).unwrap(), "more");
        assert_eq!(tree.text(Span { start: 1, len: 2 }), "as");
    }
}
