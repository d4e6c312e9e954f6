//! Where the elements of a strided tensor lie, and in which pieces to read them.
//!
//! A range of elements in row-major order is cut into boxes; a box is read as one span of the storage if that
//! is short or mostly wanted, and halved along its longest step otherwise. A transposed matrix is so read in
//! long runs of its storage, whatever the order its elements are asked for in.

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, TensorMeta, saturating_product};

/// Numbers read at once at most: as `f64` they fit into the cache of one core.
const SPAN: u64 = 1 << 17;
/// A span so short is read whole, however little of it is wanted.
const SHORT: u64 = 1 << 10;
/// Longer ones are when at least one number in so many is.
const SPARSE: u64 = 16;

/// One dimension: how many, and how far from one to the next in the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dim {
    size: u64,
    stride: u64,
}

/// Shape, strides and start of a tensor, in numbers, dimensions that lie as one merged into one.
#[derive(Debug, Clone)]
pub(super) struct View {
    dims: Vec<Dim>,
    offset: u64,
    end: u64,
}

/// One dimension of a box: its step in the storage and in what is filled.
#[derive(Debug, Clone, Copy)]
struct Edge {
    size: u64,
    stride: u64,
    out: u64,
}

/// Where the numbers of a span go.
pub(super) struct Place<'a> {
    edges: &'a [Edge],
    at: u64,
    span: u64,
}

impl View {
    /// The view of a strided tensor.
    pub(super) fn of(meta: &TensorMeta) -> Result<Self> {
        let mut dims: Vec<Dim> = Vec::with_capacity(meta.shape().len() + 1);
        dims.extend(meta.shape().iter().zip(meta.stride()).map(|(&size, &stride)| Dim { size, stride }));
        let mut offset = meta.storage_offset;
        let (_, mut end) = match meta.element_span() {
            Some(span) => span,
            None if meta.numel() == 0 => (0, 0),
            None => return Err(beyond()),
        };
        if meta.dtype == DType::Float4E2m1fnX2 {
            // torch counts the bytes, each of which holds two numbers.
            for dim in &mut dims {
                dim.stride = dim.stride.checked_mul(2).ok_or_else(beyond)?;
            }
            offset = offset.checked_mul(2).ok_or_else(beyond)?;
            end = end.checked_mul(2).ok_or_else(beyond)?;
            dims.push(Dim { size: 2, stride: 1 });
        }
        let mut view = Self { dims, offset, end };
        view.merge();
        Ok(view)
    }

    /// Drops dimensions of one, and merges those that lie as one.
    fn merge(&mut self) {
        let mut merged: Vec<Dim> = Vec::with_capacity(self.dims.len());
        for dim in self.dims.iter().filter(|dim| dim.size != 1) {
            match merged.last_mut() {
                Some(last) if dim.size.checked_mul(dim.stride) == Some(last.stride) => {
                    *last = Dim { size: last.size.saturating_mul(dim.size), stride: dim.stride };
                }
                _ => merged.push(*dim),
            }
        }
        self.dims = merged;
    }

    /// Numbers in it, saturating.
    pub(super) fn len(&self) -> u64 {
        saturating_product(&self.dims.iter().map(|d| d.size).collect::<Vec<_>>())
    }

    /// Numbers of the storage it reaches over, from the storage's first.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The first number, if all lie row-major in one piece.
    pub(super) fn contiguous_from(&self) -> Option<u64> {
        match self.dims.as_slice() {
            [] | [Dim { stride: 1, .. }] => Some(self.offset),
            _ => None,
        }
    }

    /// The same counted in units of `n` numbers, which are never taken apart: `None` if it cuts through one.
    pub(super) fn in_units(&self, n: u64) -> Option<Self> {
        let (last, outer) = self.dims.split_last()?;
        let whole = |x: u64| x.is_multiple_of(n).then(|| x / n);
        let mut dims: Vec<Dim> = outer
            .iter()
            .map(|d| Some(Dim { size: d.size, stride: whole(d.stride)? }))
            .collect::<Option<_>>()?;
        dims.push(Dim { size: whole(last.size)?, stride: (last.stride == 1).then_some(1)? });
        Some(Self { dims, offset: whole(self.offset)?, end: self.end.div_ceil(n) })
    }

    /// Puts the dimensions in the order they lie in and drops those that repeat the same numbers; how often
    /// each number was repeated (saturating).
    pub(super) fn sort(&mut self) -> u64 {
        let times = self.dims.iter().filter(|d| d.stride == 0).fold(1_u64, |n, d| n.saturating_mul(d.size));
        if self.len() == 0 {
            return 1;
        }
        self.dims.retain(|d| d.stride > 0);
        self.dims.sort_by_key(|d| std::cmp::Reverse(d.stride));
        self.merge();
        times
    }

    /// Calls `read` with the first number and the length of each span to be read for elements
    /// `start .. start + count`, and where its numbers go, counted from `start`.
    pub(super) fn read(
        &self,
        start: u64,
        count: u64,
        mut read: impl FnMut(u64, u64, &Place<'_>) -> Result<()>,
    ) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        boxes(&self.dims, self.offset, start, count, 0, &mut read)
    }
}

