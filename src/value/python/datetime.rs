//! Dates, times and durations of the standard library, from the bytes they are pickled as.

use std::fmt::Write as _;

use super::super::{Tree, Value};

fn first_bytes<'a>(tree: &'a Tree, args: &[Value]) -> Option<&'a [u8]> {
    match args.first()? {
        Value::Bytes(span) => Some(tree.bytes(*span)),
        _ => None,
    }
}

/// Ten bytes: year (big-endian), month (its top bit is the fold), day, hour, minute, second, microsecond.
pub(super) fn datetime(tree: &Tree, args: &[Value]) -> Option<String> {
    let &[y0, y1, month, day, h, m, s, u0, u1, u2] = first_bytes(tree, args)? else { return None };
    let micro = u32::from_be_bytes([0, u0, u1, u2]);
    let mut text = format!("{}T{h:02}:{m:02}:{s:02}", date(&[y0, y1, month, day])?);
    if micro > 0 {
        let _ = write!(text, ".{micro:06}");
    }
    if let Some(zone) = args.get(1) {
        text.push_str(&offset(tree, *zone));
    }
    Some(text)
}

/// Four bytes: year (big-endian), month, day.
pub(super) fn date_of(tree: &Tree, args: &[Value]) -> Option<String> {
    date(first_bytes(tree, args)?)
}

fn date(bytes: &[u8]) -> Option<String> {
    let &[y0, y1, month, day] = bytes else { return None };
    Some(format!("{:04}-{:02}-{day:02}", u16::from_be_bytes([y0, y1]), month & 0x7f))
}

/// Six bytes: hour (its top bit is the fold), minute, second, microsecond.
pub(super) fn time(tree: &Tree, args: &[Value]) -> Option<String> {
    let &[h, m, s, u0, u1, u2] = first_bytes(tree, args)? else { return None };
    let micro = u32::from_be_bytes([0, u0, u1, u2]);
    let mut text = format!("{:02}:{m:02}:{s:02}", h & 0x7f);
    if micro > 0 {
        let _ = write!(text, ".{micro:06}");
    }
    if let Some(zone) = args.get(1) {
        text.push_str(&offset(tree, *zone));
    }
    Some(text)
}

/// `+01:00` of a `datetime.timezone`, whose argument is a timedelta.
fn offset(tree: &Tree, zone: Value) -> String {
    let delta = match zone {
        Value::Object(id) => tree.object(id).and_then(|o| tree.items(o.args).first().copied()),
        _ => None,
    };
    let args = match delta {
        Some(Value::Object(id)) => tree.object(id).map(|o| tree.items(o.args)).unwrap_or_default(),
        _ => return String::new(),
    };
    let &[Value::Int(days), Value::Int(seconds), ..] = args else { return String::new() };
    let total = days.saturating_mul(86_400).saturating_add(seconds);
    let sign = if total < 0 { '-' } else { '+' };
    let minutes = total.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

pub(super) fn timedelta(args: &[Value]) -> Option<String> {
    let &[Value::Int(days), Value::Int(seconds), Value::Int(micro)] = args else { return None };
    let seconds = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let micro = if micro == 0 { String::new() } else { format!(".{micro:06}") };
    Some(if days == 0 { format!("{seconds}{micro}") } else { format!("{days} days, {seconds}{micro}") })
}

/// `UTC`, or `UTC-05:30`.
pub(super) fn timezone(tree: &Tree, zone: Value) -> String {
    format!("UTC{}", offset(tree, zone)).replace("+00:00", "")
}
