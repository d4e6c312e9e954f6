#![allow(clippy::float_cmp)] // the values are exact

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::tensor::{Place, Storage, row_major};
use crate::training::testing::checkpoint_of;

/// A checkpoint with one storage of these bytes, and a tensor in it.
fn checkpoint(
    bytes: Vec<u8>,
    dtype: DType,
    meta: impl FnOnce(&mut TensorMeta),
    shape: &[u64],
) -> (Checkpoint, TensorMeta) {
    let mut made = None;
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
        let mut tensor = TensorMeta::contiguous(dtype, shape, Some(storage), 0);
        meta(&mut tensor);
        made = Some(tensor);
    });
    (checkpoint, made.unwrap())
}

fn floats(count: u64) -> Vec<u8> {
    (0..count).flat_map(|n| (n as f32).to_le_bytes()).collect()
}

fn view(shape: &[u64], stride: &[u64], offset: u64, storage: u64) -> Elements {
    let (checkpoint, meta) = checkpoint(floats(storage), DType::Float32, |_| {}, &[storage]);
    let meta = TensorMeta::strided(DType::Float32, shape, stride, meta.storage, offset);
    Elements::open(&checkpoint, &meta).unwrap()
}

/// What each element of a view should be: its place in the storage.
fn expected(shape: &[u64], stride: &[u64], offset: u64) -> Vec<f64> {
    let rows = row_major(shape);
    let count: u64 = shape.iter().product();
    let place = |n: u64| {
        let steps = shape.iter().zip(stride).zip(&rows);
        offset + steps.map(|((size, stride), row)| n / row % size * stride).sum::<u64>()
    };
    (0..count).map(|n| place(n) as f64).collect()
}

fn all(elements: &Elements) -> Vec<f64> {
    let mut out = vec![f64::NAN; elements.len() as usize * elements.parts()];
    elements.read_parts(0, &mut out, &mut Scratch::default()).unwrap();
    out
}

proptest! {
    #[test]
    fn any_view_is_read_as_its_strides_say(
        dims in prop::collection::vec((0_u64..7, 0_u64..9), 0..5),
        offset in 0_u64..20,
        cut in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let (shape, stride): (Vec<u64>, Vec<u64>) = dims.into_iter().unzip();
        let want = expected(&shape, &stride, offset);
        let elements = view(&shape, &stride, offset, 400);
        prop_assert_eq!(all(&elements), want.clone());
        let start = (cut.0 * want.len() as f64) as usize;
        let end = start + (cut.1 * (want.len() - start) as f64) as usize;
        let mut part = vec![f64::NAN; end - start];
        elements.read(start as u64, &mut part, &mut Scratch::default()).unwrap();
        prop_assert_eq!(&part, &want[start..end]);
        let (sorted, times) = elements.in_storage_order();
        let mut lying: Vec<f64> = all(&sorted).into_iter().flat_map(|x| vec![x; times as usize]).collect();
        let mut want = want;
        lying.sort_by(f64::total_cmp);
        want.sort_by(f64::total_cmp);
        prop_assert_eq!(lying, want);
    }
}

#[test]
fn a_large_transposed_matrix_is_read_in_runs() {
    let elements = view(&[3_000, 700], &[1, 3_000], 0, 2_100_000);
    let want = expected(&[3_000, 700], &[1, 3_000], 0);
    assert_eq!(all(&elements), want);
    let (sorted, times) = elements.in_storage_order();
    assert_eq!((sorted.run().map(|r| (r.offset, r.len)), times), (Some((0, 8_400_000)), 1));
}

#[test]
fn a_run_is_the_bytes_where_they_are_what_they_say() {
    let elements = view(&[2, 3], &[3, 1], 4, 20);
    let run = elements.run().unwrap();
    assert_eq!((run.offset, run.len), (16, 24));
    assert!(view(&[2, 3], &[4, 1], 0, 20).run().is_none());
    let (checkpoint, meta) = checkpoint(floats(4), DType::Float32, |meta| meta.neg = true, &[4]);
    let elements = Elements::open(&checkpoint, &meta).unwrap();
    assert!(elements.run().is_none());
    assert_eq!(all(&elements), [-0.0, -1.0, -2.0, -3.0]);
}

