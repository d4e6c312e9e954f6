//! Damaged containers, and arrays of any form: no panic, no endless loop, and what is read is what was written.

use std::path::Path;
use std::sync::Arc;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::limits::Limits;
use proptest::prelude::*;

use crate::fixture;

const GOLDEN: [&str; 9] = [
    "gguf/packed.gguf",
    "gguf/big.gguf",
    "numpy/stored.npz",
    "numpy/v1.npy",
    "fresh/inline.onnx",
    "fresh/state.msgpack",
    "tf/ckpt-20.index",
    "keras/model.weights.h5",
    "paddle/ck.pdparams",
];

fn open(bytes: Vec<u8>) -> Option<Checkpoint> {
    ckpt_tui::format::open_source(
        Path::new("/nonexistent/a.index"),
        Arc::new(bytes),
        None,
        &Limits::default(),
    )
    .ok()
}

/// Reads the start of every tensor.
fn read_all(checkpoint: &Checkpoint) {
    let mut scratch = Scratch::default();
    for entry in checkpoint.tensors() {
        if let Ok(elements) = Elements::open(checkpoint, checkpoint.meta(entry)) {
            let mut out = vec![0.0; usize::try_from(elements.len().min(300)).unwrap()];
            let _ = elements.read(0, &mut out, &mut scratch);
        }
    }
}

#[test]
fn files_cut_anywhere_open_or_say_why() {
    for name in GOLDEN {
        let whole = std::fs::read(fixture("containers").join(name)).unwrap();
        let step = (whole.len() / 150).max(1);
        for len in (0..whole.len()).step_by(step) {
            if let Some(checkpoint) = open(whole[..len].to_vec()) {
                read_all(&checkpoint);
            }
        }
    }
}

#[test]
fn a_cut_gguf_keeps_the_tensors_that_are_whole() {
    let whole = std::fs::read(fixture("containers/gguf/packed.gguf")).unwrap();
    let complete = |bytes: &[u8]| {
        let checkpoint = open(bytes.to_vec())?;
        let whole = |entry| checkpoint.storage_of(entry).is_some_and(|s| s.available() == s.nbytes);
        Some(checkpoint.tensors().iter().filter(|entry| whole(entry)).count())
    };
    let counts: Vec<usize> =
        (whole.len() / 2..=whole.len()).step_by(97).filter_map(|len| complete(&whole[..len])).collect();
    assert!(counts.len() > 20 && counts.is_sorted(), "{counts:?}");
    assert_eq!(complete(&whole), Some(20));
}

/// A `.npy` file as numpy writes it.
fn npy(descr: &str, columns: bool, shape: &[u64], data: &[u8]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let sizes = sizes.join(" ");
    let order = if columns { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({sizes}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let len = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), data].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bytes_changed_anywhere_do_no_harm(file in 0..GOLDEN.len(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = std::fs::read(fixture("containers").join(GOLDEN[file])).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(checkpoint) = open(bytes) {
            read_all(&checkpoint);
        }
    }

    #[test]
    fn arrays_of_any_shape_and_order(shape in prop::collection::vec(0_u64..5, 0..5), columns: bool, big: bool) {
        let count: u64 = shape.iter().product();
        let order = if big { '>' } else { '<' };
        let bytes = |n: u64| { let x = n as f32 - 3.5; if big { x.to_be_bytes() } else { x.to_le_bytes() } };
        let data: Vec<u8> = (0..count).flat_map(bytes).collect();
        let checkpoint = open(npy(&format!("{order}f4"), columns, &shape, &data)).unwrap();
        let entry = &checkpoint.tensors()[0];
        prop_assert_eq!(checkpoint.meta(entry).shape(), &shape[..]);
        let elements = Elements::open(&checkpoint, checkpoint.meta(entry)).unwrap();
        let mut values = vec![0.0; usize::try_from(count).unwrap()];
        elements.read(0, &mut values, &mut Scratch::default()).unwrap();
        // The place of element `at` in the file.
        let place = |mut at: u64| {
            let mut index: Vec<u64> = shape.iter().rev().map(|size| { let i = at % size; at /= size; i }).collect();
            if !columns { index.reverse(); }
            let sizes: Vec<u64> = if columns { shape.iter().rev().copied().collect() } else { shape.clone() };
            index.iter().zip(&sizes).fold(0, |n, (i, size)| n * size + i)
        };
        for (at, value) in values.iter().enumerate() {
            prop_assert!((value - (place(at as u64) as f64 - 3.5)).abs() < 1e-9);
        }
    }
}
