//! What the directory of an archive says against itself, or against the file it lies in.
//!
//! Readers differ in which of two contradicting fields they believe, which is how a file shows one content
//! to a scanner and another to whoever loads it. Nothing but the directory is read here; local headers and
//! contents are looked at by [`crate::check`].

use super::{Archive, Entry};
use crate::checkpoint::{Diagnostic, Severity};
use crate::text::shown_bytes;
use std::fmt::Write as _;

/// Flags that say encrypted, patched, strongly encrypted or masked: torch sets none and other readers stumble.
const ODD_FLAGS: u16 = 0x1 | 0x20 | 0x40 | 0x2000;
/// Bytes of a local header before its name.
const LOCAL_HEADER: u64 = 30;

/// Everything found, each kind once with the first member it holds of.
pub(super) fn find(archive: &Archive) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    end_record(archive, &mut found);
    members(archive, &mut found);
    duplicates(archive, &mut found);
    overlaps(archive, &mut found);
    found
}

fn end_record(archive: &Archive, found: &mut Vec<Diagnostic>) {
    let mut note = |severity, code, text: String| found.push(Diagnostic::new(severity, code, text));
    let end = &archive.end;
    if archive.entries.len() as u64 != end.count {
        let text = format!(
            "the zip end record counts {} members, its directory {}; some readers will not see them all",
            end.count,
            archive.entries.len()
        );
        note(Severity::Broken, "ZIP_COUNT", text);
    }
    if end.base > 0 {
        let text = format!("{} bytes lie before the archive; torch.load refuses such a file", end.base);
        note(Severity::Warning, "ZIP_PREFIX", text);
    }
    if end.disk != 0 || archive.entries.iter().any(|e| e.disk != 0) {
        let severity = if end.disk == 0 { Severity::Warning } else { Severity::Broken };
        note(severity, "ZIP_MULTIDISK", "the archive says it is one of several volumes".to_owned());
    }
    if end.trailing > 0 {
        let text = format!("{} bytes follow the archive", end.trailing);
        note(Severity::Warning, "TRAILING_DATA", text);
    }
    if end.ambiguous {
        let text = "the archive has more than one end record; readers differ in which they take";
        note(Severity::Broken, "ZIP_AMBIGUOUS_EOCD", text.to_owned());
    }
}

/// What is wrong with a member by itself.
fn fault(archive: &Archive, entry: &Entry) -> Option<(Severity, &'static str, String)> {
    let end = archive.members_end();
    let least = LOCAL_HEADER + entry.name.len() as u64;
    if entry.header.checked_add(least).is_none_or(|start| start > end) {
        let text = format!("its offset {} is past the end of the members at {end}", entry.header);
        return Some((Severity::Broken, "ZIP_OFFSET", text));
    }
    if entry.stored > end - entry.header - least {
        let text = format!(
            "its {} bytes at {} reach past the members, which end at {end}",
            entry.stored, entry.header
        );
        return Some((Severity::Broken, "ZIP_SIZE", text));
    }
    if !matches!(entry.method, 0 | 8) {
        return Some((Severity::Broken, "ZIP_METHOD", format!("zip method {} is not read", entry.method)));
    }
    if entry.method == 0 && entry.stored != entry.len {
        let text = format!("it is stored in {} bytes and says it has {}", entry.stored, entry.len);
        return Some((Severity::Broken, "ZIP_SIZE", text));
    }
    (entry.flags & ODD_FLAGS != 0).then(|| {
        let text =
            format!("its flags {:#06x} say encrypted or patched, which torch never writes", entry.flags);
        (Severity::Warning, "ZIP_FLAGS", text)
    })
}

fn members(archive: &Archive, found: &mut Vec<Diagnostic>) {
    let mut counted: Vec<(&'static str, usize)> = Vec::new();
    for entry in &archive.entries {
        let Some((severity, code, text)) = fault(archive, entry) else { continue };
        if let Some((_, more)) = counted.iter_mut().find(|(known, _)| *known == code) {
            *more += 1;
            continue;
        }
        counted.push((code, 0));
        let name = shown_bytes(archive.name(entry));
        found.push(Diagnostic::new(severity, code, format!("member {name}: {text}")));
    }
    for (code, more) in counted.into_iter().filter(|(_, more)| *more > 0) {
        if let Some(first) = found.iter_mut().find(|d| d.code == code) {
            let _ = write!(first.message, "; {more} more members like it");
        }
    }
}

fn duplicates(archive: &Archive, found: &mut Vec<Diagnostic>) {
    let mut names: Vec<&[u8]> = archive.entries.iter().map(|e| archive.name(e)).collect();
    names.sort_unstable();
    folded(&names, found);
    let twice = |pair: &&[&[u8]]| matches!(pair, [a, b] if a == b);
    let mut doubles = names.windows(2).filter(twice).filter_map(<[_]>::first);
    let Some(first) = doubles.next() else { return };
    let more = doubles.count();
    let more = if more == 0 { String::new() } else { format!(" (and {more} more like it)") };
    let text = format!(
        "the archive holds {} more than once{more}; readers differ in which they take (here: the first)",
        shown_bytes(first)
    );
    found.push(Diagnostic::new(Severity::Broken, "ZIP_DUPLICATE", text));
}

/// Names that differ in the case of letters only: torch takes either for the other. Those of torch itself are in
/// small letters but for the root, which they share.
fn folded(names: &[&[u8]], found: &mut Vec<Diagnostic>) {
    let below = |name: &[u8]| name.iter().position(|b| *b == b'/').map_or(0, |at| at + 1);
    let is_odd = |name: &&&[u8]| name.iter().skip(below(name)).any(u8::is_ascii_uppercase);
    let twin = |name: &&&[u8]| names.binary_search(&name.to_ascii_lowercase().as_slice()).is_ok();
    let capitals: Vec<Vec<u8>> = names.iter().filter(is_odd).map(|name| name.to_ascii_lowercase()).collect();
    let mut sorted = capitals.clone();
    sorted.sort_unstable();
    let among = sorted.windows(2).find(|pair| matches!(pair, [a, b] if a == b)).and_then(<[_]>::first);
    let beside = names.iter().filter(is_odd).find(twin).map(|name| name.to_vec());
    if let Some(name) = beside.or(among.cloned()) {
        let text = format!(
            "{} stands twice but for the case of letters; torch takes one for the other",
            shown_bytes(&name)
        );
        found.push(Diagnostic::new(Severity::Broken, "ZIP_DUPLICATE", text));
    }
}

fn overlaps(archive: &Archive, found: &mut Vec<Diagnostic>) {
    let range = |e: &Entry| {
        let start = e.header.saturating_add(LOCAL_HEADER + e.name.len() as u64);
        (e.header, start.saturating_add(e.stored))
    };
    // torch writes its members in order; only another order costs a sort.
    let mut ranges: Vec<(u64, u64)> = archive.entries.iter().map(range).collect();
    ranges.sort_unstable();
    let mut reach = 0;
    let mut count = 0_usize;
    let mut first = None;
    for (start, end) in ranges {
        if start < reach {
            count += 1;
            first.get_or_insert(start);
        }
        reach = reach.max(end);
    }
    if let Some(at) = first {
        let text = format!("{count} members lie on bytes of others, the first at byte {at}");
        found.push(Diagnostic::new(Severity::Broken, "ZIP_OVERLAP", text));
    }
}
