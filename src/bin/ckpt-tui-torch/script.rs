//! TorchScript files. Loading one, and all the more running it, executes what is in it: the program asks for this only
//! when a person did.

use std::time::Instant;

use ckpt_tui::engine::protocol::{Input, Parameter};
use tch::{CModule, Cuda, Device, IValue, Kind, TchError, Tensor};

use crate::spectrum::numbers;
use crate::summary;

/// Statistics of every parameter.
pub(crate) fn statistics(path: &str) -> Result<Vec<Parameter>, TchError> {
    let parameters = CModule::load_on_device(path, Device::Cpu)?.named_parameters()?;
    parameters.into_iter().map(|(name, tensor)| summary::of(name, &tensor)).collect()
}

/// Elements of one parameter, row-major; of a complex one, real and imaginary parts in turn.
pub(crate) fn parameter(path: &str, name: &str) -> Result<Vec<f64>, TchError> {
    let parameters = CModule::load_on_device(path, Device::Cpu)?.named_parameters()?;
    let found = parameters.into_iter().find(|(known, _)| known == name);
    let (_, tensor) = found.ok_or_else(|| TchError::Kind(format!("no parameter is called {name}")))?;
    let tensor = tensor.f_detach()?;
    numbers(&if tensor.is_complex() { tensor.f_resolve_conj()?.f_view_as_real()? } else { tensor })
}

/// Runs `forward` once, and `runs` times more: what came out of the first, and the seconds each took.
pub(crate) fn forward(
    path: &str,
    device: Device,
    inputs: &[Input],
    runs: usize,
) -> Result<(Vec<Parameter>, Vec<f64>), TchError> {
    tch::manual_seed(0);
    let mut module = CModule::load_on_device(path, device)?;
    module.f_set_eval()?;
    let inputs: Vec<IValue> =
        inputs.iter().map(|i| draw(i, device).map(IValue::Tensor)).collect::<Result<_, _>>()?;
    let (mut outputs, mut seconds) = (Vec::new(), Vec::new());
    let _no_gradients = tch::no_grad_guard();
    for run in 0..=runs {
        let started = Instant::now();
        let output = module.forward_is(&inputs)?;
        if let Device::Cuda(index) = device
            && let Ok(index) = i64::try_from(index)
        {
            Cuda::synchronize(index);
        }
        seconds.push(started.elapsed().as_secs_f64());
        if run == 0 {
            tensors(&output, "output", &mut outputs)?;
        }
    }
    Ok((outputs, seconds))
}

fn draw(input: &Input, device: Device) -> Result<Tensor, TchError> {
    let kind = summary::kind(&input.dtype)?;
    match kind {
        Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16 => {
            Tensor::f_randn(&input.shape, (Kind::Float, device))?.f_to_kind(kind)
        }
        // Zeros and ones are an index into any vocabulary.
        _ => Tensor::f_randint(2, &input.shape, (Kind::Int64, device))?.f_to_kind(kind),
    }
}

/// The tensors in a value, in order, named by their place in it.
fn tensors(value: &IValue, place: &str, out: &mut Vec<Parameter>) -> Result<(), TchError> {
    match value {
        IValue::Tensor(tensor) => out.push(summary::of(place.to_owned(), &tensor.f_to_device(Device::Cpu)?)?),
        IValue::TensorList(list) => {
            for (i, tensor) in list.iter().enumerate() {
                out.push(summary::of(format!("{place}[{i}]"), &tensor.f_to_device(Device::Cpu)?)?);
            }
        }
        IValue::Tuple(items) | IValue::GenericList(items) => {
            for (i, item) in items.iter().enumerate() {
                tensors(item, &format!("{place}[{i}]"), out)?;
            }
        }
        IValue::GenericDict(entries) => {
            for (key, item) in entries {
                let key = if let IValue::String(key) = key { key.clone() } else { format!("{key:?}") };
                tensors(item, &format!("{place}.{key}"), out)?;
            }
        }
        _ => {}
    }
    Ok(())
}
