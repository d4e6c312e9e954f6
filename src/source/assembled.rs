//! Bytes put together from pieces of other sources, without copying them first: the flat groups of ZeRO one
//! behind the other, the chunks of a distributed tensor side by side.
//!
//! All of them are as positioned and bounded as a file: a read touches only the pieces it needs, and takes
//! at most a few MiB of memory.

use std::io;
use std::sync::{Arc, OnceLock};

use super::ReadAt;
use crate::error::Result;

/// Most bytes one read of [`Tiles`] works on; a longer one comes back short, and is continued.
const BLOCK: usize = 4 << 20;

/// Other sources, one behind the other.
pub struct Concat {
    pieces: Vec<Arc<dyn ReadAt>>,
    /// Where each piece ends.
    ends: Vec<u64>,
}

impl Concat {
    /// `pieces` in this order.
    pub fn new(pieces: Vec<Arc<dyn ReadAt>>) -> Self {
        let mut end = 0_u64;
        let ends = pieces.iter().map(|piece| {
            end = end.saturating_add(piece.len());
            end
        });
        Self { ends: ends.collect(), pieces }
    }
}

impl ReadAt for Concat {
    fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let at = self.ends.partition_point(|end| *end <= offset);
        let (Some(piece), Some(end)) = (self.pieces.get(at), self.ends.get(at)) else { return Ok(0) };
        let start = end - piece.len();
        let n = usize::try_from(end - offset).unwrap_or(usize::MAX).min(buf.len());
        buf.get_mut(..n).map_or(Ok(0), |part| piece.read_at(part, offset - start))
    }
}

/// Finds out where its bytes are when they are first asked for.
pub struct Lazy {
    len: u64,
    found: OnceLock<Result<Arc<dyn ReadAt>, String>>,
    find: Box<dyn Fn() -> Result<Arc<dyn ReadAt>> + Send + Sync>,
}

impl Lazy {
    /// `len` bytes that `find` locates; a source of another length is an error.
    pub fn new(len: u64, find: impl Fn() -> Result<Arc<dyn ReadAt>> + Send + Sync + 'static) -> Self {
        Self { len, found: OnceLock::new(), find: Box::new(find) }
    }

    fn source(&self) -> io::Result<&Arc<dyn ReadAt>> {
        let found = self.found.get_or_init(|| {
            let source = (self.find)().map_err(|e| e.to_string())?;
            let held = source.len();
            let text = || format!("needs {} bytes, and {held} are there", self.len);
            if held == self.len { Ok(source) } else { Err(text()) }
        });
        found.as_ref().map_err(|reason| io::Error::other(reason.clone()))
    }
}

impl ReadAt for Lazy {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.source()?.read_at(buf, offset)
    }
}

/// A rectangular part of an array, row-major in a source of its own.
pub struct Tile {
    /// First index along each dimension.
    pub offsets: Vec<u64>,
    /// Indices along each dimension.
    pub sizes: Vec<u64>,
    /// Its elements, row-major.
    pub source: Arc<dyn ReadAt>,
}

/// An array of any number of dimensions made of rectangular parts, read as if it were one row-major run.
///
/// Whatever interval of the whole is read, what a tile has of it is one interval of the tile too, as both
/// are in lexicographic order: so each read costs one read of each tile it meets, however narrow columns are.
pub struct Tiles {
    shape: Vec<u64>,
    tiles: Vec<Tile>,
}

impl Tiles {
    /// An array of `shape` with elements of `width` bytes; `tiles` should cover it once.
    pub fn new(shape: &[u64], width: u64, tiles: Vec<Tile>) -> Self {
        // Bytes of an element are one dimension more: no read needs to be aligned.
        let shape = shape.iter().copied().chain([width]).collect();
        let tiles = tiles.into_iter().map(|mut tile| {
            tile.offsets.push(0);
            tile.sizes.push(width);
            tile
        });
        Self { shape, tiles: tiles.collect() }
    }

