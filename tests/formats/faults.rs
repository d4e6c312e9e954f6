//! Reads that fail, are interrupted or come short: the same answer, or a clean error.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ckpt_tui::checkpoint::{Checkpoint, TensorEntry};
use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::error::{ErrorKind, Result};
use ckpt_tui::format;
use ckpt_tui::limits::Limits;
use ckpt_tui::source::ReadAt;

use crate::fixture;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Interrupted by a signal: to be tried again.
    Interrupted,
    /// One byte, however many were asked for.
    Short,
    /// The disk, or the server behind it, fails.
    Broken,
    /// The file was replaced on the server (NFS).
    Stale,
}

/// Bytes of which the `at`th read meets a fault, or every `at`th.
struct Faulty {
    bytes: Vec<u8>,
    fault: Fault,
    at: usize,
    again: bool,
    calls: AtomicUsize,
}

impl ReadAt for Faulty {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let hit = if self.again { call.is_multiple_of(self.at) } else { call == self.at };
        let some = match self.fault {
            Fault::Interrupted if hit => return Err(io::ErrorKind::Interrupted.into()),
            Fault::Broken if hit => return Err(io::Error::from_raw_os_error(5)),
            Fault::Stale if hit => return Err(io::Error::from_raw_os_error(116)),
            Fault::Short if hit => 1,
            _ => buf.len(),
        };
        let left = self.bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let n = some.min(left.len()).min(buf.len());
        buf[..n].copy_from_slice(&left[..n]);
        Ok(n)
    }
}

/// Path, shape and the bits of the elements of every tensor, and what was said of the file.
#[derive(Debug, PartialEq)]
struct Answer {
    tensors: Vec<(String, Vec<u64>, Vec<u64>)>,
    said: Vec<String>,
}

fn elements(checkpoint: &Checkpoint, entry: &TensorEntry) -> Result<Vec<f64>> {
    let elements = Elements::open(checkpoint, checkpoint.meta(entry))?;
    let mut values = vec![f64::NAN; usize::try_from(elements.len()).unwrap()];
    elements.read(0, &mut values, &mut Scratch::default())?;
    Ok(values)
}

fn answer(name: &str, source: Arc<dyn ReadAt>) -> Result<Answer> {
    let opened: Checkpoint = format::open_source(Path::new(name), source, None, &Limits::default())?;
    let mut tensors = Vec::new();
    for entry in opened.tensors() {
        let bits = elements(&opened, entry)?.into_iter().map(f64::to_bits).collect();
        let shape = opened.tree().tensor(entry.id).unwrap().shape().to_vec();
        tensors.push((entry.path.to_string(), shape, bits));
    }
    let said = opened.diagnostics().iter().map(|d| format!("{} {}", d.code, d.message)).collect();
    Ok(Answer { tensors, said })
}

/// The answer with a fault, and how many reads it took.
fn with(name: &str, fault: Fault, at: usize, again: bool) -> (Result<Answer>, usize) {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let source = Arc::new(Faulty { bytes, fault, at, again, calls: AtomicUsize::new(0) });
    let shared: Arc<dyn ReadAt> = Arc::<Faulty>::clone(&source);
    (answer(name, shared), source.calls.load(Ordering::Relaxed))
}

const FILES: [&str; 7] = [
    "zip/plain_sd.pt",
    "zip/views.pt",
    "zip/nocrc.pt",
    "legacy/legacy_sd.pt",
    "legacy/tar_old.pt",
    "mlx/w.safetensors",
    "numpy_pickle/model.4.pkl",
];

#[test]
fn interrupted_and_short_reads_change_nothing() {
    for name in FILES {
        let (plain, reads) = with(name, Fault::Short, usize::MAX, false);
        let plain = plain.unwrap();
        assert!(!plain.tensors.is_empty(), "{name}");
        for fault in [Fault::Interrupted, Fault::Short] {
            for at in 1..=reads {
                let (got, _) = with(name, fault, at, false);
                assert_eq!(got.unwrap(), plain, "{name}: {fault:?} at read {at}");
            }
            // Every second read; a fault at every single one would never end.
            let (got, _) = with(name, fault, 2, true);
            assert_eq!(got.unwrap(), plain, "{name}: {fault:?} at every second read");
        }
    }
}

#[test]
fn failing_reads_are_an_error_and_never_another_answer() {
    for name in FILES {
        let (plain, reads) = with(name, Fault::Short, usize::MAX, false);
        let plain = plain.unwrap();
        let mut errors = 0;
        for fault in [Fault::Broken, Fault::Stale] {
            for at in 1..=reads {
                match with(name, fault, at, false).0 {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Io, "{name}: {fault:?} at read {at}: {error}");
                        errors += 1;
                    }
                    Ok(got) if got.said == plain.said => {
                        assert_eq!(got, plain, "{name}: {fault:?} at read {at}");
                    }
                    // Something optional could not be read, and the answer says so.
                    Ok(got) => {
                        assert!(got.said.len() > plain.said.len(), "{name}: {fault:?} at read {at}: {got:?}");
                    }
                }
            }
        }
        assert!(errors > 0, "{name}: none of {reads} reads failed");
    }
}
