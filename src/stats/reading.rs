//! How the elements of one tensor are read for its statistics: the fastest way that gives them all.

use std::sync::atomic::{AtomicU64, Ordering};

use super::counts::Cell;
use super::kernel::Tally;
use super::moments::Moments;
use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Run};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Layout, Numeric, Place, Quantizer, TensorMeta, saturating_product};

/// Tensors of at most so many numbers are sorted: exact for any dtype, and faster than a sketch.
const FEW: u64 = 4_096;
/// Bytes of one unit of work, which one thread does.
const UNIT: u64 = 4 << 20;
/// Rows looked after at most,
const ROWS: u64 = 1 << 20;
/// and elements of a row at least: of shorter ones, all zeros say little.
const ROW: u64 = 16;

/// How to get at the numbers.
pub(super) enum Way {
    /// All at once: few enough to be sorted.
    Few,
    /// Elements of one or two bytes, counted by their codes.
    Codes(Run),
    /// Float32 in one piece.
    Float32(Run),
    /// Anything else: as numbers, block by block.
    Numbers,
}

/// One tensor, ready to be read.
pub(super) struct Reading {
    pub(super) elements: Elements,
    /// How many elements of the tensor each number read stands for (expanded views).
    pub(super) times: u64,
    /// Zeros a sparse tensor does not store.
    pub(super) unstored: u64,
    pub(super) way: Way,
    /// Numbers in a unit, and how many units there are.
    pub(super) unit: u64,
    pub(super) units: u64,
    pub(super) rows: Option<Rows>,
}

impl Reading {
    pub(super) fn open(checkpoint: &Checkpoint, meta: &TensorMeta) -> Result<Self> {
        let (stored, unstored) = stored_part(checkpoint, meta)?;
        let elements = Elements::open(checkpoint, stored)?;
        let rows = Rows::of(stored);
        let (elements, times) = elements.in_storage_order();
        let len = elements.len();
        let way = if len <= FEW { Way::Few } else { way(&elements) };
        let width = u64::from(elements.dtype().bits()).div_ceil(8).max(1);
        let whole = matches!(way, Way::Few) || is_deflated(checkpoint, stored);
        // A multiple of what packed dtypes keep in one piece.
        let unit = if whole { len.max(1) } else { (UNIT / width).next_multiple_of(1 << 12) };
        Ok(Self { times, unstored, way, unit, units: len.div_ceil(unit).max(1), rows, elements })
    }

    /// The numbers of a unit.
    pub(super) fn range(&self, unit: u64) -> std::ops::Range<u64> {
        let start = unit * self.unit;
        start..(start + self.unit).min(self.elements.len())
    }

    /// Accounts for elements that were not read: those an expanded view repeats, and a sparse tensor's zeros.
    pub(super) fn complete(&self, tally: &mut Tally, cells: &mut Vec<Cell>) {
        if self.times != 1 {
            tally.moments = tally.moments.repeated(self.times);
            for count in [&mut tally.zeros, &mut tally.nan, &mut tally.inf] {
                *count = count.saturating_mul(self.times);
            }
            for cell in cells.iter_mut() {
                cell.count = cell.count.saturating_mul(self.times);
            }
        }
        if self.unstored > 0 {
            tally.zeros = tally.zeros.saturating_add(self.unstored);
            tally.moments.merge(&Moments::constant(0.0, self.unstored));
            let at = cells.partition_point(|cell| cell.high < 0.0);
            cells.insert(at, Cell { low: 0.0, high: 0.0, count: self.unstored });
        }
    }

    /// True when a prefix (see [`super::counts`]) stands for one number only.
    pub(super) fn prefix_is_exact(&self) -> bool {
        let dtype = self.elements.dtype();
        let plain = matches!(dtype.numeric(), Numeric::Float | Numeric::Integer | Numeric::Bool);
        plain && (dtype.bits() <= 8 || dtype == DType::BFloat16)
    }
}

fn way(elements: &Elements) -> Way {
    let dtype = elements.dtype();
    match (elements.stored_run(), dtype.bits(), dtype.numeric()) {
        (Some(run), 8 | 16, _) if !is_packed(dtype) => Way::Codes(run),
        (Some(run), 32, Numeric::Float) if elements.run().is_some() => Way::Float32(run),
        _ => Way::Numbers,
    }
}

/// True when several numbers share bytes: there is no code of one.
fn is_packed(dtype: DType) -> bool {
    dtype == DType::Float4E2m1fnX2 || matches!(dtype, DType::Ggml(_))
}

