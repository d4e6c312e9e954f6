//! Spectra by libtorch, with ours to fall back on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Backend, Faer, Matrix, Spectrum, Wanted, largest};
use crate::elements::Scratch;
use crate::engine::Engine;
use crate::engine::protocol::{Answer, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::work::{Cancel, Work};

/// Largest matrix sent to the helper, in bytes: it is in memory here, in the pipe, and there.
const LARGEST: u64 = 2 << 30;
/// Rows read at once.
const ROWS: usize = 256;

/// Which back end to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The faster one for the matrices at hand.
    #[default]
    Auto,
    /// Ours.
    Cpu,
    /// libtorch, where it can be had.
    Torch,
}

/// The back end for matrices that need `cost` multiplications (rows × columns²) in all, on `device` if one is named, and
/// what is to be said of the choice: why libtorch is not used though it was asked for.
pub fn choose(
    choice: Choice,
    device: Option<&str>,
    cost: f64,
    cancel: &Cancel,
) -> (Box<dyn Backend + Send + Sync>, Option<String>) {
    let is_worth_it = device.is_some() || cost >= WORTH_STARTING && crate::engine::find().is_some();
    if choice == Choice::Cpu || choice == Choice::Auto && !is_worth_it {
        return (Box::new(Faer), None);
    }
    let engine = match Engine::start(cancel) {
        Ok(engine) => engine,
        Err(error) => return (Box::new(Faer), Some(format!("{}; computing with faer", error.reason()))),
    };
    let accelerator = engine.devices().iter().find(|d| d.as_str() != "cpu").cloned();
    if choice == Choice::Auto && device.is_none() && accelerator.is_none() {
        // On the CPU the two need about the same time, and ours has no matrix to send (docs/performance.md).
        return (Box::new(Faer), None);
    }
    let device = device.map(str::to_owned).or(accelerator).unwrap_or_else(|| "cpu".to_owned());
    if !engine.devices().contains(&device) {
        let known = engine.devices().join(", ");
        let note = format!(
            "libtorch has no device {}, only {known}; computing with faer",
            crate::text::shown(&device)
        );
        return (Box::new(Faer), Some(note));
    }
    let name = format!("libtorch {} on {device}", engine.torch());
    (Box::new(Torch { engine: Mutex::new(engine), device, name, failed: Mutex::new(None) }), None)
}

/// Multiplications above which a libtorch on a GPU makes up for the time it takes to start: about two seconds of ours.
const WORTH_STARTING: f64 = 1e10;

/// libtorch, until it fails; then ours.
struct Torch {
    engine: Mutex<Engine>,
    device: String,
    name: String,
    failed: Mutex<Option<String>>,
}

impl Backend for Torch {
    fn name(&self) -> String {
        match &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(_) => format!("{}, then faer", self.name),
            None => self.name.clone(),
        }
    }

    fn note(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn spectrum(&self, matrix: &Matrix, wanted: Wanted, work: &Work) -> Result<Spectrum> {
        let bytes = (matrix.rows() as u64).saturating_mul(matrix.columns() as u64).saturating_mul(8);
        if self.note().is_some() || bytes > LARGEST || largest(matrix, wanted).is_some() {
            return Faer.spectrum(matrix, wanted, work);
        }
        match self.ask(matrix, work) {
            Err(error) if error.kind() == ErrorKind::Engine => {
                let note = format!("{}; computing with faer", error.reason());
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(note);
                Faer.spectrum(matrix, wanted, work)
            }
            answer => answer,
        }
    }
}

impl Torch {
    fn ask(&self, matrix: &Matrix, work: &Work) -> Result<Spectrum> {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        let mut elements = vec![0.0; rows * columns];
        let mut scratch = Scratch::default();
        for (at, block) in elements.chunks_mut(ROWS * columns).enumerate() {
            work.cancel.check()?;
            matrix.read(at * ROWS, block, &mut scratch)?;
        }
        let frobenius = elements.iter().map(|x| x * x).sum::<f64>().sqrt();
        // A hundred times what one slow core takes.
        let patience = 60.0 + rows as f64 * (columns as f64).powi(2) / 1e7;
        let time = Duration::from_secs_f64(patience.min(86_400.0));
        let question = Request::Spectrum { device: self.device.clone(), rows, columns };
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, values) = engine.ask(question, elements, time, &work.cancel)?;
        let fits = values.len() == columns && values.iter().all(|s| s.is_finite());
        if answer != Answer::Spectrum || !fits {
            return Err(Error::new(ErrorKind::Engine, "libtorch gave no singular values"));
        }
        work.meter.advance((rows * columns) as u64);
        Ok(Spectrum { values, frobenius, is_complete: true, error_bound: 0.0 })
    }
}
