//! The tar of torch before 0.1.10 (formats.md §5.2).
//!
//! Three members: `storages` (each with a small pickle, its element count and its bytes), `tensors` (each
//! with a small pickle and its sizes), and `pickle`, the object, which names tensors by number.

use std::collections::HashMap;
use std::sync::Arc;

use super::assemble::Found;
use super::host::{Later, TorchHost, storage_dtype};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::format::nemo;
use crate::limits::Limits;
use crate::pickle;
use crate::source::{Identity, RangeSource, ReadAt, fingerprint};
use crate::tensor::{DType, Place, StorageId, TensorMeta};
use crate::value::{Tree, Value};

const BLOCK: u64 = 512;
/// Members looked at.
const MEMBERS: usize = 10_000;
/// A pickle between binary fields: a key, a device, a class.
const SMALL: u64 = 4_096;
/// Storages or tensors of one file.
const MOST: i64 = 1_000_000;

/// Name and place of a member.
type Members = HashMap<String, (u64, u64)>;

/// Opens a tar.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let members = members(&*file.source)?;
    let member = |name: &str| members.get(name).copied();
    let (Some(storages), Some(tensors), Some(main)) =
        (member("storages"), member("tensors"), member("pickle"))
    else {
        if members.contains_key(nemo::CONFIG) {
            return nemo::open(file, identity, member, limits);
        }
        return Err(foreign());
    };
    let bytes: Arc<[u8]> = file.source.read_vec(main.0, main.1.min(limits.pickle_bytes))?.into();
    let mut tree = Tree::new(bytes.clone());
    let mut later = Later;
    let mut host = TorchHost::new(&mut later, false, limits);
    let mut walk = Walk { source: &file.source, tree: &mut tree, host: &mut host, end: 0, at: 0 };
    let by_id = walk.storages(storages)?;
    walk.tensors(tensors, &by_id)?;
    let unpickled =
        pickle::read(&mut tree, &mut host, &bytes, 0, 0, limits).map_err(|e| e.in_member("pickle"))?;
    let (diagnostics, sources) = host.finish();
    tree.set_root(unpickled.value);
    let found = Found {
        file,
        identity,
        format: Format::TorchTar,
        tree,
        summary: unpickled.summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources,
        diagnostics,
        fingerprint: fingerprint(&bytes),
    };
    Ok(found.assemble(limits))
}

fn foreign() -> Error {
    Error::new(ErrorKind::NotACheckpoint, "a tar archive without a torch checkpoint in it")
        .advise("unpack it first")
}

fn members(source: &dyn ReadAt) -> Result<Members> {
    let mut found = Members::new();
    let mut at = 0;
    while at + BLOCK <= source.len() && found.len() < MEMBERS {
        let header = source.read_vec(at, BLOCK)?;
        let name = header.get(..100).unwrap_or_default();
        let name = name.split(|b| *b == 0).next().unwrap_or_default();
        if name.is_empty() {
            break;
        }
        let size = octal(header.get(124..136).unwrap_or_default());
        let size = size.ok_or_else(|| Error::new(ErrorKind::Header, "a tar header without a size").at(at))?;
        let name = String::from_utf8_lossy(name);
        found.entry(name.trim_start_matches("./").to_owned()).or_insert((at + BLOCK, size));
        at = at.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
    }
    Ok(found)
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
}

/// Walks the fields of a member.
struct Walk<'a, 'h> {
    source: &'a Arc<dyn ReadAt>,
    tree: &'a mut Tree,
    host: &'a mut TorchHost<'h>,
    at: u64,
    end: u64,
}

impl Walk<'_, '_> {
    fn enter(&mut self, (start, len): (u64, u64)) {
        (self.at, self.end) = (start, start.saturating_add(len).min(self.source.len()));
    }

    /// One small pickle at the present position.
    fn pickle(&mut self) -> Result<Value> {
        let window = RangeSource::new(self.source.clone(), self.at, (self.end - self.at).min(SMALL));
        let bytes = window.read_vec(0, window.len())?;
        // The pickle's text must outlive the window.
        let origin = self.tree.add_bytes(&bytes).start;
        let input: Arc<[u8]> = bytes.into();
        let limits = self.host.limits;
        let read =
            pickle::read(self.tree, self.host, &input, origin, 0, limits).map_err(|e| e.at(self.at))?;
        self.at += read.end as u64;
        Ok(read.value)
    }

    fn count(&mut self) -> Result<i64> {
        let value = self.pickle()?;
        let count = self.tree.as_int(value).filter(|n| (0..=MOST).contains(n));
        count.ok_or_else(|| Error::new(ErrorKind::Header, "a count in the tar is not one").at(self.at))
    }

    fn number(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.source.read_exact_at(&mut bytes, self.at)?;
        self.at += 8;
        Ok(u64::from_le_bytes(bytes))
    }

