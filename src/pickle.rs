//! A total, bounded, symbolic interpreter for pickle streams: it runs nothing.
//!
//! It follows `CPython`'s C unpickler opcode by opcode, with one difference: where that would import a name,
//! call it or make an instance, this notes what was asked for ([`crate::value::Object`]). What the rest of
//! the program knows how to rebuild without running code (standard containers in `builtins`, tensors in
//! `format::torch::rebuild` through [`Host`]) is rebuilt at once; everything else stays opaque.
//!
//! All protocols 0–5 and all 256 byte values have an answer. Nothing is allocated from a length in the
//! stream before it is compared with what is left of it; values are shared by index, never copied.

mod allow;
mod builtins;
mod danger;
mod globals;
mod input;
mod live;
mod machine;
mod memo;
mod objects;
mod opcode;
mod scan;
mod text;

pub use allow::{Summary, is_data, is_library_class, is_script_class, verdict};
pub use danger::{Danger, danger};
pub use machine::Unpickled;
pub(crate) use scan::is_pickle;
pub use scan::{Names, may_be_pickle, names, reached, spelled};

use std::sync::Arc;

use crate::error::Result;
use crate::limits::Limits;
use crate::value::{Tree, Value};

/// What the format around a pickle knows: storages behind persistent ids, and functions that rebuild tensors.
pub trait Host {
    /// The value a persistent id stands for.
    ///
    /// # Errors
    /// When the id is malformed.
    fn persistent(&mut self, tree: &mut Tree, id: Value) -> Result<Value>;

    /// The result of `callable(*args)` if this host knows it; `None` leaves an opaque object.
    ///
    /// # Errors
    /// When the callable is known and the arguments are impossible (a tensor outside its storage).
    fn call(&mut self, tree: &mut Tree, callable: Value, args: Value) -> Result<Option<Value>>;

    /// What `target` becomes when `state` is set on it, if this host knows its class.
    ///
    /// # Errors
    /// When the class is known and the state is impossible.
    fn build(&mut self, tree: &mut Tree, target: Value, state: Value) -> Result<Option<Value>>;
}

/// A host that knows nothing: persistent ids and calls stay as they are.
pub struct NoHost;

impl Host for NoHost {
    fn persistent(&mut self, _: &mut Tree, id: Value) -> Result<Value> {
        Ok(id)
    }

    fn call(&mut self, _: &mut Tree, _: Value, _: Value) -> Result<Option<Value>> {
        Ok(None)
    }

    fn build(&mut self, _: &mut Tree, _: Value, _: Value) -> Result<Option<Value>> {
        Ok(None)
    }
}

/// Reads one pickle from the start of `input` into `tree`.
///
/// `origin` is the address of `input` in the tree's text pool, for spans. Returns the value and how many
/// bytes the pickle took (a pickle ends itself; more may follow).
///
/// # Errors
/// [`crate::error::ErrorKind::Pickle`] with the offset in `input` where the stream is malformed,
/// [`crate::error::ErrorKind::Truncated`] where it ends early, [`crate::error::ErrorKind::Limit`] past the
/// object budget, and what `host` returns.
pub fn read(
    tree: &mut Tree,
    host: &mut dyn Host,
    input: &Arc<[u8]>,
    origin: u32,
    start: usize,
    limits: &Limits,
) -> Result<Unpickled> {
    read_with(tree, host, input, origin, start, false, limits)
}

/// As [`read`]; with `framed` as the C unpickler reads a file whose frames lie ([`input`]).
fn read_with(
    tree: &mut Tree,
    host: &mut dyn Host,
    input: &Arc<[u8]>,
    origin: u32,
    start: usize,
    framed: bool,
    limits: &Limits,
) -> Result<Unpickled> {
    let mut machine = machine::Machine::new(tree, host, input, origin, start, limits);
    if framed {
        machine.input.follow_frames();
    }
    machine.run()
}