#[test]
fn what_reaches_beyond_its_storage_is_not_opened() {
    let (checkpoint, meta) = checkpoint(floats(4), DType::Float32, |_| {}, &[5]);
    assert_eq!(Elements::open(&checkpoint, &meta).err().unwrap().kind(), ErrorKind::TensorBounds);
    let meta = TensorMeta::strided(DType::Float32, &[u64::MAX, 2], &[1, u64::MAX], meta.storage, 0);
    assert_eq!(Elements::open(&checkpoint, &meta).err().unwrap().kind(), ErrorKind::TensorBounds);
    let elements = view(&[4], &[1], 0, 4);
    let mut out = [0.0; 2];
    assert!(elements.read(3, &mut out, &mut Scratch::default()).is_err());
}

#[test]
fn complex_elements_are_pairs_or_magnitudes_and_bits_turn_them() {
    let bytes: Vec<u8> = [3.0_f32, 4.0, 0.0, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let (checkpoint, meta) = checkpoint(bytes, DType::Complex64, |meta| meta.conj = true, &[2]);
    let elements = Elements::open(&checkpoint, &meta).unwrap();
    assert_eq!(all(&elements), [3.0, -4.0, 0.0, 2.0]);
    let mut out = [0.0; 2];
    elements.read(0, &mut out, &mut Scratch::default()).unwrap();
    assert_eq!(out, [5.0, 2.0]);
}

#[test]
fn two_four_bit_floats_lie_in_each_byte_torch_counts() {
    let (checkpoint, meta) = checkpoint(vec![0x10, 0x32, 0x54], DType::Float4E2m1fnX2, |_| {}, &[3]);
    let elements = Elements::open(&checkpoint, &meta).unwrap();
    assert_eq!(all(&elements), [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]);
    let mut out = [0.0; 3];
    elements.read(1, &mut out, &mut Scratch::default()).unwrap();
    assert_eq!(out, [0.5, 1.0, 1.5]);
}

#[test]
fn per_tensor_quantised_elements_are_dequantised() {
    let change = |meta: &mut TensorMeta| {
        let quantizer = crate::tensor::Quantizer::PerTensor { scale: 0.5, zero_point: 3 };
        meta.quantizer = Some(Box::new(quantizer));
    };
    let (checkpoint, meta) = checkpoint(vec![3, 5, 0], DType::QUInt8, change, &[3]);
    assert_eq!(all(&Elements::open(&checkpoint, &meta).unwrap()), [0.0, 1.0, -1.5]);
    // torch's dequantize() works in float32.
    let change = |meta: &mut TensorMeta| {
        let quantizer = crate::tensor::Quantizer::PerTensor { scale: 0.1, zero_point: 0 };
        meta.quantizer = Some(Box::new(quantizer));
    };
    let (checkpoint, meta) = self::checkpoint(vec![14], DType::QUInt8, change, &[1]);
    assert_eq!(all(&Elements::open(&checkpoint, &meta).unwrap()), [f64::from(1.4_f32)]);
}

/// `t()` of a matrix of pairs of 4-bit floats: bytes change places, pairs stay together.
#[test]
fn packed_floats_with_strides_are_moved_byte_by_byte() {
    let bytes: Vec<u8> = (0..35).collect();
    let (checkpoint, meta) = checkpoint(
        bytes.clone(),
        DType::Float4E2m1fnX2,
        |meta| {
            *meta = TensorMeta::strided(DType::Float4E2m1fnX2, &[6, 5], &[1, 7], meta.storage, 1);
        },
        &[5, 6],
    );
    let elements = Elements::open(&checkpoint, &meta).unwrap();
    let want: Vec<u8> = (0..6).flat_map(|row| (0..5).map(move |column| 1 + row + 7 * column)).collect();
    for first in 0..want.len() {
        let mut got = vec![0; want.len() - first];
        elements.read_bytes(2 * first as u64, &mut got, &mut Scratch::default()).unwrap();
        assert_eq!(got, want[first..], "from byte {first}");
    }
}
