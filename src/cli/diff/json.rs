//! `diff` as JSON: the contract of docs/cli.md.

use serde_json::{Value, json};

use super::Outcome;
use crate::compare::keys::Side;
use crate::compare::repairs::{Counts, Repair};
use crate::compare::torch_rules::Verdict;

/// The whole document.
pub(super) fn document(outcome: &Outcome<'_>) -> Value {
    let report = &outcome.report;
    let class = outcome.options.class.as_deref();
    let values = !outcome.options.keys_only;
    let verdict = lists(&report.reference, &report.candidate, &report.verdict);
    let after = lists(&report.reference, &report.found.repaired, &report.found.after);
    let unread = outcome.rows.iter().filter_map(|(row, diff)| match diff {
        Some(Err(error)) => Some(json!({"key": row.key, "error": error})),
        _ => None,
    });
    let dtypes = outcome.recast().map(|row| {
        json!({"key": row.key, "reference": row.reference_dtype.name(), "candidate": row.candidate_dtype.name()})
    });
    let changed = outcome.changed().map(|(row, diff)| {
        json!({
            "key": row.key, "max_abs": number(diff.max_abs), "l2": number(diff.l2),
            "relative_l2": number(diff.relative_l2), "cosine": number(diff.cosine),
            "equal_values": diff.equal_values(), "unequal": diff.unequal, "elements": diff.elements,
            "nan": [diff.reference.nan, diff.candidate.nan], "inf": [diff.reference.inf, diff.candidate.inf],
        })
    });
    let script = if outcome.script.is_empty() { Value::Null } else { json!(outcome.script) };
    json!({
        "reference": side(&report.reference), "candidate": side(&report.candidate),
        "loads_strict": report.verdict.loads_strict(),
        "loads_loosely": report.verdict.loads_loosely(),
        "torch_message": report.message(class, true),
        "torch_message_loose": report.message(class, false),
        "missing": verdict.0, "unexpected": verdict.1, "shape_mismatch": verdict.2,
        "not_tensors": not_tensors(&report.reference, &report.candidate, &report.verdict),
        "dtype_mismatch": dtypes.collect::<Vec<_>>(),
        "values_compared": values,
        "equal": if values { json!(outcome.equal()) } else { Value::Null },
        "changed": changed.collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
        "repairs": report.found.repairs.iter().map(|r| repair(r, &outcome.script)).collect::<Vec<_>>(),
        "snippet": script,
        "after_repairs": {
            "missing": after.0, "unexpected": after.1, "shape_mismatch": after.2,
            "loads_strict": report.found.after.loads_strict(),
        },
    })
}

fn number(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { Value::Null }
}

fn side(side: &Side) -> Value {
    let path = side.path.to_string_lossy();
    json!({"path": path, "section": side.section, "class": side.class, "also_fit": side.rivals, "keys": side.items.len()})
}

fn lists(reference: &Side, candidate: &Side, verdict: &Verdict) -> (Vec<Value>, Vec<Value>, Vec<Value>) {
    let keys = |side: &Side, all: &[usize]| {
        all.iter().filter_map(|at| side.items.get(*at)).map(|item| json!(item.key())).collect::<Vec<_>>()
    };
    let shapes = verdict.mismatched.iter().filter_map(|(a, b)| {
        let (a, b) = (reference.items.get(*a)?, candidate.items.get(*b)?);
        Some(json!({"key": a.key(), "reference": a.tensor.shape, "candidate": b.tensor.shape}))
    });
    (keys(reference, &verdict.missing), keys(candidate, &verdict.unexpected), shapes.collect())
}

fn not_tensors(reference: &Side, candidate: &Side, verdict: &Verdict) -> Vec<Value> {
    let both = verdict.not_tensors.iter().filter_map(|(a, b)| {
        let (a, b) = (reference.items.get(*a)?, candidate.items.get(*b)?);
        Some(json!({"key": a.key(), "type": b.other}))
    });
    both.collect()
}

fn counts(counts: Counts) -> Value {
    json!({
        "matched": counts.matched, "missing": counts.missing, "unexpected": counts.unexpected,
        "shape_mismatch": counts.mismatched,
    })
}

/// The script runs as printed; `lines` are this repair's part of it.
fn repair(repair: &Repair, script: &str) -> Value {
    let lines = repair.lines.join("\n");
    json!({
        "rule": repair.rule, "title": repair.title, "notes": repair.notes, "applied": repair.applied,
        "explains": repair.explains, "pairs": repair.pairs, "lines": lines,
        "snippet": if repair.applied { script } else { &lines },
        "before": counts(repair.before), "after": counts(repair.after),
    })
}
