//! Python lines that do something for many names, short where the names follow the numbers of layers.

use std::fmt::Write as _;

use super::view::is_number;
use crate::text::python::string;

/// `body` is run for each row; its names stand for the row's values. The names of a row that differ from those of
/// other rows in the number of a layer alone are written once, in a loop over the numbers.
pub(super) fn for_each(names: &[&str], rows: &[Vec<String>], body: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let variables = names.join(", ");
    for (numbers, templates) in grouped(rows) {
        let deeper = if numbers.is_empty() { "" } else { "    " };
        if !numbers.is_empty() {
            out.push(format!("for i in {}:", sequence(&numbers)));
        }
        if let [only] = templates.as_slice() {
            let indent = if numbers.is_empty() { "" } else { "    " };
            out.push(format!("{indent}{variables} = {}", only.join(", ")));
            out.extend(body.iter().map(|line| format!("{indent}{line}")));
            continue;
        }
        out.push(format!("{deeper}for {variables} in ["));
        for row in &templates {
            let values = if row.len() == 1 { row.concat() } else { format!("({})", row.join(", ")) };
            out.push(format!("{deeper}    {values},"));
        }
        out.push(format!("{deeper}]:"));
        out.extend(body.iter().map(|line| format!("{deeper}    {line}")));
    }
    out
}

/// Renames by pairs.
pub(super) fn rename(pairs: &[(String, String)]) -> Vec<String> {
    let rows: Vec<Vec<String>> = pairs.iter().map(|(from, to)| vec![from.clone(), to.clone()]).collect();
    let old: rustc_hash::FxHashSet<&str> = pairs.iter().map(|(from, _)| from.as_str()).collect();
    if pairs.iter().any(|(_, to)| old.contains(to.as_str())) {
        let mut lines = vec!["renamed = {}".to_owned()];
        lines.extend(for_each(&["old", "new"], &rows, &["renamed[new] = state_dict.pop(old)"]));
        lines.push("state_dict.update(renamed)".to_owned());
        return lines;
    }
    for_each(&["old", "new"], &rows, &["state_dict[new] = state_dict.pop(old)"])
}

/// Leaves names out.
pub(super) fn drop(keys: &[String]) -> Vec<String> {
    let rows: Vec<Vec<String>> = keys.iter().map(|key| vec![key.clone()]).collect();
    for_each(&["key"], &rows, &["del state_dict[key]"])
}

/// A set of Python strings.
pub(super) fn set(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| string(word)).collect();
    format!("{{{}}}", words.join(", "))
}

type Group = (Vec<u64>, Vec<Vec<String>>);

/// Rows by the numbers they are repeated for; their values as Python source.
fn grouped(rows: &[Vec<String>]) -> Vec<Group> {
    let mut templates: indexed::Map<Vec<String>, Vec<u64>> = indexed::Map::default();
    let mut plain = Vec::new();
    for row in rows {
        match template(row) {
            Some((template, number)) => templates.entry(template).push(number),
            None => plain.push(row),
        }
    }
    let mut groups: indexed::Map<Vec<u64>, Vec<Vec<String>>> = indexed::Map::default();
    let mut single = Vec::new();
    for (template, mut numbers) in templates.into_entries() {
        numbers.sort_unstable();
        if numbers.len() < 2 {
            single.push((template, numbers));
        } else {
            groups.entry(numbers).push(template);
        }
    }
    let mut out: Vec<Group> = groups.into_entries();
    let mut rest: Vec<Vec<String>> =
        plain.into_iter().map(|row| row.iter().map(|value| string(value)).collect()).collect();
    for (template, numbers) in single {
        let number = numbers.first().copied().unwrap_or_default();
        let is_it =
            |row: &&Vec<String>| self::template(row).is_some_and(|(t, n)| t == template && n == number);
        rest.extend(rows.iter().find(is_it).map(|row| row.iter().map(|value| string(value)).collect()));
    }
    if !rest.is_empty() {
        out.push((Vec::new(), rest));
    }
    out
}

/// The row as f-strings over the number of its first name's first layer, with that number.
fn template(row: &[String]) -> Option<(Vec<String>, u64)> {
    let number = row.first().and_then(|value| first_number(value))?.1;
    let texts = row.iter().map(|value| {
        let (at, own) = first_number(value)?;
        let len = own.to_string().len();
        let step = i128::from(own) - i128::from(number);
        let i = match step {
            0 => "i".to_owned(),
            1.. => format!("i + {step}"),
            _ => format!("i - {}", -step),
        };
        let (before, after) = (value.get(..at)?, value.get(at + len..)?);
        Some(format!("f\"{}{{{i}}}{}\"", inner(before), inner(after)))
    });
    Some((texts.collect::<Option<Vec<String>>>()?, number))
}

/// The inside of a string literal, for an f-string.
fn inner(text: &str) -> String {
    let literal = string(text).replace('{', "{{").replace('}', "}}");
    literal.get(1..literal.len() - 1).unwrap_or_default().to_owned()
}

/// Where the first component that is a plain number starts, and the number.
fn first_number(key: &str) -> Option<(usize, u64)> {
    let mut start = 0;
    for component in key.split('.') {
        if is_number(component) && (component == "0" || !component.starts_with('0')) {
            return Some((start, component.parse().ok()?));
        }
        start += component.len() + 1;
    }
    None
}

/// `range(12)`, or a tuple.
fn sequence(numbers: &[u64]) -> String {
    let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
    let gapless = numbers.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    match (gapless, first) {
        (true, 0) => format!("range({})", last + 1),
        (true, _) => format!("range({first}, {})", last + 1),
        (false, _) => {
            let mut text = String::from("(");
            for number in numbers {
                let _ = write!(text, "{number}, ");
            }
            format!("{})", text.trim_end_matches(", "))
        }
    }
}

/// A map that keeps the order of first insertion.
mod indexed {
    use std::hash::Hash;

    use rustc_hash::FxHashMap;

    pub(super) struct Map<K, V> {
        at: FxHashMap<K, usize>,
        values: Vec<(K, V)>,
    }

    impl<K, V> Default for Map<K, V> {
        fn default() -> Self {
            Self { at: FxHashMap::default(), values: Vec::new() }
        }
    }

    impl<K: Hash + Eq + Clone, T> Map<K, Vec<T>> {
        pub(super) fn entry(&mut self, key: K) -> &mut Vec<T> {
            let next = self.values.len();
            let at = *self.at.entry(key.clone()).or_insert(next);
            if at == next {
                self.values.push((key, Vec::new()));
            }
            // `at` is a place of `values`: both grow together.
            match self.values.get_mut(at) {
                Some((_, values)) => values,
                None => unreachable!("places and values grow together"),
            }
        }

        pub(super) fn into_entries(self) -> Vec<(K, Vec<T>)> {
            self.values
        }
    }
}
