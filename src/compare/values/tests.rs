#![allow(clippy::float_cmp, clippy::excessive_precision, clippy::needless_pass_by_value)]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;
use crate::tensor::{DType, Place, Storage};
use crate::training::testing::checkpoint_of;

/// A checkpoint with one tensor of these bytes.
fn one(dtype: DType, bytes: Vec<u8>, shape: &[u64], stride: Option<&[u64]>) -> (Checkpoint, TensorId) {
    let mut id = None;
    let checkpoint = checkpoint_of(&json!({}), |parts| {
        let len = bytes.len() as u64;
        parts.assembled.push(Arc::new(bytes));
        let storage = parts.tree.add_storage(Storage {
            key: "0".into(),
            dtype,
            location: "cpu".into(),
            nbytes: len,
            place: Place::Assembled { source: 0, len },
            big_endian: false,
        });
        let mut meta = TensorMeta::contiguous(dtype, shape, Some(storage), 0);
        if let Some(stride) = stride {
            meta = TensorMeta::strided(dtype, shape, stride, Some(storage), 0);
        }
        id = Some(parts.tree.add_tensor(meta));
    });
    (checkpoint, id.unwrap())
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn diff_of(a: (Checkpoint, TensorId), b: (Checkpoint, TensorId), options: Options) -> Result<ValueDiff> {
    let mut rows = compare(&a.0, &b.0, &[(a.1, b.1)], &options, &Work::default()).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn diff(a: &[f32], b: &[f32]) -> ValueDiff {
    let side = |x: &[f32]| one(DType::Float32, floats(x), &[x.len() as u64], None);
    diff_of(side(a), side(b), Options::default()).unwrap()
}

fn close(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-12 * y.abs().max(1.0)
}

proptest! {
    #[test]
    fn sums_are_those_of_a_plain_loop(
        pairs in prop::collection::vec((-1e3_f32..1e3, -1.0_f32..1.0), 1..9_000),
        threads in 1_usize..4,
    ) {
        let a: Vec<f32> = pairs.iter().map(|(x, _)| *x).collect();
        let b: Vec<f32> = pairs.iter().map(|(x, d)| x + d).collect();
        let side = |x: &[f32]| one(DType::Float32, floats(x), &[x.len() as u64], None);
        let got = diff_of(side(&a), side(&b), Options { threads, ..Options::default() }).unwrap();
        let wide = || a.iter().zip(&b).map(|(x, y)| (f64::from(*x), f64::from(*y)));
        let (aa, bb): (f64, f64) = wide().fold((0.0, 0.0), |(p, q), (x, y)| (p + x * x, q + y * y));
        let dd: f64 = wide().map(|(x, y)| (y - x) * (y - x)).sum();
        let ab: f64 = wide().map(|(x, y)| x * y).sum();
        let max = wide().map(|(x, y)| (y - x).abs()).fold(0.0, f64::max);
        prop_assert_eq!(got.elements, a.len() as u64);
        prop_assert_eq!(got.max_abs.to_bits(), max.to_bits());
        prop_assert_eq!(got.unequal, wide().filter(|(x, y)| x != y).count() as u64);
        prop_assert!(close(got.l2, dd.sqrt()) && close(got.reference.l2, aa.sqrt()) && close(got.candidate.l2, bb.sqrt()));
        if dd > 0.0 {
            prop_assert!(close(got.relative_l2, (dd / aa).sqrt()) && close(got.cosine, ab / (aa * bb).sqrt()));
        }
    }
}

#[test]
fn equal_bytes_equal_values_and_neither() {
    let same = diff(&[1.0, -2.0, f32::NAN], &[1.0, -2.0, f32::NAN]);
    assert!(same.equal_bytes && same.equal_values());
    assert_eq!((same.reference.nan, same.candidate.nan, same.cosine, same.l2), (1, 1, 1.0, 0.0));
    let zeros = diff(&[0.0, 1.0], &[-0.0, 1.0]);
    assert!(!zeros.equal_bytes && zeros.equal_values());
    let other = diff(&[3.0, 4.0], &[3.0, 4.5]);
    assert!(!other.equal_values());
    assert_eq!((other.max_abs, other.l2, other.relative_l2), (0.5, 0.5, 0.1));
}

#[test]
fn zeros_and_infinities() {
    let from_zero = diff(&[0.0, 0.0], &[3.0, 4.0]);
    assert_eq!((from_zero.relative_l2, from_zero.cosine), (f64::INFINITY, 0.0));
    let both = diff(&[0.0], &[0.0]);
    assert_eq!((both.relative_l2, both.cosine), (0.0, 1.0));
    let infinite = diff(&[f32::INFINITY, 1.0, 2.0], &[5.0, 1.0, 3.0]);
    assert_eq!((infinite.reference.inf, infinite.unequal, infinite.max_abs), (1, 2, 1.0));
    assert!(close(infinite.candidate.l2, 35.0_f64.sqrt()), "all of its own finite elements");
}

#[test]
fn dtypes_are_compared_after_an_up_cast() {
    let a = one(DType::Float32, floats(&[1.0, 1.003_906_25]), &[2], None);
    let half: Vec<u8> = [1.0_f32, 1.0].iter().flat_map(|x| half::bf16::from_f32(*x).to_le_bytes()).collect();
    let b = one(DType::BFloat16, half.clone(), &[2], None);
    let got = diff_of(a, b, Options { rtol: 0.01, ..Options::default() }).unwrap();
    assert!(!got.equal_bytes && !got.equal_values() && got.is_close());
    assert_eq!(got.max_abs, 0.003_906_25);
    let a = one(DType::Float32, floats(&[1.0, 1.0]), &[2], None);
    let b = one(DType::BFloat16, half, &[2], None);
    let got = diff_of(a, b, Options::default()).unwrap();
    assert!(!got.equal_bytes && got.equal_values(), "the same numbers in other bytes");
}

#[test]
fn views_are_compared_in_their_own_order() {
    let a = one(DType::Float32, floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), &[2, 3], None);
    let b = one(DType::Float32, floats(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]), &[2, 3], Some(&[1, 2]));
    let got = diff_of(a, b, Options::default()).unwrap();
    assert!(got.equal_bytes && got.equal_values());
}

