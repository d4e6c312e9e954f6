//! One thread's share of the work, and the memory it uses again and again.

use pulp::Arch;

use super::codes::{Codes, Pages};
use super::counts::{Cell, Counts, cells, prefix_of_half};
use super::kernel::{self, Tally};
use super::reading::{Reading, Way, all_zero};
use crate::elements::{Run, Scratch, decode};
use crate::error::Result;
use crate::tensor::DType;
use crate::work::Work;

/// Bytes read at once: as much as the second-level cache of a core holds beside the counts.
const BLOCK: usize = 256 << 10;
/// Where blocks begin. What an allocator gives is 16 bytes behind a page, and to such a place some processors (AMD's
/// "fast short rep mov") copy the start of a page four times slower.
const ALIGN: usize = 64;
/// Numbers read at once where elements have to be decoded first.
const NUMBERS: usize = 32 << 10;
/// Elements counted before the counts, which are 32 bits wide, are brought to safety.
pub(super) const COUNTED: u64 = 1 << 30;

/// What one thread holds: about 1 MB.
pub(super) struct Worker {
    arch: Arch,
    codes: Codes,
    pages: Pages,
    block: Vec<u8>,
    numbers: Vec<f64>,
    spare: Vec<f64>,
    scratch: Scratch,
}

impl Worker {
    pub(super) fn new() -> Self {
        Self {
            arch: Arch::new(),
            codes: Codes::new(),
            pages: Pages::new(),
            block: Vec::new(),
            numbers: Vec::new(),
            spare: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Reads a unit and adds it up; what is counted stays until [`Worker::take`].
    pub(super) fn unit(&mut self, reading: &Reading, unit: u64, work: &Work) -> Result<Tally> {
        match &reading.way {
            Way::Few => self.few(reading, work),
            Way::Codes(run) => self.run(reading, run, unit, work),
            Way::Float32(run) => self.run(reading, run, unit, work),
            Way::Numbers => self.numbers(reading, unit, work),
        }
    }

    /// What was counted since the last time.
    pub(super) fn take(&mut self, reading: &Reading) -> Counts {
        match &reading.way {
            Way::Codes(run) if run.dtype.bits() == 8 => self.codes.take8(),
            Way::Codes(_) | Way::Float32(_) => self.codes.take(),
            Way::Numbers => self.pages.take(),
            Way::Few => Counts::default(),
        }
    }

    fn run(&mut self, reading: &Reading, run: &Run, unit: u64, work: &Work) -> Result<Tally> {
        let width = (run.dtype.bits() / 8) as usize;
        let range = reading.range(unit);
        let (mut at, mut all) = (range.start, Tally::default());
        while at < range.end {
            work.cancel.check()?;
            let len = ((range.end - at) as usize).min(BLOCK / width) * width;
            self.block.resize(BLOCK + ALIGN, 0);
            let start = self.block.as_ptr().align_offset(ALIGN).min(ALIGN);
            let block = self.block.get_mut(start..start + len).unwrap_or_default();
            run.source.read_exact_at(block, run.offset + at * width as u64)?;
            if run.big_endian {
                block.chunks_exact_mut(width).for_each(<[u8]>::reverse);
            }
            match width {
                1 => self.codes.count8(block),
                2 => self.codes.count16(block),
                _ => all.merge(&kernel::float32(self.arch, block, &mut self.codes, &mut self.spare)),
            }
            if let Some(rows) = &reading.rows {
                rows.look(at, block, width, all_zero(run.dtype));
            }
            work.meter.advance(len as u64);
            at += (len / width) as u64;
        }
        Ok(all)
    }

    fn numbers(&mut self, reading: &Reading, unit: u64, work: &Work) -> Result<Tally> {
        let range = reading.range(unit);
        let dtype = reading.elements.dtype();
        let (mut at, mut all) = (range.start, Tally::default());
        while at < range.end {
            work.cancel.check()?;
            let len = ((range.end - at) as usize).min(NUMBERS);
            self.numbers.resize(len, 0.0);
            reading.elements.read(at, &mut self.numbers, &mut self.scratch)?;
            all.merge(&kernel::float64(self.arch, &self.numbers, &mut self.pages, &mut self.spare));
            if let Some(rows) = &reading.rows {
                self.look(at, rows);
            }
            work.meter.advance(dtype.bytes_for(len as u64).unwrap_or(0));
            at += len as u64;
        }
        Ok(all)
    }

    /// Which rows of the numbers read are not all 0.
    fn look(&mut self, at: u64, rows: &super::reading::Rows) {
        self.block.clear();
        self.block.extend(self.numbers.iter().map(|x| u8::from(*x != 0.0)));
        rows.look(at, &self.block, 1, |piece| piece.iter().all(|b| *b == 0));
    }

    fn few(&mut self, reading: &Reading, work: &Work) -> Result<Tally> {
        work.cancel.check()?;
        self.numbers.resize(reading.elements.len() as usize, 0.0);
        reading.elements.read(0, &mut self.numbers, &mut self.scratch)?;
        if let Some(rows) = &reading.rows {
            self.look(0, rows);
        }
        work.meter.advance(reading.elements.dtype().bytes_for(self.numbers.len() as u64).unwrap_or(0));
        Ok(kernel::careful(&mut self.numbers))
    }

    /// The numbers of a unit just read whole, as cells.
    pub(super) fn sorted(&mut self) -> Vec<Cell> {
        self.numbers.sort_unstable_by(f64::total_cmp);
        points(self.numbers.iter().map(|x| (*x, 1)))
    }
}

/// Cells of single numbers, from ascending ones.
fn points(numbers: impl Iterator<Item = (f64, u64)>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (x, count) in numbers {
        match cells.last_mut() {
            // -0 and 0 are one number.
            #[allow(clippy::float_cmp)] // equal values lie side by side
            Some(last) if last.low == x => last.count += count,
            _ => cells.push(Cell { low: x + 0.0, high: x + 0.0, count }),
        }
    }
    cells
}

/// What all counts of a tensor say: its numbers by cell, and for dtypes counted code by code also the tally.
pub(super) fn conclude(reading: &Reading, counts: &Counts, tally: &mut Tally) -> Vec<Cell> {
    match &reading.way {
        Way::Codes(run) => by_code(reading, run.dtype, counts, tally),
        Way::Float32(_) => {
            let finite = counts.iter().filter(|(code, _)| code & 0x7F80 != 0x7F80);
            let prefixes = without_zeros(finite, tally.zeros, |code| code.trailing_zeros() >= 15);
            let prefixes = Counts::from_sorted(prefixes.map(|(code, n)| (prefix_of_half(code), n)));
            cells(&prefixes, tally.zeros, tally.moments.min, tally.moments.max)
        }
        Way::Numbers => {
            let finite = counts.iter().filter(|(key, _)| key & 0x3_FF80 != 0x3_FF80);
            let prefixes = without_zeros(finite, tally.zeros, |key| key.trailing_zeros() >= 18);
            let prefixes = Counts::from_sorted(prefixes);
            let mut cells = cells(&prefixes, tally.zeros, tally.moments.min, tally.moments.max);
            if reading.prefix_is_exact() {
                cells.iter_mut().for_each(Cell::shrink_to_point);
            }
            cells
        }
        Way::Few => Vec::new(),
    }
}

/// Counts without the zeros among them, which share their key with the numbers next to 0, if there are any.
fn without_zeros(
    counts: impl Iterator<Item = (u32, u64)> + Clone,
    zeros: u64,
    holds_zero: impl Fn(u32) -> bool + Copy,
) -> impl Iterator<Item = (u32, u64)> {
    let held = counts.clone().filter(move |(key, _)| holds_zero(*key)).map(|(_, n)| n).sum::<u64>();
    let mut near = held.saturating_sub(zeros);
    let others = counts.map(move |(key, n)| {
        let left = if holds_zero(key) { n.min(near) } else { n };
        near -= if holds_zero(key) { left } else { 0 };
        (key, left)
    });
    others.filter(|(_, n)| *n > 0)
}

fn by_code(reading: &Reading, dtype: DType, counts: &Counts, tally: &mut Tally) -> Vec<Cell> {
    let mut values: Vec<(f64, u64)> = Vec::new();
    for (code, n) in counts.iter() {
        let mut value = [0.0];
        decode(dtype, false, &(code as u16).to_le_bytes(), &mut value);
        let [value] = value;
        match reading.elements.number(value) {
            x if x.is_nan() => tally.nan += n,
            x if x.is_infinite() => tally.inf += n,
            x => values.push((x, n)),
        }
    }
    // The codes of a sign are in order: a sort that finds such runs has little to do.
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let cells = points(values.into_iter());
    tally.zeros = cells.iter().filter(|cell| cell.low == 0.0).map(|cell| cell.count).sum();
    tally.moments = super::moments::of_counts(cells.iter().map(|cell| (cell.low, cell.count)));
    cells
}
