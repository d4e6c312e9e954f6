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

pub(crate) fn elements(checkpoint: &Checkpoint, entry: &TensorEntry) -> Result<Vec<f64>, String> {
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

fn paths(checkpoint: &Checkpoint) -> Vec<&str> {
    checkpoint.tensors().iter().map(|entry| &*entry.path).collect()
}

#[test]
fn what_is_the_model_and_what_its_optimizer() {
    for (name, wanted) in [
        ("keras/model.weights.h5", vec![("layers", "model"), ("optimizer", "optimizer")]),
        ("keras/model_legacy.h5", vec![("model_weights", "model"), ("optimizer_weights", "optimizer")]),
        ("jax/model.msgpack", vec![("params", "model"), ("", "other")]),
        ("paddle/ck.pdparams", vec![("model", "model"), ("", "other")]),
    ] {
        let checkpoint = open(name).unwrap();
        let sections = checkpoint.sections().iter();
        let found: Vec<_> = sections.map(|s| (s.name.as_str(), s.role.name())).collect();
        assert_eq!(found, wanted, "{name}");
    }
    // Keras 3 leaves the weights an optimizer trains with the optimizer.
    let tensorflow = open("tf/ckpt-20.index").unwrap();
    assert_eq!(tensorflow.parameters(), 27);
}

#[test]
fn what_orbax_keeps_in_a_database_is_listed() {
    for (folder, prefix) in [("jax/orbax", ""), ("jax/mgr/100", "state.")] {
        let checkpoint = open(folder).unwrap();
        let wanted =
            ["params.Dense_0.bias", "params.Dense_0.kernel", "step"].map(|name| format!("{prefix}{name}"));
        let mut found = paths(&checkpoint);
        found.sort_unstable();
        assert_eq!(found, wanted, "{folder}");
        assert!(checkpoint.diagnostics().iter().any(|d| d.code == "ORBAX_OCDBT"));
    }
}

/// A zip of stored members, for archives that no light library writes.
pub(crate) fn zip_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let sizes = [0, u32::try_from(data.len()).unwrap(), u32::try_from(data.len()).unwrap()];
        let fixed =
            [[20_u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat(), sizes.map(u32::to_le_bytes).concat()]
                .concat();
        let lengths = [u16::try_from(name.len()).unwrap(), 0].map(u16::to_le_bytes).concat();
        let offset = u32::try_from(body.len()).unwrap();
        body.extend(
            [b"PK\x03\x04".to_vec(), fixed.clone(), lengths.clone(), name.as_bytes().to_vec(), data.clone()]
                .concat(),
        );
        let tail = [vec![0; 10], offset.to_le_bytes().to_vec(), name.as_bytes().to_vec()].concat();
        directory.extend([b"PK\x01\x02\x14\x00".to_vec(), fixed, lengths, tail].concat());
    }
    let (count, size, offset) = (members.len(), directory.len(), body.len());
    let counts = [0, 0, count, count].map(|n| u16::try_from(n).unwrap().to_le_bytes()).concat();
    let places = [size, offset].map(|n| u32::try_from(n).unwrap().to_le_bytes()).concat();
    [body, directory, b"PK\x05\x06".to_vec(), counts, places, vec![0, 0]].concat()
}

