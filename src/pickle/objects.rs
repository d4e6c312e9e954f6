//! The opcodes that would import, call, or set state, done symbolically.

use super::builtins;
use super::machine::{Machine, malformed};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Construct, DictId, Object, Value};

/// Arguments of a call that are looked at; no function that is rebuilt takes more.
const ARGUMENTS: usize = 64;

impl Machine<'_> {
    pub(super) fn object(&mut self, opcode: u8, at: usize) -> Result<()> {
        match opcode {
            b'c' => {
                let (module, _) = self.input.line()?;
                let (name, _) = self.input.line()?;
                let global = self.global(module, name)?;
                self.push(global);
                Ok(())
            }
            0x93 => self.stack_global(),
            b'R' => {
                let args = self.pop()?;
                let callable = self.pop()?;
                self.call(callable, args, Value::None, Construct::Call)
            }
            0x81 => {
                let args = self.pop()?;
                let class = self.pop()?;
                self.call(class, args, Value::None, Construct::New)
            }
            0x92 => {
                let kwargs = self.pop()?;
                let args = self.pop()?;
                let class = self.pop()?;
                self.call(class, args, kwargs, Construct::New)
            }
            b'i' => self.inst(),
            b'o' => self.obj(),
            b'b' => self.build(at),
            b'P' | b'Q' => self.persistent(opcode, at),
            _ => self.extension(opcode),
        }
    }

    fn stack_global(&mut self) -> Result<()> {
        let name = self.pop()?;
        let module = self.pop()?;
        let (Value::Text(module), Value::Text(name)) = (module, name) else {
            return Err(malformed("a global whose module or name is not text"));
        };
        let (module, name) = (self.tree.bytes(module).to_vec(), self.tree.bytes(name).to_vec());
        let global = self.global(&module, &name)?;
        self.push(global);
        Ok(())
    }

    /// `INST`: module and name in lines, arguments above the mark.
    fn inst(&mut self) -> Result<()> {
        let (module, _) = self.input.line()?;
        let (name, _) = self.input.line()?;
        let class = self.global(module, name)?;
        let args = self.pop_mark()?;
        let args = self.tree.add_tuple(&args);
        self.call(class, args, Value::None, Construct::Call)
    }

    /// `OBJ`: the class, then arguments, above the mark.
    fn obj(&mut self) -> Result<()> {
        let mut items = self.pop_mark()?;
        if items.is_empty() {
            return Err(malformed("an object without a class"));
        }
        let class = items.remove(0);
        let args = self.tree.add_tuple(&items);
        self.call(class, args, Value::None, Construct::Call)
    }

    fn call(&mut self, callable: Value, args: Value, kwargs: Value, construct: Construct) -> Result<()> {
        if !matches!(args, Value::Tuple { .. }) {
            return Err(malformed("the arguments of a call are not a tuple"));
        }
        if let Value::Global(id) = callable {
            self.tree.mark_called(id);
        }
        let known = if !self.affords(callable, args) {
            None
        } else if let Some(value) = builtins::call(self.tree, callable, args, construct) {
            Some(value)
        } else {
            self.host.call(self.tree, callable, args)?
        };
        self.check_budget()?;
        let value = if let Some(value) = known {
            value
        } else {
            if let (Value::Global(id), Construct::Call) = (callable, construct) {
                self.tree.mark_opaque(id);
            }
            let object = Object { kwargs, ..Object::new(callable, construct, args) };
            Value::Object(self.tree.add_object(object))
        };
        self.push(value);
        match value {
            Value::Tensor(_) if self.is_plain_rebuild(callable) => self.take_back(args),
            // Whatever was made may hold its arguments.
            _ if kwargs != Value::None || !self.tree.items(args).is_empty() => self.hold(),
            _ => {}
        }
        Ok(())
    }

    /// True while the values handed to calls that are rebuilt are, all together, about what the pickle holds.
    /// Past that a call stays as it is written.
    fn affords(&mut self, callable: Value, args: Value) -> bool {
        let Value::Global(id) = callable else { return true };
        let rebuilt = self.tree.global(id).is_some_and(|g| {
            g.module.starts_with("torch")
                || matches!(&*g.module, "collections" | "builtins" | "_codecs" | "copyreg")
        });
        if !rebuilt {
            return true;
        }
        let cost = self.cost(args);
        self.fuel = self.fuel.saturating_sub(cost);
        self.fuel > 0
    }

    /// Values and bytes of the arguments of a call, down to the arguments of a call it passes on.
    fn cost(&self, args: Value) -> usize {
        let size = |value: &Value| match *value {
            Value::Text(span) | Value::Bytes(span) | Value::BigInt(span) => span.len as usize,
            other => self.tree.items(other).len() + self.tree.entries(other).len(),
        };
        let inner = |value: &Value| match *value {
            Value::Tuple { len, .. } if len as usize <= ARGUMENTS => {
                self.tree.items(*value).iter().map(size).sum()
            }
            _ => 0,
        };
        let args = self.tree.items(args);
        args.len() + args.iter().take(ARGUMENTS).map(|arg| size(arg) + inner(arg)).sum::<usize>()
    }

    /// True for the functions that make a tensor and keep nothing of their arguments.
    fn is_plain_rebuild(&self, callable: Value) -> bool {
        let Value::Global(id) = callable else { return false };
        self.tree.global(id).is_some_and(|g| {
            matches!(
                &*g.name,
                "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" | "_rebuild_parameter"
            ) && &*g.module == "torch._utils"
        })
    }

    fn build(&mut self, at: usize) -> Result<()> {
        let state = self.pop()?;
        let target = self.top()?;
        self.hold();
        if let Some(built) = self.host.build(self.tree, target, state)? {
            self.replace_top(built);
            return Ok(());
        }
        match target {
            Value::Object(id) => {
                let held = self.tree.object(id).and_then(|o| o.state);
                if let Some(Value::Dict(held)) = held {
                    self.merge(held, state)?;
                } else if let Some(object) = self.tree.object_mut(id) {
                    object.state = Some(state);
                }
            }
            Value::Dict(id) => {
                if let Some(dict) = self.tree.dict_mut(id) {
                    dict.attributes = Some(state);
                }
            }
            // Functions and classes take attributes; tensors and storages have state of their own.
            Value::Global(_) | Value::Tensor(_) | Value::Storage(_) => {
                self.summary.foreign_target.get_or_insert(at);
            }
            _ => return Err(malformed("state is set on a value that has none")),
        }
        Ok(())
    }

    /// State set twice adds up, as `__dict__.update` does.
    fn merge(&mut self, held: DictId, state: Value) -> Result<()> {
        let count = self.tree.entries(state).len();
        self.fuel = self.fuel.saturating_sub(count);
        if self.fuel == 0 {
            let text = "the pickle sets the same state again and again, which copies it each time";
            return Err(Error::new(ErrorKind::Limit, text).coded("PICKLE_BUDGET"));
        }
        let added = self.tree.entries(state).to_vec();
        self.tree.count_added(2 * count);
        if let Some(dict) = self.tree.dict_mut(held) {
            dict.entries.extend(added);
        }
        Ok(())
    }

    fn persistent(&mut self, opcode: u8, at: usize) -> Result<()> {
        let id = if opcode == b'P' {
            let (_, span) = self.input.line()?;
            Value::Text(span)
        } else {
            self.pop()?
        };
        let value = self.host.persistent(self.tree, id)?;
        self.check_budget()?;
        if !matches!(value, Value::Storage(_)) {
            self.hold();
        }
        if !matches!(value, Value::Storage(_)) {
            self.summary.foreign_id.get_or_insert(at);
        }
        self.push(value);
        Ok(())
    }

    fn extension(&mut self, opcode: u8) -> Result<()> {
        let code = match opcode {
            0x82 => i64::from(self.input.u8()?),
            0x83 => i64::from(self.input.u16()?),
            _ => i64::from(self.input.i32()?),
        };
        if code <= 0 {
            return Err(malformed("an extension code that is not positive").coded("PICKLE_EXT"));
        }
        let callable = Value::Global(self.tree.intern_global("copyreg", "_extension"));
        let args = self.tree.add_tuple(&[Value::Int(code)]);
        let object = Object::new(callable, Construct::Extension, args);
        let object = Value::Object(self.tree.add_object(object));
        self.push(object);
        self.hold();
        Ok(())
    }

    pub(super) fn set_items(&mut self, target: Value, entries: &[(Value, Value)]) -> Result<()> {
        self.tree.count_added(2 * entries.len());
        match target {
            Value::Dict(id) => {
                if let Some(dict) = self.tree.dict_mut(id) {
                    dict.entries.extend_from_slice(entries);
                }
            }
            Value::Object(id) => {
                if let Some(object) = self.tree.object_mut(id) {
                    object.entries.extend_from_slice(entries);
                }
            }
            _ if entries.is_empty() => {}
            _ => return Err(malformed("entries are set on a value that is not a mapping")),
        }
        Ok(())
    }

    pub(super) fn append(&mut self, target: Value, items: &[Value]) -> Result<()> {
        self.tree.count_added(items.len());
        match target {
            Value::List(id) => {
                if let Some(list) = self.tree.list_mut(id) {
                    list.extend_from_slice(items);
                }
            }
            Value::Object(id) => {
                if let Some(object) = self.tree.object_mut(id) {
                    object.items.extend_from_slice(items);
                }
            }
            _ if items.is_empty() => {}
            _ => return Err(malformed("items are appended to a value that is not a list")),
        }
        Ok(())
    }

    pub(super) fn add_items(&mut self, target: Value, items: &[Value]) -> Result<()> {
        match target {
            Value::Set(id) => {
                self.tree.count_added(items.len());
                if let Some(set) = self.tree.list_mut(id) {
                    set.extend_from_slice(items);
                }
                Ok(())
            }
            Value::Object(_) => self.append(target, items),
            _ if items.is_empty() => Ok(()),
            _ => Err(malformed("items are added to a value that is not a set")),
        }
    }
}
