//! The stack machine: state, and the loop over opcodes.

use std::sync::Arc;

use super::Host;
use super::allow::Summary;
use super::input::Input;
use super::live;
use super::memo::Memo;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::value::{Level, Tree, Value};

/// Opcodes between two looks at the budget.
const CHECK: u32 = 4096;
/// What calls may copy beside what the pickle is long. An honest pickle writes what it hands to a call; one that
/// hands the same large value to call after call makes a few bytes of input cost any amount of memory.
const FUEL: usize = 1 << 16;
/// Bytes of names that are made up of parts kept in the memo, beside four times what is written.
const NAMES: usize = 4 << 20;

/// What one pickle held.
#[derive(Debug)]
pub struct Unpickled {
    /// The value it leaves.
    pub value: Value,
    /// Position behind its `STOP`.
    pub end: usize,
    /// What stands in the way of `weights_only=True`, beside names.
    pub summary: Summary,
}

/// The machine. Memory is bounded by the input: each opcode pushes at most one value.
pub(super) struct Machine<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) host: &'a mut dyn Host,
    pub(super) input: Input<'a>,
    pub(super) stack: Vec<Value>,
    /// Stack heights at open marks.
    pub(super) marks: Vec<usize>,
    /// Heights of the tree's tables at open marks.
    levels: Vec<Level>,
    /// The last tuple closed by a mark, as its start, with the level at that mark.
    closed: Option<(u32, Level)>,
    /// Level below which values are held by something else than the stack.
    held: Level,
    pub(super) memo: Memo,
    pub(super) protocol: u8,
    pub(super) summary: Summary,
    /// Position behind the frame being read.
    frame: Option<usize>,
    budget: usize,
    /// Values and bytes that calls may yet copy or look through.
    pub(super) fuel: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        tree: &'a mut Tree,
        host: &'a mut dyn Host,
        input: &'a Arc<[u8]>,
        origin: u32,
        start: usize,
        limits: &Limits,
    ) -> Self {
        Self {
            tree,
            host,
            input: Input::new(input, start, origin),
            stack: Vec::new(),
            marks: Vec::new(),
            levels: Vec::new(),
            closed: None,
            held: Level::default(),
            memo: Memo::new(live::fetched(input, start)),
            protocol: 0,
            summary: Summary::default(),
            frame: None,
            budget: limits.object_bytes,
            fuel: input.len().saturating_sub(start).saturating_add(FUEL),
        }
    }

    pub(super) fn run(mut self) -> Result<Unpickled> {
        let mut until_check = CHECK;
        loop {
            let at = self.input.position();
            let opcode = self.input.u8()?;
            if opcode == b'.' {
                self.leave_frame(at, true);
                let value = self.pop().map_err(|e| e.at(at as u64))?;
                return Ok(Unpickled { value, end: self.input.position(), summary: self.summary });
            }
            self.step(opcode, at).map_err(|e| e.at(at as u64))?;
            if self.frame.is_some() {
                self.leave_frame(at, false);
            }
            until_check -= 1;
            if until_check == 0 {
                until_check = CHECK;
                self.check_budget().map_err(|e| e.at(at as u64))?;
            }
        }
    }

    /// A frame of so many bytes begins here.
    pub(super) fn enter_frame(&mut self, at: usize, len: u64) {
        let here = self.input.position();
        if self.frame.is_some_and(|end| here < end) {
            self.summary.frame_fault.get_or_insert(at);
        }
        self.frame = Some(here.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)));
    }

    /// After the instruction at `at`: a frame ends with an instruction, and the last one with the pickle.
    fn leave_frame(&mut self, at: usize, stopped: bool) {
        let here = self.input.position();
        let Some(end) = self.frame.filter(|end| here >= *end || stopped) else { return };
        if here != end && at < end {
            self.summary.frame_fault.get_or_insert(at);
        }
        self.frame = None;
    }

    pub(super) fn check_budget(&self) -> Result<()> {
        // Names are written in the pickle; one kept in the memo can be a part of a million others.
        if self.tree.named() > NAMES + 4 * self.input.len() {
            let text = "the pickle makes up more names of classes or storages than it writes";
            return Err(Error::new(ErrorKind::Limit, text).coded("PICKLE_BUDGET"));
        }
        let cells = self.stack.len() + self.memo.held() + 2 * self.marks.len();
        if self.tree.memory() + cells * size_of::<Value>() <= self.budget {
            return Ok(());
        }
        let text = format!(
            "the pickle builds more than {} MiB of objects, the limit; --max-mem raises it",
            self.budget >> 20
        );
        Err(Error::new(ErrorKind::Limit, text).coded("PICKLE_BUDGET"))
    }

    // Room. The arguments of a call that made a tensor are of no use any more, and there may be a million of
    // them: what was added since their mark is taken back, unless something but the stack may hold it.

    pub(super) fn mark(&mut self) {
        self.marks.push(self.stack.len());
        self.levels.push(self.tree.level());
    }

    /// A mark was taken away without its values.
    pub(super) fn unmark(&mut self) {
        self.marks.pop();
        self.levels.pop();
    }

    /// The values above the last mark as a tuple.
    pub(super) fn marked_tuple(&mut self) -> Result<Value> {
        let level = self.levels.last().copied();
        let items = self.pop_mark()?;
        let tuple = self.tree.add_tuple(&items);
        if let (Value::Tuple { start, .. }, Some(level)) = (tuple, level) {
            self.closed = Some((start, level));
        }
        Ok(tuple)
    }

    /// Something but the stack may hold any value there is by now.
    pub(super) fn hold(&mut self) {
        self.held = self.tree.level();
    }

    /// Takes back the arguments of a call that made a tensor.
    pub(super) fn take_back(&mut self, args: Value) {
        let (Value::Tuple { start, .. }, Some((closed, level))) = (args, self.closed) else { return };
        if start == closed {
            self.tree.truncate(level.max(self.held));
            self.closed = None;
        }
    }

    // The stack. Nothing below the last mark can be popped, as in the C unpickler.

    pub(super) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Result<Value> {
        if self.stack.len() <= self.fence() {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    pub(super) fn top(&self) -> Result<Value> {
        if self.stack.len() <= self.fence() {
            return Err(underflow());
        }
        self.stack.last().copied().ok_or_else(underflow)
    }

    pub(super) fn replace_top(&mut self, value: Value) {
        if let Some(top) = self.stack.last_mut() {
            *top = value;
        }
    }

    /// The values above the last mark, which is taken away.
    pub(super) fn pop_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self
            .marks
            .pop()
            .ok_or_else(|| malformed("an opcode needs a mark, and there is none").coded("PICKLE_STACK"))?;
        if mark > self.stack.len() {
            return Err(underflow());
        }
        Ok(self.stack.split_off(mark))
    }
}

#[cold]
fn underflow() -> Error {
    malformed("the pickle takes more from its stack than is there").coded("PICKLE_STACK")
}

#[cold]
pub(super) fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Pickle, message)
}
