//! NaN and Inf in the elements.

use rustc_hash::FxHashSet;

use super::Finding;
use crate::checkpoint::{Checkpoint, Severity, TensorEntry};
use crate::elements::{Elements, Run, Scratch};
use crate::error::{ErrorKind, Result};
use crate::source::ReadAt as _;
use crate::tensor::{DType, Numeric, Place, TensorRole};
use crate::text::brief;
use crate::work::Work;

/// Bytes looked at at once.
const BLOCK: usize = 1 << 18;
/// Bytes between neighbours that are looked at with them: padding, which is zeros.
const GAP: u64 = 256;
/// Tensors named in findings of one code.
const NAMED: usize = 20;

/// Elements that are not finite.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Odd {
    nan: u64,
    inf: u64,
}

impl Odd {
    fn add(&mut self, other: Self) {
        self.nan += other.nan;
        self.inf += other.inf;
    }
}

/// Findings about every tensor with such elements, each tensor once.
///
/// Whole storages are looked at first, neighbours together: nearly always there is nothing, and a million
/// small tensors cost no more than a large one. Only where there is something each tensor is looked at.
pub(super) fn find(checkpoint: &Checkpoint, work: &Work) -> Result<Vec<Finding>> {
    let mut scan = Scan { checkpoint, work, block: vec![0; BLOCK], scratch: Scratch::default() };
    let mut found = Found::default();
    work.meter.expect(checkpoint.bytes());
    let tensors = scan.tensors();
    let mut rest = tensors.as_slice();
    while let Some((region, len)) = scan.region(rest) {
        work.cancel.check()?;
        let (here, behind) = rest.split_at(len);
        rest = behind;
        // An error here is told of the tensors it concerns.
        let clean = match &region {
            Some((run, layout)) => scan.raw(run, *layout).is_ok_and(|odd| odd == Odd::default()),
            None => false,
        };
        if !clean {
            scan.each(here, &mut found)?;
        }
    }
    Ok(found.finish())
}

/// A tensor, by its storage and its entry.
type Tensor = (u32, u32);

struct Scan<'a> {
    checkpoint: &'a Checkpoint,
    work: &'a Work,
    block: Vec<u8>,
    scratch: Scratch,
}

