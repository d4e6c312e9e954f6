//! Objects of Python's standard library in their usual written form.

mod datetime;

use std::fmt::Write as _;

use super::{Construct, Object, Tree, Value, numpy};

/// Longest argument list written out as `Class(arg, …)`.
const ARGS: usize = 8;

/// Appends `str(key)` of a mapping key, as Python writes it.
pub fn write_str(tree: &Tree, key: Value, out: &mut String) {
    match key {
        Value::Text(span) => out.push_str(&tree.text(span)),
        other => match plain_key(tree, other) {
            Some(text) => out.push_str(&text),
            None => write_repr(tree, other, out, 4),
        },
    }
}

/// `str(key)` of numpy scalars, and of subclasses of `str`, `int` and `float`: that of the plain value.
fn plain_key(tree: &Tree, key: Value) -> Option<String> {
    let Value::Object(id) = key else { return None };
    if let Some(text) = numpy::key_text(tree, key) {
        return Some(text);
    }
    let object = tree.object(id).filter(|o| o.construct == Construct::New)?;
    match *tree.items(object.args) {
        [Value::Text(span)] => Some(tree.text(span).into_owned()),
        [Value::Int(n)] => Some(n.to_string()),
        [Value::Float(x)] => Some(float_repr(x)),
        _ => None,
    }
}

/// Appends `repr(value)` of a small value; containers nested deeper than `depth` appear as `…`.
fn write_repr(tree: &Tree, value: Value, out: &mut String, depth: usize) {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(b) => out.push_str(if b { "True" } else { "False" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(x) => out.push_str(&float_repr(x)),
        Value::Text(span) => {
            write_text_repr(&tree.text(span), out);
        }
        Value::BigInt(span) => out.push_str(&big_int(tree.bytes(span))),
        Value::Bytes(span) => {
            let _ = write!(out, "b'{}'", tree.bytes(span).escape_ascii());
        }
        Value::Tuple { len, .. } if depth > 0 => {
            out.push('(');
            write_items(tree, tree.items(value), out, depth - 1);
            out.push_str(if len == 1 { ",)" } else { ")" });
        }
        Value::List(_) if depth > 0 => {
            out.push('[');
            write_items(tree, tree.items(value), out, depth - 1);
            out.push(']');
        }
        Value::Global(id) => out.push_str(&tree.global(id).map(super::Global::path).unwrap_or_default()),
        Value::Object(_) => match word(tree, value) {
            Some(word) if depth > 0 => out.push_str(&word),
            _ => out.push('…'),
        },
        Value::Tensor(_) => out.push_str("tensor"),
        _ => out.push('…'),
    }
}

/// `repr(str)`: single quotes, unless only single quotes are inside.
fn write_text_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

fn write_items(tree: &Tree, items: &[Value], out: &mut String, depth: usize) {
    for (i, item) in items.iter().enumerate().take(ARGS) {
        if i > 0 {
            out.push_str(", ");
        }
        write_repr(tree, *item, out, depth);
    }
    if items.len() > ARGS {
        out.push_str(", …");
    }
}

/// `repr(float)`: Python writes `1e-05` and `nan` where Rust writes `1e-5` and `NaN`.
pub fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = x.abs();
    if x != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{x:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:0>2}", exponent.trim_start_matches('-'));
    }
    format!("{x:?}")
}

/// An integer of more than 64 bits, two's complement little-endian: decimal up to 40 digits, else its size.
pub fn big_int(bytes: &[u8]) -> String {
    if bytes.len() > 16 {
        return format!("int of {} bits", bytes.len() * 8);
    }
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    i128::from_le_bytes(wide).to_string()
}

/// The usual written form of an object that has one (date, path, enum member, complex number, a call with
/// plain arguments); `None` for objects to be opened.
pub fn word(tree: &Tree, value: Value) -> Option<String> {
    let Value::Object(id) = value else { return None };
    let object = tree.object(id)?;
    let class = tree.class_of(value)?;
    let args = tree.items(object.args);
    match (&*class.module, &*class.name) {
        ("datetime", "datetime") => datetime::datetime(tree, args),
        ("datetime", "date") => datetime::date_of(tree, args),
        ("datetime", "timedelta") => datetime::timedelta(args),
        ("datetime", "time") => datetime::time(tree, args),
        ("datetime", "timezone") => Some(datetime::timezone(tree, value)),
        ("pathlib" | "pathlib._local", name) => Some(path(tree, args, name)),
        ("decimal", "Decimal") => only_text(tree, args),
        ("fractions", "Fraction") => fraction(tree, args),
        ("uuid", "UUID") => uuid(tree, value),
        ("builtins", "complex") => complex(args),
        ("builtins", "range") => Some(call(tree, "range", args)),
        ("builtins", "slice") => Some(call(tree, "slice", args)),
        ("builtins", "getattr") => attribute(tree, args),
        ("torch", "device") => device(tree, args),
        ("torch.serialization", "_get_layout") => only_text(tree, args),
        ("copyreg", "_extension") => Some(call(tree, "extension", args)),
        _ => plain_call(tree, object),
    }
}

