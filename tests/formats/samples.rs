//! Every sample that torch (or safetensors) itself can load reads with exactly its tensor names, dtypes and
//! shapes. `tests/fixtures/expected.json` is torch's own word (`tests/fixtures/gen/oracle.py` wrote it).

use ckpt_tui::limits::Limits;
use serde_json::Value;

use crate::fixture;

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What differs between our listing of a file and torch's.
fn differences(name: &str, expected: &Value) -> Vec<String> {
    let checkpoint = match ckpt_tui::format::open(&fixture(name), &Limits::default()) {
        Ok(checkpoint) => checkpoint,
        Err(e) => return vec![e.to_string()],
    };
    let mut found = Vec::new();
    let wanted = expected["tensors"].as_object().unwrap();
    for entry in checkpoint.tensors() {
        let meta = checkpoint.meta(entry);
        let Some(want) = wanted.get(&*entry.path) else {
            found.push(format!("{name}: torch has no {:?}", entry.path));
            continue;
        };
        if want["dtype"] != meta.dtype.name() {
            found.push(format!("{name}: {} is {}, torch says {}", entry.path, meta.dtype, want["dtype"]));
        }
        if want["nested"] != true && want["shape"] != serde_json::json!(meta.shape()) {
            found.push(format!(
                "{name}: {} has shape {:?}, torch says {}",
                entry.path,
                meta.shape(),
                want["shape"]
            ));
        }
    }
    for path in wanted.keys() {
        let times = checkpoint.tensors().iter().filter(|e| *e.path == **path).count();
        if times != 1 {
            found.push(format!("{name}: {path:?} is listed {times} times"));
        }
    }
    found
}

#[test]
fn every_sample_lists_what_torch_lists() {
    let expected = expected();
    assert!(expected.len() > 100, "the expectations are gone");
    let found: Vec<String> = expected.iter().flat_map(|(name, want)| differences(name, want)).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
