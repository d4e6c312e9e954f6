//! Zip archives as torch writes them, and as people re-zip them (formats.md §2.2).
//!
//! Only the central directory is read, in one piece; where a member's bytes start is read from its local
//! header when the member is. Bytes before the archive shift everything by the same amount. Fields that
//! contradict each other become diagnostics.

mod contradictions;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::checkpoint::Diagnostic;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{ReadAt, inflate};

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const CENTRAL: &[u8] = b"PK\x01\x02";
/// End record without its comment.
const END_LEN: usize = 22;
/// Most bytes from the end of the file in which the end record can start, and a usual directory with it.
const TAIL: u64 = 65_557 + 98;
/// Members of a directory that is walked rather than indexed.
const WALKED: usize = 2_048;
/// Room for the name and padding of a local header, read together with a member's bytes.
const SLACK: u64 = 256;

/// A member of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    name: Range<usize>,
    /// Offset of the local header from the start of the file.
    pub(crate) header: u64,
    /// Bytes in the file.
    pub(crate) stored: u64,
    /// Bytes after inflating.
    pub(crate) len: u64,
    /// CRC-32 of the directory; torch can write a constant for "not computed".
    pub(crate) crc: u32,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// The disk it starts on; always 0 but in archives cut into volumes, or lies.
    disk: u16,
}

impl Entry {
    pub(crate) fn is_deflated(&self) -> bool {
        self.method == 8
    }
}

/// The directory of an archive.
#[derive(Debug)]
pub(crate) struct Archive {
    directory: Vec<u8>,
    entries: Vec<Entry>,
    index: OnceLock<HashMap<Box<[u8]>, u32>>,
    end: End,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Most a pickle shrinks by when deflated: real ones reach 20, a bomb 1,032.
const PICKLE_RATIO: u64 = 200;
/// A pickle up to this size is inflated whatever it shrank by.
const PICKLE_BOMB: u64 = 16 << 20;

/// Where the directory lies.
#[derive(Debug, Default)]
struct End {
    offset: u64,
    size: u64,
    count: u64,
    /// Bytes before the archive.
    base: u64,
    /// Disk number of the end record.
    disk: u16,
    /// Bytes behind the end record and its comment.
    trailing: u64,
    /// Another end record stands in the tail of the file.
    ambiguous: bool,
}

impl Archive {
    /// Reads the directory of the archive in `source`.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when there is no end record, [`ErrorKind::Zip`] when the records contradict
    /// each other, [`ErrorKind::Limit`] when there are too many.
    pub(crate) fn read(source: &dyn ReadAt, limits: &Limits) -> Result<Self> {
        let tail_start = source.len().saturating_sub(TAIL);
        let tail = source.read_vec(tail_start, source.len() - tail_start)?;
        let end = find_end(source, &tail, tail_start)?;
        if end.size > limits.zip_directory || end.count > limits.zip_entries {
            let text = format!(
                "a zip directory of {} entries in {} bytes; the limits are {} (zip_entries) and {} (zip_directory)",
                end.count, end.size, limits.zip_entries, limits.zip_directory
            );
            let code = if end.size > limits.zip_directory { "ZIP_CD" } else { "ZIP_COUNT" };
            return Err(Error::new(ErrorKind::Limit, text).coded(code));
        }
        let start = end.base + end.offset;
        let directory = match start.checked_sub(tail_start).and_then(|s| usize::try_from(s).ok()) {
            Some(s) => tail.get(s..s + end.size as usize).map(<[u8]>::to_vec),
            None => None,
        };
        let directory = match directory {
            Some(held) => held,
            None => source.read_vec(start, end.size)?,
        };
        let mut archive =
            Self { directory, entries: Vec::new(), index: OnceLock::new(), diagnostics: Vec::new(), end };
        archive.parse(start)?;
        archive.diagnostics.extend(contradictions::find(&archive));
        Ok(archive)
    }

