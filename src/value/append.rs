//! One tree taken into another: how a checkpoint of several files becomes one object graph.

use super::{Dict, DictId, GlobalId, ListId, Object, ObjectId, Span, Tree, Value, index};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{Place, Quantizer, Storage, StorageId, TensorId, TensorMeta};

/// How far the numbers of one tree move when it becomes part of another.
struct Shift {
    text: u32,
    tuples: u32,
    lists: u32,
    dicts: u32,
    objects: u32,
    tensors: u32,
    storages: u32,
    files: u32,
    assembled: u32,
    /// Numbers of its globals in the other tree.
    globals: Vec<GlobalId>,
}

impl Tree {
    /// Takes over everything a settled tree holds and returns what its root is here. Its files and assembled
    /// sources are counted from `files` and `assembled` on.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when both together hold more text than a tree can (4 GiB).
    pub fn append(&mut self, other: Tree, files: u32, assembled: u32) -> Result<Value> {
        let text = self.base.len() + self.extra.len();
        if text + other.base.len() + other.extra.len() > u32::MAX as usize {
            return Err(Error::new(ErrorKind::Limit, "the metadata of all its files together is too large"));
        }
        let globals = other.globals.iter().map(|global| {
            let id = self.intern_global(&global.module, &global.name);
            if global.called {
                self.mark_called(id);
            }
            id
        });
        let globals = globals.collect();
        let shift = Shift {
            text: index(text),
            tuples: index(self.tuples.len()),
            lists: index(self.lists.len()),
            dicts: index(self.dicts.len()),
            objects: index(self.objects.len()),
            tensors: index(self.tensors.len()),
            storages: index(self.storages.len()),
            files,
            assembled,
            globals,
        };
        self.extra.extend_from_slice(&other.base);
        self.extra.extend_from_slice(&other.extra);
        self.tuples.extend(other.tuples.into_iter().map(|v| shift.value(v)));
        let lists = other.lists.into_iter();
        self.lists.extend(lists.map(|items| items.into_iter().map(|v| shift.value(v)).collect::<Vec<_>>()));
        self.dicts.extend(other.dicts.into_iter().map(|dict| shift.dict(dict)));
        self.objects.extend(other.objects.into_iter().map(|object| shift.object(object)));
        self.tensors.extend(other.tensors.into_iter().map(|meta| shift.tensor(meta)));
        self.storages.extend(other.storages.into_iter().map(|storage| shift.storage(storage)));
        let notes = other.notes.into_iter();
        self.notes.extend(
            notes.map(|(id, note)| (shift.tensor_id(id), (shift.value(note.0), shift.value(note.1)))),
        );
        Ok(other.root.map_or(Value::None, |root| shift.value(root)))
    }
}

impl Shift {
    fn span(&self, span: Span) -> Span {
        Span { start: span.start + self.text, len: span.len }
    }

    fn tensor_id(&self, id: TensorId) -> TensorId {
        TensorId(id.0 + self.tensors)
    }

    fn storage_id(&self, id: StorageId) -> StorageId {
        StorageId(id.0 + self.storages)
    }

