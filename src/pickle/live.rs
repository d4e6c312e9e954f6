//! Which values of the memo are ever fetched.
//!
//! A pickler stores everything it writes and fetches next to nothing of it: of a state dict of a million
//! tensors, nine million values are stored and a dozen fetched. Looking for the fetches first, which costs a
//! tenth of reading, makes it possible to forget the rest at once.

use rustc_hash::FxHashSet;

/// Below this size of a pickle nothing is gained.
const WORTH: usize = 8 << 20;

/// Indices fetched from the memo by the pickle at `start` of `input`; `None` for a small one, and for one
/// that cannot be followed without running it.
pub(super) fn fetched(input: &[u8], start: usize) -> Option<FxHashSet<u32>> {
    let mut found = FxHashSet::default();
    let mut rest = input.get(start..).filter(|rest| rest.len() >= WORTH)?;
    loop {
        let (opcode, after) = rest.split_first()?;
        if *opcode == b'.' {
            return Some(found);
        }
        let len = argument(*opcode, after)?;
        let argument = after.get(..len)?;
        match (opcode, argument) {
            (b'h', [index]) => {
                found.insert(u32::from(*index));
            }
            (b'j', &[a, b, c, d]) => {
                found.insert(u32::from_le_bytes([a, b, c, d]));
            }
            (b'g', line) => {
                found.insert(std::str::from_utf8(line).ok()?.trim().parse().ok()?);
            }
            _ => {}
        }
        rest = after.get(len..)?;
    }
}

/// Bytes of the argument of `opcode`, which `after` starts with; `None` for what is no opcode.
fn argument(opcode: u8, after: &[u8]) -> Option<usize> {
    let line = |from: &[u8]| from.iter().position(|b| *b == b'\n').map(|at| at + 1);
    let counted = |bytes: usize| {
        let mut count = [0; 8];
        count.get_mut(..bytes)?.copy_from_slice(after.get(..bytes)?);
        usize::try_from(u64::from_le_bytes(count)).ok()?.checked_add(bytes)
    };
    Some(match opcode {
        b'K' | b'h' | b'q' | 0x80 | 0x82 => 1,
        b'M' | 0x83 => 2,
        b'J' | b'j' | b'r' | 0x84 => 4,
        b'G' | 0x95 => 8,
        b'U' | 0x8a | 0x8c | b'C' => counted(1)?,
        b'X' | b'T' | b'B' | 0x8b => counted(4)?,
        0x8d | 0x8e | 0x96 => counted(8)?,
        b'I' | b'L' | b'F' | b'S' | b'V' | b'g' | b'p' | b'P' => line(after)?,
        b'c' | b'i' => {
            let module = line(after)?;
            module + line(after.get(module..)?)?
        }
        b'N'
        | b'('
        | b')'
        | b']'
        | b'}'
        | b't'
        | b'l'
        | b'd'
        | b's'
        | b'u'
        | b'a'
        | b'e'
        | b'R'
        | b'b'
        | b'o'
        | b'Q'
        | b'0'
        | b'1'
        | b'2'
        | 0x81
        | 0x85..=0x89
        | 0x8f..=0x94 => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_are_found_among_arguments_that_look_like_them() {
        let mut pickle = b"\x80\x02X\x02\0\0\0hhq\x07h\x07j\x01\x02\0\0g12\nU\x01j".to_vec();
        pickle.extend(std::iter::repeat_n(b'N', WORTH));
        assert_eq!(fetched(&pickle, 0), None, "it does not end");
        pickle.push(b'.');
        let mut found: Vec<u32> = fetched(&pickle, 0).unwrap().into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, [7, 12, 513]);
        assert_eq!(fetched(b"N.", 0), None, "too small to be worth it");
    }
}