fn tar_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, data) in members {
        let mut header = vec![0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[257..262].copy_from_slice(b"ustar");
        out.extend(header);
        out.extend(data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    [out, vec![0; 1024]].concat()
}

fn open_bytes(name: &str, bytes: Vec<u8>) -> Checkpoint {
    let source = std::sync::Arc::new(bytes);
    ckpt_tui::format::open_source(std::path::Path::new(name), source, None, &Limits::default()).unwrap()
}

/// Elements of every tensor, by path.
fn values(checkpoint: &Checkpoint) -> std::collections::BTreeMap<&str, Vec<f64>> {
    checkpoint.tensors().iter().map(|e| (&*e.path, elements(checkpoint, e).unwrap())).collect()
}

#[test]
fn torch_files_inside_archives_read_as_outside() {
    let plain = ckpt_tui::format::open(&fixture("zip/plain_sd.pt"), &Limits::default()).unwrap();
    let wanted = values(&plain);
    assert!(!wanted.is_empty());
    let weights = std::fs::read(fixture("zip/plain_sd.pt")).unwrap();
    let config = b"name: tiny\n".to_vec();
    for prefix in ["", "./"] {
        let members = [
            (&*format!("{prefix}model_config.yaml"), config.clone()),
            (&*format!("{prefix}model_weights.ckpt"), weights.clone()),
        ];
        let nemo = open_bytes("tiny.nemo", tar_of(&members));
        assert_eq!((nemo.format().name(), values(&nemo)), ("nemo", wanted.clone()));
        assert!(nemo.container_metadata().is_some());
    }
    let agent = open_bytes(
        "agent.zip",
        zip_of(&[
            ("data", br#"{"num_timesteps": 64, "policy_class": {":serialized:": "gAWV"}}"#.to_vec()),
            ("policy.pth", weights.clone()),
            ("_stable_baselines3_version", b"2.9.0".to_vec()),
        ]),
    );
    let below: Vec<String> = wanted.keys().map(|key| format!("policy.{key}")).collect();
    assert_eq!(values(&agent).into_keys().collect::<Vec<_>>(), below);
    assert_eq!(values(&agent).into_values().collect::<Vec<_>>(), wanted.into_values().collect::<Vec<_>>());
}

#[test]
fn data_outside_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.bin");
    std::fs::write(&secret, vec![7; 64]).unwrap();
    let inner = folder.path().join("program");
    std::fs::create_dir(&inner).unwrap();
    let field = |number: u8, bytes: &[u8]| {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
    };
    for location in ["../secret.bin", secret.to_str().unwrap(), "a/../../secret.bin", ""] {
        let entry = [field(1, b"location"), field(2, location.as_bytes())].concat();
        let tensor = [vec![0x08, 4, 0x10, 1], field(8, b"w"), field(13, &entry), vec![0x70, 1]].concat();
        let program = [vec![0x08, 8], field(7, &field(5, &tensor))].concat();
        let path = inner.join("a.onnx");
        std::fs::write(&path, program).unwrap();
        let checkpoint = ckpt_tui::format::open(&path, &Limits::default()).unwrap();
        assert_eq!(paths(&checkpoint), ["w"]);
        assert!(elements(&checkpoint, &checkpoint.tensors()[0]).is_err(), "{location}");
        assert!(checkpoint.diagnostics().iter().any(|d| d.code == "EXTERNAL_DATA"), "{location}");
        assert_eq!(checkpoint.files().len(), 1, "{location}");
    }
}

#[test]
fn listing_reads_headers_only() {
    use ckpt_tui::source::{CountingSource, ReadAt};
    let wide = 4 << 20;
    let header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1048576,), }";
    let mut npy = header.to_vec();
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.resize(128 + wide, 0);
    let text = |s: &str| [&(s.len() as u64).to_le_bytes()[..], s.as_bytes()].concat();
    let info =
        [&2_u32.to_le_bytes()[..], &1024_u64.to_le_bytes(), &1024_u64.to_le_bytes(), &[0; 12]].concat();
    let head = [&b"GGUF\x03\0\0\0"[..], &1_u64.to_le_bytes(), &0_u64.to_le_bytes(), &text("w"), &info];
    let mut gguf = head.concat();
    gguf.resize(gguf.len().next_multiple_of(32) + wide, 0);
    for bytes in [zip_of(&[("w.npy", npy.clone())]), npy, gguf] {
        let source = std::sync::Arc::new(CountingSource::new(bytes));
        let dynamic: std::sync::Arc<dyn ReadAt> = source.clone();
        let checkpoint =
            ckpt_tui::format::open_source(std::path::Path::new("a"), dynamic, None, &Limits::default())
                .unwrap();
        assert_eq!(checkpoint.parameters(), 1 << 20);
        assert!(source.bytes_read() < 100_000, "{} bytes read", source.bytes_read());
    }
}

#[test]
fn files_that_are_none_of_ours_are_named() {
    for (head, word) in [
        (&b"\x1c\0\0\0ET12\0\0\0\0"[..], "ExecuTorch"),
        (b"ptrt\0\0\0\0", "TensorRT"),
        (b"CBM1\0\0\0\0", "CatBoost"),
        (b"{\"learner\":{}}", "XGBoost"),
        (b"<!DOCTYPE html><html>", "failed download"),
        (b"version https://git-lfs.github.com/spec/v1\nsize 7\n", "git lfs pull"),
        (
            b"\x80\x04\x8c\x1esklearn.linear_model._logistic\x8c\x12LogisticRegression\x93)\x81.",
            "scikit-learn",
        ),
        (b"\x08\x06\x12\x04\x0a\x02\x08\x01", "no known checkpoint format"),
        (b"\x3c\0\0\0PTMF\0\0\0\0", "mobile"),
    ] {
        let source = std::sync::Arc::new(head.to_vec());
        let opened =
            ckpt_tui::format::open_source(std::path::Path::new("x"), source, None, &Limits::default());
        let error = opened.err().expect("not a checkpoint").to_string();
        assert!(error.contains(word), "{word}: {error}");
    }
}
