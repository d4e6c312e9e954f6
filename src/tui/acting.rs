//! Effects that write, or plan to, run on a worker: what the library says comes back in words.

use std::path::{Path, PathBuf};

use super::action::{Action, Effect};
use super::doc::of;
use super::model::dialog::{Contents, PlanRequest};
use crate::error::Result;
use crate::export::disk::Disk;
use crate::export::weights::{Request, Selection, select};
use crate::export::write::Export;
use crate::limits::Limits;
use crate::runs::act::{self, Outcome, Plan};
use crate::text::{number, shown, shown_path};
use crate::training::verdict::Without;
use crate::work::Work;

/// Runs one of these effects; `None` for all others.
pub fn run(effect: Effect) -> Option<Action> {
    Some(match effect {
        Effect::PlanCleanUp(generation, request) => Action::Planned(generation, plan(&request)),
        Effect::CleanUp(generation, work, plan) => {
            // Once begun it goes on: half a clean-up is no better than a whole one.
            drop(work);
            Action::Acted(generation, summed_up(&act::carry_out(&plan)))
        }
        Effect::LinkBest(generation, target) => {
            let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let made = act::link_best(&target).map_err(|error| error.to_string());
            Action::Acted(
                generation,
                made.map(|link| format!("{} leads to {}", shown_path(&link), shown(&name))),
            )
        }
        Effect::PlanExport(generation, source, target) => {
            Action::ExportPlanned(generation, contents(&source, &target).map_err(|error| error.to_string()))
        }
        Effect::Export(generation, work, source, target) => {
            Action::Acted(generation, export(&source, target, &work).map_err(|error| error.to_string()))
        }
        _ => return None,
    })
}

/// What a file with the weights of `source` would hold.
fn contents(source: &Path, target: &Path) -> Result<Contents> {
    let checkpoint = crate::format::open(source, &Limits::default())?;
    let selection = select(&checkpoint, &Request::default())?;
    let mut notes = selection.notes;
    let again = selection.aliases.len() as u64;
    if again > 0 {
        notes.push(format!("{} of tied tensors are not written twice", of(again, "name")));
    }
    let bytes = selection.items.iter().filter_map(|item| item.entry.nbytes()).sum();
    let exists = std::fs::symlink_metadata(target).is_ok();
    Ok(Contents { tensors: selection.items.len(), bytes, notes, exists })
}

fn export(source: &Path, target: PathBuf, work: &Work) -> Result<String> {
    let checkpoint = crate::format::open(source, &Limits::default())?;
    let Selection { items, metadata, .. } = select(&checkpoint, &Request::default())?;
    let tensors = of(items.len() as u64, "tensor");
    let name = shown_path(&target);
    let written = Export { items, metadata, path: target, shard: None, replace: false }.write(&Disk, work)?;
    let bytes: u64 = written.files.iter().map(|(_, bytes)| bytes).sum();
    Ok(format!("wrote {name}: {tensors}, {}", number::bytes(bytes)))
}

fn plan(request: &PlanRequest) -> std::result::Result<Box<Plan>, String> {
    let plan = |metric: Option<&str>| act::plan(&request.run, request.keep, metric, None, &request.marked);
    // A metric chosen for another run may be none of this one's.
    let made = plan(request.metric.as_deref()).or_else(|_| plan(None));
    made.map(Box::new).map_err(|without| match without {
        Without::Metric => {
            "nothing tells which checkpoints of this run are best: no metric was found".to_owned()
        }
        Without::Direction(name) => {
            format!("nothing tells whether {} gets better by falling or by rising", shown(&name))
        }
    })
}

fn summed_up(outcome: &Outcome) -> std::result::Result<String, String> {
    let moved = of(outcome.moved.len() as u64, "checkpoint");
    match outcome.failed.first() {
        None => Ok(format!("{moved} moved to the trash, from where they can be put back")),
        Some((path, reason)) => {
            let failed = outcome.failed.len();
            Err(format!(
                "{moved} moved to the trash; {failed} stayed: {}: {}",
                shown_path(path),
                shown(reason)
            ))
        }
    }
}
