//! Blocks of ggml's packed types to numbers, in 32-bit arithmetic and the order ggml's own code has, so that
//! the numbers are bit for bit those of the reference.
//!
//! Layouts: ggml's public `ggml-common.h`. Scales come first or last in a block, as named in each function;
//! `q` is a packed element before it is scaled.

use half::f16;

use crate::tensor::Ggml;

/// Elements of the longest block.
const LONGEST: usize = 256;
/// Values of a 4-bit float, doubled so that all are whole (OCP's e2m1).
const FLOAT4: [i8; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];
/// Values of the non-linear 4-bit types.
const NONLINEAR: [i8; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/// True when blocks of this type are decoded here. The grids of the other IQ types are not.
pub(super) fn is_known(packed: Ggml) -> bool {
    unpacker(packed).is_some()
}

/// Decodes whole blocks; a block cut short leaves its places as they are.
pub(super) fn decode(packed: Ggml, big_endian: bool, bytes: &[u8], out: &mut [f64]) {
    let Some(unpack) = unpacker(packed) else { return };
    let (block, width) = (packed.block() as usize, packed.bytes() as usize);
    let mut values = [0.0_f32; LONGEST];
    for (bytes, slots) in bytes.chunks_exact(width).zip(out.chunks_mut(block)) {
        unpack(Block { bytes, big_endian }, values.get_mut(..block).unwrap_or_default());
        for (slot, value) in slots.iter_mut().zip(&values) {
            *slot = f64::from(*value);
        }
    }
}

type Unpack = fn(Block<'_>, &mut [f32]);

fn unpacker(packed: Ggml) -> Option<Unpack> {
    Some(match packed {
        Ggml::Q4_0 => q4_0,
        Ggml::Q4_1 => q4_1,
        Ggml::Q5_0 => q5_0,
        Ggml::Q5_1 => q5_1,
        Ggml::Q8_0 => q8_0,
        Ggml::Q8_1 => q8_1,
        Ggml::Q2_K => q2_k,
        Ggml::Q3_K => q3_k,
        Ggml::Q4_K => q4_k,
        Ggml::Q5_K => q5_k,
        Ggml::Q6_K => q6_k,
        Ggml::Q8_K => q8_k,
        Ggml::IQ4_NL => iq4_nl,
        Ggml::IQ4_XS => iq4_xs,
        Ggml::TQ1_0 => tq1_0,
        Ggml::TQ2_0 => tq2_0,
        Ggml::MXFP4 => mxfp4,
        Ggml::NVFP4 => nvfp4,
        _ => return None,
    })
}

/// The bytes of one block.
#[derive(Clone, Copy)]
struct Block<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Block<'a> {
    fn part(self, at: usize, len: usize) -> &'a [u8] {
        self.bytes.get(at..at + len).unwrap_or_default()
    }

    fn byte(self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        let mut bytes = self.part(at, N).try_into().unwrap_or([0; N]);
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// The 16-bit float at `at`, which is what scales are.
    fn half(self, at: usize) -> f32 {
        f16::from_le_bytes(self.array(at)).to_f32()
    }
}

/// The low halves of all bytes, then the high ones.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().map(|b| b & 15).chain(bytes.iter().map(|b| b >> 4))
}

/// Fields of `bits` bits, lowest first: that of each byte of a run of `run` bytes, then the next one.
fn fields(bytes: &[u8], run: usize, bits: u32) -> impl Iterator<Item = u8> + '_ {
    let mask = ((1_u16 << bits) - 1) as u8;
    bytes.chunks(run).flat_map(move |run| {
        (0..8 / bits).flat_map(move |field| run.iter().map(move |byte| byte >> (field * bits) & mask))
    })
}

fn fill(y: &mut [f32], values: impl Iterator<Item = f32>) {
    for (slot, value) in y.iter_mut().zip(values) {
        *slot = value;
    }
}

