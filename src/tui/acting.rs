//! Effects that write, or plan to, run on a worker: what the library says comes back in words.

use super::action::{Action, Effect};
use super::doc::of;
use super::model::dialog::PlanRequest;
use crate::runs::act::{self, Outcome, Plan};
use crate::text::{shown, shown_path};
use crate::training::verdict::Without;

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
        _ => return None,
    })
}

fn plan(request: &PlanRequest) -> Result<Box<Plan>, String> {
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

fn summed_up(outcome: &Outcome) -> Result<String, String> {
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