/// `Color(1)`: an enum member, or any call whose arguments are all plain and which got no state.
fn plain_call(tree: &Tree, object: &Object) -> Option<String> {
    let args = tree.items(object.args);
    let plain = args.iter().all(|a| {
        !matches!(
            a,
            Value::Tuple { .. }
                | Value::List(_)
                | Value::Dict(_)
                | Value::Set(_)
                | Value::FrozenSet(_)
                | Value::Object(_)
                | Value::Tensor(_)
                | Value::Storage(_)
        )
    });
    let bare = object.state.is_none() && object.items.is_empty() && object.entries.is_empty();
    let called = object.construct == Construct::Call && !args.is_empty() && args.len() <= 3;
    let Value::Global(id) = object.callable else { return None };
    let name = tree.global(id)?.path();
    (plain && bare && called).then(|| call(tree, &name, args))
}

fn call(tree: &Tree, name: &str, args: &[Value]) -> String {
    let mut out = format!("{name}(");
    write_items(tree, args, &mut out, 2);
    out.push(')');
    out
}

/// `getattr(Color, 'RED')` is how protocol 4 names enum members and nested functions.
fn attribute(tree: &Tree, args: &[Value]) -> Option<String> {
    let [of, name] = args else { return None };
    let name = tree.as_text(*name)?;
    match *of {
        Value::Global(id) => Some(format!("{}.{name}", tree.global(id)?.path())),
        Value::Object(_) => {
            Some(format!("{}.{name}", word(tree, *of).unwrap_or_else(|| "object".to_owned())))
        }
        _ => None,
    }
}

fn only_text(tree: &Tree, args: &[Value]) -> Option<String> {
    tree.as_text(*args.first()?).map(std::borrow::Cow::into_owned)
}

/// `Fraction('1/3')` or, since 3.12, `Fraction(1, 3)`.
fn fraction(tree: &Tree, args: &[Value]) -> Option<String> {
    match *args {
        [Value::Int(over), Value::Int(under)] => Some(format!("{over}/{under}")),
        _ => only_text(tree, args),
    }
}

fn path(tree: &Tree, args: &[Value], class: &str) -> String {
    let separator = if class.contains("Windows") { "\\" } else { "/" };
    let mut out = String::new();
    for part in args.iter().filter_map(|a| tree.as_text(*a)) {
        if !out.is_empty() && !out.ends_with(['/', '\\']) {
            out.push_str(separator);
        }
        out.push_str(&part);
    }
    if out.is_empty() { ".".to_owned() } else { out }
}

fn uuid(tree: &Tree, value: Value) -> Option<String> {
    let number = match tree.attribute(value, "int")? {
        Value::Int(n) => u128::try_from(n).ok()?,
        Value::BigInt(span) => {
            let mut wide = [0; 16];
            for (to, from) in wide.iter_mut().zip(tree.bytes(span)) {
                *to = *from;
            }
            u128::from_le_bytes(wide)
        }
        _ => return None,
    };
    let hex = format!("{number:032x}");
    let part = |a: usize, b: usize| hex.get(a..b).unwrap_or_default();
    Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

fn complex(args: &[Value]) -> Option<String> {
    let &[Value::Float(re), Value::Float(im)] = args else { return None };
    Some(complex_repr(re, im))
}

/// `1.0-2.0j`.
pub(crate) fn complex_repr(re: f64, im: f64) -> String {
    let sign = if im.is_sign_negative() { '-' } else { '+' };
    format!("{}{sign}{}j", float_repr(re), float_repr(im.abs()))
}

fn device(tree: &Tree, args: &[Value]) -> Option<String> {
    let kind = tree.as_text(*args.first()?)?;
    Some(match args.get(1) {
        Some(Value::Int(n)) => format!("{kind}:{n}"),
        _ => kind.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_writes_them() {
        for (x, text) in [
            (0.1, "0.1"),
            (1e-5, "1e-05"),
            (1e16, "1e+16"),
            (1e300, "1e+300"),
            (3.0, "3.0"),
            (f64::NAN, "nan"),
            (-0.0, "-0.0"),
            (1.5e-7, "1.5e-07"),
        ] {
            assert_eq!(float_repr(x), text);
        }
    }

    #[test]
    fn big_integers() {
        assert_eq!(big_int(&(1_i128 << 70).to_le_bytes()), (1_i128 << 70).to_string());
        assert_eq!(big_int(&[0xff, 0xff]), "-1");
        assert_eq!(big_int(&[1; 40]), "int of 320 bits");
    }
}
