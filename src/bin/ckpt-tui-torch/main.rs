//! libtorch for ckpt-tui: answers questions on standard input until it ends (see `ckpt_tui::engine::protocol`).
//!
//! This is the only part of the project that links libtorch. Nothing here is trusted to go well: errors are
//! answers, and a crash ends this process alone.

#![forbid(unsafe_code)]

mod script;
mod spectrum;
mod summary;

use std::io::{self, BufReader, BufWriter, IsTerminal as _};
use std::process::ExitCode;

use ckpt_tui::engine::protocol::{self, Answer, Request, VERSION};
use tch::{Cuda, Device, TchError};

/// The libtorch this crate's bindings are for.
const TORCH: &str = "2.13.0";

fn main() -> ExitCode {
    if io::stdin().is_terminal() {
        eprintln!("ckpt-tui-torch is started by ckpt-tui; `ckpt-tui torch --check` says whether it works");
        return ExitCode::from(2);
    }
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ckpt-tui-torch: {error}");
            ExitCode::from(2)
        }
    }
}

fn serve() -> io::Result<()> {
    let (mut from, mut to) = (BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()));
    while let Some((question, payload)) = protocol::read::<Request>(&mut from)? {
        let (answer, numbers) =
            answer(question, &payload).unwrap_or_else(|error| (failed(&error), Vec::new()));
        protocol::write(&mut to, &answer, &numbers)?;
    }
    Ok(())
}

fn answer(question: Request, payload: &[f64]) -> Result<(Answer, Vec<f64>), TchError> {
    let nothing = |answer| (answer, Vec::new());
    Ok(match question {
        Request::Hello { .. } => nothing(hello()),
        Request::Spectrum { device, rows, columns } => {
            (Answer::Spectrum, spectrum::values(payload, rows, columns, device_named(&device)?)?)
        }
        Request::Statistics { path } => {
            nothing(Answer::Statistics { parameters: script::statistics(&path)? })
        }
        Request::Parameter { path, name } => (Answer::Parameter, script::parameter(&path, &name)?),
        Request::Forward { path, device, inputs, runs } => {
            let (outputs, seconds) = script::forward(&path, device_named(&device)?, &inputs, runs)?;
            nothing(Answer::Forward { outputs, seconds })
        }
    })
}

fn hello() -> Answer {
    let mut devices = vec!["cpu".to_owned()];
    devices.extend((0..Cuda::device_count()).map(|n| format!("cuda:{n}")));
    if tch::utils::has_mps() {
        devices.push("mps".to_owned());
    }
    Answer::Hello {
        protocol: VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        torch: TORCH.to_owned(),
        devices,
        threads: usize::try_from(tch::get_num_threads()).unwrap_or(1),
    }
}

fn device_named(name: &str) -> Result<Device, TchError> {
    match name.split_once(':') {
        None if name == "cpu" => Ok(Device::Cpu),
        None if name == "mps" => Ok(Device::Mps),
        None if name == "cuda" => Ok(Device::Cuda(0)),
        Some(("cuda", index)) if index.parse::<usize>().is_ok() => {
            Ok(Device::Cuda(index.parse().unwrap_or(0)))
        }
        _ => Err(TchError::Kind(format!("no device is called {name}"))),
    }
}

fn failed(error: &TchError) -> Answer {
    let reason = match error {
        TchError::Torch(text) | TchError::Kind(text) | TchError::Shape(text) => text.clone(),
        other => other.to_string(),
    };
    let out_of_memory = reason.contains("out of memory") || reason.contains("can't allocate memory");
    Answer::Failed { reason, out_of_memory }
}
