//! Whole tensors of any dtype, shape and stride, against two passes over their numbers as float64.

#![allow(clippy::float_cmp)] // where values must be the same, they are compared so

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::checkpoint::Checkpoint;
use crate::elements::{Elements, Scratch};
use crate::error::{ErrorKind, Result};
use crate::source::ReadAt;
use crate::tensor::{DType, Numeric, Place, Quantizer, Storage, TensorId, TensorMeta};
use crate::training::testing::checkpoint_of;
use crate::work::Work;

/// Any dtype that has numbers.
fn dtypes() -> Vec<DType> {
    DType::all().filter(|d| d.numeric() != Numeric::Opaque && !matches!(d, DType::Ggml(_))).collect()
}

/// A checkpoint with one tensor on one storage.
fn one(source: Arc<dyn ReadAt>, big_endian: bool, meta: TensorMeta) -> (Checkpoint, TensorId) {
    let mut id = TensorId(0);
    let checkpoint = checkpoint_of(&json!({}), |parts| {
        let len = source.len();
        parts.assembled.push(source);
        let place = Place::Assembled { source: 0, len };
        let (key, location) = ("0".into(), "cpu".into());
        let storage = parts.tree.add_storage(Storage {
            key,
            dtype: meta.dtype,
            location,
            nbytes: len,
            place,
            big_endian,
        });
        let mut meta = meta;
        meta.storage = Some(storage);
        id = parts.tree.add_tensor(meta);
    });
    (checkpoint, id)
}

fn compute(
    checkpoint: &Checkpoint,
    ids: &[TensorId],
    threads: usize,
) -> (Vec<Result<TensorStats>>, TensorStats) {
    let tensors: Vec<(TensorId, bool)> = ids.iter().map(|id| (*id, true)).collect();
    let results = Mutex::new(Vec::new());
    let request = Request { checkpoint, tensors: &tensors, threads, work: &Work::default() };
    let total = request.run(&|index, stats| results.lock().unwrap().push((index, stats))).unwrap();
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(index, _)| *index);
    (results.into_iter().map(|(_, stats)| stats).collect(), total)
}

