//! Tensors a repair makes from others: cut, joined, turned, computed.
//!
//! What is only a view of stored elements is streamed. The rest is made in memory, one tensor at a time.

use super::content::{Buffers, Content, convert, no_such_tensor};
use super::encode::encode;
use crate::checkpoint::Checkpoint;
use crate::compare::plan::{How, Recipe};
use crate::elements::decode;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Layout, Numeric, TensorId, TensorMeta, row_major, saturating_product};

/// Bytes made in memory for one tensor at most.
const MOST: u64 = 16 << 30;

/// The tensors a repair starts from.
pub struct Ingredients<'a> {
    /// The checkpoint they are in.
    pub checkpoint: &'a Checkpoint,
    /// In the order recipes count them.
    pub tensors: Vec<TensorId>,
}

/// Elements in memory: row-major, little-endian, in the dtype of the recipe they were made by.
struct Array {
    shape: Vec<u64>,
    bytes: Vec<u8>,
}

impl Ingredients<'_> {
    fn meta(&self, index: usize) -> Result<&TensorMeta> {
        let id = self.tensors.get(index).ok_or_else(no_such_tensor)?;
        self.checkpoint.tree().tensor(*id).ok_or_else(no_such_tensor)
    }

    /// `recipe` as something that can be read piece by piece; `None` if it has to be made in memory.
    pub(super) fn streamed(&self, recipe: &Recipe, dtype: DType) -> Result<Option<Content>> {
        if let Some(meta) = self.view(recipe)? {
            return Content::of_meta(self.checkpoint, &meta, dtype).map(Some);
        }
        match &recipe.how {
            How::Source(index) => Content::of_meta(self.checkpoint, self.meta(*index)?, dtype).map(Some),
            How::Zeros => Ok(Some(Content::Zeros)),
            How::Concatenated { of, axis } if recipe.shape.iter().take(*axis).all(|size| *size == 1) => {
                let mut parts = Vec::with_capacity(of.len());
                for part in of {
                    let Some(content) = self.streamed(part, dtype)? else { return Ok(None) };
                    parts.push((dtype.bytes_for(part.numel()).unwrap_or(u64::MAX), content));
                }
                Ok(Some(Content::Joined(parts)))
            }
            _ => Ok(None),
        }
    }

    /// `recipe` as a view of one stored tensor, where it is one.
    fn view(&self, recipe: &Recipe) -> Result<Option<TensorMeta>> {
        let changed = |meta: TensorMeta, shape: &[u64], stride: &[u64], offset: u64| {
            let mut view = TensorMeta::strided(meta.dtype, shape, stride, meta.storage, offset);
            (view.conj, view.neg) = (meta.conj, meta.neg);
            view
        };
        Ok(match &recipe.how {
            How::Source(index) => {
                let meta = self.meta(*index)?;
                let plain = meta.layout == Layout::Strided && meta.quantizer.is_none();
                plain.then(|| meta.clone())
            }
            How::Permuted { of, order } => self.view(of)?.map(|meta| {
                let pick =
                    |from: &[u64]| order.iter().filter_map(|dim| from.get(*dim).copied()).collect::<Vec<_>>();
                let (shape, stride, offset) = (pick(meta.shape()), pick(meta.stride()), meta.storage_offset);
                changed(meta, &shape, &stride, offset)
            }),
            How::Reshaped(of) => self.view(of)?.filter(TensorMeta::is_contiguous).map(|meta| {
                let offset = meta.storage_offset;
                changed(meta, &recipe.shape, &row_major(&recipe.shape), offset)
            }),
            How::Narrowed { of, axis, start } => self.view(of)?.map(|meta| {
                let step = meta.stride().get(*axis).copied().unwrap_or(0);
                let offset = meta.storage_offset.saturating_add(start.saturating_mul(step));
                let stride = meta.stride().to_vec();
                changed(meta, &recipe.shape, &stride, offset)
            }),
            _ => None,
        })
    }

    /// The elements of `recipe` in `dtype`, row-major and little-endian.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] for more than 16 GiB, and what reading finds.
    pub(super) fn cook(&self, recipe: &Recipe, dtype: DType) -> Result<Vec<u8>> {
        let bytes = self.array(recipe)?.bytes;
        Ok(if recipe.dtype == dtype { bytes } else { convert(&bytes, recipe.dtype, dtype) })
    }

    fn array(&self, recipe: &Recipe) -> Result<Array> {
        let shape = recipe.shape.clone();
        let needs = recipe.dtype.bytes_for(recipe.numel()).filter(|bytes| *bytes <= MOST);
        let needs = needs.ok_or_else(|| {
            Error::new(ErrorKind::Limit, format!("a tensor of {} elements made in memory", recipe.numel()))
        })?;
        let width = element_size(recipe.dtype)?;
        if let Some(content) = self.streamed(recipe, recipe.dtype)? {
            let mut bytes = vec![0; needs as usize];
            content.fill(0, &mut bytes, &mut Buffers::default())?;
            return Ok(Array { shape, bytes });
        }
        let bytes = match &recipe.how {
            How::Permuted { of, order } => permute(&self.array(of)?, order, width),
            How::Reshaped(of) => self.array(of)?.bytes,
            How::Narrowed { of, axis, start } => {
                narrow(&self.array(of)?, *axis, *start, shape.get(*axis).copied().unwrap_or(0), width)
            }
            How::Concatenated { of, axis } => {
                let parts: Vec<Array> = of.iter().map(|part| self.array(part)).collect::<Result<_>>()?;
                concatenate(&parts, *axis, width)
            }
            How::WeightNorm { g, v } => self.weight_norm(recipe, g, v)?,
            How::Norms(of) => {
                let norms = norms(&self.numbers(of)?, &of.shape, &shape);
                numbers_as(recipe.dtype, &norms, width)
            }
            How::LowRank { base, a, b, scaling } => self.low_rank(recipe, [base, a, b], *scaling)?,
            _ => return Err(Error::new(ErrorKind::Unsupported, "a repair this version cannot write")),
        };
        Ok(Array { shape, bytes })
    }

    /// The elements of a real tensor as numbers.
    fn numbers(&self, recipe: &Recipe) -> Result<Vec<f64>> {
        if !matches!(recipe.dtype.numeric(), Numeric::Float | Numeric::Integer | Numeric::Bool) {
            let text = format!("a repair computes with {} elements", recipe.dtype);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let array = self.array(recipe)?;
        let mut numbers = vec![0.0; saturating_product(&array.shape) as usize];
        decode(recipe.dtype, false, &array.bytes, &mut numbers);
        Ok(numbers)
    }

    /// `g * v / ‖v‖`, in float64.
    fn weight_norm(&self, recipe: &Recipe, g: &Recipe, v: &Recipe) -> Result<Vec<u8>> {
        let (magnitudes, mut out) = (self.numbers(g)?, self.numbers(v)?);
        let norms = norms(&out, &v.shape, &g.shape);
        let place = Places::of(&v.shape, &g.shape);
        for (at, x) in out.iter_mut().enumerate() {
            let to = place.of_element(at as u64);
            if let (Some(g), Some(norm)) = (magnitudes.get(to), norms.get(to)) {
                *x *= g / norm;
            }
        }
        Ok(numbers_as(recipe.dtype, &out, element_size(recipe.dtype)?))
    }

    /// `base + scaling * b @ a`, in float64.
    fn low_rank(&self, recipe: &Recipe, [base, a, b]: [&Recipe; 3], scaling: f64) -> Result<Vec<u8>> {
        let (mut out, left, right) = (self.numbers(base)?, self.numbers(b)?, self.numbers(a)?);
        let ([_, columns], [rank, _]) = (&*base.shape, &*a.shape) else {
            return Err(Error::new(ErrorKind::Unsupported, "a low-rank adapter of other than matrices"));
        };
        let (columns, rank) = ((*columns as usize).max(1), (*rank as usize).max(1));
        for (row, factors) in out.chunks_mut(columns).zip(left.chunks(rank)) {
            for (factor, direction) in factors.iter().zip(right.chunks(columns)) {
                for (x, d) in row.iter_mut().zip(direction) {
                    *x += scaling * factor * d;
                }
            }
        }
        Ok(numbers_as(recipe.dtype, &out, element_size(recipe.dtype)?))
    }
}

