//! Deflated bytes, inflated as they are asked for: nothing is allocated from a size in the file.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use flate2::read::DeflateDecoder;

use super::ReadAt;

/// Inflates `len` bytes of `source` at `offset` as a stream.
pub fn inflate(source: &dyn ReadAt, offset: u64, len: u64) -> impl Read {
    DeflateDecoder::new(Cursor { source, at: offset, end: offset.saturating_add(len) })
}

struct Cursor<S> {
    source: S,
    at: u64,
    end: u64,
}

impl<S: ReadAt> Read for Cursor<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..left).filter(|part| !part.is_empty()) else { return Ok(0) };
        let n = self.source.read_at(part, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// A deflated member as a source. Reads that go forward go on where the last one ended; one that goes back
/// begins again at the start, so whoever reads much of it reads in order.
pub struct InflateSource {
    inner: Arc<dyn ReadAt>,
    offset: u64,
    stored: u64,
    len: u64,
    stream: Mutex<Option<Stream>>,
}

struct Stream {
    decoder: DeflateDecoder<Cursor<Arc<dyn ReadAt>>>,
    at: u64,
}

impl InflateSource {
    /// The `stored` bytes of `inner` at `offset`, which inflate to `len` bytes; what goes beyond is not read.
    pub fn new(inner: Arc<dyn ReadAt>, offset: u64, stored: u64, len: u64) -> Self {
        Self { inner, offset, stored, len, stream: Mutex::new(None) }
    }

    fn begin(&self) -> Stream {
        let end = self.offset.saturating_add(self.stored);
        let cursor = Cursor { source: Arc::clone(&self.inner), at: self.offset, end };
        Stream { decoder: DeflateDecoder::new(cursor), at: 0 }
    }
}

impl ReadAt for InflateSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..left).filter(|part| !part.is_empty()) else { return Ok(0) };
        let mut slot = self.stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Taken out while it is used: after an error the next read begins anew.
        let mut stream = slot.take().filter(|s| s.at <= offset).unwrap_or_else(|| self.begin());
        let skip = offset - stream.at;
        stream.at += io::copy(&mut Read::take(&mut stream.decoder, skip), &mut io::sink())?;
        if stream.at < offset {
            return Ok(0);
        }
        let n = stream.decoder.read(part)?;
        stream.at += n as u64;
        *slot = Some(stream);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn reads_in_any_order_give_the_inflated_bytes() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let mut encoder = flate2::write::DeflateEncoder::new(b"head".to_vec(), flate2::Compression::fast());
        encoder.write_all(&plain).unwrap();
        let file = encoder.finish().unwrap();
        let stored = file.len() as u64 - 4;
        let source = InflateSource::new(Arc::new(file), 4, stored, plain.len() as u64);
        for (offset, len) in [(0, 10), (10, 5_000), (399_990, 10), (7, 100_000), (200_000, 3)] {
            assert_eq!(source.read_vec(offset as u64, len as u64).unwrap(), plain[offset..offset + len]);
        }
        assert!(source.read_vec(399_999, 2).is_err());
    }
}