    fn index(&self, mut at: u64) -> Vec<u64> {
        let mut index = vec![0; self.shape.len()];
        for (slot, size) in index.iter_mut().zip(&self.shape).rev() {
            *slot = at % size.max(&1);
            at /= size.max(&1);
        }
        index
    }
}

impl Tile {
    /// Bytes of the tile that lie before the index `before` of the whole.
    fn bytes_before(&self, before: &[u64]) -> u64 {
        let mut inner: u64 = self.sizes.iter().product();
        let mut count = 0;
        for ((at, offset), size) in before.iter().zip(&self.offsets).zip(&self.sizes) {
            inner /= size.max(&1);
            if at < offset {
                return count;
            }
            if at - offset >= *size {
                return count + size * inner;
            }
            count += (at - offset) * inner;
        }
        count
    }

    /// Where byte `at` of the tile lies in an array of `shape`, and how many bytes follow it there.
    fn run(&self, shape: &[u64], mut at: u64) -> (u64, u64) {
        let (mut position, mut run, mut stride, mut whole) = (0, 0, 1, true);
        for ((size, offset), full) in self.sizes.iter().zip(&self.offsets).zip(shape).rev() {
            let index = at % size.max(&1);
            at /= size.max(&1);
            position += (offset + index) * stride;
            if whole {
                // As long as the dimensions inside are covered whole, rows follow each other.
                run = (size - index) * stride - if run == 0 { 0 } else { stride - run };
                whole = size == full;
            }
            stride *= full;
        }
        (position, run)
    }

    /// Puts what the tile has of the bytes from `start` on into `buf`. `first` and `last` are the indices
    /// where `buf` begins and ends.
    fn put(&self, shape: &[u64], buf: &mut [u8], start: u64, first: &[u64], last: &[u64]) -> io::Result<()> {
        let (mut at, end) = (self.bytes_before(first), self.bytes_before(last));
        if at >= end {
            return Ok(());
        }
        let slot = |position: u64, len: u64| {
            let from = usize::try_from(position.checked_sub(start)?).ok()?;
            Some(from..from.checked_add(usize::try_from(len).ok()?)?)
        };
        let (position, run) = self.run(shape, at);
        if run >= end - at {
            let part = slot(position, end - at).and_then(|range| buf.get_mut(range));
            return part.map_or(Ok(()), |part| read_exact(&*self.source, part, at));
        }
        let mut block = vec![0; usize::try_from(end - at).unwrap_or(0)];
        read_exact(&*self.source, &mut block, at)?;
        let mut rest = block.as_slice();
        while at < end {
            let (position, run) = self.run(shape, at);
            let run = run.min(end - at).max(1);
            let (row, behind) = rest.split_at(usize::try_from(run).unwrap_or(0).min(rest.len()));
            if let Some(part) = slot(position, row.len() as u64).and_then(|range| buf.get_mut(range)) {
                part.copy_from_slice(row);
            }
            rest = behind;
            at += run;
        }
        Ok(())
    }
}

/// As [`ReadAt::read_exact_at`], in the terms of the trait itself.
fn read_exact(source: &dyn ReadAt, buf: &mut [u8], offset: u64) -> io::Result<()> {
    source.read_exact_at(buf, offset).map_err(|e| io::Error::other(e.reason()))
}

impl ReadAt for Tiles {
    fn len(&self) -> u64 {
        crate::tensor::saturating_product(&self.shape)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = left.min(buf.len()).min(BLOCK);
        let Some(buf) = buf.get_mut(..n).filter(|part| !part.is_empty()) else { return Ok(0) };
        let first = self.index(offset);
        // One past the end: the index behind the last byte, or one no tile reaches.
        let end = offset + n as u64;
        let last = if end == self.len() { self.shape.clone() } else { self.index(end) };
        for tile in &self.tiles {
            tile.put(&self.shape, buf, offset, &first, &last)?;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
