//! A zip archive looked at member by member: local headers, checksums, and pickles nobody loads.
//!
//! The directory by itself was looked at when the archive was opened. A local header that contradicts it
//! shows one file to one reader and another to the next.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::sync::Arc;

use super::{Finding, Options};
use crate::checkpoint::{Checkpoint, Severity};
use crate::error::Result;
use crate::format::zip::{Archive, Entry};
use crate::pickle;
use crate::source::{ReadAt, inflate};
use crate::tensor::Place;
use crate::text::shown_bytes;
use crate::work::Work;

/// Bytes read at once.
const BLOCK: usize = 1 << 18;
/// A pickle beside `data.pkl` is searched up to this size.
const PICKLE: u64 = 64 << 20;
/// Findings of one code with a line of their own.
const EACH: usize = 5;
/// A deflated member that grows this much, past this size, is inflated only if a storage needs it all.
const RATIO: u64 = 100;
const LARGE: u64 = 32 << 20;

/// A pickle in the archive whose names opening did not tell.
pub(super) struct Pickle {
    pub(super) member: String,
    pub(super) bytes: Arc<[u8]>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Look {
    pub(super) findings: Vec<Finding>,
    pub(super) pickles: Vec<Pickle>,
    counts: HashMap<&'static str, usize>,
}

/// Looks at every member, if `source` is an archive with a directory.
pub(super) fn look(
    source: &Arc<dyn ReadAt>,
    checkpoint: Option<&Checkpoint>,
    options: &Options,
    work: &Work,
) -> Result<Look> {
    let mut look = Look::default();
    let head = source.read_vec(0, 4.min(source.len())).unwrap_or_default();
    if !head.starts_with(b"PK") {
        return Ok(look);
    }
    let Ok(archive) = Archive::read(&**source, &options.limits) else { return Ok(look) };
    if checkpoint.is_none() {
        look.findings.extend(archive.diagnostics.iter().map(Finding::from));
    }
    let wanted = storages(checkpoint);
    let recorded = archive.entries().iter().any(|e| e.crc != 0);
    if !recorded && archive.entries().iter().any(|e| e.len > 0) {
        let text = "the archive was written without checksums: damage to it cannot be seen";
        look.add(Severity::Info, "CRC_NOT_RECORDED", String::new(), text.to_owned());
    }
    for entry in archive.entries() {
        work.cancel.check()?;
        let Some(payload) = look.local(&**source, &archive, entry) else { continue };
        look.pickle(&**source, &archive, entry, checkpoint);
        look.content(&**source, &archive, entry, payload, &wanted, options, work)?;
    }
    look.tell_counts();
    Ok(look)
}

/// Bytes each member is needed for, by the offset of its header.
fn storages(checkpoint: Option<&Checkpoint>) -> HashMap<u64, u64> {
    let storages = checkpoint.map(|c| c.tree().storages()).unwrap_or_default();
    let of = |s: &crate::tensor::Storage| match s.place {
        Place::ZipMember { header, .. } => Some((header, s.nbytes)),
        _ => None,
    };
    storages.iter().filter_map(of).collect()
}

/// Where torch keeps the bytes of storages.
fn is_storage(name: &[u8]) -> bool {
    name.windows(6).any(|w| w == b"/data/") || name.starts_with(b"data/")
}

/// The pickle `torch.load` reads, whatever the archive's root is called; it does not tell case apart.
fn is_main(name: &[u8]) -> bool {
    let below = name.iter().position(|b| *b == b'/').map_or(0, |at| at + 1);
    name.get(below..).is_some_and(|below| below.eq_ignore_ascii_case(b"data.pkl"))
}

/// The member opening the archive reads.
fn loaded(archive: &Archive) -> Option<&Entry> {
    let root = archive.entries().first().map(|e| archive.name(e)).unwrap_or_default();
    let below = root.iter().position(|b| *b == b'/').map_or(0, |at| at + 1);
    let name = [root.get(..below).unwrap_or_default(), b"data.pkl"].concat();
    archive.find(&name).or_else(|| archive.find_any_case(&name))
}

/// A pickle, or as much from its start as is searched.
fn start_of(source: &dyn ReadAt, archive: &Archive, entry: &Entry) -> Option<Arc<[u8]>> {
    if entry.is_deflated() || entry.len <= PICKLE {
        return archive.read_pickle(source, entry, PICKLE).ok();
    }
    let payload = crate::checkpoint::payload_offset(source, entry.header).ok()?;
    source.read_shared(payload, PICKLE.min(source.len().checked_sub(payload)?)).ok()
}

impl Look {
    fn add(&mut self, severity: Severity, code: &'static str, place: String, text: String) {
        let count = self.counts.entry(code).or_insert(0);
        *count += 1;
        if *count <= EACH {
            self.findings.push(Finding::new(severity, code, place, text));
        }
    }

