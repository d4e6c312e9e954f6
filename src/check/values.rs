//! NaN and Inf in the elements.

use rustc_hash::FxHashSet;

use super::Finding;
use crate::checkpoint::{Checkpoint, Severity, TensorEntry};
use crate::elements::{Elements, Run, Scratch};
use crate::error::{ErrorKind, Result};
use crate::tensor::{DType, Numeric, TensorRole};
use crate::text::brief;
use crate::work::Work;

/// Bytes looked at at once.
const BLOCK: usize = 1 << 18;
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
pub(super) fn find(checkpoint: &Checkpoint, work: &Work) -> Result<Vec<Finding>> {
    let mut seen = FxHashSet::default();
    let mut found = Found::default();
    let mut scratch = Scratch::default();
    work.meter.expect(checkpoint.bytes());
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let float = matches!(meta.dtype.numeric(), Numeric::Float | Numeric::Complex);
        if !float || meta.storage.is_none() || meta.numel() == 0 || !seen.insert(entry.id) {
            continue;
        }
        work.cancel.check()?;
        match count(checkpoint, entry, &mut scratch, work) {
            Ok(odd) => found.note(entry, odd, meta.numel()),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            // What is missing or out of bounds was told when the file was opened.
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Changed) => {
                let text = format!("its elements cannot be read: {}", error.reason());
                found.findings.push(Finding::new(Severity::Broken, "UNREADABLE", brief(&entry.path), text));
            }
            Err(_) => {}
        }
    }
    Ok(found.finish())
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

fn count(checkpoint: &Checkpoint, entry: &TensorEntry, scratch: &mut Scratch, work: &Work) -> Result<Odd> {
    let (elements, times) = Elements::open(checkpoint, checkpoint.meta(entry))?.in_storage_order();
    let mut odd = match elements.run().and_then(|run| Some((bits(&run)?, run))) {
        Some((layout, run)) => raw(&run, layout, work)?,
        None => decoded(&elements, scratch, work)?,
    };
    (odd.nan, odd.inf) = (odd.nan.saturating_mul(times), odd.inf.saturating_mul(times));
    Ok(odd)
}

/// Any dtype, through numbers.
fn decoded(elements: &Elements, scratch: &mut Scratch, work: &Work) -> Result<Odd> {
    let mut odd = Odd::default();
    let mut at = 0;
    let mut block = vec![0.0; BLOCK / 8];
    while at < elements.len() {
        work.cancel.check()?;
        let n = usize::try_from(elements.len() - at).unwrap_or(usize::MAX).min(block.len());
        let Some(part) = block.get_mut(..n) else { break };
        elements.read(at, part, scratch)?;
        for x in part.iter() {
            odd.nan += u64::from(x.is_nan());
            odd.inf += u64::from(x.is_infinite());
        }
        at += n as u64;
        work.meter.advance(n as u64 * u64::from(elements.dtype().bits()) / 8);
    }
    Ok(odd)
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

fn raw(run: &Run, layout: Layout, work: &Work) -> Result<Odd> {
    let mut odd = Odd::default();
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    while done < run.len {
        work.cancel.check()?;
        let n = usize::try_from(run.len - done).unwrap_or(usize::MAX).min(BLOCK);
        let Some(part) = block.get_mut(..n) else { break };
        run.source.read_exact_at(part, run.offset + done)?;
        odd.add(look(part, layout));
        done += n as u64;
        work.meter.advance(n as u64);
    }
    Ok(odd)
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
