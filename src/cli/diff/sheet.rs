//! `diff` as a table: every key of either side, and what happened to it.

use std::collections::{HashMap, HashSet};

use super::Outcome;
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};
use crate::compare::keys::Item;
use crate::compare::torch_rules::Verdict;
use crate::compare::values::ValueDiff;

/// Writes all keys: those of the reference in its order, then what the candidate has beside them.
pub(super) fn write(outcome: &Outcome<'_>, form: Form, out: &mut Out) -> Result<(), Failure> {
    let columns = vec![
        Column::left("key"),
        Column::left("status"),
        Column::left("after_repairs"),
        Column::left("reference_dtype"),
        Column::left("candidate_dtype"),
        Column::left("reference_shape"),
        Column::left("candidate_shape"),
        Column::left("values"),
        Column::right("max_abs"),
        Column::right("l2").detail(),
        Column::right("relative_l2"),
        Column::right("cosine"),
        Column::right("unequal").detail(),
        Column::right("elements").detail(),
        Column::left("error"),
    ];
    let report = &outcome.report;
    let (reference, candidate) = (&report.reference, &report.candidate);
    let before = States::of(&report.verdict);
    let after = States::of(&report.found.after);
    let left: HashSet<&str> = report
        .found
        .after
        .unexpected
        .iter()
        .filter_map(|at| report.found.repaired.items.get(*at))
        .map(Item::key)
        .collect();
    let compared: HashMap<&str, &super::Row> =
        outcome.rows.iter().map(|row| (row.0.key.as_str(), row)).collect();
    let wanted = reference.items.iter().enumerate().filter_map(|(at, item)| {
        let (state, given) = before.get(at)?;
        let given = given.and_then(|at| candidate.items.get(at));
        let after = after.get(at).map_or("", |(state, _)| state);
        Some(cells((item.key(), state, after), Some(item), given, compared.get(item.key()).copied()))
    });
    let beside = report.verdict.unexpected.iter().filter_map(|at| candidate.items.get(*at)).map(|item| {
        let after = if left.contains(item.key()) { "unexpected" } else { "used" };
        cells((item.key(), "unexpected", after), None, Some(item), None)
    });
    Ok(sheet::write(form, columns, wanted.chain(beside), out)?)
}

/// What became of each key of the reference, and which item of the candidate it met.
struct States(HashMap<usize, (&'static str, Option<usize>)>);

impl States {
    fn of(verdict: &Verdict) -> Self {
        let mut states = HashMap::new();
        let mut all = |state, pairs: &[(usize, usize)]| {
            states.extend(pairs.iter().map(|(at, given)| (*at, (state, Some(*given)))));
        };
        all("matched", &verdict.matched);
        all("shape_mismatch", &verdict.mismatched);
        all("not_a_tensor", &verdict.not_tensors);
        states.extend(verdict.missing.iter().map(|at| (*at, ("missing", None))));
        states.extend(verdict.filled.iter().map(|at| (*at, ("filled", None))));
        Self(states)
    }

    fn get(&self, at: usize) -> Option<(&'static str, Option<usize>)> {
        self.0.get(&at).copied()
    }
}

fn cells(
    (key, state, after): (&str, &str, &str),
    reference: Option<&Item>,
    candidate: Option<&Item>,
    row: Option<&super::Row>,
) -> Vec<Value> {
    let tensor = |item: Option<&Item>| item.filter(|item| item.is_tensor()).map(|item| item.tensor.clone());
    let (reference, candidate) = (tensor(reference), tensor(candidate));
    let dtype = |t: &Option<_>| {
        Value::of(t.as_ref(), |t: &crate::compare::plan::Described| Value::words(t.dtype.name()))
    };
    let shape = |t: &Option<crate::compare::plan::Described>| {
        Value::of(t.as_ref(), |t| Value::Shape(t.shape.clone()))
    };
    let diff = row.and_then(|(_, diff)| diff.as_ref());
    let found = diff.and_then(|diff| diff.as_ref().ok());
    let real = |value: fn(&ValueDiff) -> f64| Value::of(found, |diff| Value::Float(value(diff)));
    // A name the candidate has only after the repair.
    let cast = |(row, _): &super::Row| Value::words(row.candidate_dtype.name());
    vec![
        Value::name(key),
        Value::words(state),
        Value::words(after),
        dtype(&reference),
        if candidate.is_none() { Value::of(row, cast) } else { dtype(&candidate) },
        shape(&reference),
        shape(&candidate),
        match diff {
            None => Value::None,
            Some(Err(_)) => Value::words("unread"),
            Some(Ok(diff)) => Value::words(if diff.is_close() { "equal" } else { "changed" }),
        },
        real(|diff| diff.max_abs),
        real(|diff| diff.l2),
        real(|diff| diff.relative_l2),
        real(|diff| diff.cosine),
        Value::of(found, |diff| Value::Count(diff.unequal)),
        Value::of(found, |diff| Value::Count(diff.elements)),
        Value::of(diff.and_then(|diff| diff.as_ref().err()), Value::words),
    ]
}