    fn tell_counts(&mut self) {
        for finding in &mut self.findings {
            let more = self.counts.remove(finding.code).unwrap_or(0).saturating_sub(EACH);
            if more > 0 {
                let _ = write!(finding.message, " (and {more} more members like it)");
            }
        }
    }

    /// Compares the local header of a member with the directory; returns where its bytes start.
    fn local(&mut self, source: &dyn ReadAt, archive: &Archive, entry: &Entry) -> Option<u64> {
        let name = archive.name(entry);
        let place = || shown_bytes(name);
        let Ok(header) = source.read_vec(entry.header, 30) else { return None };
        let Some(payload) = crate::checkpoint::payload_offset(&header, 0).ok().map(|p| entry.header + p)
        else {
            let text = format!("no member starts at byte {}, where the directory says", entry.header);
            self.add(Severity::Broken, "ZIP_LOCAL_HEADER", place(), text);
            return None;
        };
        let local = Local::of(&header)?;
        let own = source.read_vec(entry.header + 30, u64::from(local.name)).unwrap_or_default();
        if own != name {
            let text = format!("the directory calls it {} and its own header {}", place(), shown_bytes(&own));
            self.add(Severity::Warning, "ZIP_NAME_MISMATCH", place(), text);
        }
        if local.flags != entry.flags {
            let text = format!(
                "its flags are {:#06x} in the directory and {:#06x} before its bytes",
                entry.flags, local.flags
            );
            self.add(Severity::Warning, "ZIP_FLAGS", place(), text);
        }
        if local.method != entry.method {
            let text = format!(
                "its method is {} in the directory and {} before its bytes",
                entry.method, local.method
            );
            self.add(Severity::Broken, "ZIP_METHOD", place(), text);
        }
        self.sizes(entry, &local, &place);
        Some(payload)
    }

    fn sizes(&mut self, entry: &Entry, local: &Local, place: &dyn Fn() -> String) {
        // With the flag the sizes follow the bytes, and the fields mean nothing.
        if local.flags & 8 != 0 {
            return;
        }
        let differs = |narrow: u32, full: u64| narrow != u32::MAX && u64::from(narrow) != full;
        if differs(local.stored, entry.stored) || differs(local.len, entry.len) {
            let text = format!(
                "it takes {} bytes by the directory and {} by its own header",
                entry.stored, local.stored
            );
            self.add(Severity::Warning, "ZIP_SIZE_MISMATCH", place(), text);
        }
        if local.crc != entry.crc {
            let text =
                format!("checksum {:08x} in the directory, {:08x} before its bytes", entry.crc, local.crc);
            self.add(Severity::Warning, "CRC_MISMATCH", place(), text);
        }
    }