    fn global(&self, id: GlobalId) -> GlobalId {
        self.globals.get(id.0 as usize).copied().unwrap_or(id)
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => value,
            Value::BigInt(span) => Value::BigInt(self.span(span)),
            Value::Text(span) => Value::Text(self.span(span)),
            Value::Bytes(span) => Value::Bytes(self.span(span)),
            Value::Tuple { start, len } => Value::Tuple { start: start + self.tuples, len },
            Value::List(id) => Value::List(ListId(id.0 + self.lists)),
            Value::Set(id) => Value::Set(ListId(id.0 + self.lists)),
            Value::FrozenSet(id) => Value::FrozenSet(ListId(id.0 + self.lists)),
            Value::Dict(id) => Value::Dict(DictId(id.0 + self.dicts)),
            Value::Global(id) => Value::Global(self.global(id)),
            Value::Object(id) => Value::Object(ObjectId(id.0 + self.objects)),
            Value::Tensor(id) => Value::Tensor(self.tensor_id(id)),
            Value::Storage(id) => Value::Storage(self.storage_id(id)),
        }
    }

    fn entries(&self, entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
        entries.into_iter().map(|(key, value)| (self.value(key), self.value(value))).collect()
    }

    fn dict(&self, dict: Dict) -> Dict {
        Dict {
            entries: self.entries(dict.entries),
            class: dict.class.map(|id| self.global(id)),
            attributes: dict.attributes.map(|v| self.value(v)),
        }
    }

    fn object(&self, object: Object) -> Object {
        Object {
            callable: self.value(object.callable),
            construct: object.construct,
            args: self.value(object.args),
            kwargs: self.value(object.kwargs),
            state: object.state.map(|v| self.value(v)),
            items: object.items.into_iter().map(|v| self.value(v)).collect(),
            entries: self.entries(object.entries),
        }
    }

    fn tensor(&self, mut meta: TensorMeta) -> TensorMeta {
        meta.storage = meta.storage.map(|id| self.storage_id(id));
        for (_, part) in &mut meta.parts {
            *part = self.tensor_id(*part);
        }
        if let Some(Quantizer::PerChannel { scales, zero_points, .. }) = meta.quantizer.as_deref_mut() {
            *scales = self.tensor_id(*scales);
            *zero_points = self.tensor_id(*zero_points);
        }
        meta
    }

    fn storage(&self, mut storage: Storage) -> Storage {
        match &mut storage.place {
            Place::Range { file, .. } | Place::ZipMember { file, .. } => *file += self.files,
            Place::Inline { start, .. } => *start += self.text,
            Place::Assembled { source, .. } => *source += self.assembled,
            Place::NotStored | Place::Missing => {}
        }
        storage
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tensor::DType;

    /// `{"x": [tensor, (1, Class), "text"]}` over a base of its own.
    fn tree(base: &str, file: u32) -> Tree {
        let mut tree = Tree::new(Arc::from(base.as_bytes()));
        let storage = tree.add_storage(Storage {
            key: "0".into(),
            dtype: DType::Float32,
            location: "cpu".into(),
            nbytes: 8,
            place: Place::Range { file, offset: 0, len: 8 },
            big_endian: false,
        });
        let tensor = tree.add_tensor(TensorMeta::contiguous(DType::Float32, &[2], Some(storage), 0));
        let class = Value::Global(tree.intern_global("package", base));
        let pair = tree.add_tuple(&[Value::Int(1), class]);
        let text = tree.add_text(&format!("text of {base}"));
        let list = tree.add_list(vec![Value::Tensor(tensor), pair, text]);
        let entries = vec![(Value::Text(Span { start: 0, len: base.len() as u32 }), Value::List(list))];
        let root = tree.add_dict(Dict { entries, ..Dict::default() });
        tree.set_root(Value::Dict(root));
        tree
    }

    #[test]
    fn what_is_taken_over_means_what_it_meant() {
        let mut whole = tree("first", 0);
        let root = whole.append(tree("second", 0), 7, 0).unwrap();
        for (root, name, file) in [(whole.root(), "first", 0), (root, "second", 7)] {
            let items = whole.items(whole.get(root, name).unwrap()).to_vec();
            let Value::Tensor(id) = items[0] else { panic!("not a tensor") };
            let storage = whole.storage(whole.tensor(id).unwrap().storage.unwrap()).unwrap();
            assert_eq!(storage.place, Place::Range { file, offset: 0, len: 8 });
            let Value::Global(class) = whole.items(items[1])[1] else { panic!("not a class") };
            assert_eq!(whole.global(class).unwrap().path(), format!("package.{name}"));
            assert_eq!(whole.as_text(items[2]).unwrap(), format!("text of {name}"));
        }
    }
}
