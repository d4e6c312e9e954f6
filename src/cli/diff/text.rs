//! `diff` for people: the verdict first, then what it is, what repairs it, and which values differ.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Outcome;
use crate::cli::style::{Style, Tone};
use crate::cli::table::{self, Cell, Column};
use crate::compare::keys::{Side, choices};
use crate::compare::repairs::Repair;
use crate::text::{fit, number, shown, shown_path};

/// Keys of one list that are shown without `-v`.
const KEYS: usize = 8;
/// Changed tensors shown without `-v`.
const CHANGED: usize = 20;

/// Writes the whole comparison.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    sides(outcome, style, out)?;
    verdict(outcome, style, out)?;
    repairs(outcome, style, out)?;
    left(outcome, style, out)?;
    script(outcome, style, out)?;
    values(outcome, style, out)?;
    message(outcome, style, out)
}

fn sides(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let report = &outcome.report;
    let both = [
        ("reference", &report.reference, outcome.reference),
        ("candidate", &report.candidate, outcome.candidate),
    ];
    for (name, side, checkpoint) in both {
        let mut facts = vec![shown_path(&side.path)];
        let others: Vec<String> = choices(checkpoint)
            .iter()
            .filter(|choice| choice.name != side.section)
            .map(|choice| shown(choice.label()).into_owned())
            .collect();
        if !side.section.is_empty() {
            facts.push(format!("section {}", shown(&side.section)));
        }
        facts.extend(side.class.iter().map(|class| format!("class {}", shown(class))));
        facts.push(keys(side.items.len()));
        if !others.is_empty() {
            facts.push(format!("also there: {}", others.join(", ")));
        }
        writeln!(out, "{}  {}", style.paint(Tone::Dim, name), facts.join(style.dot()))?;
        if !side.rivals.is_empty() {
            let rivals: Vec<String> = side.rivals.iter().map(|rival| shown(rival).into_owned()).collect();
            let option = if name == "reference" { "--section-a" } else { "--section-b" };
            let text = format!("           {} would do as well: choose with {option}", rivals.join(", "));
            writeln!(out, "{}", style.paint(Tone::Warn, &text))?;
        }
    }
    Ok(())
}

fn keys(n: usize) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} key{s}", number::grouped(n as u64))
}

fn verdict(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let report = &outcome.report;
    let (before, after) = (report.before(), report.after());
    let repaired = report.found.after.loads_strict() && report.found.applied().next().is_some();
    let (tone, text) = match (report.verdict.loads_strict(), repaired) {
        (true, _) => (Tone::Good, "Loads: every key and shape matches.".to_owned()),
        (false, true) => (Tone::Warn, "Does not load as it is, and does after the repair below.".to_owned()),
        (false, false) if after.matched > before.matched => {
            (Tone::Bad, "Does not load; the repair below helps, and some of it remains.".to_owned())
        }
        (false, false) => (Tone::Bad, "Does not load.".to_owned()),
    };
    writeln!(out, "\n{}", style.paint(tone, &text))?;
    writeln!(
        out,
        "  {}; {} in common",
        before.in_words(),
        keys(before.matched.saturating_sub(report.verdict.filled.len()))
    )?;
    if !report.verdict.loads_strict() && report.verdict.loads_loosely() {
        let kept = keys(before.missing);
        writeln!(out, "  strict=False loads without an error, and leaves {kept} of the model as they were")?;
    }
    for at in report.verdict.filled.iter().take(1) {
        let name = report.reference.items.get(*at).map_or("", |item| item.key());
        let n = report.verdict.filled.len();
        writeln!(out, "  {} not saved and filled in by torch ({})", keys(n), shown(name))?;
    }
    Ok(())
}

fn wrapped(out: &mut dyn Write, style: &Style, first: &str, rest: &str, text: &str) -> io::Result<()> {
    let width = style.width.map_or(usize::MAX, |w| w.min(110)).saturating_sub(rest.len()).max(20);
    for (n, line) in fit::wrap_words(text, width).into_iter().enumerate() {
        writeln!(out, "{}{line}", if n == 0 { first } else { rest })?;
    }
    Ok(())
}

fn repairs(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let all = &outcome.report.found.repairs;
    let (applied, other): (Vec<&Repair>, Vec<&Repair>) = all.iter().partition(|repair| repair.applied);
    if !applied.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Title, "What it is, and what repairs it"))?;
    }
    for (n, repair) in applied.iter().enumerate() {
        wrapped(out, style, &format!("  {}. ", n + 1), "     ", &repair.title)?;
        let total = outcome.report.reference.items.len();
        let effect = format!(
            "{} of {} matched before, {} after ({} to {} differences)",
            number::grouped(repair.before.matched as u64),
            keys(total),
            number::grouped(repair.after.matched as u64),
            number::grouped(repair.before.differences() as u64),
            number::grouped(repair.after.differences() as u64)
        );
        writeln!(out, "     {}", style.paint(Tone::Good, &effect))?;
        for note in &repair.notes {
            wrapped(out, style, "     note: ", "     ", note)?;
        }
    }
    if !other.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Title, "For you to decide"))?;
    }
    for repair in other {
        wrapped(out, style, "  - ", "    ", &repair.title)?;
        for note in &repair.notes {
            wrapped(out, style, "    note: ", "    ", note)?;
        }
        for line in &repair.lines {
            writeln!(out, "      {}", shown(line))?;
        }
    }
    Ok(())
}