/// The tensor whose elements are those of `meta`, and how many zeros it leaves out. Of sparse tensors the values
/// are counted, of nested ones the buffer, of a wrapper its one inner tensor.
fn stored_part<'a>(checkpoint: &'a Checkpoint, meta: &'a TensorMeta) -> Result<(&'a TensorMeta, u64)> {
    let part = |name: &str| {
        let id = meta.parts.iter().find(|(part, _)| &**part == name).map(|(_, id)| *id);
        id.and_then(|id| checkpoint.tree().tensor(id)).filter(|part| part.layout == Layout::Strided)
    };
    let found = match meta.layout {
        Layout::Strided => return Ok((meta, 0)),
        Layout::SparseCoo | Layout::SparseCsr | Layout::SparseCsc | Layout::SparseBsr | Layout::SparseBsc => {
            part("values").map(|values| (values, meta.numel().saturating_sub(values.numel())))
        }
        Layout::Nested => part("buffer").map(|buffer| (buffer, 0)),
        Layout::Jagged => part("values").or_else(|| part("_values")).map(|values| (values, 0)),
        Layout::Wrapper => match meta.parts.as_slice() {
            [(name, _)] => part(name).map(|inner| (inner, 0)),
            _ => part("_local_tensor").map(|inner| (inner, 0)),
        },
        Layout::Lazy => None,
    };
    found.ok_or_else(|| {
        let text = format!("a {} tensor has no elements of its own; its parts do", meta.layout.name());
        Error::new(ErrorKind::Unsupported, text)
    })
}

/// Bytes read for the statistics of a tensor, as far as they can be told before it is opened.
pub(super) fn stored_bytes(checkpoint: &Checkpoint, meta: &TensorMeta) -> u64 {
    let Ok((stored, _)) = stored_part(checkpoint, meta) else { return 0 };
    let ordered = matches!(stored.quantizer.as_deref(), Some(Quantizer::PerChannel { .. }));
    let repeated = |stride: &u64| *stride == 0 && !ordered;
    let dims = stored.shape().iter().zip(stored.stride());
    let sizes: Vec<u64> =
        dims.map(|(size, stride)| if repeated(stride) { (*size).min(1) } else { *size }).collect();
    stored.dtype.bytes_for(saturating_product(&sizes)).unwrap_or(u64::MAX)
}

/// Deflated bytes are read from front to back, by one thread.
fn is_deflated(checkpoint: &Checkpoint, meta: &TensorMeta) -> bool {
    let storage = meta.storage.and_then(|id| checkpoint.tree().storage(id));
    storage.is_some_and(|s| matches!(s.place, Place::ZipMember { deflated: true, .. }))
}

/// Which rows (indices of the first dimension) of a weight have an element that is not 0.
pub(super) struct Rows {
    len: u64,
    count: u64,
    alive: Vec<AtomicU64>,
}

impl Rows {
    fn of(meta: &TensorMeta) -> Option<Self> {
        let (count, len) = match meta.shape() {
            [first, rest @ ..] if !rest.is_empty() => (*first, meta.numel().checked_div(*first)?),
            _ => return None,
        };
        let plain = matches!(meta.dtype.numeric(), Numeric::Float | Numeric::Integer);
        let whole = meta.dtype.bits().is_multiple_of(8) && meta.dtype != DType::Float4E2m1fnX2;
        let wanted = (2..=ROWS).contains(&count) && len >= ROW;
        if !(plain && whole && wanted && meta.is_contiguous()) {
            return None;
        }
        Some(Self { len, count, alive: (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect() })
    }

    /// Looks at consecutive elements from number `start` on; `is_zero` says whether a piece of them is all 0.
    pub(super) fn look(&self, start: u64, bytes: &[u8], width: usize, is_zero: impl Fn(&[u8]) -> bool) {
        let (mut at, mut rest) = (start, bytes);
        while !rest.is_empty() {
            let row = at / self.len;
            let left = ((row + 1) * self.len - at).saturating_mul(width as u64);
            let (piece, next) = rest.split_at(rest.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            if !is_zero(piece)
                && let Some(word) = self.alive.get((row / 64) as usize)
            {
                word.fetch_or(1 << (row % 64), Ordering::Relaxed);
            }
            at += (piece.len() / width.max(1)) as u64;
            rest = next;
        }
    }

    /// Rows of nothing but zeros, and rows in all.
    pub(super) fn dead(&self) -> (u64, u64) {
        let alive: u64 = self.alive.iter().map(|w| u64::from(w.load(Ordering::Relaxed).count_ones())).sum();
        (self.count - alive.min(self.count), self.count)
    }
}

/// True when little-endian elements are all 0: of floats, but for their sign.
pub(super) fn all_zero(dtype: DType) -> fn(&[u8]) -> bool {
    match (dtype.numeric(), dtype.bits()) {
        (Numeric::Float, 32) => |b| b.as_chunks::<4>().0.iter().all(|x| u32::from_le_bytes(*x) << 1 == 0),
        (Numeric::Float, 16) => |b| b.as_chunks::<2>().0.iter().all(|x| u16::from_le_bytes(*x) << 1 == 0),
        (Numeric::Float, 64) => |b| b.as_chunks::<8>().0.iter().all(|x| u64::from_le_bytes(*x) << 1 == 0),
        _ => |b| b.iter().all(|x| *x == 0),
    }
}
