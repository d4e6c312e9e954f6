//! The zip container of `torch.save` since 1.6, and TorchScript archives (formats.md §2, §5.3).

use std::sync::Arc;

use super::assemble::Found;
use super::host::{Storages, TorchHost};
use super::script;
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::Archive;
use crate::limits::Limits;
use crate::pickle;
use crate::source::{Identity, ReadAt, fingerprint};
use crate::tensor::Place;
use crate::text::shown_bytes;
use crate::value::Tree;

/// Bytes of a record that is a word or a number.
const RECORD: u64 = 64;

/// Opens a zip archive as a torch checkpoint whose members lie in the folder `root` (with its slash, or empty).
pub(crate) fn open(
    file: CheckpointFile,
    identity: Option<Identity>,
    mut archive: Archive,
    root: &str,
    is_script: bool,
    limits: &Limits,
) -> Result<Checkpoint> {
    let mut diagnostics = std::mem::take(&mut archive.diagnostics);
    diagnostics.extend(oddities(&archive, root));
    diagnostics.extend(records(&archive, &*file.source, root));
    let bytes = data_pickle(&archive, &*file.source, root, limits)?;
    let big_endian = is_big_endian(&archive, &*file.source, root);

    let mut tree = Tree::new(bytes.clone());
    let mut storages = Members { archive: &archive, prefix: format!("{root}data/"), next: 0 };
    let mut host = TorchHost::new(&mut storages, big_endian, limits);
    let read = pickle::read(&mut tree, &mut host, &bytes, 0, 0, limits);
    let unpickled = read.map_err(|e| e.in_member("data.pkl"))?;
    let (found, sources) = host.finish();
    diagnostics.extend(found);
    tree.set_root(unpickled.value);
    let held = <[u8]>::len(&bytes);
    if unpickled.end < held {
        let text =
            format!("{} bytes follow the pickle in data.pkl; torch.load ignores them", held - unpickled.end);
        diagnostics.push(Diagnostic::new(Severity::Warning, "TRAILING_DATA", text));
    }
    let types =
        if is_script { script::types(&archive, &*file.source, root, limits) } else { ScriptTypes::default() };
    let container_metadata =
        if is_script { script::extra_files(&archive, &*file.source, root, &mut tree, limits) } else { None };
    let found = Found {
        file,
        identity,
        format: if is_script { Format::TorchScript } else { Format::TorchZip },
        tree,
        summary: unpickled.summary,
        container_metadata,
        types,
        sources,
        diagnostics,
        fingerprint: archive.fingerprint() ^ fingerprint(&bytes).rotate_left(1),
    };
    Ok(found.assemble(limits))
}

fn oddities(archive: &Archive, root: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let foreign = archive.entries().iter().filter(|e| !archive.name(e).starts_with(root.as_bytes())).count();
    if foreign > 0 {
        let text = format!(
            "{foreign} members lie outside the archive's root folder; torch.load refuses such a file"
        );
        found.push(Diagnostic::new(Severity::Warning, "ZIP_ROOTS", text));
    }
    if archive.find(format!("{root}version").as_bytes()).is_none() {
        let text = "the archive has no version record; torch.load refuses such a file";
        found.push(Diagnostic::new(Severity::Warning, "NO_VERSION", text));
    }
    found
}

/// What is wrong with the small records torch writes beside the pickle.
fn records(archive: &Archive, source: &dyn ReadAt, root: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let record = |name: &str| {
        let entry = archive.find(format!("{root}{name}").as_bytes())?;
        Some(archive.read_member(source, entry, RECORD).unwrap_or_default())
    };
    if let Some(order) = record("byteorder").filter(|o| !matches!(o.trim_ascii(), b"little" | b"big")) {
        let text = format!("the byte order is recorded as {:.40}, not little or big", shown_bytes(&order));
        found.push(Diagnostic::new(Severity::Broken, "BYTEORDER", text));
    }
    let number = |v: &[u8]| std::str::from_utf8(v.trim_ascii()).ok().and_then(|v| v.parse::<u32>().ok());
    if let Some(version) = record("version").filter(|v| !number(v).is_some_and(|n| (1..=99).contains(&n))) {
        let text = format!("the version is recorded as {:.40}; torch.load refuses it", shown_bytes(&version));
        found.push(Diagnostic::new(Severity::Warning, "VERSION", text));
    }
    found
}

fn data_pickle(archive: &Archive, source: &dyn ReadAt, root: &str, limits: &Limits) -> Result<Arc<[u8]>> {
    let name = format!("{root}data.pkl");
    let missing =
        || Error::new(ErrorKind::NotACheckpoint, "the archive has no data.pkl").coded("NO_DATA_PKL");
    // torch looks members up without regard to case.
    let entry = archive.find(name.as_bytes()).or_else(|| archive.find_any_case(name.as_bytes()));
    let entry = entry.ok_or_else(missing)?;
    archive.read_pickle(source, entry, limits.pickle_bytes).map_err(|e| e.in_member("data.pkl"))
}

/// Without the record, little: torch wrote none before 2.1.
fn is_big_endian(archive: &Archive, source: &dyn ReadAt, root: &str) -> bool {
    let entry = archive.find(format!("{root}byteorder").as_bytes());
    let text = entry.and_then(|e| archive.read_member(source, e, RECORD).ok());
    text.is_some_and(|t| t.trim_ascii() == b"big")
}

/// Storages as members `data/<key>`, which follow each other in the order of first use.
struct Members<'a> {
    archive: &'a Archive,
    prefix: String,
    next: usize,
}

impl Storages for Members<'_> {
    fn place(&mut self, key: &str) -> Place {
        let is_it = |name: &[u8]| name.strip_prefix(self.prefix.as_bytes()) == Some(key.as_bytes());
        let expected = self.archive.entries().get(self.next).filter(|e| is_it(self.archive.name(e)));
        let entry = if let Some(entry) = expected {
            entry
        } else {
            let name = [self.prefix.as_bytes(), key.as_bytes()].concat();
            let Some(at) = self.archive.position(&name) else { return Place::Missing };
            let Some(entry) = self.archive.entries().get(at) else { return Place::Missing };
            self.next = at;
            entry
        };
        self.next += 1;
        let (header, stored, len) = (entry.header, entry.stored, entry.len);
        Place::ZipMember { file: 0, header, stored, len, deflated: entry.is_deflated() }
    }
}
