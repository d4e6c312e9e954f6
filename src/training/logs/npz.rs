//! `evaluations.npz` of stable-baselines3's `EvalCallback`: `timesteps` (n), `results` and `ep_lengths`
//! (n, episodes).

use super::Log;
use super::rows::{Epochs, Place, Rows};
use crate::format::zip::Archive;
use crate::limits::Limits;
use crate::source::ReadAt;

/// Bytes of one array.
const ARRAY: u64 = 64 << 20;

/// A small array as numbers.
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

pub(super) fn of_source(source: &dyn ReadAt) -> Log {
    let mut log = Log::default();
    let archive = match Archive::read(source, &Limits::default()) {
        Ok(archive) => archive,
        Err(error) => {
            log.problem = Some(error.reason());
            return log;
        }
    };
    let array = |name: &str| {
        let entry = archive.find(name.as_bytes())?;
        parse(&archive.read_member(source, entry, ARRAY).ok()?)
    };
    let Some(steps) = array("timesteps.npy") else {
        log.problem = Some("no timesteps in it".to_owned());
        return log;
    };
    let mut rows = Rows::by_step();
    for (file, name) in [
        ("results.npy", "eval_mean_reward"),
        ("ep_lengths.npy", "eval_mean_ep_length"),
        ("successes.npy", "eval_success_rate"),
    ] {
        let Some(array) = array(file) else { continue };
        let each = array.shape.iter().skip(1).product::<usize>().max(1);
        for (step, values) in steps.values.iter().zip(array.values.chunks(each)) {
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            rows.push(name, Place { epoch: None, step: Some(*step) }, mean);
        }
    }
    rows.finish(Epochs::Completed, &mut log);
    log
}

/// A `.npy` file of plain numbers in C order; `None` for any other.
fn parse(bytes: &[u8]) -> Option<Array> {
    let version = *bytes.strip_prefix(b"\x93NUMPY")?.first()?;
    let (at, len): (usize, usize) = match version {
        1 => (10, usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?))),
        2 | 3 => (12, usize::try_from(u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?)).ok()?),
        _ => return None,
    };
    let header = std::str::from_utf8(bytes.get(at..at.checked_add(len)?)?).ok()?;
    let data = bytes.get(at + len..)?;
    let entry = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    if !entry("fortran_order")?.starts_with("False") {
        return None;
    }
    let dtype = entry("descr")?.strip_prefix('\'')?.split('\'').next()?;
    let shape = entry("shape")?.strip_prefix('(')?.split(')').next()?;
    let shape: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(|s| s.parse().ok())
        .collect::<Option<_>>()?;
    let values: Vec<f64> = match dtype {
        "<f8" => data.chunks_exact(8).filter_map(|b| b.try_into().ok().map(f64::from_le_bytes)).collect(),
        "<f4" => data
            .chunks_exact(4)
            .filter_map(|b| b.try_into().ok().map(f32::from_le_bytes).map(f64::from))
            .collect(),
        "<i8" | "<u8" => data
            .chunks_exact(8)
            .filter_map(|b| b.try_into().ok().map(|b| i64::from_le_bytes(b) as f64))
            .collect(),
        "<i4" => data
            .chunks_exact(4)
            .filter_map(|b| b.try_into().ok().map(i32::from_le_bytes).map(f64::from))
            .collect(),
        "|b1" => data.iter().map(|b| f64::from(u8::from(*b != 0))).collect(),
        _ => return None,
    };
    let numel = shape.iter().try_fold(1_usize, |n, s| n.checked_mul(*s))?;
    (values.len() == numel).then_some(Array { shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_plain_numbers() {
        let header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([5_i64, 7].iter().flat_map(|n| n.to_le_bytes()));
        let array = parse(&bytes).unwrap();
        assert_eq!((array.shape, array.values), (vec![2], vec![5.0, 7.0]));
        for cut in 0..bytes.len() {
            assert!(parse(&bytes[..cut]).is_none(), "{cut}");
        }
    }
}