/// Two passes over the numbers, and sorting.
fn reference(checkpoint: &Checkpoint, id: TensorId) -> (TensorStats, Vec<f64>) {
    let elements = Elements::open(checkpoint, checkpoint.tree().tensor(id).unwrap()).unwrap();
    let mut all = vec![0.0; elements.len() as usize];
    elements.read(0, &mut all, &mut Scratch::default()).unwrap();
    let mut finite: Vec<f64> = all.iter().copied().filter(|x| x.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let n = finite.len() as f64;
    let mean = if finite.is_empty() { 0.0 } else { finite.iter().map(|x| x / n).sum::<f64>() };
    let largest = finite.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let squares: f64 = finite.iter().map(|x| x * x).sum();
    let norm = largest * finite.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
    let plain = largest == 0.0 || squares.is_finite() && squares > 1e-280;
    let moments = Moments {
        count: finite.len() as u64,
        mean,
        m2: finite.iter().map(|x| (x - mean).powi(2)).sum(),
        l1: finite.iter().map(|x| x.abs()).sum(),
        squares: if plain { squares } else { 0.0 },
        extreme: if plain { 0.0 } else { norm },
        min: finite.first().copied().unwrap_or(f64::INFINITY),
        max: finite.last().copied().unwrap_or(f64::NEG_INFINITY),
    };
    let nan = all.iter().filter(|x| x.is_nan()).count() as u64;
    let stats = TensorStats {
        count: all.len() as u64,
        nan,
        inf: all.len() as u64 - nan - moments.count,
        zeros: all.iter().filter(|x| **x == 0.0).count() as u64,
        moments,
        quantiles: [f64::NAN; 7],
        exact_quantiles: true,
        histogram: Histogram::of(&[]),
        dead_rows: None,
    };
    (stats, finite)
}

fn near(got: f64, want: f64, scale: f64) -> bool {
    // The smallest numbers of float64 are whole multiples of 5e-324: an interpolation of two of them may be one off.
    got == want || (got - want).abs() <= 1e-9 * scale + 1e-323 || (got.is_infinite() && want.is_infinite())
}

fn check(got: &TensorStats, (want, sorted): &(TensorStats, Vec<f64>)) {
    assert_eq!((got.count, got.nan, got.inf, got.zeros), (want.count, want.nan, want.inf, want.zeros));
    let (a, b) = (&got.moments, &want.moments);
    assert_eq!((a.count, a.min, a.max), (b.count, b.min, b.max));
    let scale = b.abs_max();
    assert!(near(a.mean, b.mean, scale), "mean {} {}", a.mean, b.mean);
    assert!(near(a.l1, b.l1, b.l1), "l1 {} {}", a.l1, b.l1);
    assert!(near(a.l2(), b.l2(), b.l2()), "l2 {} {}", a.l2(), b.l2());
    let stds = (a.std().unwrap_or(0.0), b.std().unwrap_or(0.0));
    // Squares of larger numbers are beyond float64, and so is the reference.
    assert!(scale > 1e150 || near(stds.0, stds.1, scale), "std {stds:?}");
    for (level, got_quantile) in LEVELS.iter().zip(got.quantiles) {
        if sorted.is_empty() {
            assert!(got_quantile.is_nan());
            continue;
        }
        let place = level * (sorted.len() - 1) as f64;
        let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        if got.exact_quantiles {
            let exact = low + (high - low) * place.fract();
            assert!(near(got_quantile, exact, low.abs().max(high.abs())), "{level}: {got_quantile} {exact}");
        } else {
            // Below the smallest normal float32 numbers there are fewer bits to go by.
            let slack = |x: f64| x.abs() * SKETCH_ERROR * 1.000_001 + 1e-40;
            assert!(
                (low - slack(low)..=high + slack(high)).contains(&got_quantile),
                "{level}: {got_quantile} {low} {high}"
            );
        }
    }
    for bars in [got.histogram.linear(64), got.histogram.linear(37)] {
        assert_eq!(bars.counts.iter().sum::<u64>(), got.moments.count);
    }
    let nonzero = got.histogram.by_magnitude().counts.iter().sum::<u64>();
    assert_eq!(nonzero, got.moments.count - got.zeros);
}

/// Bytes in which numbers, zeros, NaN and infinities of any dtype occur.
fn bytes(len: usize, seed: u64, kind: u8) -> Vec<u8> {
    let mut state = seed | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    match kind {
        // Any bits at all.
        0 => (0..len).map(|_| (word() >> 24) as u8).collect(),
        // Float32 as weights have them.
        1 => (0..len.div_ceil(4))
            .flat_map(|_| ((word() >> 40) as f32 / 1e9 - 0.008).to_le_bytes())
            .take(len)
            .collect(),
        // Mostly zeros.
        2 => (0..len).map(|_| if word() % 64 == 0 { (word() >> 24) as u8 } else { 0 }).collect(),
        // The same over and over.
        _ => seed.to_le_bytes().into_iter().cycle().take(len).collect(),
    }
}

fn shapes() -> impl Strategy<Value = (Vec<u64>, Vec<usize>, u64)> {
    let dims = prop_oneof![
        prop::collection::vec(0_u64..6, 0..4),
        prop::collection::vec(17_u64..26, 3..=3),
        prop::collection::vec(60_u64..150, 2..=2),
    ];
    (dims, any::<u64>(), 0_u64..9).prop_map(|(dims, seed, offset)| {
        let mut order: Vec<usize> = (0..dims.len()).collect();
        let turn = seed as usize % dims.len().max(1);
        order.rotate_left(turn);
        (dims, order, offset)
    })
}

/// Strides of a tensor whose dimensions were permuted, and some of them stepped over or expanded.
fn strides(shape: &[u64], order: &[usize], step: u64, expand: bool) -> Vec<u64> {
    let mut stride = vec![0; shape.len()];
    let mut next = step.max(1);
    for at in order.iter().rev() {
        stride[*at] = next;
        next *= shape[*at].max(1);
    }
    if let (Some(first), true) = (stride.first_mut(), expand) {
        *first = 0;
    }
    stride
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn any_tensor_has_the_statistics_of_its_numbers(
        (shape, order, offset) in shapes(),
        dtype in prop::sample::select(dtypes()),
        layout in (1_u64..3, prop::bool::weighted(0.2), any::<bool>(), prop::bool::weighted(0.2)),
        quantized in (0_u8..3, -3_i64..200),
        fill in (any::<u64>(), 0_u8..4),
        threads in 1_usize..4,
    ) {
        let (step, expand, big_endian, neg) = layout;
        let stride = strides(&shape, &order, step, expand);
        let mut meta = TensorMeta::strided(dtype, &shape, &stride, None, offset);
        meta.neg = neg && !matches!(dtype.numeric(), Numeric::Quantized);
        if dtype.numeric() == Numeric::Quantized && quantized.0 > 0 {
            meta.quantizer = Some(Box::new(Quantizer::PerTensor { scale: 0.05, zero_point: quantized.1 }));
        }
        let end = meta.element_span().map_or(offset, |(_, end)| end);
        let len = dtype.bytes_for(end).unwrap() as usize + 8;
        let (checkpoint, id) = one(Arc::new(bytes(len, fill.0, fill.1)), big_endian, meta);
        let (got, total) = compute(&checkpoint, &[id], threads);
        let want = reference(&checkpoint, id);
        check(got[0].as_ref().unwrap(), &want);
        // The total of one tensor is that tensor, by prefix.
        check(&TensorStats { exact_quantiles: want.1.is_empty(), ..total }, &want);
    }
}

#[test]
fn units_and_threads_do_not_change_a_bit() {
    // 12 MiB: three units.
    let values = bytes(12 << 20, 7, 1);
    for dtype in [DType::Float32, DType::BFloat16, DType::Float64, DType::Int8] {
        let count = values.len() as u64 * 8 / u64::from(dtype.bits());
        let meta = TensorMeta::contiguous(dtype, &[count / 16, 16], None, 0);
        let (checkpoint, id) = one(Arc::new(values.clone()), false, meta);
        let first = compute(&checkpoint, &[id], 1);
        for threads in [2, 3, 8] {
            let again = compute(&checkpoint, &[id], threads);
            assert_eq!(first.0[0].as_ref().unwrap(), again.0[0].as_ref().unwrap(), "{dtype}");
            assert_eq!(first.1, again.1);
        }
        check(first.0[0].as_ref().unwrap(), &reference(&checkpoint, id));
    }
}

#[test]
fn packed_blocks_have_the_statistics_of_their_numbers() {
    let packed = DType::all().filter(|dtype| matches!(dtype, DType::Ggml(_)));
    let mut checked = 0;
    for dtype in packed {
        let meta = TensorMeta::contiguous(dtype, &[4, 4_096], None, 0);
        let source = bytes(meta.nbytes() as usize, 11, 2);
        let (checkpoint, id) = one(Arc::new(source), false, meta);
        if Elements::open(&checkpoint, checkpoint.tree().tensor(id).unwrap()).is_ok() {
            check(compute(&checkpoint, &[id], 2).0[0].as_ref().unwrap(), &reference(&checkpoint, id));
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn rows_of_zeros_are_dead() {
    let mut values: Vec<f32> = (0..300 * 40).map(|i| i as f32 * 1e-3 + 1.0).collect();
    for row in [0, 7, 299] {
        values[row * 40..(row + 1) * 40].fill(-0.0);
    }
    let source: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let meta = TensorMeta::contiguous(DType::Float32, &[300, 5, 8], None, 0);
    let (checkpoint, id) = one(Arc::new(source.clone()), false, meta);
    assert_eq!(compute(&checkpoint, &[id], 2).0[0].as_ref().unwrap().dead_rows, Some((3, 300)));
    // Few elements go another way.
    let meta = TensorMeta::contiguous(DType::Float32, &[10, 40], None, 0);
    let (checkpoint, id) = one(Arc::new(source), false, meta);
    assert_eq!(compute(&checkpoint, &[id], 2).0[0].as_ref().unwrap().dead_rows, Some((2, 10)));
}

#[test]
fn many_small_tensors_and_a_broken_one() {
    let source: Vec<u8> = bytes(40_000, 3, 1);
    let mut ids = Vec::new();
    let checkpoint = checkpoint_of(&json!({}), |parts| {
        parts.assembled.push(Arc::new(source));
        let place = Place::Assembled { source: 0, len: 40_000 };
        let (key, location, dtype) = ("0".into(), "cpu".into(), DType::Float32);
        let storage = Storage { key, dtype, location, nbytes: 40_000, place, big_endian: false };
        let storage = Some(parts.tree.add_storage(storage));
        for at in 0..500 {
            let shape = if at == 250 { [1 << 40] } else { [10] };
            ids.push(parts.tree.add_tensor(TensorMeta::contiguous(DType::Float32, &shape, storage, at * 20)));
        }
    });
    let (results, total) = compute(&checkpoint, &ids, 3);
    assert_eq!(results.len(), 500);
    for (at, (result, id)) in results.iter().zip(&ids).enumerate() {
        match result {
            Ok(stats) => check(stats, &reference(&checkpoint, *id)),
            Err(error) => assert_eq!((at, error.kind()), (250, ErrorKind::TensorBounds)),
        }
    }
    assert_eq!(total.count, 4_990);
}

/// Zeros without end, that count what is read of them and stop the work after a while.
struct Endless(Work, u64);

impl ReadAt for Endless {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, buf: &mut [u8], _: u64) -> std::io::Result<usize> {
        buf.fill(0);
        if self.0.meter.done() > 64 << 20 {
            self.0.cancel.cancel();
        }
        Ok(buf.len())
    }
}

#[test]
fn cancelling_ends_it_between_two_blocks() {
    let work = Work::default();
    let meta = TensorMeta::contiguous(DType::Float32, &[25 << 30], None, 0);
    let (checkpoint, id) = one(Arc::new(Endless(work.clone(), 100 << 30)), false, meta);
    let request = Request { checkpoint: &checkpoint, tensors: &[(id, true)], threads: 2, work: &work };
    let error = request.run(&|_, _| panic!("nothing is finished")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(work.meter.total(), 100 << 30);
    assert!(work.meter.done() < 68 << 20, "{}", work.meter.done());
}
