//! Members of an archive by their local headers, for one whose directory is missing.

use crate::format::zip::Entry;
use crate::source::ReadAt;

/// A member: where it is and how large.
pub(super) struct Member {
    pub(super) header: u64,
    pub(super) stored: u64,
    pub(super) len: u64,
    pub(super) deflated: bool,
}

impl Member {
    /// The member of a directory entry.
    pub(super) fn of(entry: &Entry) -> Self {
        let Entry { header, stored, len, .. } = *entry;
        Self { header, stored, len, deflated: entry.is_deflated() }
    }

    /// The first byte behind it.
    pub(super) fn end(&self, source: &dyn ReadAt) -> Option<u64> {
        crate::checkpoint::payload_offset(source, self.header).ok()?.checked_add(self.stored)
    }
}

/// The member whose local header is at `at`, and its name; `None` where none is, or its size stands only in
/// the directory.
pub(super) fn next(source: &dyn ReadAt, at: u64) -> Option<(String, Member)> {
    const FIXED: u64 = 30;
    let fixed = source.read_vec(at, FIXED).ok()?;
    let number = |at: usize, len: usize| {
        let bytes = fixed.get(at..at + len).unwrap_or_default();
        bytes.iter().rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
    };
    if !fixed.starts_with(b"PK\x03\x04") {
        return None;
    }
    let (flags, method) = (number(6, 2), number(8, 2));
    let (mut stored, mut len) = (number(18, 4), number(22, 4));
    let (name_len, extra_len) = (number(26, 2), number(28, 2));
    let name = source.read_vec(at + FIXED, name_len).ok()?;
    let extra = source.read_vec(at + FIXED + name_len, extra_len).ok()?;
    // numpy writes the 64-bit sizes always: the inflated one, then the one in the file.
    if let [1, 0, 16, 0, sizes @ ..] = extra.as_slice() {
        let (inflated, rest) = sizes.split_first_chunk::<8>()?;
        (len, stored) = (u64::from_le_bytes(*inflated), u64::from_le_bytes(*rest.first_chunk::<8>()?));
    }
    let unknown = flags & 8 != 0 && stored == 0;
    let name = String::from_utf8_lossy(&name).into_owned();
    (!unknown).then_some((name, Member { header: at, stored, len, deflated: method == 8 }))
}
