//! Datasets that do not lie in the file as they are: chunked, compressed, filled. Read band by band of rows.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::{Dataset, SliceInfo, SliceInfoElem};

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
        macro_rules! read {
            ($type:ty) => {{
                let array = guarded(|| self.dataset.read_slice::<$type>(&selection))?;
                Ok(array.iter().flat_map(|x| self.bytes(x.to_le_bytes())).collect())
            }};
        }
        match self.dtype {
            DType::Float64 => read!(f64),
            DType::Float32 => read!(f32),
            DType::Int64 => read!(i64),
            DType::Int32 => read!(i32),
            DType::Int16 => read!(i16),
            DType::Int8 => read!(i8),
            DType::UInt64 => read!(u64),
            DType::UInt32 => read!(u32),
            DType::UInt16 => read!(u16),
            _ => read!(u8),
        }
    }

    /// The byte order of the file, which is what [`Dataset::read_raw_bytes`] gives too.
    fn bytes<const N: usize>(&self, mut little: [u8; N]) -> [u8; N] {
        if super::datatype::dtype(self.dataset.dtype()).1 {
            little.reverse();
        }
        little
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