    fn parse(&mut self, start: u64) -> Result<()> {
        let mut at = 0;
        while at < self.directory.len() {
            let rest = self.directory.get(at..).unwrap_or_default();
            let Some((entry, len)) = parse_entry(rest, at, self.end.base) else {
                return Err(
                    Error::new(ErrorKind::Zip, "the zip directory is malformed").at(start + at as u64)
                );
            };
            self.entries.push(entry);
            at += len;
        }
        Ok(())
    }

    /// Where the directory starts: no member reaches past it.
    fn members_end(&self) -> u64 {
        self.end.base.saturating_add(self.end.offset)
    }

    /// Members in the order of the directory.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Name of a member.
    pub(crate) fn name(&self, entry: &Entry) -> &[u8] {
        self.directory.get(entry.name.clone()).unwrap_or_default()
    }

    /// The first member called `name`.
    ///
    /// The few names asked of a torch archive are found by walking; only a large directory gets an index.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Entry> {
        self.entries.get(self.position(name)?)
    }

    /// The first member called `name` but for the case of letters.
    pub(crate) fn find_any_case(&self, name: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|e| self.name(e).eq_ignore_ascii_case(name))
    }

    /// Where in the directory the first member called `name` stands.
    pub(crate) fn position(&self, name: &[u8]) -> Option<usize> {
        if self.entries.len() <= WALKED {
            return self.entries.iter().position(|e| self.name(e) == name);
        }
        let index = self.index.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.entries.len());
            for (at, entry) in self.entries.iter().enumerate() {
                index.entry(Box::from(self.name(entry))).or_insert(at as u32);
            }
            index
        });
        index.get(name).map(|at| *at as usize)
    }

    /// A hash over the directory: names below the root folder, sizes, checksums.
    ///
    /// The root is named after the file, and padding depends on its length: without them the same object
    /// saved as `epoch_7.pt` and as `best.pt` has one fingerprint.
    pub(crate) fn fingerprint(&self) -> u64 {
        use std::hash::Hasher as _;
        let mut hasher = rustc_hash::FxHasher::default();
        for entry in &self.entries {
            let name = self.name(entry);
            let below = name.iter().position(|b| *b == b'/').map_or(0, |at| at + 1);
            hasher.write(name.get(below..).unwrap_or_default());
            hasher.write_u32(entry.crc);
            hasher.write_u64(entry.len);
        }
        hasher.finish()
    }

    /// All bytes of a member, inflated if need be, at most `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] past `limit`, [`ErrorKind::Zip`] for a malformed or encrypted member.
    pub(crate) fn read_member(&self, source: &dyn ReadAt, entry: &Entry, limit: u64) -> Result<Vec<u8>> {
        self.check_readable(entry, limit)?;
        let bytes = read_stored(source, entry)?;
        if entry.is_deflated() { inflate_whole(&bytes, entry) } else { Ok(bytes) }
    }

    /// As [`Archive::read_member`], for a pickle that is kept: a large one is read straight to where it stays.
    pub(crate) fn read_pickle(&self, source: &dyn ReadAt, entry: &Entry, limit: u64) -> Result<Arc<[u8]>> {
        self.check_readable(entry, limit)?;
        if entry.is_deflated() {
            if entry.len > PICKLE_BOMB && entry.len / entry.stored.max(1) > PICKLE_RATIO {
                let text = format!(
                    "{} bytes inflate to {}: no pickle shrinks so much, this is a zip bomb",
                    entry.stored, entry.len
                );
                return Err(Error::new(ErrorKind::Limit, text).at(entry.header).coded("ZIP_BOMB"));
            }
            return self.read_member(source, entry, limit).map(Arc::from);
        }
        let payload = crate::checkpoint::payload_offset(source, entry.header)?;
        if entry.stored > source.len().saturating_sub(payload) {
            return Err(ends_inside(entry));
        }
        source.read_shared(payload, entry.stored)
    }

    fn check_readable(&self, entry: &Entry, limit: u64) -> Result<()> {
        if entry.len > limit {
            let name = crate::text::shown_bytes(self.name(entry));
            let text = format!("{name} takes {} bytes, and at most {limit} are read", entry.len);
            return Err(Error::new(ErrorKind::Limit, text).coded("ZIP_BOMB"));
        }
        if entry.flags & 1 != 0 && !matches!(entry.method, 0 | 8) || !matches!(entry.method, 0 | 8) {
            let text = format!("zip method {} is not read", entry.method);
            return Err(Error::new(ErrorKind::Unsupported, text).at(entry.header).coded("ZIP_METHOD"));
        }
        Ok(())
    }
}

