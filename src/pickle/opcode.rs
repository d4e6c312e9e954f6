//! One opcode at a time: which bytes it takes and what it does to the stack.

use super::machine::{Machine, malformed};
use super::{globals, text};
use crate::error::Result;
use crate::value::{Dict, LONGEST_NAME, Value};

/// Highest pickle protocol there is.
const HIGHEST: u8 = 5;

/// Opcodes `torch.load(weights_only=True)` implements.
fn is_weights_only(opcode: u8) -> bool {
    matches!(
        opcode,
        b'c' | 0x81 | b'R' | b'b' | b'a' | b'e' | b's' | b'u' | b'(' | b't' | 0x85
            ..=0x89
                | b'N'
                | b')'
                | b']'
                | b'}'
                | 0x8f
                | b'J'
                | b'K'
                | b'M'
                | b'G'
                | b'X'
                | b'U'
                | b'Q'
                | b'h'
                | b'j'
                | b'q'
                | b'r'
                | 0x8a
                | 0x80
    )
}

impl Machine<'_> {
    /// Executes the opcode that was read at `at`.
    pub(super) fn step(&mut self, opcode: u8, at: usize) -> Result<()> {
        if !is_weights_only(opcode) && self.summary.foreign_opcode.is_none() {
            self.summary.foreign_opcode = Some((opcode, at));
        }
        match opcode {
            // Most frequent in state dicts first.
            b'q' => self.put(Operand::U8),
            b'K'
            | b'J'
            | b'M'
            | b'G'
            | b'X'
            | b'N'
            | 0x88..=0x8e
            | b'I'
            | b'L'
            | b'F'
            | b'S'
            | b'T'
            | b'U'
            | b'V'
            | b'B'
            | b'C'
            | 0x96 => self.scalar(opcode),
            b'h' => self.get(Operand::U8),
            b'j' => self.get(Operand::U32),
            b'g' => self.get(Operand::Line),
            b'r' => self.put(Operand::U32),
            b'p' => self.put(Operand::Line),
            0x94 => self.memoize(),
            b'(' => {
                self.mark();
                Ok(())
            }
            b')' | b']' | b'}' | b't' | b'l' | b'd' | 0x85..=0x87 | 0x8f | 0x91 => self.container(opcode),
            b's' | b'u' | b'a' | b'e' | 0x90 => self.fill(opcode, at),
            b'c' | 0x93 | b'i' | b'o' | b'R' | 0x81 | 0x92 | b'b' | b'P' | b'Q' | 0x82..=0x84 => {
                self.object(opcode, at)
            }
            b'0' | b'1' | b'2' => self.shuffle(opcode),
            0x80 => self.set_protocol(),
            // The length of a frame says how far to buffer; it bounds nothing, but readers differ when it lies.
            0x95 => {
                let len = self.input.u64()?;
                self.enter_frame(at, len);
                self.input.frame(len)
            }
            0x97 | 0x98 => {
                Err(malformed("the pickle refers to buffers kept outside of it").coded("PICKLE_OPCODE"))
            }
            other => Err(malformed(format!("unknown pickle opcode 0x{other:02x}")).coded("PICKLE_OPCODE")),
        }
    }

    fn set_protocol(&mut self) -> Result<()> {
        let protocol = self.input.u8()?;
        if protocol > HIGHEST {
            return Err(malformed(format!(
                "pickle protocol {protocol} does not exist (the highest is {HIGHEST})"
            ))
            .coded("PICKLE_PROTO"));
        }
        self.protocol = protocol;
        Ok(())
    }

    fn scalar(&mut self, opcode: u8) -> Result<()> {
        let value = match opcode {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(i64::from(self.input.u8()?)),
            b'M' => Value::Int(i64::from(self.input.u16()?)),
            b'J' => Value::Int(i64::from(self.input.i32()?)),
            b'G' => Value::Float(f64::from_be_bytes(self.input.array()?)),
            b'I' => text::int(self.tree, self.input.line()?.0)?,
            b'L' => text::long(self.tree, self.input.line()?.0)?,
            b'F' => text::float(self.input.line()?.0)?,
            0x8a => {
                let len = u64::from(self.input.u8()?);
                self.long(len)?
            }
            0x8b => {
                let len = self.length_i32()?;
                self.long(len)?
            }
            _ => self.string(opcode)?,
        };
        self.push(value);
        Ok(())
    }

    fn long(&mut self, len: u64) -> Result<Value> {
        let span = self.input.span(len)?;
        Ok(text::long_bytes(self.tree.bytes(span), span))
    }

    fn length_i32(&mut self) -> Result<u64> {
        u64::try_from(self.input.i32()?)
            .map_err(|_| malformed("a negative length in the pickle").coded("PICKLE_LENGTH"))
    }

    fn string(&mut self, opcode: u8) -> Result<Value> {
        match opcode {
            b'S' => {
                let (line, span) = self.input.line()?;
                return text::quoted(self.tree, line, span);
            }
            b'V' => {
                let (line, span) = self.input.line()?;
                return Ok(text::raw_unicode(self.tree, line, span));
            }
            _ => {}
        }
        let len = match opcode {
            b'X' | b'B' => u64::from(self.input.u32()?),
            0x8c | b'C' | b'U' => u64::from(self.input.u8()?),
            b'T' => self.length_i32()?,
            _ => self.input.u64()?,
        };
        if matches!(opcode, b'B' | b'C' | 0x8e | 0x96) {
            self.input.across_frames(len);
        }
        let span = self.input.span(len)?;
        Ok(match opcode {
            b'X' | 0x8c | 0x8d => Value::Text(span),
            b'T' | b'U' => {
                let bytes = self.tree.bytes(span).to_vec();
                text::byte_string(self.tree, &bytes, span)
            }
            _ => Value::Bytes(span),
        })
    }

    fn container(&mut self, opcode: u8) -> Result<()> {
        let value = match opcode {
            b')' => self.tree.add_tuple(&[]),
            b']' => Value::List(self.tree.add_list(Vec::new())),
            b'}' => Value::Dict(self.tree.add_dict(Dict::default())),
            0x8f => Value::Set(self.tree.add_list(Vec::new())),
            0x85 => self.tuple_of(1)?,
            0x86 => self.tuple_of(2)?,
            0x87 => self.tuple_of(3)?,
            b't' => self.marked_tuple()?,
            b'l' => {
                let items = self.pop_mark()?;
                Value::List(self.tree.add_list(items))
            }
            b'd' => {
                let items = self.pop_mark()?;
                let entries = pairs(&items)?;
                Value::Dict(self.tree.add_dict(Dict { entries, ..Dict::default() }))
            }
            _ => {
                let items = self.pop_mark()?;
                Value::FrozenSet(self.tree.add_list(items))
            }
        };
        self.push(value);
        Ok(())
    }

    fn tuple_of(&mut self, len: usize) -> Result<Value> {
        let mut items = [Value::None; 3];
        let Some(items) = items.get_mut(..len) else { return Ok(Value::None) };
        for slot in items.iter_mut().rev() {
            *slot = self.pop()?;
        }
        Ok(self.tree.add_tuple(items))
    }

    fn fill(&mut self, opcode: u8, at: usize) -> Result<()> {
        let items = match opcode {
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            b'a' => vec![self.pop()?],
            _ => self.pop_mark()?,
        };
        let target = self.top()?;
        self.hold();
        let plain = match opcode {
            b's' | b'u' => {
                self.set_items(target, &pairs(&items)?)?;
                matches!(target, Value::Dict(_))
            }
            b'a' | b'e' => {
                self.append(target, &items)?;
                matches!(target, Value::List(_))
            }
            _ => {
                self.add_items(target, &items)?;
                true
            }
        };
        if !plain && self.summary.foreign_target.is_none() {
            self.summary.foreign_target = Some(at);
        }
        Ok(())
    }

    fn shuffle(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            // Like the C unpickler: at a mark, POP takes the mark.
            b'0' if self.marks.last() == Some(&self.stack.len()) => {
                self.unmark();
            }
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                self.pop_mark()?;
            }
            _ => {
                let top = self.top()?;
                self.push(top);
                self.hold();
            }
        }
        Ok(())
    }

    fn put(&mut self, operand: Operand) -> Result<()> {
        let at = self.operand(operand)?;
        let top = self.top()?;
        if self.memo.put(at, top) {
            self.hold();
        }
        Ok(())
    }

    fn get(&mut self, operand: Operand) -> Result<()> {
        let at = self.operand(operand)?;
        let value = self
            .memo
            .get(at)
            .ok_or_else(|| malformed(format!("memo value {at} was never stored")).coded("PICKLE_MEMO"))?;
        self.push(value);
        Ok(())
    }

    fn memoize(&mut self) -> Result<()> {
        let top = self.top()?;
        if self.memo.put(self.memo.len() as u32, top) {
            self.hold();
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand) -> Result<u32> {
        match operand {
            Operand::U8 => Ok(u32::from(self.input.u8()?)),
            Operand::U32 => self.input.u32(),
            Operand::Line => {
                let (line, _) = self.input.line()?;
                let text = std::str::from_utf8(line).unwrap_or_default();
                text.trim().parse().map_err(|_| malformed("malformed memo index").coded("PICKLE_MEMO"))
            }
        }
    }

    /// A global by name, under its present spelling.
    pub(super) fn global(&mut self, module: &[u8], name: &[u8]) -> Result<Value> {
        let utf8 = |bytes| {
            std::str::from_utf8(bytes)
                .map_err(|_| malformed("a global name that is not UTF-8").coded("PICKLE_UTF8"))
        };
        // One that long cannot be imported, and one that is kept in the memo can be named a million times.
        if module.len().max(name.len()) > LONGEST_NAME {
            let text = "a global name longer than any module's";
            return Err(malformed(text).coded("PICKLE_GLOBAL"));
        }
        let (module, name) = (utf8(module)?, utf8(name)?);
        let (now, called) = globals::present(module, name, self.protocol < 3);
        let id = self.tree.intern_global(now, called);
        if (now, called) != (module, name) {
            self.tree.note_spelling(id, module, name);
        }
        Ok(Value::Global(id))
    }
}

/// How a memo index is written.
#[derive(Clone, Copy)]
enum Operand {
    U8,
    U32,
    Line,
}

fn pairs(items: &[Value]) -> Result<Vec<(Value, Value)>> {
    if !items.len().is_multiple_of(2) {
        return Err(malformed("a key without a value in the pickle").coded("PICKLE_STACK"));
    }
    Ok(items.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect())
}
