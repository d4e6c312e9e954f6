//! `torch.package` archives: pickles by package and resource, storages by number, Python sources (formats.md §5.4).

use std::sync::Arc;

use super::assemble::Found;
use super::host::{Storages, TorchHost};
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::{Archive, Entry};
use crate::limits::Limits;
use crate::pickle::{self, Summary};
use crate::source::{Identity, fingerprint};
use crate::tensor::Place;
use crate::text::shown;
use crate::value::{Dict, Tree, Value};

/// Pickles read of one package.
const PICKLES: usize = 256;
/// Sources of classes kept.
const SOURCES: usize = 1_000;

/// Opens a package whose members lie in the folder `root`.
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    root: &str,
    limits: &Limits,
) -> Result<Checkpoint> {
    let mut diagnostics = std::mem::take(&mut archive.diagnostics);
    let source = file.source.clone();
    let mut tree = Tree::default();
    let mut storages = Numbered { archive: &archive, prefix: format!("{root}.data/") };
    let mut host = TorchHost::new(&mut storages, false, limits);
    let (mut entries, mut summary) = (Vec::new(), None::<Summary>);
    let mut left = limits.pickle_bytes;
    for (name, entry) in members(&archive, root, ".pkl").take(PICKLES) {
        let read = archive.read_member(&*source, entry, left).and_then(|bytes| {
            left -= bytes.len() as u64;
            let origin = tree.add_bytes(&bytes).start;
            let input: Arc<[u8]> = bytes.into();
            pickle::read(&mut tree, &mut host, &input, origin, 0, limits)
        });
        match read {
            Ok(read) => {
                entries.push((tree.add_text(&name), read.value));
                summary = Some(summary.filter(|s| !s.plain()).unwrap_or(read.summary));
            }
            Err(e) => {
                let text = format!("{} cannot be read: {}", shown(&name), e.reason());
                diagnostics.push(Diagnostic::new(Severity::Broken, "PICKLE_TYPE", text));
            }
        }
    }
    let (found, _) = host.finish();
    diagnostics.extend(found);
    let empty = || Error::new(ErrorKind::NotACheckpoint, "a torch.package archive that holds no pickle");
    let summary = summary.ok_or_else(empty)?;
    // The one object of a package is the object.
    let root_value = match *entries.as_slice() {
        [(_, value)] => value,
        _ => Value::Dict(tree.add_dict(Dict { entries, ..Dict::default() })),
    };
    tree.set_root(root_value);
    let sources = members(&archive, root, ".py").filter(|(_, e)| e.len <= limits.text_record).take(SOURCES);
    let sources = sources.filter_map(|(name, entry)| {
        let text = archive.read_member(&*source, entry, limits.text_record).ok()?;
        Some((name, String::from_utf8_lossy(&text).into_owned()))
    });
    let sources = sources.collect();
    let found = Found {
        file,
        identity,
        format: Format::TorchPackage,
        tree,
        summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources,
        diagnostics,
        fingerprint: archive.fingerprint() ^ fingerprint(root.as_bytes()),
    };
    Ok(found.assemble(limits))
}

/// Members with a suffix, by their names below the root, without the archive's own records.
fn members<'a>(
    archive: &'a Archive,
    root: &'a str,
    suffix: &'a str,
) -> impl Iterator<Item = (String, &'a Entry)> {
    archive.entries().iter().filter_map(move |entry| {
        let name = String::from_utf8_lossy(archive.name(entry));
        let below = name.strip_prefix(root)?;
        (below.ends_with(suffix) && !below.starts_with(".data/")).then(|| (below.to_owned(), entry))
    })
}

/// Storages as members `.data/<number>.storage`.
struct Numbered<'a> {
    archive: &'a Archive,
    prefix: String,
}

impl Storages for Numbered<'_> {
    fn place(&mut self, key: &str) -> Place {
        let name = format!("{}{key}.storage", self.prefix);
        let Some(entry) = self.archive.find(name.as_bytes()) else { return Place::Missing };
        let (header, stored, len) = (entry.header, entry.stored, entry.len);
        Place::ZipMember { file: 0, header, stored, len, deflated: entry.is_deflated() }
    }
}
