//! numpy arrays in plain pickles: weights are tensors, measurements stay values.

use std::collections::BTreeMap;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::format;
use ckpt_tui::limits::Limits;

use crate::containers::elements;
use crate::fixture;

fn open(name: &str, protocol: u8) -> Checkpoint {
    format::open(&fixture(&format!("numpy_pickle/{name}.{protocol}.pkl")), &Limits::default()).unwrap()
}

/// Shape and elements by path.
fn tensors(checkpoint: &Checkpoint) -> BTreeMap<String, (Vec<u64>, Vec<f64>)> {
    let of = |e: &ckpt_tui::checkpoint::TensorEntry| {
        let shape = checkpoint.tree().tensor(e.id).unwrap().shape().to_vec();
        (e.path.to_string(), (shape, elements(checkpoint, e).unwrap()))
    };
    checkpoint.tensors().iter().map(of).collect()
}

#[test]
fn weights_are_listed_with_their_elements() {
    let to = |n: u32| (0..n).map(f64::from).collect::<Vec<f64>>();
    // Protocol 2 spells bytes as text in Latin-1, 4 as bytes, 5 as a bytearray.
    for protocol in [2, 4, 5] {
        let flat = tensors(&open("flat", protocol));
        assert_eq!(flat, [("w".to_owned(), (vec![4], to(4)))].into(), "protocol {protocol}");
        let model = tensors(&open("model", protocol));
        let wanted: BTreeMap<_, _> = [
            ("model.conv.weight".to_owned(), (vec![2, 3], to(6))),
            ("model.conv.bias".to_owned(), (vec![3], to(3))),
            ("model.tied.bias".to_owned(), (vec![3], to(3))),
        ]
        .into();
        assert_eq!(model, wanted, "protocol {protocol}");
        let alone: Vec<_> = tensors(&open("array", protocol)).into_values().collect();
        assert_eq!(alone, [(vec![2, 3], to(6))], "protocol {protocol}");
    }
}

#[test]
fn one_array_under_two_names_is_one_tensor() {
    let model = open("model", 4);
    let ids = |path: &str| model.tensors().iter().find(|e| &*e.path == path).unwrap().id;
    assert_eq!(ids("model.conv.bias"), ids("model.tied.bias"));
}

#[test]
fn measurements_and_objects_stay_values() {
    for (name, protocol) in ["history", "mixed", "objects"].iter().flat_map(|n| [2, 4, 5].map(|p| (n, p))) {
        assert!(tensors(&open(name, protocol)).is_empty(), "{name}, protocol {protocol}");
    }
}
