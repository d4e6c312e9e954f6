//! What a file is, by its first bytes (formats.md §1).

mod foreign;

use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;

/// Bytes from the start that decide: a tar names itself at 257.
pub const HEAD: usize = 560;

/// The magic number every legacy torch stream starts with, as `LONG1` of ten bytes.
const LEGACY_MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// What an HDF5 file starts with, or what stands behind a user block.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
/// The same in protocols 0 and 1.
const LEGACY_TEXT: &[u8] = b"L119547037146038801333356L\n.";

/// What the first bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// A zip archive: torch, TorchScript, and more; its members decide.
    Zip,
    /// The stream torch wrote before 1.6.
    TorchLegacy,
    /// A tar: torch before 0.1.10, or an archive of another kind.
    Tar,
    /// A plain pickle.
    Pickle,
    /// safetensors.
    Safetensors,
    /// One numpy array.
    Npy,
    /// HDF5, perhaps behind a user block.
    Hdf5,
    /// GGUF, of either byte order.
    Gguf,
    /// The index of a TensorFlow checkpoint.
    TfIndex,
    /// Perhaps a msgpack mapping, as Flax writes.
    Msgpack,
    /// Perhaps an ONNX program.
    Onnx,
    /// A checkpoint format this version does not read.
    Known(&'static str),
    /// Not a checkpoint, and what it is instead, with what to do.
    Foreign {
        /// Code of the finding.
        code: &'static str,
        /// In words.
        what: String,
    },
    /// Nothing known.
    Unknown,
}

/// Decides what `source` is by its first bytes, and by its last ones where those say nothing.
///
/// # Errors
/// I/O errors.
pub fn of_source(source: &dyn ReadAt) -> Result<Container> {
    let head = source.read_vec(0, source.len().min(HEAD as u64))?;
    let found = sniff(&head, source.len());
    // A message and a table may start with the same bytes; the table ends in a magic number of eight.
    let weak = matches!(found, Container::Unknown | Container::Onnx | Container::Msgpack);
    if weak && super::tensorflow::is_index(source) {
        return Ok(Container::TfIndex);
    }
    // HDF5 may begin behind a block of anything.
    let blank = matches!(found, Container::Unknown | Container::Foreign { .. });
    Ok(if blank && super::hdf5::superblock(source).is_some() { Container::Hdf5 } else { found })
}

/// Decides what a file of `len` bytes that starts with `head` is.
pub fn sniff(head: &[u8], len: u64) -> Container {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Container::Zip;
    }
    if is_legacy(head) {
        return Container::TorchLegacy;
    }
    if is_tar(head) {
        return Container::Tar;
    }
    if is_safetensors(head, len) {
        return Container::Safetensors;
    }
    if head.starts_with(b"\x93NUMPY") {
        return Container::Npy;
    }
    if [0, 512].iter().any(|at| head.get(*at..at + 8) == Some(HDF5)) {
        return Container::Hdf5;
    }
    if head.starts_with(b"GGUF") {
        return Container::Gguf;
    }
    if let Some(what) = known(head) {
        return Container::Known(what);
    }
    if let Some((code, what)) = foreign::name(head) {
        return Container::Foreign { code, what };
    }
    match () {
        () if is_pickle(head) => Container::Pickle,
        () if super::msgpack::is_mapping(head) => Container::Msgpack,
        () if super::onnx::is_program(head) => Container::Onnx,
        () => Container::Unknown,
    }
}

fn is_legacy(head: &[u8]) -> bool {
    let body = match head {
        [0x80, _, 0x95, _, _, _, _, _, _, _, _, rest @ ..] | [0x80, _, rest @ ..] => rest,
        rest => rest,
    };
    body.starts_with(&LEGACY_MAGIC) || body.starts_with(LEGACY_TEXT)
}

fn is_tar(head: &[u8]) -> bool {
    let named =
        [&b"storages\0"[..], b"./storages\0", b"tensors\0", b"pickle\0"].iter().any(|n| head.starts_with(n));
    head.get(257..262) == Some(b"ustar") || named && head.len() >= 512
}

fn is_safetensors(head: &[u8], len: u64) -> bool {
    let Some(header) = head.get(..8).and_then(|b| <[u8; 8]>::try_from(b).ok()).map(u64::from_le_bytes) else {
        return false;
    };
    // A header longer than the file is a truncated file if it starts like one.
    head.get(8) == Some(&b'{')
        && header >= 2
        && (header <= len.saturating_sub(8) || is_truncated_header(head, header))
}

fn is_truncated_header(head: &[u8], header: u64) -> bool {
    header <= 100_000_000 && head.get(9).is_some_and(|b| matches!(b, b'"' | b' ' | b'}'))
}

/// Protocol 2–5 says so in its first two bytes. Protocols 0 and 1 do not: a dictionary or list at their
/// start, followed by a mark or memo, is taken for one.
fn is_pickle(head: &[u8]) -> bool {
    match head {
        [0x80, 0..=5, ..] => true,
        [b'(', b'd' | b'l', b'p', b'0'..=b'9', ..] | [b'c', b'a'..=b'z' | b'_', ..] => head.contains(&b'\n'),
        [b'}' | b']', b'q', _, ..] => true,
        _ => false,
    }
}

fn known(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        _ if head.get(4..8) == Some(b"PTMF") => "a TorchScript program for mobile devices (flatbuffer)",
        _ if head.starts_with(b"PYTORCH1") => "a torch archive of the 2018 preview",
        _ => return None,
    })
}

/// The error for a file that is nothing known.
pub fn unknown(source: &dyn ReadAt) -> Error {
    let head = source.read_vec(0, source.len().min(8)).unwrap_or_default();
    let bytes: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
    Error::new(
        ErrorKind::UnknownFormat,
        format!("no known checkpoint format (starts with {})", bytes.join(" ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        let legacy = [&[0x80, 2][..], &LEGACY_MAGIC, b"."].concat();
        let framed = [&[0x80, 4, 0x95, 11, 0, 0, 0, 0, 0, 0, 0][..], &LEGACY_MAGIC].concat();
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let safetensors = [&8_u64.to_le_bytes()[..], b"{\"a\":{}}"].concat();
        for (head, want) in [
            (&b"PK\x03\x04"[..], Container::Zip),
            (&legacy, Container::TorchLegacy),
            (&framed, Container::TorchLegacy),
            (b"L119547037146038801333356L\n.", Container::TorchLegacy),
            (&tar, Container::Tar),
            (&safetensors, Container::Safetensors),
            (b"GGUF\x03\0\0\0", Container::Gguf),
            (&[0x80, 4, 0x95], Container::Pickle),
            (b"(dp0\nS'a'\n", Container::Pickle),
            (b"hello world", Container::Unknown),
        ] {
            assert_eq!(sniff(head, head.len() as u64), want, "{head:02x?}");
        }
    }

    #[test]
    fn files_that_are_something_else_say_so() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 42\n";
        let Container::Foreign { what: text, .. } = sniff(pointer, 64) else { panic!("not recognised") };
        assert!(text.contains("42 bytes") && text.contains("git lfs pull"));
        assert!(matches!(sniff(b"\n<!DOCTYPE html>", 20), Container::Foreign { .. }));
        assert!(matches!(sniff(&[0; 100], 100), Container::Foreign { .. }));
    }
}