    /// `storages`: returns each storage by its number.
    fn storages(&mut self, member: (u64, u64)) -> Result<HashMap<i64, StorageId>> {
        self.enter(member);
        let mut by_id = HashMap::new();
        for _ in 0..self.count()? {
            let row = self.pickle()?;
            let row = self.tree.items(row).to_vec();
            let malformed = || Error::new(ErrorKind::Header, "a storage of the tar is malformed");
            let &[key, location, class] = row.as_slice() else { return Err(malformed().at(self.at)) };
            let dtype = storage_dtype(self.tree, class).ok_or_else(malformed)?;
            let id = self.tree.as_int(key).ok_or_else(malformed)?;
            let location =
                self.tree.as_text(location).map_or_else(|| "cpu".to_owned(), std::borrow::Cow::into_owned);
            let numel = self.number()?;
            let storage = self.host.storage(self.tree, &id.to_string(), dtype, &location, numel);
            let len = dtype.bytes_for(numel).ok_or_else(malformed)?;
            let held = len.min(self.end.saturating_sub(self.at));
            if let Some(slot) = self.tree.storages_mut().get_mut(storage.0 as usize) {
                slot.place = Place::Range { file: 0, offset: self.at, len: held };
            }
            self.at = self.at.saturating_add(len).min(self.end);
            by_id.insert(id, storage);
        }
        self.views(&mut by_id)?;
        Ok(by_id)
    }

    /// Views behind the storages: `(target, root, offset, elements)`. A file without them just ends here.
    fn views(&mut self, by_id: &mut HashMap<i64, StorageId>) -> Result<()> {
        let views = match self.pickle() {
            Ok(views) => views,
            Err(e) if e.kind() == ErrorKind::Io => return Err(e),
            Err(_) => return Ok(()),
        };
        for view in self.tree.items(views).to_vec() {
            let numbers: Option<Vec<i64>> =
                self.tree.items(view).iter().map(|v| self.tree.as_int(*v)).collect();
            let Some(&[target, root, offset, numel]) = numbers.as_deref() else { continue };
            let root = by_id.get(&root).and_then(|id| self.tree.storage(*id)).cloned();
            let (Some(root), Ok(offset), Ok(numel)) = (root, u64::try_from(offset), u64::try_from(numel))
            else {
                continue;
            };
            let first = root.dtype.bytes_for(offset).unwrap_or(u64::MAX);
            let id = self.host.storage(self.tree, &target.to_string(), root.dtype, &root.location, numel);
            if let (Some(slot), Place::Range { file, offset, len }) =
                (self.tree.storages_mut().get_mut(id.0 as usize), root.place)
            {
                let len = slot.nbytes.min(len.saturating_sub(first));
                slot.place = Place::Range { file, offset: offset.saturating_add(first), len };
            }
            by_id.insert(target, id);
        }
        Ok(())
    }

    /// `tensors`: gives each its number in the host.
    fn tensors(&mut self, member: (u64, u64), by_id: &HashMap<i64, StorageId>) -> Result<()> {
        self.enter(member);
        for _ in 0..self.count()? {
            let row = self.pickle()?;
            let row = self.tree.items(row).to_vec();
            let malformed = || Error::new(ErrorKind::Header, "a tensor of the tar is malformed");
            let &[key, storage, class] = row.as_slice() else { return Err(malformed().at(self.at)) };
            let id = self.tree.as_int(key).ok_or_else(malformed)?;
            let storage = self.tree.as_int(storage).and_then(|n| by_id.get(&n).copied());
            let class = match class {
                Value::Global(id) => self.tree.global(id).map(|g| g.name.to_string()).unwrap_or_default(),
                _ => String::new(),
            };
            let dtype = DType::from_tensor_class(&class);
            let dtype = dtype.or_else(|| storage.and_then(|s| self.tree.storage(s)).map(|s| s.dtype));
            let meta = self.tensor(dtype.unwrap_or(DType::Unknown), storage)?;
            let tensor = Value::Tensor(self.tree.add_tensor(meta));
            self.host.numbered.insert(id, tensor);
        }
        Ok(())
    }

    /// Dimensions (four bytes and four of padding), sizes, strides, offset.
    fn tensor(&mut self, dtype: DType, storage: Option<StorageId>) -> Result<TensorMeta> {
        let dimensions = (self.number()? & 0xFFFF_FFFF) as usize;
        if dimensions > self.host.limits.dimensions {
            return Err(
                Error::new(ErrorKind::Header, "a tensor of the tar has too many dimensions").at(self.at)
            );
        }
        let mut read = |n: usize| (0..n).map(|_| self.number()).collect::<Result<Vec<u64>>>();
        let shape = read(dimensions)?;
        let stride = read(dimensions)?;
        let offset = self.number()?;
        Ok(TensorMeta::strided(dtype, &shape, &stride, storage, offset))
    }
}
