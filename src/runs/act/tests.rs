use super::*;
use crate::runs::testing::{row, run};

fn names(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn planned(run: &Run, keep: usize) -> Plan {
    plan(run, keep, Some("loss"), None, &BTreeSet::new()).unwrap()
}

fn losses() -> Vec<CheckpointRow> {
    let values = [0.9, 0.4, 0.3, 0.35, 0.6];
    (1..).zip(values).map(|(e, v)| row(&format!("e{e}.pt"), Some(f64::from(e)), &[("loss", v)])).collect()
}

#[test]
fn the_best_are_kept_and_what_would_be_freed_is_said() {
    let plan = planned(&run(losses()), 2);
    assert_eq!(names(&plan.keep), ["e3.pt", "e4.pt"]);
    assert_eq!(names(&plan.remove), ["e1.pt", "e2.pt", "e5.pt"]);
    assert_eq!(plan.freed(), 3);
    assert_eq!((plan.metric.as_str(), plan.mode), ("loss", Mode::Min));
}

#[test]
fn what_is_best_last_marked_or_linked_is_never_touched() {
    let mut rows = losses();
    rows[4].roles = vec![Role::Last];
    let mut best = row("best.pt", Some(2.0), &[("loss", 0.4)]);
    (best.same_as, best.roles) = (Some("run/e2.pt".into()), vec![Role::Best]);
    rows.push(best);
    rows.push(row("no_value.pt", Some(7.0), &[]));
    let mut broken = row("broken.pt", Some(8.0), &[("loss", 5.0)]);
    broken.status = Status::Truncated;
    rows.push(broken);
    let marked = BTreeSet::from([PathBuf::from("run/e4.pt")]);
    let plan = plan(&run(rows), 0, Some("loss"), None, &marked).unwrap();
    assert_eq!(names(&plan.remove), ["e1.pt"]);
    let why = |name: &str| plan.keep.iter().find(|i| i.path.ends_with(name)).unwrap().reasons.clone();
    assert_eq!(why("e3.pt"), ["best"]);
    assert_eq!(why("e4.pt"), ["marked"]);
    assert_eq!(why("e5.pt"), ["last"]);
    assert_eq!(why("e2.pt"), ["best or last leads to it"]);
    assert_eq!(why("no_value.pt"), ["has no value of the metric"]);
    assert_eq!(why("broken.pt"), ["cannot be judged"]);
}

#[test]
fn a_folder_of_one_checkpoint_goes_or_stays_as_a_whole() {
    let rows: Vec<_> = [(4, 0.5), (8, 0.3), (12, 0.4)]
        .iter()
        .flat_map(|(step, loss)| {
            let weights = row(&format!("checkpoint-{step}/model.safetensors"), Some(1.0), &[("loss", *loss)]);
            [weights, row(&format!("checkpoint-{step}/optimizer.pt"), Some(1.0), &[])]
        })
        .collect();
    let plan = planned(&run(rows), 1);
    assert_eq!(names(&plan.keep), ["checkpoint-8"]);
    assert_eq!(names(&plan.remove), ["checkpoint-4", "checkpoint-12"]);
}

#[test]
fn without_a_metric_there_is_no_plan() {
    let rows = vec![row("e1.pt", Some(1.0), &[])];
    assert_eq!(plan(&run(rows), 1, None, None, &BTreeSet::new()), Err(Without::Metric));
}

#[test]
fn only_what_is_as_it_was_is_moved() {
    let folder = tempfile::tempdir().unwrap();
    let item = |name: &str, bytes| Item {
        path: folder.path().join(name),
        bytes,
        epoch: None,
        value: None,
        reasons: Vec::new(),
    };
    std::fs::write(folder.path().join("a.pt"), b"1234").unwrap();
    std::fs::write(folder.path().join("grown.pt"), b"12345").unwrap();
    let remove = vec![item("a.pt", 4), item("grown.pt", 4), item("gone.pt", 4)];
    let plan = Plan { metric: "loss".to_owned(), mode: Mode::Min, keep: Vec::new(), remove };
    let outcome = carry_out_with(&plan, |path| std::fs::remove_file(path).map_err(|e| e.to_string()));
    assert_eq!(outcome.moved, [folder.path().join("a.pt")]);
    assert_eq!(outcome.failed.len(), 2);
    assert!(folder.path().join("grown.pt").exists());
}

#[cfg(unix)]
#[test]
fn the_link_is_made_and_moved_and_never_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["e1.pt", "e2.pt", "e1.ckpt", "best.ckpt"] {
        std::fs::write(path(name), name).unwrap();
    }
    let link = link_best(&path("e1.pt")).unwrap();
    assert_eq!(link, path("best.pt"));
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("e1.pt"));
    link_best(&path("e2.pt")).unwrap();
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("e2.pt"));
    let error = link_best(&path("e1.ckpt")).unwrap_err();
    assert!(error.to_string().contains("a file of its own"), "{error}");
    assert_eq!(std::fs::read_to_string(path("best.ckpt")).unwrap(), "best.ckpt");
    assert!(link_best(&link).is_err());
}