/// `y = scale * q - least`, one pair for each `run` elements.
fn scaled(
    y: &mut [f32],
    run: usize,
    pairs: impl Iterator<Item = (f32, f32)>,
    mut q: impl Iterator<Item = f32>,
) {
    for (slots, (scale, least)) in y.chunks_mut(run).zip(pairs) {
        for slot in slots {
            *slot = scale * q.next().unwrap_or(0.0) - least;
        }
    }
}

fn signed(byte: u8) -> f32 {
    f32::from(byte.cast_signed())
}

fn look_up(table: &[i8; 16], code: u8) -> f32 {
    f32::from(table.get(usize::from(code)).copied().unwrap_or(0))
}

fn q4_0(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    fill(y, nibbles(b.part(2, 16)).map(|q| d * (f32::from(q) - 8.0)));
}

fn q4_1(b: Block<'_>, y: &mut [f32]) {
    let (d, least) = (b.half(0), b.half(2));
    fill(y, nibbles(b.part(4, 16)).map(|q| d * f32::from(q) + least));
}

/// The fifth bits of 32 elements, in place.
fn fifth(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| (0..8).map(move |bit| (byte >> bit & 1) << 4))
}

fn q5_0(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    let q = nibbles(b.part(6, 16)).zip(fifth(b.part(2, 4))).map(|(low, high)| low | high);
    fill(y, q.map(|q| d * (f32::from(q) - 16.0)));
}

fn q5_1(b: Block<'_>, y: &mut [f32]) {
    let (d, least) = (b.half(0), b.half(2));
    let q = nibbles(b.part(8, 16)).zip(fifth(b.part(4, 4))).map(|(low, high)| low | high);
    fill(y, q.map(|q| d * f32::from(q) + least));
}

fn q8_0(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    fill(y, b.part(2, 32).iter().map(|q| signed(*q) * d));
}

/// The second scale is a sum that only dot products use.
fn q8_1(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    fill(y, b.part(4, 32).iter().map(|q| signed(*q) * d));
}

fn q2_k(b: Block<'_>, y: &mut [f32]) {
    let (d, least) = (b.half(80), b.half(82));
    let pairs = b.part(0, 16).iter().map(|s| (d * f32::from(s & 15), least * f32::from(s >> 4)));
    scaled(y, 16, pairs, fields(b.part(16, 64), 32, 2).map(f32::from));
}

fn q3_k(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(108);
    let low = nibbles(b.part(96, 8));
    let high = fields(b.part(104, 4), 4, 2);
    let scales = low.zip(high).map(|(low, high)| (d * (f32::from(low | high << 4) - 32.0), 0.0));
    // A third bit that is not set takes 4 away.
    let q = fields(b.part(32, 64), 32, 2).zip(fields(b.part(0, 32), 32, 1));
    scaled(y, 16, scales, q.map(|(low, high)| f32::from(low) - if high == 0 { 4.0 } else { 0.0 }));
}

/// Eight 6-bit scales and eight 6-bit minima in twelve bytes.
fn scales_and_minima(b: Block<'_>, at: usize) -> [(u8, u8); 8] {
    std::array::from_fn(|i| {
        let lane = at + i % 4;
        let (scale, least, both) = (b.byte(lane), b.byte(lane + 4), b.byte(lane + 8));
        if i < 4 {
            (scale & 63, least & 63)
        } else {
            (both & 0x0F | scale >> 2 & 0x30, both >> 4 | least >> 2 & 0x30)
        }
    })
}

fn q4_k(b: Block<'_>, y: &mut [f32]) {
    let (d, least) = (b.half(0), b.half(2));
    let pairs = scales_and_minima(b, 4).map(|(s, m)| (d * f32::from(s), least * f32::from(m)));
    scaled(y, 32, pairs.into_iter(), fields(b.part(16, 128), 32, 4).map(f32::from));
}

