//! What is said about a file once its pickles are read: names with verdicts, and storages that fall short.

use crate::checkpoint::{Diagnostic, GlobalUse, Severity, Verdict};
use crate::pickle::Summary;
use crate::sorting::Sort as _;
use crate::tensor::{Place, Storage};
use crate::text::shown;
use crate::value::Tree;

/// Storages named in one finding.
const NAMED: usize = 3;

/// The globals of `tree` with their verdicts, most serious first.
pub(crate) fn globals(tree: &Tree) -> Vec<GlobalUse> {
    let mut uses: Vec<GlobalUse> = tree.globals().iter().map(GlobalUse::of).collect();
    uses.in_order(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.name.cmp(&b.name)));
    uses
}

/// True when `torch.load(weights_only=True)` would take the pickle.
pub(super) fn weights_only(summary: &Summary, globals: &[GlobalUse]) -> bool {
    summary.plain() && globals.iter().all(|g| g.verdict == Verdict::Allowed)
}

/// Says so when `weights_only=True` would refuse the pickle whatever classes it is allowed.
pub(super) fn refusal(summary: &Summary) -> Option<Diagnostic> {
    let text = match summary {
        Summary { foreign_opcode: Some((opcode, at)), .. } => {
            format!("instruction 0x{opcode:02x} at byte {at} of the pickle")
        }
        Summary { foreign_id: Some(at), .. } => format!("the persistent id at byte {at} of the pickle"),
        Summary { foreign_target: Some(at), .. } => format!("what is filled at byte {at} of the pickle"),
        _ => return None,
    };
    let text = format!("torch.load(weights_only=True) refuses {text}, whatever classes it is allowed");
    Some(Diagnostic::new(Severity::Info, "WEIGHTS_ONLY", text))
}

/// Says so when a frame of the pickle ends where no instruction does.
pub(super) fn frames(summary: &Summary) -> Option<Diagnostic> {
    let at = summary.frame_fault?;
    let text = format!(
        "a frame of the pickle ends inside or behind the instruction at byte {at}: Python's two unpicklers read such a stream differently"
    );
    Some(Diagnostic::new(Severity::Broken, "PICKLE_FRAME", text))
}

/// Findings about names no Python module or class can have.
pub(super) fn odd_names(tree: &Tree) -> Option<Diagnostic> {
    let first = tree.globals().iter().find(|g| g.is_impossible())?;
    let text =
        format!("it names {}, which no module of Python can be called", crate::text::brief(&first.path()));
    Some(Diagnostic::new(Severity::Broken, "PICKLE_GLOBAL", text))
}

/// Findings about names that run code.
pub(crate) fn dangers(tree: &Tree, globals: &[GlobalUse]) -> Vec<Diagnostic> {
    let dangerous: Vec<_> = globals.iter().filter(|g| g.verdict == Verdict::RunsCode).collect();
    let Some(first) = dangerous.first() else { return Vec::new() };
    let called = tree.globals().iter().any(|g| g.called && g.path() == first.name);
    let verb = if called { "would call" } else { "names" };
    let more = match dangerous.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let text = format!(
        "unpickling it would run code: it {verb} {}{more}; nothing was run here",
        crate::text::brief(&first.name)
    );
    vec![Diagnostic::new(Severity::Dangerous, "RUNS_CODE", text)]
}

/// Findings about storages that are missing or have not the size the pickle says.
pub(super) fn storages(tree: &Tree) -> Vec<Diagnostic> {
    let missing = tree.storages().iter().filter(|s| s.place == Place::Missing);
    let wrong = tree.storages().iter().filter(|s| {
        !matches!(s.place, Place::Missing | Place::NotStored) && s.available() != s.nbytes && s.nbytes > 0
    });
    let mut found = Vec::new();
    found.extend(finding("MISSING_STORAGE", "not in the file", missing));
    found.extend(finding("STORAGE_SIZE", "of another size than the pickle says", wrong));
    found
}

fn finding<'a>(
    code: &'static str,
    what: &str,
    storages: impl Iterator<Item = &'a Storage>,
) -> Option<Diagnostic> {
    let keys: Vec<&Storage> = storages.collect();
    let named: Vec<String> = keys.iter().take(NAMED).map(|s| shown(&s.key).into_owned()).collect();
    let more = if keys.len() > NAMED { ", …" } else { "" };
    let plural = if keys.len() == 1 { "storage is" } else { "storages are" };
    let text = format!("{} {plural} {what}: {}{more}", keys.len(), named.join(", "));
    (!keys.is_empty()).then(|| Diagnostic::new(Severity::Broken, code, text))
}