#[test]
fn integers_and_bools_are_numbers() {
    let whole = |values: &[i64]| {
        let bytes = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        one(DType::Int64, bytes, &[values.len() as u64], None)
    };
    let got = diff_of(whole(&[1 << 60, 7]), whole(&[(1 << 60) + 1, 7]), Options::default()).unwrap();
    assert_eq!((got.unequal, got.max_abs), (1, 1.0));
    let (a, b) = (one(DType::Bool, vec![1, 0, 1], &[3], None), one(DType::Bool, vec![1, 1, 9], &[3], None));
    let got = diff_of(a, b, Options::default()).unwrap();
    assert_eq!((got.unequal, got.equal_bytes), (1, false), "any byte but 0 is true");
}

#[test]
fn empty_tensors_are_equal_and_other_shapes_are_refused() {
    let empty = || one(DType::Float32, Vec::new(), &[0, 3], None);
    let got = diff_of(empty(), empty(), Options::default()).unwrap();
    assert!(got.equal_bytes && got.equal_values() && got.elements == 0);
    let a = one(DType::Float32, floats(&[1.0, 2.0]), &[2], None);
    let b = one(DType::Float32, floats(&[1.0, 2.0]), &[1, 2], None);
    assert_eq!(diff_of(a, b, Options::default()).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn work_that_is_cancelled_gives_nothing() {
    let (a, id) = one(DType::Float32, floats(&[1.0]), &[1], None);
    let work = Work::default();
    work.cancel.cancel();
    let outcome = compare(&a, &a, &[(id, id)], &Options::default(), &work);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn the_meter_ends_where_bytes_says() {
    let (a, x) = one(DType::Float32, floats(&[1.0; 100]), &[100], None);
    let (b, y) = one(DType::Float32, floats(&[2.0; 100]), &[100], None);
    let work = Work::default();
    compare(&a, &b, &[(x, y)], &Options::default(), &work).unwrap();
    assert_eq!((work.meter.done(), bytes(&a, &b, &[(x, y)])), (800, 800));
}