fn inflate_whole(bytes: &[u8], entry: &Entry) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let stream = inflate(&bytes, 0, bytes.len() as u64);
    let read = std::io::Read::read_to_end(&mut std::io::Read::take(stream, entry.len + 1), &mut out);
    if read.is_err() || out.len() as u64 != entry.len {
        let text = "a deflated member has not the size it declares";
        return Err(Error::new(ErrorKind::Zip, text).at(entry.header).coded("ZIP_DEFLATE"));
    }
    Ok(out)
}

fn ends_inside(entry: &Entry) -> Error {
    Error::new(ErrorKind::Truncated, "the file ends inside a zip member").at(entry.header)
}

/// Reads the stored bytes of a member with one read in nearly all cases: header, padding and payload.
fn read_stored(source: &dyn ReadAt, entry: &Entry) -> Result<Vec<u8>> {
    let room = source.len().saturating_sub(entry.header);
    if entry.stored > room {
        return Err(ends_inside(entry));
    }
    let around = entry.stored.saturating_add(30 + SLACK).min(room);
    let mut bytes = source.read_vec(entry.header, around)?;
    let payload = crate::checkpoint::payload_offset(&bytes, 0).map_err(|e| e.at(entry.header))?;
    match usize::try_from(payload).ok().filter(|p| p + entry.stored as usize <= bytes.len()) {
        Some(payload) => {
            bytes.drain(..payload);
            bytes.truncate(entry.stored as usize);
            Ok(bytes)
        }
        None => source.read_vec(entry.header + payload, entry.stored),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn find_end(source: &dyn ReadAt, tail: &[u8], tail_start: u64) -> Result<End> {
    let candidates = tail.len().saturating_sub(END_LEN - 1);
    // Every archive of a listing comes by here, with 64 KiB: one byte is compared before the others are looked at.
    let starts = |at: &usize| tail.get(*at..).is_some_and(|t| t.starts_with(END));
    let first = tail.iter().take(candidates).enumerate().filter(|(_, byte)| Some(*byte) == END.first());
    let found: Vec<usize> = first.map(|(at, _)| at).filter(starts).collect();
    let comment = |at: usize| u16_at(tail, at + 20).map_or(0, usize::from);
    let exact = found.iter().rev().find(|at| *at + END_LEN + comment(**at) == tail.len());
    // Something was appended behind the archive: take the last end record there is.
    match exact.or(found.last()) {
        Some(&at) => {
            let mut end = parse_end(source, tail, at, tail_start)?;
            // A stored archive (a nested checkpoint) has its own end record, before this archive's directory.
            let in_directory = |p: usize| tail_start + p as u64 >= end.base + end.offset;
            let inner = found.iter().take_while(|p| **p < at).any(|p| in_directory(*p));
            let behind = found.last() != Some(&at);
            end.ambiguous = inner || behind || end.base > 0 && found.len() > 1;
            Ok(end)
        }
        None => Err(Error::new(
            ErrorKind::Truncated,
            "the zip archive has no end: the file was cut off, or is still being written",
        )
        .at(source.len())),
    }
}

fn parse_end(source: &dyn ReadAt, tail: &[u8], at: usize, tail_start: u64) -> Result<End> {
    let malformed =
        || Error::new(ErrorKind::Zip, "the zip end record is malformed").at(tail_start + at as u64);
    let record = tail.get(at..).unwrap_or_default();
    let mut count = u64::from(u16_at(record, 10).ok_or_else(malformed)?);
    let mut size = u64::from(u32_at(record, 12).ok_or_else(malformed)?);
    let mut offset = u64::from(u32_at(record, 16).ok_or_else(malformed)?);
    let mut directory_end = tail_start + at as u64;
    if let Some(position) = end64_position(source, tail, at, tail_start) {
        let record = source.read_vec(position, 56)?;
        // torch writes the 64-bit record always and the plain values beside it; only full fields defer to it.
        let wide = |field| u64_at(&record, field).ok_or_else(malformed);
        if count == 0xFFFF {
            count = wide(32)?;
        }
        if size == 0xFFFF_FFFF {
            size = wide(40)?;
        }
        if offset == 0xFFFF_FFFF {
            offset = wide(48)?;
        }
        directory_end = position;
    }
    let start = directory_end.checked_sub(size).ok_or_else(malformed)?;
    let base = start.checked_sub(offset).ok_or_else(malformed)?;
    let comment = u16_at(tail, at + 20).map_or(0, u64::from);
    let trailing = ((tail.len() - at - END_LEN) as u64).saturating_sub(comment);
    let disk = u16_at(tail, at + 4).unwrap_or(0);
    Ok(End { offset, size, count, base, disk, trailing, ambiguous: false })
}

/// Position of the 64-bit end record: right before its locator in every file known, else where that says.
fn end64_position(source: &dyn ReadAt, tail: &[u8], at: usize, tail_start: u64) -> Option<u64> {
    let locator = tail.get(at.checked_sub(20)?..at)?;
    if !locator.starts_with(LOCATOR64) {
        return None;
    }
    let is_record = |position: u64| {
        let head = source.read_vec(position, 4);
        head.is_ok_and(|h| h == END64)
    };
    let before = (tail_start + at as u64).checked_sub(20 + 56);
    before.filter(|p| is_record(*p)).or_else(|| u64_at(locator, 8).filter(|p| is_record(*p)))
}

/// One directory entry at the start of `bytes`, and its length; `at` is where it stands in the directory.
fn parse_entry(bytes: &[u8], at: usize, base: u64) -> Option<(Entry, usize)> {
    if !bytes.starts_with(CENTRAL) {
        return None;
    }
    let name_len = usize::from(u16_at(bytes, 28)?);
    let extra_len = usize::from(u16_at(bytes, 30)?);
    let comment_len = usize::from(u16_at(bytes, 32)?);
    let total = 46 + name_len + extra_len + comment_len;
    let extra = bytes.get(46 + name_len..46 + name_len + extra_len)?;
    bytes.get(..total)?;
    let mut wide = zip64(extra);
    // In this order, and only for fields that are full: the standard's rule.
    let mut field = |offset| {
        let narrow = u32_at(bytes, offset)?;
        if narrow == u32::MAX { wide.next().or(Some(u64::from(narrow))) } else { Some(u64::from(narrow)) }
    };
    let len = field(24)?;
    let stored = field(20)?;
    let header = field(42)?.checked_add(base)?;
    let entry = Entry {
        name: at + 46..at + 46 + name_len,
        header,
        stored,
        len,
        crc: u32_at(bytes, 16)?,
        method: u16_at(bytes, 10)?,
        flags: u16_at(bytes, 8)?,
        disk: u16_at(bytes, 34)?,
    };
    Some((entry, total))
}

/// The 64-bit values of the zip64 extra field.
fn zip64(extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut rest = extra;
    let mut found: &[u8] = &[];
    while let (Some(id), Some(len)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let Some(body) = rest.get(4..4 + usize::from(len)) else { break };
        if id == 1 {
            found = body;
            break;
        }
        rest = rest.get(4 + usize::from(len)..).unwrap_or_default();
    }
    found.chunks_exact(8).filter_map(|b| b.try_into().ok().map(u64::from_le_bytes))
}
