use proptest::prelude::*;

use super::*;
use crate::error::{Error, ErrorKind};
use crate::source::CountingSource;

/// Cuts `0..size` at random places.
fn cuts(size: u64, seed: u64) -> Vec<(u64, u64)> {
    let mut at: Vec<u64> = (0..3).map(|i| (seed >> (i * 8)) % size).chain([0, size]).collect();
    at.sort_unstable();
    at.dedup();
    at.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).collect()
}

/// Every combination of one part of each dimension.
fn grid(parts: &[Vec<(u64, u64)>]) -> Vec<(Vec<u64>, Vec<u64>)> {
    parts.iter().fold(vec![(Vec::new(), Vec::new())], |grid, dimension| {
        let add = |(offsets, sizes): &(Vec<u64>, Vec<u64>), part: &(u64, u64)| {
            ([offsets.as_slice(), &[part.0]].concat(), [sizes.as_slice(), &[part.1]].concat())
        };
        grid.iter().flat_map(|held| dimension.iter().map(move |part| add(held, part))).collect()
    })
}

/// The bytes of one tile of an array.
fn cut_out(whole: &[u8], shape: &[u64], width: u64, offsets: &[u64], sizes: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    let count: u64 = sizes.iter().product();
    for element in 0..count {
        let (mut rest, mut position, mut stride) = (element, 0, 1);
        for ((size, offset), full) in sizes.iter().zip(offsets).zip(shape).rev() {
            position += (offset + rest % size) * stride;
            rest /= size;
            stride *= full;
        }
        let at = (position * width) as usize;
        out.extend_from_slice(&whole[at..at + width as usize]);
    }
    out
}

proptest! {
    #[test]
    fn tiles_read_like_the_whole(
        shape in prop::collection::vec(1_u64..7, 0..5),
        width in 1_u64..9,
        seeds in prop::collection::vec(any::<u64>(), 5),
        reads in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..600), 1..20),
    ) {
        let len = (shape.iter().product::<u64>() * width) as usize;
        let whole: Vec<u8> = (0..len).map(|i| (i * 7 + i / 251) as u8).collect();
        let parts: Vec<_> = shape.iter().zip(&seeds).map(|(size, seed)| cuts(*size, *seed)).collect();
        let tiles = grid(&parts).into_iter().map(|(offsets, sizes)| {
            let bytes = cut_out(&whole, &shape, width, &offsets, &sizes);
            Tile { offsets, sizes, source: Arc::new(bytes) }
        });
        let tiles = Tiles::new(&shape, width, tiles.collect());
        prop_assert_eq!(tiles.len(), len as u64);
        prop_assert_eq!(&tiles.read_vec(0, len as u64).unwrap(), &whole);
        for (start, count) in reads {
            let start = start.index(len);
            let count = count.min(len - start);
            let read = tiles.read_vec(start as u64, count as u64).unwrap();
            prop_assert_eq!(&read, &whole[start..start + count]);
        }
        prop_assert_eq!(tiles.read_at(&mut [0; 4], len as u64).unwrap(), 0);
    }

    #[test]
    fn what_is_concatenated_reads_like_the_whole(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        reads in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..200), 1..20),
    ) {
        let whole: Vec<u8> = pieces.concat();
        let concat = Concat::new(pieces.into_iter().map(|p| Arc::new(p) as Arc<dyn ReadAt>).collect());
        prop_assert_eq!(&concat.read_vec(0, whole.len() as u64).unwrap(), &whole);
        for (start, count) in reads.into_iter().filter(|_| !whole.is_empty()) {
            let start = start.index(whole.len());
            let count = count.min(whole.len() - start);
            let read = concat.read_vec(start as u64, count as u64).unwrap();
            prop_assert_eq!(&read, &whole[start..start + count]);
        }
    }
}

#[test]
fn a_read_of_narrow_columns_costs_one_read_of_each_tile() {
    // 512 rows of 8 tiles of 16 bytes.
    struct Counting(Arc<std::sync::atomic::AtomicU64>, Vec<u8>);
    impl ReadAt for Counting {
        fn len(&self) -> u64 {
            self.1.len() as u64
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.1.as_slice().read_at(buf, offset)
        }
    }
    let reads = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let tile = |at: u64| Tile {
        offsets: vec![0, at * 16],
        sizes: vec![512, 16],
        source: Arc::new(Counting(Arc::clone(&reads), vec![at as u8; 512 * 16])),
    };
    let tiles = Tiles::new(&[512, 128], 1, (0..8).map(tile).collect());
    let whole = tiles.read_vec(0, 512 * 128).unwrap();
    assert!(whole.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 128 / 16));
    assert_eq!(reads.load(std::sync::atomic::Ordering::Relaxed), 8);
}

#[test]
fn nothing_is_looked_for_before_it_is_read_and_a_failure_says_why() {
    let inner = Arc::new(CountingSource::new(b"0123".to_vec()));
    let held = Arc::clone(&inner);
    let lazy = Lazy::new(4, move || Ok(Arc::clone(&held) as Arc<dyn ReadAt>));
    assert_eq!((lazy.len(), inner.bytes_read()), (4, 0));
    assert_eq!(lazy.read_vec(1, 2).unwrap(), b"12");
    let failing = Lazy::new(4, || Err(Error::new(ErrorKind::Zip, "no archive")));
    assert!(failing.read_vec(0, 1).unwrap_err().reason().contains("no archive"));
    let short = Lazy::new(9, || Ok(Arc::new(b"0123".to_vec())));
    assert!(short.read_vec(0, 1).unwrap_err().reason().contains("needs 9 bytes, and 4 are there"));
}