fn beyond() -> Error {
    Error::new(ErrorKind::TensorBounds, "its shape, strides and offset reach beyond any storage")
}

type Read<'a> = &'a mut dyn FnMut(u64, u64, &Place<'_>) -> Result<()>;

/// Cuts a range of elements into boxes. `at` is where the first of them goes.
fn boxes(dims: &[Dim], base: u64, start: u64, count: u64, at: u64, read: Read<'_>) -> Result<()> {
    let Some((outer, inner)) = dims.split_first() else {
        return pieces(vec![], base, at, read);
    };
    let per = saturating_product(&inner.iter().map(|d| d.size).collect::<Vec<_>>()).max(1);
    let (mut start, mut count, mut at) = (start, count, at);
    // An index of the outer dimension of which only a part is wanted, at the beginning.
    if start % per != 0 || count < per {
        let part = count.min(per - start % per);
        boxes(inner, base + (start / per) * outer.stride, start % per, part, at, read)?;
        (start, count, at) = (start + part, count - part, at + part);
    }
    let whole = count / per;
    if whole > 0 {
        let mut edges = vec![Edge { size: whole, stride: outer.stride, out: per }];
        let mut out = per;
        for dim in inner {
            out /= dim.size.max(1);
            edges.push(Edge { size: dim.size, stride: dim.stride, out });
        }
        edges.retain(|edge| edge.size > 1);
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.stride));
        pieces(edges, base + (start / per) * outer.stride, at, read)?;
        (start, count, at) = (start + whole * per, count - whole * per, at + whole * per);
    }
    if count > 0 {
        boxes(inner, base + (start / per) * outer.stride, 0, count, at, read)?;
    }
    Ok(())
}

/// Reads a box, in pieces if it is long or mostly gaps. `edges` are by descending stride.
fn pieces(edges: Vec<Edge>, base: u64, at: u64, read: Read<'_>) -> Result<()> {
    let mut todo = vec![(edges, base, at)];
    while let Some((mut edges, base, at)) = todo.pop() {
        let span = 1 + edges.iter().map(|e| (e.size - 1) * e.stride).sum::<u64>();
        let wanted: u64 = edges.iter().filter(|e| e.stride > 0).map(|e| e.size).product();
        if span <= SHORT || span <= SPAN && span / SPARSE <= wanted {
            read(base, span, &Place { edges: &edges, at, span })?;
            continue;
        }
        let longest = edges.iter_mut().filter(|e| e.size > 1).max_by_key(|e| (e.size - 1) * e.stride);
        let Some(edge) = longest else { continue };
        let half = edge.size / 2;
        let (base_of_rest, at_of_rest) = (base + half * edge.stride, at + half * edge.out);
        let rest = edge.size - half;
        edge.size = half;
        let (stride, out) = (edge.stride, edge.out);
        let mut others = edges.clone();
        if let Some(edge) = others.iter_mut().find(|e| (e.stride, e.out) == (stride, out)) {
            edge.size = rest;
        }
        todo.push((others, base_of_rest, at_of_rest));
        todo.push((edges, base, at));
    }
    Ok(())
}

impl Place<'_> {
    /// The place of the first number, if all others follow it in order.
    pub(super) fn contiguous(&self) -> Option<usize> {
        let count: u64 = self.edges.iter().map(|e| e.size).product();
        let same = self.edges.iter().all(|e| e.size == 1 || e.stride == e.out);
        (same && count == self.span).then_some(self.at as usize)
    }

    /// Puts the numbers of the span, `per` for each element, where they go in `out`.
    pub(super) fn gather<T: Copy>(&self, numbers: &[T], per: usize, out: &mut [T]) {
        let Some((inner, outer)) = self.edges.split_last() else {
            copy(numbers, 0, out, self.at as usize, per);
            return;
        };
        let mut index = vec![0_u64; outer.len()];
        loop {
            let (mut from, mut to) = (0, self.at);
            for (i, edge) in index.iter().zip(outer) {
                from += i * edge.stride;
                to += i * edge.out;
            }
            for i in 0..inner.size {
                let (from, to) = (from + i * inner.stride, to + i * inner.out);
                copy(numbers, from as usize, out, to as usize, per);
            }
            if !advance(&mut index, outer) {
                return;
            }
        }
    }
}

fn copy<T: Copy>(numbers: &[T], from: usize, out: &mut [T], to: usize, per: usize) {
    for part in 0..per {
        if let (Some(slot), Some(number)) = (out.get_mut(to * per + part), numbers.get(from * per + part)) {
            *slot = *number;
        }
    }
}

/// The next index, the last dimension turning fastest; false after the last.
fn advance(index: &mut [u64], edges: &[Edge]) -> bool {
    for (i, edge) in index.iter_mut().zip(edges).rev() {
        *i += 1;
        if *i < edge.size {
            return true;
        }
        *i = 0;
    }
    false
}