/// What still differs after the repairs.
fn left(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (report, after) = (&outcome.report, &outcome.report.found.after);
    if after.loads_strict() {
        return Ok(());
    }
    let repaired = report.found.applied().next().is_some();
    let title = if repaired { "Still there after the repair" } else { "Differences" };
    writeln!(out, "\n{}", style.paint(Tone::Title, title))?;
    list(out, style, ("missing", "-"), &names(&report.reference, &after.missing))?;
    list(out, style, ("unexpected", "+"), &names(&report.found.repaired, &after.unexpected))?;
    let shapes = after.mismatched.iter().filter_map(|(a, b)| {
        let (a, b) = (report.reference.items.get(*a)?, report.found.repaired.items.get(*b)?);
        let (wanted, given) = (number::shape(&a.tensor.shape), number::shape(&b.tensor.shape));
        Some(format!("{}: the model has {wanted}, the candidate {given}", shown(a.key())))
    });
    list(out, style, ("of another shape", "!"), &shapes.collect::<Vec<_>>())?;
    let types = after.not_tensors.iter().filter_map(|(a, b)| {
        let (a, b) = (report.reference.items.get(*a)?, report.found.repaired.items.get(*b)?);
        Some(format!("{}: a tensor is wanted, {} is given", shown(a.key()), b.other.as_deref()?))
    });
    list(out, style, ("not tensors", "!"), &types.collect::<Vec<_>>())
}

fn names(side: &Side, all: &[usize]) -> Vec<String> {
    all.iter().filter_map(|at| side.items.get(*at)).map(|item| shown(item.key()).into_owned()).collect()
}

fn list(out: &mut dyn Write, style: &Style, (what, mark): (&str, &str), all: &[String]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {} {what}", number::grouped(all.len() as u64))?;
    let most = if style.verbose { usize::MAX } else { KEYS };
    for name in all.iter().take(most) {
        writeln!(out, "    {mark} {name}")?;
    }
    if all.len() > most {
        writeln!(out, "      and {} more; -v lists them", number::grouped((all.len() - most) as u64))?;
    }
    Ok(())
}

fn script(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if outcome.script.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.paint(Tone::Title, "Python"))?;
    for line in outcome.script.trim_end().lines() {
        writeln!(out, "  {line}")?;
    }
    let (a, b) = (shown_path(&outcome.options.reference), shown_path(&outcome.options.candidate));
    writeln!(out, "\n  or without Python: ckpt-tui export {b} --repair {a} -o OUT.safetensors")
}

fn values(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let recast: Vec<String> = outcome
        .recast()
        .map(|row| {
            format!("{}: {} and {}", shown(&row.key), row.reference_dtype.name(), row.candidate_dtype.name())
        })
        .collect();
    if !recast.is_empty() {
        writeln!(out, "\n{}", style.paint(Tone::Title, "Dtypes (torch converts without a word)"))?;
        list(out, style, ("of another dtype", "~"), &recast)?;
    }
    writeln!(out, "\n{}", style.paint(Tone::Title, "Values"))?;
    if outcome.options.keys_only {
        return writeln!(out, "  not compared (--keys-only)");
    }
    let changed: Vec<_> = outcome.changed().collect();
    let computed = outcome.rows.iter().filter(|(_, diff)| diff.is_none()).count();
    let tolerance = if outcome.options.rtol > 0.0 || outcome.options.atol > 0.0 {
        format!(" within rtol {} and atol {}", outcome.options.rtol, outcome.options.atol)
    } else {
        String::new()
    };
    let mut line = format!("  {} equal{tolerance}, {} changed", outcome.equal(), changed.len());
    if computed > 0 {
        let _ = write!(line, ", {computed} made by the repair and not compared");
    }
    writeln!(out, "{line}")?;
    for (row, diff) in &outcome.rows {
        if let Some(Err(error)) = diff {
            writeln!(out, "  ! {}: {error}", shown(&row.key))?;
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::elastic("NAME"),
        Column::right("MAX ABS"),
        Column::right("L2"),
        Column::right("RELATIVE"),
        Column::right("COSINE"),
        Column::right("ELEMENTS"),
    ];
    let most = if style.verbose { usize::MAX } else { CHANGED };
    let cells = |at: usize| {
        let Some((row, diff)) = changed.get(at) else { return Vec::new() };
        vec![
            Cell::from(shown(&row.key)),
            Cell::from(number::metric(diff.max_abs)),
            Cell::from(number::metric(diff.l2)),
            Cell::from(number::metric(diff.relative_l2)),
            Cell::from(number::metric(diff.cosine)),
            Cell::from(format!("{} of {}", number::grouped(diff.unequal), number::grouped(diff.elements))),
        ]
    };
    table::write(out, style, &columns, changed.len().min(most), &cells)?;
    if changed.len() > most {
        writeln!(out, "  and {} more; -v lists them", changed.len() - most)?;
    }
    Ok(())
}

fn message(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if !style.verbose || outcome.report.verdict.loads_strict() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.paint(Tone::Title, "What torch says"))?;
    for line in outcome.report.message(outcome.options.class.as_deref(), true).split('\n') {
        let indent = if line.starts_with('\t') { "    " } else { "  " };
        writeln!(out, "{indent}{}", shown(line.trim_start_matches('\t')))?;
    }
    Ok(())
}
