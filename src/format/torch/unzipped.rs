//! The archive of `torch.save` as a folder of files: the same pickle, storages as files of their own.

use std::collections::HashMap;
use std::sync::Arc;

use super::assemble::Found;
use super::host::{Storages, TorchHost};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Format};
use crate::error::Result;
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::tensor::Place;
use crate::value::Tree;

/// Reads the pickle in `pickle`, whose storages are `files` by their keys.
pub(crate) fn open(
    pickle: CheckpointFile,
    files: Vec<(String, CheckpointFile)>,
    big_endian: bool,
    identity: Option<Identity>,
    limits: &Limits,
) -> Result<Checkpoint> {
    let bytes: Arc<[u8]> = pickle.source.read_vec(0, pickle.source.len().min(limits.pickle_bytes))?.into();
    let places = files.iter().enumerate().map(|(at, (key, file))| {
        // The pickle itself is file number 0.
        (key.as_str(), Place::Range { file: at as u32 + 1, offset: 0, len: file.source.len() })
    });
    let mut storages = Files(places.collect());
    let mut tree = Tree::new(bytes.clone());
    let mut host = TorchHost::new(&mut storages, big_endian, limits);
    let read = crate::pickle::read(&mut tree, &mut host, &bytes, 0, 0, limits);
    let unpickled = read.map_err(|e| e.in_member("data.pkl"))?;
    let (diagnostics, sources) = host.finish();
    tree.set_root(unpickled.value);
    let found = Found {
        file: pickle,
        identity,
        format: Format::TorchUnzipped,
        tree,
        summary: unpickled.summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources,
        diagnostics,
        fingerprint: fingerprint(&bytes),
    };
    Ok(found.assemble(limits).with_files(files.into_iter().map(|(_, file)| file)))
}

/// Storages by the names of their files.
struct Files<'a>(HashMap<&'a str, Place>);

impl Storages for Files<'_> {
    fn place(&mut self, key: &str) -> Place {
        self.0.get(key).copied().unwrap_or(Place::Missing)
    }
}
