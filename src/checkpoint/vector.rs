//! Elements of short 1-D tensors: loss histories are sometimes saved as such.

use super::Checkpoint;
use super::scalar::{Scalar, decode};
use crate::tensor::{Layout, Numeric, TensorId};

/// Elements read at most.
const MOST: u64 = 65_536;

impl Checkpoint {
    /// The elements of a contiguous 1-D tensor of plain numbers; `None` for other tensors, for more than
    /// 65,536 elements, and when the bytes cannot be read.
    pub fn vector(&self, id: TensorId) -> Option<Vec<f64>> {
        let meta = self.tree().tensor(id)?;
        let storage = self.tree().storage(meta.storage?)?;
        let plain = meta.layout == Layout::Strided && !meta.neg && !meta.conj && meta.is_contiguous();
        let number = matches!(meta.dtype.numeric(), Numeric::Float | Numeric::Integer);
        let (&[len], width) = (meta.shape(), (meta.dtype.bits() / 8) as usize) else { return None };
        if !plain || !number || !(1..=MOST).contains(&len) || !(1..=8).contains(&width) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(len).ok()? * width];
        let offset = meta.storage_offset.checked_mul(width as u64)?;
        self.read_storage(storage, offset, &mut bytes).ok()?;
        let one = |element: &[u8]| {
            let mut wide = [0_u8; 8];
            wide.get_mut(..width)?.copy_from_slice(element);
            if storage.big_endian {
                wide.get_mut(..width)?.reverse();
            }
            decode(meta.dtype, wide).map(Scalar::number)
        };
        bytes.chunks_exact(width).map(one).collect()
    }
}
