//! Names in pickles, whatever else is wrong with them: for judging, not for reading.
//!
//! A stream that runs its payload and then breaks off has done its work in Python; so names count from the
//! moment they are met, an error ends nothing that was found before it, and what lies behind is searched.

use std::sync::Arc;

use super::{NoHost, read_with};
use crate::error::Error;
use crate::limits::Limits;
use crate::value::{Global, Tree};

/// Pickles looked at in one place.
const PICKLES: usize = 64;
/// The instruction that begins a frame.
const FRAME: u8 = 0x95;
/// Bytes of rubbish between two pickles that are looked through.
const GAP: usize = 4_096;

/// What a place that holds pickles names.
#[derive(Debug, Default)]
pub struct Names {
    /// Every global, in order of first use.
    pub globals: Vec<Global>,
    /// Pickles that ended properly.
    pub complete: usize,
    /// Position behind the last of them.
    pub end: usize,
    /// What ended the last one improperly.
    pub fault: Option<Error>,
}

/// Names in the pickles that follow each other in `input` from `start` on.
pub fn names(input: &Arc<[u8]>, start: usize, limits: &Limits) -> Names {
    let mut tree = Tree::new(input.clone());
    let mut found = follow(&mut tree, input, start, false, limits);
    // Where frames lie, Python's two unpicklers read two programs, and each of them counts.
    let frames = input.get(start..).unwrap_or_default().contains(&FRAME);
    found.globals = tree.globals().to_vec();
    if frames {
        let mut other = Tree::new(input.clone());
        follow(&mut other, input, start, true, limits);
        let is_new = |g: &&Global| !tree.globals().iter().any(|held| held.path() == g.path());
        // What is called there with what is a guess; that it is named is not.
        let named = other.globals().iter().filter(is_new).map(|g| Global { opaque: false, ..g.clone() });
        found.globals.extend(named);
    }
    found
}

/// The pickles that follow each other, read in one of the two ways there are to take frames.
fn follow(tree: &mut Tree, input: &Arc<[u8]>, start: usize, framed: bool, limits: &Limits) -> Names {
    let mut found = Names { end: start, ..Names::default() };
    let mut at = start;
    for _ in 0..PICKLES {
        match read_with(tree, &mut NoHost, input, 0, at, framed, limits) {
            Ok(unpickled) => {
                found.complete += 1;
                found.end = unpickled.end;
                let Some(next) = next_pickle(input, unpickled.end) else { break };
                at = next;
            }
            Err(error) => {
                let from = error.offset().and_then(|o| usize::try_from(o).ok()).unwrap_or(at);
                written_names(input.get(from.max(at)..).unwrap_or_default(), tree);
                found.fault = Some(error);
                break;
            }
        }
    }
    found
}

/// Names an unpickler comes to in `input`, whatever that is: bytes that are no pickle name none.
pub fn reached(input: &Arc<[u8]>, limits: &Limits) -> Vec<Global> {
    let mut tree = Tree::new(input.clone());
    let _ = read_with(&mut tree, &mut NoHost, input, 0, 0, false, limits);
    tree.globals().to_vec()
}

/// Names spelled out anywhere in `bytes` that are known to run code: what is left when a stream means one
/// thing to one unpickler and another to the next.
pub fn spelled(bytes: &[u8]) -> Vec<Global> {
    let mut tree = Tree::default();
    written_names(bytes, &mut tree);
    let runs_code = |g: &&Global| super::danger(&g.module, &g.name).is_some();
    tree.globals().iter().filter(runs_code).cloned().collect()
}

/// True when `head` may begin a pickle of any protocol.
pub fn may_be_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 0..=5, ..] | [b'c' | b'(' | b']' | b'}' | b'V' | b'X' | b'S', ..])
}

/// True when `bytes` may begin a pickle of protocol 2 or later.
pub(crate) fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..])
}

fn next_pickle(input: &[u8], from: usize) -> Option<usize> {
    let rest = input.get(from..)?;
    let rest = rest.get(..GAP.min(rest.len()))?;
    rest.windows(2).position(is_pickle).map(|at| from + at)
}

/// Names spelled out behind a fault: `c`, module, newline, name, newline.
fn written_names(rest: &[u8], tree: &mut Tree) {
    let is_name = |line: &[u8]| {
        line.len() > 1
            && line.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    let mut lines = rest.split(|b| *b == b'\n').peekable();
    while let (Some(line), Some(next)) = (lines.next(), lines.peek()) {
        let start = line.iter().rposition(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')));
        let word = line.get(start.map_or(0, |s| s + 1)..).unwrap_or_default();
        // The opcode is a letter like those of the name behind it.
        let Some(at) = word.iter().position(|b| matches!(b, b'c' | b'i')) else { continue };
        let module = word.get(at + 1..).unwrap_or_default();
        if is_name(module) && is_name(next) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            tree.intern_global(&text(module), &text(next));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<String> {
        let names = names(&Arc::from(bytes), 0, &Limits::default());
        names.globals.iter().map(Global::path).collect()
    }

    #[test]
    fn a_payload_before_a_fault_counts() {
        assert_eq!(found(b"\x80\x02cos\nsystem\nX\x01\0\0\0a\x85R\xff\xff"), ["os.system"]);
    }

    #[test]
    fn a_payload_behind_a_fault_or_another_pickle_counts() {
        assert_eq!(found(b"\x80\x02N\xffcposix\nsystem\nN."), ["posix.system"]);
        assert_eq!(found(b"\x80\x02N.\x80\x02cos\nsystem\n."), ["os.system"]);
        assert_eq!(found(b"\x80\x02N.\xff\xff\x80\x02cos\nsystem\n."), ["os.system"]);
    }
}
