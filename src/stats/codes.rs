//! Where things are counted: a table of all 16-bit codes, and pages of prefixes of float64 numbers.
//!
//! Counting costs one store for each element, and nothing makes that cheaper; what can be done is not to make
//! an element wait for its neighbour's store.

use super::counts::{Counts, prefix};

/// Bytes looked at together to see whether all are the same.
const UNIFORM: usize = 8_192;

/// How often each 16-bit code occurs; shorter codes use the beginning.
pub(super) struct Codes(Box<Table>);

/// A count for each code.
pub(super) type Table = [u32; 1 << 16];

/// Counts one code.
#[allow(clippy::inline_always)] // inside a function compiled for wider registers
#[inline(always)]
pub(super) fn count(table: &mut Table, code: u16) {
    if let Some(count) = table.get_mut(usize::from(code)) {
        *count += 1;
    }
}

impl Codes {
    pub(super) fn new() -> Self {
        #[allow(clippy::large_stack_arrays)] // goes straight to the heap when optimised
        Self(Box::new([0; 1 << 16]))
    }

    /// The counts themselves, for a loop: a look at the box for each element would cost a third.
    pub(super) fn table(&mut self) -> &mut Table {
        &mut self.0
    }

    pub(super) fn add(&mut self, code: u16, n: u32) {
        if let Some(count) = self.0.get_mut(usize::from(code)) {
            *count += n;
        }
    }

    /// Counts the codes of little-endian 16-bit elements.
    pub(super) fn count16(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(UNIFORM) {
            if let Some([a, b, c, d, e, f, g, h]) = uniform(part) {
                let times = (part.len() / 8) as u32;
                for code in [[a, b], [c, d], [e, f], [g, h]] {
                    self.add(u16::from_le_bytes(code), times);
                }
                continue;
            }
            let (words, rest) = part.as_chunks::<8>();
            let table = self.table();
            for word in words {
                let word = u64::from_le_bytes(*word);
                count(table, word as u16);
                count(table, (word >> 16) as u16);
                count(table, (word >> 32) as u16);
                count(table, (word >> 48) as u16);
            }
            rest.as_chunks::<2>().0.iter().for_each(|code| self.add(u16::from_le_bytes(*code), 1));
        }
    }

    /// Counts bytes. Neighbours are counted in places of their own, as they are often equal: [`Codes::take8`]
    /// brings them together.
    pub(super) fn count8(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(UNIFORM) {
            if let Some(codes) = uniform(part) {
                for code in codes {
                    self.add(u16::from(code), (part.len() / 8) as u32);
                }
                continue;
            }
            let (words, rest) = part.as_chunks::<4>();
            let table = self.table();
            for [a, b, c, d] in words {
                count(table, u16::from(*a));
                count(table, 0x100 | u16::from(*b));
                count(table, 0x200 | u16::from(*c));
                count(table, 0x300 | u16::from(*d));
            }
            for code in rest {
                self.add(u16::from(*code), 1);
            }
        }
    }

    /// What was counted, and begins anew.
    pub(super) fn take(&mut self) -> Counts {
        const PAGE: usize = 256;
        let mut pairs = Vec::new();
        for (page, counts) in self.0.chunks_mut(PAGE).enumerate() {
            if counts.iter().fold(0, |any, n| any | n) == 0 {
                continue;
            }
            let codes = (page * PAGE) as u32..;
            pairs.extend(
                codes.zip(counts.iter()).filter(|(_, n)| **n > 0).map(|(code, n)| (code, u64::from(*n))),
            );
            counts.fill(0);
        }
        Counts::from_sorted(pairs.into_iter())
    }

    /// What [`Codes::count8`] counted, and begins anew.
    pub(super) fn take8(&mut self) -> Counts {
        let mut pairs: Vec<(u32, u64)> = self.take().iter().map(|(code, n)| (code & 0xFF, n)).collect();
        pairs.sort_unstable();
        Counts::from_sorted(pairs.into_iter())
    }
}

/// The eight bytes that `part` repeats, if it does nothing else: equal neighbours would wait for each other.
pub(super) fn uniform(part: &[u8]) -> Option<[u8; 8]> {
    let (words, rest) = part.as_chunks::<8>();
    let first = words.first()?;
    (rest.is_empty() && words.iter().all(|word| word == first)).then_some(*first)
}

/// How often each prefix of a float64 occurs, in pages made when they are needed: one for each sign and exponent.
pub(super) struct Pages {
    of: Box<[u16; 4_096]>,
    pages: Vec<[u32; 128]>,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self { of: Box::new([u16::MAX; 4_096]), pages: Vec::new() }
    }

    pub(super) fn count(&mut self, values: &[f64]) {
        for x in values {
            let prefix = prefix(*x);
            let Some(place) = self.of.get_mut((prefix >> 7) as usize) else { continue };
            if *place == u16::MAX {
                *place = self.pages.len() as u16;
                self.pages.push([0; 128]);
            }
            let page = self.pages.get_mut(usize::from(*place));
            if let Some(count) = page.and_then(|page| page.get_mut((prefix & 127) as usize)) {
                *count += 1;
            }
        }
    }

    /// What was counted, and begins anew.
    pub(super) fn take(&mut self) -> Counts {
        let used = self.of.iter().enumerate().filter(|(_, place)| **place != u16::MAX);
        let pairs = used.flat_map(|(at, place)| {
            let page = self.pages.get(usize::from(*place)).into_iter().flatten();
            page.zip((at as u32) << 7..).filter(|(n, _)| **n > 0).map(|(n, key)| (key, u64::from(*n)))
        });
        let counts = Counts::from_sorted(pairs);
        self.of.fill(u16::MAX);
        self.pages.clear();
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_as_one_by_one() {
        let bytes: Vec<u8> = (0..30_001_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let mut codes = Codes::new();
        codes.count8(&bytes);
        codes.count8(&vec![7; 20_000]);
        for (code, n) in codes.take8().iter() {
            let want =
                bytes.iter().filter(|b| u32::from(**b) == code).count() + if code == 7 { 20_000 } else { 0 };
            assert_eq!(n, want as u64);
        }
        codes.count16(&bytes[..30_000]);
        codes.count16(&[1, 2, 3, 4].repeat(5_000));
        let counts = codes.take();
        assert_eq!(counts.iter().map(|(_, n)| n).sum::<u64>(), 15_000 + 10_000);
        assert!(counts.iter().any(|(code, n)| code == 0x0201 && n >= 5_000));
    }
}
