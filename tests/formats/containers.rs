//! Containers of other libraries: every file lists the names, dtypes and shapes, and holds the numbers, that the
//! library which wrote it reads from it. `tests/fixtures/containers/expected.json` is those libraries' word
//! (`tests/fixtures/gen/containers_oracle.py`).

use ckpt_tui::checkpoint::{Checkpoint, TensorEntry};
use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::limits::Limits;
use serde_json::{Value, json};

use crate::fixture;

fn open(name: &str) -> Result<Checkpoint, String> {
    ckpt_tui::format::open(&fixture("containers").join(name), &Limits::default()).map_err(|e| e.to_string())
}

fn elements(checkpoint: &Checkpoint, entry: &TensorEntry) -> Result<Vec<f64>, String> {
    let elements = Elements::open(checkpoint, checkpoint.meta(entry)).map_err(|e| e.to_string())?;
    let mut values = vec![f64::NAN; usize::try_from(elements.len()).unwrap()];
    elements.read(0, &mut values, &mut Scratch::default()).map_err(|e| e.to_string())?;
    Ok(values)
}

fn close(got: f64, want: &Value, scale: f64) -> bool {
    want.as_f64().map_or(!got.is_finite(), |want| (got - want).abs() <= 1e-7 * scale.max(want.abs()))
}

/// What differs between our values and the library's.
fn value_difference(checkpoint: &Checkpoint, entry: &TensorEntry, want: &Value) -> Option<String> {
    let wanted = want["values"].as_array()?;
    let values = match elements(checkpoint, entry) {
        Ok(values) => values,
        Err(e) => return Some(format!("{}: {e}", entry.path)),
    };
    let first = values.iter().zip(wanted).position(|(got, want)| !close(*got, want, 1e-12));
    if let Some(at) = first {
        return Some(format!("{}[{at}] is {}, not {}", entry.path, values[at], wanted[at]));
    }
    let (sum, scale) = values.iter().fold((0.0, 0.0), |(sum, scale), x| (sum + x, scale + x.abs()));
    (!close(sum, &want["sum"], scale)).then(|| format!("{} sums to {sum}, not {}", entry.path, want["sum"]))
}

fn differences(name: &str, expected: &Value) -> Vec<String> {
    let checkpoint = match open(name) {
        Ok(checkpoint) => checkpoint,
        Err(e) => return vec![e],
    };
    let mut found = Vec::new();
    if checkpoint.format().name() != expected["format"] {
        found.push(format!("it is {}, not {}", checkpoint.format().name(), expected["format"]));
    }
    let wanted = expected["tensors"].as_object().unwrap();
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let Some(want) = wanted.get(&*entry.path) else {
            found.push(format!("there is no {:?}", entry.path));
            continue;
        };
        let got = json!({"dtype": meta.dtype.name(), "shape": meta.shape()});
        if got["dtype"] != want["dtype"] || got["shape"] != want["shape"] {
            found.push(format!("{} is {got}, not {want}", entry.path));
        } else {
            found.extend(value_difference(&checkpoint, entry, want));
        }
    }
    for path in wanted.keys() {
        let times = checkpoint.tensors().iter().filter(|e| *e.path == **path).count();
        if times != 1 {
            found.push(format!("{path:?} is listed {times} times"));
        }
    }
    found.into_iter().map(|text| format!("{name}: {text}")).collect()
}

#[test]
fn every_file_reads_as_the_library_that_wrote_it_reads_it() {
    let text = std::fs::read_to_string(fixture("containers/expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert!(expected.len() > 10, "the expectations are gone");
    let found: Vec<String> = expected.iter().flat_map(|(name, want)| differences(name, want)).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