fn element_size(dtype: DType) -> Result<usize> {
    let bits = dtype.bits() as usize;
    if bits == 0 || !bits.is_multiple_of(8) {
        let text = format!("{dtype} elements cannot be taken apart");
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(bits / 8)
}

fn numbers_as(dtype: DType, numbers: &[f64], width: usize) -> Vec<u8> {
    let mut bytes = vec![0; numbers.len() * width];
    encode(dtype, numbers, &mut bytes);
    bytes
}

/// Elements before, along and behind a dimension.
fn around(shape: &[u64], axis: usize) -> (usize, usize, usize) {
    let product = |sizes: Option<&[u64]>| saturating_product(sizes.unwrap_or_default()) as usize;
    let along = shape.get(axis).copied().unwrap_or(1) as usize;
    (product(shape.get(..axis)), along, product(shape.get(axis + 1..)))
}

fn narrow(of: &Array, axis: usize, start: u64, len: u64, width: usize) -> Vec<u8> {
    let (_, along, behind) = around(&of.shape, axis);
    let row = behind * width;
    let (from, to) = (start as usize * row, (start + len) as usize * row);
    let blocks = of.bytes.chunks_exact((along * row).max(1));
    blocks.flat_map(|block| block.get(from..to).unwrap_or_default()).copied().collect()
}

fn concatenate(parts: &[Array], axis: usize, width: usize) -> Vec<u8> {
    let before = parts.first().map_or(0, |part| around(&part.shape, axis).0);
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
    for block in 0..before {
        for part in parts {
            let (_, along, behind) = around(&part.shape, axis);
            let len = along * behind * width;
            out.extend_from_slice(part.bytes.get(block * len..(block + 1) * len).unwrap_or_default());
        }
    }
    out
}

fn permute(of: &Array, order: &[usize], width: usize) -> Vec<u8> {
    let stride = row_major(&of.shape);
    let pick = |from: &[u64]| order.iter().filter_map(|dim| from.get(*dim).copied()).collect::<Vec<u64>>();
    let (shape, stride) = (pick(&of.shape), pick(&stride));
    let mut out = Vec::with_capacity(of.bytes.len());
    let mut index = vec![0_u64; shape.len()];
    for _ in 0..saturating_product(&shape) {
        let from = index.iter().zip(&stride).map(|(i, step)| i * step).sum::<u64>() as usize * width;
        out.extend_from_slice(of.bytes.get(from..from + width).unwrap_or_default());
        for (i, size) in index.iter_mut().zip(&shape).rev() {
            *i += 1;
            if *i < *size {
                break;
            }
            *i = 0;
        }
    }
    out
}

/// Where in a smaller tensor, some of whose sizes are 1, each element of a larger one belongs.
struct Places {
    /// Size and stride in the larger one, and stride in the smaller.
    dims: Vec<(u64, u64, u64)>,
}

impl Places {
    fn of(large: &[u64], small: &[u64]) -> Self {
        let (rows, cells) = (row_major(large), row_major(small));
        let dims = large.iter().zip(rows).enumerate();
        let dims = dims.map(|(dim, (size, row))| {
            let kept = small.get(dim).is_some_and(|s| *s != 1);
            (*size, row, if kept { cells.get(dim).copied().unwrap_or(0) } else { 0 })
        });
        Self { dims: dims.collect() }
    }

    fn of_element(&self, at: u64) -> usize {
        self.dims.iter().map(|(size, row, cell)| at / (*row).max(1) % (*size).max(1) * cell).sum::<u64>()
            as usize
    }
}

/// Norms over the dimensions in which `small` has size 1.
fn norms(numbers: &[f64], large: &[u64], small: &[u64]) -> Vec<f64> {
    let mut sums = vec![0.0; saturating_product(small) as usize];
    let places = Places::of(large, small);
    for (at, x) in numbers.iter().enumerate() {
        if let Some(sum) = sums.get_mut(places.of_element(at as u64)) {
            *sum += x * x;
        }
    }
    sums.into_iter().map(f64::sqrt).collect()
}