    /// Keeps a pickle whose names opening did not tell.
    fn pickle(
        &mut self,
        source: &dyn ReadAt,
        archive: &Archive,
        entry: &Entry,
        checkpoint: Option<&Checkpoint>,
    ) {
        let name = archive.name(entry);
        let main = is_main(name);
        if is_storage(name) && !main || entry.len == 0 || entry.len > PICKLE && !main {
            return;
        }
        let read = main && checkpoint.is_some() && loaded(archive).is_some_and(|e| e.header == entry.header);
        let goes_on = checkpoint.is_some_and(|c| {
            c.diagnostics().iter().any(|d| matches!(d.code, "TRAILING_DATA" | "PICKLE_FRAME"))
        });
        if read && !goes_on {
            return;
        }
        let Some(bytes) = start_of(source, archive, entry) else { return };
        let array = name.ends_with(b".npy");
        if !main && !array && !pickle::is_pickle(&bytes) && !name.ends_with(b".pkl") {
            return;
        }
        let own = name.ends_with(b"/constants.pkl")
            || name.ends_with(b".debug_pkl")
            || name.ends_with(b"attributes.pkl");
        let script = || archive.entries().iter().any(|e| archive.name(e).ends_with(b"/constants.pkl"));
        let expected = read || array || main && checkpoint.is_none() || own && script();
        if !expected {
            let text = "a pickle that torch.load never reads";
            self.add(Severity::Warning, "ZIP_EXTRA_PICKLE", shown_bytes(name), text.to_owned());
        }
        self.pickles.push(Pickle { member: shown_bytes(name), bytes });
    }

    /// Reads a member through: its checksum, and its size when it is deflated.
    #[expect(clippy::too_many_arguments, reason = "one member and all there is to know of it")]
    fn content(
        &mut self,
        source: &dyn ReadAt,
        archive: &Archive,
        entry: &Entry,
        payload: u64,
        wanted: &HashMap<u64, u64>,
        options: &Options,
        work: &Work,
    ) -> Result<()> {
        let name = archive.name(entry);
        if !matches!(entry.method, 0 | 8) || entry.len == 0 || !options.values && is_storage(name) {
            return Ok(());
        }
        let needed = wanted.get(&entry.header) == Some(&entry.len);
        if entry.is_deflated() && entry.len > LARGE && entry.len / entry.stored.max(1) > RATIO && !needed {
            let text =
                format!("{} bytes inflate to {}, which nothing in the file needs", entry.stored, entry.len);
            self.add(Severity::Broken, "ZIP_BOMB", shown_bytes(name), text);
            return Ok(());
        }
        if entry.crc == 0 && !entry.is_deflated() || payload.saturating_add(entry.stored) > source.len() {
            return Ok(());
        }
        let (len, crc) = read_through(source, entry, payload, work)?;
        if len != Some(entry.len) {
            let text = format!("it does not inflate to the {} bytes it declares", entry.len);
            self.add(Severity::Broken, "ZIP_DEFLATE", shown_bytes(name), text);
        } else if crc != entry.crc && entry.crc != 0 {
            let text = format!(
                "checksum {:08x} is recorded and {crc:08x} computed: its bytes are not those that were saved; torch.load will not notice",
                entry.crc
            );
            self.add(Severity::Warning, "CRC_MISMATCH", shown_bytes(name), text);
        }
        Ok(())
    }
}

/// Length (`None` if it does not inflate, or to more than it declares) and checksum of a member.
fn read_through(source: &dyn ReadAt, entry: &Entry, payload: u64, work: &Work) -> Result<(Option<u64>, u32)> {
    let mut hasher = crc32fast::Hasher::new();
    let mut block = vec![0; BLOCK];
    let mut done = 0_u64;
    let mut inflated = entry.is_deflated().then(|| inflate(&source, payload, entry.stored));
    while done <= entry.len {
        work.cancel.check()?;
        let read = if let Some(stream) = &mut inflated {
            stream.read(&mut block)
        } else {
            let left = usize::try_from(entry.stored - done).unwrap_or(BLOCK).min(BLOCK);
            source.read_at(block.get_mut(..left).unwrap_or_default(), payload + done)
        };
        let n = match read {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Ok((None, 0)),
        };
        hasher.update(block.get(..n).unwrap_or_default());
        done += n as u64;
    }
    Ok((Some(done), hasher.finalize()))
}

/// The fields of a local header.
struct Local {
    flags: u16,
    method: u16,
    crc: u32,
    stored: u32,
    len: u32,
    name: u16,
}

impl Local {
    fn of(header: &[u8]) -> Option<Self> {
        let u16_at = |at| header.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes);
        let u32_at = |at| header.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        Some(Self {
            flags: u16_at(6)?,
            method: u16_at(8)?,
            crc: u32_at(14)?,
            stored: u32_at(18)?,
            len: u32_at(22)?,
            name: u16_at(26)?,
        })
    }
}
