//! Plans of repairs, applied to real elements.

use std::collections::BTreeMap;
use std::path::Path;

use ckpt_tui::compare::plan::{Described, Operation, Plan};
use ckpt_tui::export::disk::Disk;
use ckpt_tui::export::repaired::{ingredients, select};
use ckpt_tui::export::weights::Request;
use ckpt_tui::export::write::Export;
use ckpt_tui::limits::Limits;
use ckpt_tui::tensor::{DType, TensorId};
use ckpt_tui::work::Work;

use super::{floats, load};

/// Writes tensors of these shapes, each with the numbers from 0 on (times a factor), applies operations, and loads
/// what was written.
fn repaired(
    tensors: &[(&str, &[usize], f32)],
    operations: Vec<Operation>,
) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    write(&from, tensors);
    let checkpoint = ckpt_tui::format::open(&from, &Limits::default()).unwrap();
    let listed: Vec<(Described, TensorId)> = checkpoint
        .tensors()
        .iter()
        .map(|entry| {
            let meta = checkpoint.meta(entry);
            let key = entry.key().to_owned();
            (Described { key, shape: meta.shape().to_vec(), dtype: meta.dtype }, entry.id)
        })
        .collect();
    let base = ingredients(&checkpoint, &listed);
    let selection = select(&base, &listed, &Plan { operations }, &Request::default()).unwrap();
    let (items, metadata) = (selection.items, selection.metadata);
    let export = Export { items, metadata, path: to.clone(), shard: None, replace: false };
    export.write(&Disk, &Work::default()).unwrap();
    load(&to).into_iter().map(|(name, (_, shape, bytes))| (name, (shape, floats(&bytes)))).collect()
}

fn write(path: &Path, tensors: &[(&str, &[usize], f32)]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape, factor)| {
            let count = shape.iter().product::<usize>();
            (0..count).flat_map(|n| (n as f32 * factor).to_le_bytes()).collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (*name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

fn text(s: &str) -> String {
    s.to_owned()
}

#[test]
fn names_views_and_parts() {
    let made = repaired(
        &[("module.w", &[2, 3], 1.0), ("qkv", &[3, 2], 1.0), ("up", &[1, 2], 10.0), ("gate", &[1, 2], 1.0)],
        vec![
            Operation::Rename(vec![(text("module.w"), text("w"))]),
            Operation::Permute { key: text("w"), order: vec![1, 0] },
            Operation::Split {
                from: text("qkv"),
                axis: 0,
                into: vec![(text("q"), 1), (text("k"), 1), (text("v"), 1)],
            },
            Operation::Concat { from: vec![text("gate"), text("up")], axis: 0, into: text("gate_up") },
        ],
    );
    assert_eq!(made["w"], (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    assert_eq!(made["k"], (vec![1, 2], vec![2.0, 3.0]));
    assert_eq!(made["gate_up"], (vec![2, 2], vec![0.0, 1.0, 0.0, 10.0]));
    assert_eq!(made.len(), 5);
}

#[test]
fn what_is_no_view_is_made_in_memory() {
    let made = repaired(
        &[
            ("a", &[2, 1], 1.0),
            ("b", &[2, 2], 10.0),
            ("t", &[2, 3], 1.0),
            ("s0", &[2], 1.0),
            ("s1", &[2], 5.0),
        ],
        vec![
            Operation::Concat { from: vec![text("a"), text("b")], axis: 1, into: text("ab") },
            Operation::Permute { key: text("ab"), order: vec![1, 0] },
            Operation::Permute { key: text("t"), order: vec![1, 0] },
            Operation::Reshape { key: text("t"), shape: vec![6] },
            Operation::Stack { from: vec![text("s0"), text("s1")], into: text("s") },
            Operation::Zeros(Described { key: text("z"), shape: vec![], dtype: DType::Float32 }),
        ],
    );
    assert_eq!(made["ab"], (vec![3, 2], vec![0.0, 1.0, 0.0, 20.0, 10.0, 30.0]));
    assert_eq!(made["t"], (vec![6], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    assert_eq!(made["s"], (vec![2, 2], vec![0.0, 1.0, 0.0, 5.0]));
    assert_eq!(made["z"], (vec![], vec![0.0]));
}

#[test]
fn weight_norm_is_folded_and_unfolded() {
    let fold = Operation::FoldWeightNorm { g: text("g"), v: text("v"), into: text("w") };
    let made = repaired(&[("g", &[2, 1], 5.0), ("v", &[2, 2], 1.0)], vec![fold]);
    let (shape, values) = &made["w"];
    // Rows of v are (0, 1) and (2, 3), their magnitudes 0 and 5.
    let scale = 5.0 / 13_f32.sqrt();
    assert_eq!(shape, &[2, 2]);
    for (x, want) in values.iter().zip([0.0, 0.0, 2.0 * scale, 3.0 * scale]) {
        assert!((x - want).abs() < 1e-6, "{values:?}");
    }
    let unfold =
        Operation::UnfoldWeightNorm { from: text("w"), g: text("g"), g_shape: vec![2, 1], v: text("v") };
    let made = repaired(&[("w", &[2, 2], 1.0)], vec![unfold]);
    assert_eq!(made["g"], (vec![2, 1], vec![1.0, 13_f32.sqrt()]));
    assert_eq!(made["v"].1, [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn an_adapter_is_merged() {
    let merge = Operation::MergeLowRank { base: text("w"), a: text("a"), b: text("b"), scaling: 0.5 };
    let made = repaired(&[("w", &[2, 3], 1.0), ("a", &[1, 3], 1.0), ("b", &[2, 1], 4.0)], vec![merge]);
    assert_eq!(made["w"].1, [0.0, 1.0, 2.0, 3.0, 6.0, 9.0]);
}

/// The pairs of the mismatch samples (`a` is the model's own state dict, `b` is loaded into it): whatever was
/// repaired has the names and shapes of `a`, and the numbers of `b`.
#[test]
fn pairs_that_did_not_load_do_after_the_repair() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, theirs) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    let write = |out: &Path, args: &[&str]| {
        super::json(
            &[&["export", args[0], "-o", out.to_str().unwrap(), "--force", "--untie"], &args[1..]].concat(),
        )
    };
    for pair in ["ddp_compile", "fsdp", "ckptwrap", "compile", "inner_wrapped", "split_qkv", "transposed"] {
        let path =
            |side: &str| super::fixture(&format!("mismatch/{pair}_{side}.pt")).to_str().unwrap().to_owned();
        let (a, b) = (path("a"), path("b"));
        write(&mine, &[&a]);
        let answer = write(&theirs, &[&b, "--repair", &a]);
        let notes = answer["notes"].to_string();
        assert!(notes.contains("it loads with strict=True"), "{pair}: {notes}");
        let shapes = |path: &Path| -> Vec<(String, Vec<usize>)> {
            load(path).into_iter().map(|(name, (_, shape, _))| (name, shape)).collect()
        };
        let (want, got) = (shapes(&mine), shapes(&theirs));
        for row in &want {
            assert!(got.contains(row), "{pair}: {row:?} of {got:?}");
        }
        write(&mine, &[&b]);
        let sum = |path: &Path| -> f64 {
            let values = load(path).into_values().filter(|(dtype, _, _)| dtype == "F32");
            values.flat_map(|(_, _, bytes)| floats(&bytes)).map(f64::from).map(f64::abs).sum()
        };
        assert!((sum(&mine) - sum(&theirs)).abs() < 1e-3, "{pair}: the same numbers elsewhere");
    }
}
