//! The names a file's pickles use, judged.

use std::collections::BTreeMap;

use super::{Finding, Report};
use crate::checkpoint::{Checkpoint, GlobalUse, Severity, Verdict};
use crate::sorting::Sort as _;
use crate::text::brief;
use crate::value::Global;

/// Names with a finding of their own; the rest are counted.
const NAMED: usize = 20;
/// Names kept in a report.
const KEPT: usize = 1_000;
/// Why a name of an allowed package is no finding.
const ALLOWED: &str = "of a package that --allow names";
/// Names listed in one finding.
const LISTED: usize = 10;

/// Adds to `report` what is to be said of the names of the checkpoint and of those found elsewhere in the
/// file (`hidden`, by member).
pub(super) fn judge(
    report: &mut Report,
    checkpoint: Option<&Checkpoint>,
    hidden: Vec<(String, Vec<Global>)>,
    allowed: &[String],
) {
    let mut uses: BTreeMap<String, (GlobalUse, String)> = BTreeMap::new();
    for used in checkpoint.map(Checkpoint::globals).unwrap_or_default() {
        uses.insert(used.name.clone(), (used.clone(), String::new()));
    }
    for (member, globals) in hidden {
        for global in globals {
            let found = GlobalUse::of(&global);
            let slot = uses.entry(found.name.clone()).or_insert_with(|| (found.clone(), member.clone()));
            slot.0.calls_unknown |= found.calls_unknown && checkpoint.is_none();
        }
    }
    for (used, _) in uses.values_mut().filter(|(used, _)| used.verdict == Verdict::Unknown) {
        let within = |package: &String| {
            used.name.strip_prefix(package.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        if allowed.iter().any(within) {
            (used.calls_unknown, used.why) = (false, ALLOWED);
        }
    }
    let mut uses: Vec<(GlobalUse, String)> =
        uses.into_values().filter(|(used, _)| used.verdict != Verdict::Allowed).collect();
    uses.in_order(|(a, _), (b, _)| {
        (b.verdict, b.calls_unknown).cmp(&(a.verdict, a.calls_unknown)).then_with(|| a.name.cmp(&b.name))
    });
    if !uses.is_empty() {
        report.weights_only = false;
    }
    // Opening said this already, of one name; here each has its own line.
    report.findings.retain(|finding| finding.code != "RUNS_CODE");
    dangers(report, &uses);
    unknown(report, &uses);
    uses.truncate(KEPT);
    report.globals = uses.into_iter().map(|(used, _)| used).collect();
}

fn dangers(report: &mut Report, uses: &[(GlobalUse, String)]) {
    let is_danger =
        |(used, _): &&(GlobalUse, String)| used.verdict == Verdict::RunsCode || used.calls_unknown;
    for (used, member) in uses.iter().filter(is_danger).take(NAMED) {
        let (code, would) = if used.verdict == Verdict::RunsCode {
            ("RUNS_CODE", "unpickling would run code")
        } else {
            ("UNKNOWN_CALL", "unpickling would call what nobody here knows")
        };
        let package = used.name.split('.').next().unwrap_or_default();
        let is_class = used.name.rsplit('.').next().is_some_and(|leaf| leaf.starts_with(char::is_uppercase));
        let hint = if code == "UNKNOWN_CALL" && is_class {
            format!("; if {} is yours, --allow {0} says so", brief(package))
        } else {
            String::new()
        };
        let written = used.written.as_deref().map(|w| format!(", written {}", brief(w))).unwrap_or_default();
        let text = format!("{would}: {}{written} ({}){hint}", brief(&used.name), used.why);
        report.findings.push(Finding::new(Severity::Dangerous, code, member.clone(), text));
    }
    let more = uses.iter().filter(is_danger).count().saturating_sub(NAMED);
    if more > 0 {
        let text = format!("{more} more names would run code, or are unknown and called");
        report.findings.push(Finding::new(Severity::Dangerous, "MORE", "", text));
    }
}

/// One finding for all other names. Plain data and torch's own classes are no reason to worry: their finding
/// only says that `weights_only=True` will refuse them.
fn unknown(report: &mut Report, uses: &[(GlobalUse, String)]) {
    let rest: Vec<&GlobalUse> = uses
        .iter()
        .map(|(used, _)| used)
        .filter(|used| used.verdict == Verdict::Unknown && !used.calls_unknown)
        .collect();
    if rest.is_empty() {
        return;
    }
    let foreign = |used: &&&GlobalUse| {
        !used.why.starts_with("plain data") && !used.name.starts_with("torch.") && used.why != ALLOWED
    };
    let strangers = rest.iter().filter(foreign).count();
    let severity = if strangers > 0 { Severity::Warning } else { Severity::Info };
    let mut listed: Vec<&&GlobalUse> = rest.iter().filter(foreign).collect();
    listed.extend(rest.iter().filter(|used| !foreign(used)));
    let names: Vec<String> = listed.iter().take(LISTED).map(|used| brief(&used.name)).collect();
    let more = if rest.len() > LISTED { format!(" and {} more", rest.len() - LISTED) } else { String::new() };
    let text = format!("not on torch's weights_only list: {}{more}", names.join(", "));
    report.findings.push(Finding::new(severity, "UNKNOWN_GLOBAL", "", text));
}