impl Scan<'_> {
    /// Every tensor that can hold such elements, once, by storage.
    fn tensors(&self) -> Vec<Tensor> {
        let mut seen = FxHashSet::default();
        let mut tensors = Vec::new();
        for (at, entry) in self.checkpoint.tensors().iter().enumerate() {
            let meta = self.checkpoint.meta(entry);
            let float = matches!(meta.dtype.numeric(), Numeric::Float | Numeric::Complex);
            if let Some(storage) = meta.storage.filter(|_| float && meta.numel() > 0)
                && seen.insert(entry.id)
            {
                tensors.push((storage.0, at as u32));
            }
        }
        tensors.sort_unstable();
        tensors
    }

    fn dtype(&self, tensor: Tensor) -> Option<DType> {
        let entry = self.checkpoint.tensors().get(tensor.1 as usize)?;
        Some(self.checkpoint.meta(entry).dtype)
    }

    /// The bytes the first of `tensors` lie in, and how many of them do; without bytes where they are to be
    /// looked at one by one. `None` when there are no more.
    fn region(&self, tensors: &[Tensor]) -> Option<(Option<(Run, Layout)>, usize)> {
        let first = *tensors.first()?;
        let dtype = self.dtype(first)?;
        let uniform = tensors.iter().take_while(|t| t.0 == first.0 && self.dtype(**t) == Some(dtype)).count();
        let alone = Some((None, uniform));
        if tensors.get(uniform).is_some_and(|next| next.0 == first.0) {
            // Several dtypes in one storage.
            return alone;
        }
        let storages = self.checkpoint.tree().storages();
        let storage = storages.get(first.0 as usize)?;
        let big_endian = storage.big_endian;
        let Place::Range { file, offset, len } = storage.place else {
            let Ok(source) = self.checkpoint.storage_source(storage) else { return alone };
            let run = Run { len: source.len(), source, offset: 0, dtype, big_endian };
            return Some((bits(&run).map(|layout| (run, layout)), uniform));
        };
        let Some(source) = self.checkpoint.files().get(file as usize) else { return alone };
        let (first_byte, width) = (offset, u64::from(dtype.bits() / 8).max(1));
        let (mut end, mut count) = (offset.saturating_add(len), uniform);
        while let Some(next) = tensors.get(count) {
            let place = storages.get(next.0 as usize).map(|s| (s.place, s.big_endian));
            match place {
                Some((Place::Range { file: other, offset, len }, order))
                    if other == file
                        && offset.checked_sub(end).is_some_and(|gap| gap < GAP)
                        && (offset - first_byte).is_multiple_of(width)
                        && order == big_endian
                        && self.dtype(*next) == Some(dtype) =>
                {
                    end = offset.saturating_add(len);
                    count += 1;
                }
                _ => break,
            }
        }
        let run = Run {
            source: std::sync::Arc::clone(&source.source),
            offset,
            len: end - offset,
            dtype,
            big_endian,
        };
        Some((bits(&run).map(|layout| (run, layout)), count))
    }

    /// Looks at each of `tensors` by itself.
    fn each(&mut self, tensors: &[Tensor], found: &mut Found) -> Result<()> {
        for tensor in tensors {
            self.work.cancel.check()?;
            let Some(entry) = self.checkpoint.tensors().get(tensor.1 as usize) else { continue };
            match self.count(entry) {
                Ok(odd) => found.note(entry, odd, self.checkpoint.meta(entry).numel()),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                // What is missing or out of bounds was told when the file was opened.
                Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Changed) => {
                    let text = format!("its elements cannot be read: {}", error.reason());
                    found.findings.push(Finding::new(
                        Severity::Broken,
                        "UNREADABLE",
                        brief(&entry.path),
                        text,
                    ));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn count(&mut self, entry: &TensorEntry) -> Result<Odd> {
        let meta = self.checkpoint.meta(entry);
        let (elements, times) = Elements::open(self.checkpoint, meta)?.in_storage_order();
        let mut odd = match elements.run().and_then(|run| Some((bits(&run)?, run))) {
            Some((layout, run)) => self.raw(&run, layout)?,
            None => self.decoded(&elements)?,
        };
        (odd.nan, odd.inf) = (odd.nan.saturating_mul(times), odd.inf.saturating_mul(times));
        Ok(odd)
    }

    /// Any dtype, through numbers.
    fn decoded(&mut self, elements: &Elements) -> Result<Odd> {
        let mut odd = Odd::default();
        let mut at = 0;
        let most = usize::try_from(elements.len()).unwrap_or(usize::MAX).min(BLOCK / 8);
        let mut block = vec![0.0; most];
        while at < elements.len() {
            self.work.cancel.check()?;
            let n = usize::try_from(elements.len() - at).unwrap_or(usize::MAX).min(most);
            let Some(part) = block.get_mut(..n) else { break };
            elements.read(at, part, &mut self.scratch)?;
            for x in part.iter() {
                odd.nan += u64::from(x.is_nan());
                odd.inf += u64::from(x.is_infinite());
            }
            at += n as u64;
            self.work.meter.advance(n as u64 * u64::from(elements.dtype().bits()) / 8);
        }
        Ok(odd)
    }

    fn raw(&mut self, run: &Run, layout: Layout) -> Result<Odd> {
        let mut odd = Odd::default();
        let mut done = 0;
        while done < run.len {
            self.work.cancel.check()?;
            let n = usize::try_from(run.len - done).unwrap_or(usize::MAX).min(BLOCK);
            let Some(part) = self.block.get_mut(..n) else { break };
            run.source.read_exact_at(part, run.offset + done)?;
            odd.add(look(part, layout));
            done += n as u64;
            self.work.meter.advance(n as u64);
        }
        Ok(odd)
    }
}

#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    nan: usize,
    inf: usize,
}

impl Found {
    fn note(&mut self, entry: &TensorEntry, odd: Odd, of: u64) {
        let name = || brief(&entry.path);
        if odd.nan > 0 {
            self.nan += 1;
            if self.nan <= NAMED {
                let text = format!("{} of {of} elements are NaN", odd.nan);
                self.findings.push(Finding::new(Severity::Warning, "NAN", name(), text));
            }
        }
        if odd.inf > 0 {
            self.inf += 1;
            if self.inf <= NAMED {
                // Masks are made of minus infinity.
                let severity =
                    if entry.role == TensorRole::Buffer { Severity::Info } else { Severity::Warning };
                let text = format!("{} of {of} elements are infinite", odd.inf);
                self.findings.push(Finding::new(severity, "INF", name(), text));
            }
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        for (code, count, what) in [("NAN", self.nan, "NaN"), ("INF", self.inf, "infinite elements")] {
            if let Some(more) = count.checked_sub(NAMED).filter(|more| *more > 0) {
                let text = format!("{more} more tensors hold {what}");
                self.findings.push(Finding::new(Severity::Warning, code, "", text));
            }
        }
        self.findings
    }
}

/// Where the exponent is: bytes of a number, and its bits when it is infinite.
#[derive(Clone, Copy)]
enum Layout {
    Two(u16),
    Four(u32),
    Eight(u64),
}

/// Layouts whose bits are looked at as they lie; the others go through numbers.
fn bits(run: &Run) -> Option<Layout> {
    match run.dtype {
        _ if run.big_endian => None,
        DType::Float32 | DType::Complex64 => Some(Layout::Four(0x7f80_0000)),
        DType::Float16 | DType::Complex32 => Some(Layout::Two(0x7c00)),
        DType::BFloat16 | DType::BComplex32 => Some(Layout::Two(0x7f80)),
        DType::Float64 | DType::Complex128 => Some(Layout::Eight(0x7ff0 << 48)),
        _ => None,
    }
}

macro_rules! look_at {
    ($bytes:expr, $kind:ty, $inf:expr) => {{
        let mut odd = Odd::default();
        // Small counters keep the loop in vector registers.
        for chunk in $bytes.chunks(size_of::<$kind>() << 12) {
            let (mut nan, mut inf) = (0_u32, 0_u32);
            for raw in chunk.chunks_exact(size_of::<$kind>()) {
                let bits = <$kind>::from_le_bytes(raw.try_into().unwrap_or_default()) & (<$kind>::MAX >> 1);
                nan += u32::from(bits > $inf);
                inf += u32::from(bits == $inf);
            }
            odd.add(Odd { nan: u64::from(nan), inf: u64::from(inf) });
        }
        odd
    }};
}

fn look(bytes: &[u8], layout: Layout) -> Odd {
    match layout {
        Layout::Two(inf) => look_at!(bytes, u16, inf),
        Layout::Four(inf) => look_at!(bytes, u32, inf),
        Layout::Eight(inf) => look_at!(bytes, u64, inf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_are_counted() {
        let values = [0.0, -0.0, 1.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(look(&bytes, Layout::Four(0x7f80_0000)), Odd { nan: 2, inf: 2 });
        let bytes: Vec<u8> = values.iter().flat_map(|x| f64::from(*x).to_le_bytes()).collect();
        assert_eq!(look(&bytes, Layout::Eight(0x7ff0 << 48)), Odd { nan: 2, inf: 2 });
        let bytes: Vec<u8> = values.iter().flat_map(|x| half::bf16::from_f32(*x).to_le_bytes()).collect();
        // The largest f32 rounds to infinity.
        assert_eq!(look(&bytes, Layout::Two(0x7f80)), Odd { nan: 2, inf: 3 });
    }
}