fn q5_k(b: Block<'_>, y: &mut [f32]) {
    let (d, least) = (b.half(0), b.half(2));
    let pairs = scales_and_minima(b, 4).map(|(s, m)| (d * f32::from(s), least * f32::from(m)));
    let q = fields(b.part(48, 128), 32, 4).zip(fields(b.part(16, 32), 32, 1));
    scaled(y, 32, pairs.into_iter(), q.map(|(low, high)| f32::from(low | high << 4)));
}

fn q6_k(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(208);
    let scales = b.part(192, 16).iter().map(|s| (d * signed(*s), 0.0));
    let q = fields(b.part(0, 128), 64, 4).zip(fields(b.part(128, 64), 32, 2));
    scaled(y, 16, scales, q.map(|(low, high)| f32::from(low | high << 4) - 32.0));
}

/// A 32-bit scale, 256 elements, and sums that only dot products use.
fn q8_k(b: Block<'_>, y: &mut [f32]) {
    let d = f32::from_le_bytes(b.array(0));
    fill(y, b.part(4, 256).iter().map(|q| d * signed(*q)));
}

fn iq4_nl(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    fill(y, nibbles(b.part(2, 16)).map(|q| d * look_up(&NONLINEAR, q)));
}

fn iq4_xs(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(0);
    let high = u16::from_le_bytes(b.array(2));
    let low = b.part(4, 4).iter().flat_map(|byte| [byte & 15, byte >> 4]);
    let scales = (0..8).zip(low).map(|(i, low)| {
        let scale = u16::from(low) | (high >> (2 * i) & 3) << 4;
        (d * (f32::from(scale) - 32.0), 0.0)
    });
    scaled(y, 32, scales, fields(b.part(8, 128), 16, 4).map(|q| look_up(&NONLINEAR, q)));
}

/// Five base-3 digits in each byte, most significant first, as a fraction of 256.
fn tq1_0(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(52);
    let digits = |bytes: &'_ [u8], powers: &'static [u8]| {
        let bytes = bytes.to_vec();
        powers.iter().flat_map(move |power| bytes.clone().into_iter().map(move |q| q.wrapping_mul(*power)))
    };
    let powers = &[1, 3, 9, 27, 81];
    let q = digits(b.part(0, 32), powers).chain(digits(b.part(32, 16), powers));
    let q = q.chain(digits(b.part(48, 4), &[1, 3, 9, 27]));
    fill(y, q.map(|q| d * (f32::from((u16::from(q) * 3) >> 8) - 1.0)));
}

fn tq2_0(b: Block<'_>, y: &mut [f32]) {
    let d = b.half(64);
    fill(y, fields(b.part(0, 64), 32, 2).map(|q| d * (f32::from(q) - 1.0)));
}

/// The scale is a power of two, halved because the values are doubled.
fn mxfp4(b: Block<'_>, y: &mut [f32]) {
    let exponent = u32::from(b.byte(0));
    let bits = if exponent < 2 { 0x0020_0000 << exponent } else { (exponent - 1) << 23 };
    let d = f32::from_bits(bits);
    fill(y, nibbles(b.part(1, 16)).map(|q| d * look_up(&FLOAT4, q)));
}

/// Four blocks of 16 elements, each with an unsigned 8-bit float (e4m3) as its scale.
fn nvfp4(b: Block<'_>, y: &mut [f32]) {
    let blocks = y.chunks_mut(16).zip(b.part(0, 4)).zip(b.part(4, 32).chunks(8));
    for ((y, scale), packed) in blocks {
        let (exponent, fraction) = (i32::from(scale >> 3 & 15), f32::from(scale & 7));
        let value = match (exponent, *scale) {
            (_, 0 | 0x7F) => 0.0,
            (0, _) => fraction * 2_f32.powi(-9),
            _ => (1.0 + fraction / 8.0) * 2_f32.powi(exponent - 7),
        };
        let d = value * 0.5;
        fill(y, nibbles(packed).map(|q| d * look_up(&FLOAT4, q)));
    }
}
