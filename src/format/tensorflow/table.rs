//! The sorted table of `LevelDB` that an index is: blocks of keys, each written as what differs from the last.

use crate::error::{Error, ErrorKind, Result};
use crate::format::cursor::Cursor;
use crate::format::protobuf::varint;
use crate::source::ReadAt;

const MAGIC: [u8; 8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB];
const FOOTER: u64 = 48;
/// Bytes behind a block: how it is compressed, and its checksum.
const TRAILER: u64 = 5;
/// Rows of one table.
const ROWS: usize = 4_000_000;

/// Keys and values, in their order.
pub(super) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// True for a file that ends like a table.
pub(super) fn is_table(source: &dyn ReadAt) -> bool {
    let len = source.len();
    len >= FOOTER && source.read_vec(len - 8, 8).is_ok_and(|tail| tail == MAGIC)
}

/// Reads every row.
///
/// # Errors
/// [`ErrorKind::Header`] for a malformed table, [`ErrorKind::Unsupported`] for a compressed one.
pub(super) fn read(source: &dyn ReadAt) -> Result<Rows> {
    let footer = source.len().saturating_sub(FOOTER);
    let mut cursor = Cursor::new(source, footer, source.len());
    handle(&mut cursor)?;
    let index = handle(&mut cursor)?;
    let mut rows = Rows::new();
    let mut blocks = Rows::new();
    block(source, index, &mut blocks)?;
    // Blocks that lie on each other would make a small file a large table.
    let mut left = source.len();
    for (_, value) in &blocks {
        let (at, len) = handle(&mut Cursor::new(value, 0, u64::MAX))?;
        left = left.checked_sub(len).ok_or_else(|| malformed("its blocks overlap", at))?;
        block(source, (at, len), &mut rows)?;
    }
    Ok(rows)
}

fn malformed(what: &str, at: u64) -> Error {
    Error::new(ErrorKind::Header, format!("malformed TensorFlow index: {what}")).at(at)
}

fn handle(cursor: &mut Cursor<'_>) -> Result<(u64, u64)> {
    Ok((varint(cursor)?, varint(cursor)?))
}

fn block(source: &dyn ReadAt, (at, len): (u64, u64), rows: &mut Rows) -> Result<()> {
    let bytes =
        source.read_vec(at, len.checked_add(TRAILER).ok_or_else(|| malformed("a block is too long", at))?)?;
    let (body, trailer) = bytes.split_at(len as usize);
    match trailer.first() {
        Some(0) => {}
        Some(1) => {
            return Err(
                Error::new(ErrorKind::Unsupported, "a TensorFlow index compressed with snappy").at(at)
            );
        }
        _ => return Err(malformed("a block of unknown compression", at)),
    }
    // The places keys start anew at, and how many those are.
    let count = body.last_chunk::<4>().map(|b| u64::from(u32::from_le_bytes(*b)));
    let restarts = count.and_then(|n| n.checked_mul(4)?.checked_add(4));
    let end =
        restarts.and_then(|n| len.checked_sub(n)).ok_or_else(|| malformed("a block without an end", at))?;
    let body = body.get(..end as usize).unwrap_or_default();
    let mut cursor = Cursor::new(&body, 0, end);
    let mut key: Vec<u8> = Vec::new();
    while cursor.left() > 0 {
        let (shared, own, value) = (varint(&mut cursor)?, varint(&mut cursor)?, varint(&mut cursor)?);
        if shared > key.len() as u64 {
            return Err(malformed("a key shares more than there is", at));
        }
        key.truncate(shared as usize);
        key.extend_from_slice(cursor.take(own)?);
        let value = cursor.take(value)?.to_vec();
        if rows.len() >= ROWS {
            return Err(Error::new(ErrorKind::Limit, format!("a TensorFlow index of more than {ROWS} rows")));
        }
        rows.push((key.clone(), value));
    }
    Ok(())
}
