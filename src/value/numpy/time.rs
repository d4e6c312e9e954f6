//! numpy's dates and times: a count of units since 1970.

use std::fmt;

use super::super::{Tree, Value};

/// Unit of a count, and how many of it make one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    code: [u8; 2],
    step: i64,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.step != 1 {
            write!(f, "{}", self.step)?;
        }
        f.write_str(self.code())
    }
}

/// Code, name, and units in a second (those of a second or less).
const UNITS: [(&str, &str, i64); 11] = [
    ("Y", "years", 0),
    ("M", "months", 0),
    ("W", "weeks", 0),
    ("D", "days", 0),
    ("h", "hours", 0),
    ("m", "minutes", 0),
    ("s", "seconds", 1),
    ("ms", "milliseconds", 1_000),
    ("us", "microseconds", 1_000_000),
    ("ns", "nanoseconds", 1_000_000_000),
    ("ps", "picoseconds", 1_000_000_000_000),
];

impl Unit {
    fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default().trim_end_matches('\0')
    }

    fn row(&self) -> Option<(&'static str, &'static str, i64)> {
        UNITS.into_iter().find(|row| row.0 == self.code())
    }
}

/// The unit in `(metadata, (unit, step, 1, 1))`.
pub(super) fn unit(tree: &Tree, value: Value) -> Option<Unit> {
    let [.., inner] = *tree.items(value) else { return None };
    let [code, step, ..] = *tree.items(inner) else { return None };
    let code = match code {
        Value::Text(span) | Value::Bytes(span) => tree.bytes(span),
        _ => return None,
    };
    let code = match *code {
        [a] => [a, 0],
        [a, b] => [a, b],
        _ => return None,
    };
    Some(Unit { code, step: tree.as_int(step)? })
}

/// The written form of a date (`is_date`) or of a duration.
pub(super) fn word(count: i64, unit: Option<Unit>, is_date: bool) -> String {
    if count == i64::MIN {
        return "NaT".to_owned();
    }
    let Some((unit, row)) = unit.and_then(|u| Some((u, u.row()?))) else { return count.to_string() };
    let count = i128::from(count) * i128::from(unit.step);
    if is_date { date(count, row) } else { format!("{count} {}", row.1) }
}

fn date(count: i128, (code, _, per_second): (&str, &str, i64)) -> String {
    const DAY: i128 = 86_400;
    let days = match code {
        "Y" => return (1970 + count).to_string(),
        "M" => return format!("{:04}-{:02}", 1970 + count.div_euclid(12), count.rem_euclid(12) + 1),
        "W" => Some(count * 7),
        "D" => Some(count),
        _ => None,
    };
    if let Some(days) = days {
        return civil(days);
    }
    let (seconds, part) = match code {
        "h" => (count * 3_600, 0),
        "m" => (count * 60, 0),
        _ => (count.div_euclid(per_second.max(1).into()), count.rem_euclid(per_second.max(1).into())),
    };
    let (day, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let day = civil(day);
    match (code, per_second) {
        ("h", _) => format!("{day}T{hour:02}"),
        ("m", _) => format!("{day}T{hour:02}:{minute:02}"),
        (_, 1) => format!("{day}T{hour:02}:{minute:02}:{second:02}"),
        _ => {
            let digits = per_second.ilog10() as usize;
            format!("{day}T{hour:02}:{minute:02}:{second:02}.{part:0digits$}")
        }
    }
}

/// Year, month and day from days since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i128) -> String {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i128::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_durations_read_as_numpy_writes_them() {
        let unit = |code: [u8; 2]| Some(Unit { code, step: 1 });
        assert_eq!(word(19_724, unit(*b"D\0"), true), "2024-01-02");
        assert_eq!(word(-1, unit(*b"D\0"), true), "1969-12-31");
        assert_eq!(word(1_704_164_645, unit(*b"s\0"), true), "2024-01-02T03:04:05");
        assert_eq!(word(-1, unit(*b"ms"), true), "1969-12-31T23:59:59.999");
        assert_eq!(word(13, unit(*b"M\0"), true), "1971-02");
        assert_eq!(word(5, unit(*b"h\0"), false), "5 hours");
        assert_eq!(word(i64::MIN, unit(*b"s\0"), true), "NaT");
        assert_eq!(word(7, None, true), "7");
    }
}
