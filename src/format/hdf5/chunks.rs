//! Datasets that do not lie in the file as they are: chunked, compressed, filled. Read band by band of rows.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::{Dataset, Datatype, H5Type, SliceInfo, SliceInfoElem};

use super::guarded;
use super::storage::DECODED;
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;
use crate::tensor::DType;

/// A dataset as the bytes of its elements, row-major. The band that was read last is kept.
pub(super) struct Chunks {
    dataset: Dataset,
    dtype: DType,
    /// Bytes of one row: everything behind the first dimension.
    row: u64,
    rows: u64,
    /// Rows of a band: those of a chunk.
    band: u64,
    kept: Mutex<Option<(u64, Arc<Vec<u8>>)>>,
}

impl Chunks {
    /// The elements of `dataset`, which are of `dtype` and in whole take `len` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a dataset that can only be decoded in whole and is large.
    pub(super) fn new(dataset: Dataset, dtype: DType, len: u64) -> Result<Self> {
        let rows = dataset.shape().first().copied().unwrap_or(1).max(1);
        let row = len / rows;
        let chunk = dataset.chunks().and_then(|sizes| sizes.first().copied()).map_or(rows, u64::from);
        let band = if is_plain(dtype) && dataset.ndim() > 0 { chunk.clamp(1, rows) } else { rows };
        if band.saturating_mul(row) > DECODED as u64 {
            return Err(Error::new(ErrorKind::Unsupported, format!("chunks of more than {DECODED} bytes")));
        }
        Ok(Self { dataset, dtype, row, rows, band, kept: Mutex::default() })
    }

    fn load(&self, band: u64) -> Result<Vec<u8>> {
        let first = band * self.band;
        let end = (first + self.band).min(self.rows);
        if self.band >= self.rows {
            return guarded(|| self.dataset.read_raw_bytes());
        }
        let mut selection = SliceInfo::all(self.dataset.ndim());
        if let Some(dim) = selection.selections.first_mut() {
            *dim = SliceInfoElem::Slice { start: first, end, step: 1 };
        }
        match self.dtype.bytes_for(1) {
            Some(1) => self.slice::<1>(&selection),
            Some(2..=4) => self.slice::<4>(&selection),
            _ => self.slice::<8>(&selection),
        }
    }

    /// Elements of at most `N` bytes, one after the other.
    fn slice<const N: usize>(&self, selection: &SliceInfo) -> Result<Vec<u8>> {
        let array = guarded(|| self.dataset.read_slice::<Raw<N>>(selection))?;
        let size = self.dtype.bytes_for(1).map_or(N, |size| size as usize).min(N);
        Ok(array.iter().flat_map(|element| element.0.into_iter().take(size)).collect())
    }
}

/// An element as its bytes, in the order of the file, which is what [`Dataset::read_raw_bytes`] gives too. The crate's own types
/// would be ten copies of its readers in the program.
#[derive(Clone)]
struct Raw<const N: usize>([u8; N]);

impl<const N: usize> Raw<N> {
    fn of(bytes: &[u8]) -> Self {
        let mut element = [0; N];
        for (to, from) in element.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self(element)
    }
}

impl<const N: usize> H5Type for Raw<N> {
    fn hdf5_type() -> Datatype {
        Datatype::Opaque { size: N as u32, tag: String::new() }
    }

    fn from_bytes(bytes: &[u8], _: &Datatype) -> hdf5_reader::error::Result<Self> {
        Ok(Self::of(bytes))
    }

    fn element_size(dtype: &Datatype) -> usize {
        match dtype {
            Datatype::FixedPoint { size, .. } | Datatype::FloatingPoint { size, .. } => usize::from(*size),
            _ => N,
        }
    }

    fn decode_vec(
        raw: &[u8],
        dtype: &Datatype,
        count: usize,
    ) -> Option<hdf5_reader::error::Result<Vec<Self>>> {
        let elements = raw.chunks_exact(Self::element_size(dtype).max(1)).take(count);
        Some(Ok(elements.map(Self::of).collect()))
    }
}

/// dtypes the crate reads slices of.
fn is_plain(dtype: DType) -> bool {
    use DType as D;
    matches!(
        dtype,
        D::Float64
            | D::Float32
            | D::Int64
            | D::Int32
            | D::Int16
            | D::Int8
            | D::UInt64
            | D::UInt32
            | D::UInt16
            | D::UInt8
    )
}

impl ReadAt for Chunks {
    fn len(&self) -> u64 {
        self.rows.saturating_mul(self.row)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.len() || self.row == 0 {
            return Ok(0);
        }
        let band = offset / self.row / self.band;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match &*kept {
            Some((held, bytes)) if *held == band => bytes.clone(),
            _ => Arc::new(self.load(band).map_err(|e| io::Error::other(e.reason()))?),
        };
        *kept = Some((band, bytes.clone()));
        drop(kept);
        bytes.read_at(buf, offset - band * self.band * self.row)
    }
}
