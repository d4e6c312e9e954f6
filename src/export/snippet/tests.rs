use serde_json::{Value as Json, json};

use super::{Load, of};
use crate::checkpoint::{Checkpoint, Diagnostic, GlobalUse, Severity, Verdict};
use crate::training::testing;

fn tensor() -> Json {
    json!({"$tensor": [1.0, 2.0], "shape": [2]})
}

fn load(root: &Json) -> Load {
    of(&testing::checkpoint(root))
}

/// A checkpoint that names `globals`, none of them on torch's list.
fn naming(root: &Json, globals: &[(&str, Verdict)], diagnostics: Vec<Diagnostic>) -> Checkpoint {
    testing::checkpoint_of(root, |parts| {
        parts.weights_only = false;
        parts.diagnostics = diagnostics;
        for (name, verdict) in globals {
            let (module, class) = name.rsplit_once('.').unwrap_or(("", name));
            parts.tree.intern_global(module, class);
            parts.globals.push(GlobalUse::new(*name, *verdict));
        }
    })
}

fn lines(load: &Load) -> Vec<&str> {
    load.snippet.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_state_dict_is_one_line() {
    let load = load(&json!({"fc.weight": tensor()}));
    let want =
        r#"model.load_state_dict(torch.load("run/checkpoint.pt", weights_only=True, map_location="cpu"))"#;
    assert_eq!(lines(&load), ["import torch", want]);
    assert!(load.weights_only && load.needs.is_empty());
}

#[test]
fn batch_norm_is_evaluated_and_the_reason_given() {
    let load = load(&json!({"bn.weight": tensor(), "bn.running_mean": tensor()}));
    assert!(load.snippet.contains("\nmodel.eval()  # batch norm behaves differently in training\n"));
}

#[test]
fn a_name_stays_a_name() {
    let evil = "\"]); import os; os.system(\"x\u{1b}\n";
    let load = load(&json!({evil: {"w.x": tensor()}, "epoch": 3}));
    assert!(
        load.snippet.contains(r#"checkpoint["\"]); import os; os.system(\"x\x1b\n"]"#),
        "{}",
        load.snippet
    );
    assert!(lines(&load).iter().all(|line| !line.trim_start().starts_with("import os")));
    for note in &load.notes {
        assert!(!note.contains(['\n', '\u{1b}']), "{note}");
    }
}

#[test]
fn parts_go_into_variables_of_their_names() {
    let load = load(&json!({
        "generator": {"a.w": tensor()}, "netD": {"a.w": tensor()}, "for": {"a.w": tensor()},
        "opt_g": {"state": {}, "param_groups": []}, "opt_d": {"state": {}, "param_groups": []}, "epoch": 1,
    }));
    for line in [
        r#"generator.load_state_dict(checkpoint["generator"])"#,
        r#"netD.load_state_dict(checkpoint["netD"])"#,
        r#"model_for.load_state_dict(checkpoint["for"])"#,
        r#"optimizer_g.load_state_dict(checkpoint["opt_g"])"#,
        r#"optimizer_d.load_state_dict(checkpoint["opt_d"])"#,
    ] {
        assert!(lines(&load).contains(&line), "{line}\n{}", load.snippet);
    }
}

#[test]
fn averaged_weights_are_a_comment_without_their_wrapper() {
    let load = load(&json!({
        "model": {"fc.w": tensor()}, "epoch": 4,
        "model_ema": {"n_averaged": {"$tensor": [3.0]}, "module.fc.w": tensor()},
    }));
    let line = r#"# model.load_state_dict({k.removeprefix("module."): v for k, v in checkpoint["model_ema"].items() if k != "n_averaged"})"#;
    assert!(lines(&load).contains(&line), "{}", load.snippet);
    assert!(load.notes.iter().any(|note| note.contains("EMA")));
}

#[test]
fn wrappers_are_named_and_taken_off_in_a_note() {
    let load = load(&json!({"module._orig_mod.fc.w": tensor(), "module._orig_mod.fc.b": tensor()}));
    let note = load.notes.iter().find(|note| note.contains("wrapper")).unwrap();
    assert!(note.contains(r#"{k.removeprefix("module._orig_mod."): v for k, v in torch.load("#), "{note}");
}

#[test]
fn state_dicts_by_part_are_joined() {
    let load =
        load(&json!({"model": {"encoder": {"w.a": tensor()}, "decoder": {"w.a": tensor()}}, "epoch": 1}));
    let line = r#"model.load_state_dict({f"{part}.{key}": value for part, state in checkpoint["model"].items() for key, value in state.items()})"#;
    assert!(lines(&load).contains(&line), "{}", load.snippet);
}

#[test]
fn the_epoch_to_go_on_from() {
    let history: Vec<f64> = vec![0.5, 0.4, 0.3];
    let with = |epoch: u32| json!({"model": {"a.w": tensor()}, "epoch": epoch, "train_losses": history});
    assert!(load(&with(3)).snippet.contains("start_epoch = checkpoint[\"epoch\"]  # "));
    assert!(load(&with(2)).snippet.contains("start_epoch = checkpoint[\"epoch\"] + 1  # "));
}

#[test]
fn classes_that_are_not_on_the_list_are_named_and_offered_to_it() {
    let root =
        json!({"model": {"a.w": tensor()}, "epoch": 1, "args": {"$class": "argparse.Namespace", "lr": 0.1}});
    let named = [("argparse.Namespace", Verdict::Unknown), ("my.pkg.Config", Verdict::Unknown)];
    let load = of(&naming(&root, &named, Vec::new()));
    assert!(!load.weights_only && load.snippet.contains("weights_only=False, "));
    assert!(
        load.snippet.contains("# weights_only=False: the pickle names argparse.Namespace, my.pkg.Config\n")
    );
    assert_eq!(load.needs, ["my.pkg.Config"]);
    let offer =
        "import argparse, my.pkg; torch.serialization.add_safe_globals([argparse.Namespace, my.pkg.Config])";
    assert!(load.notes.iter().any(|note| note.contains(offer)), "{:?}", load.notes);
}

#[test]
fn the_list_is_not_offered_where_it_would_not_do() {
    let root = json!({"model": {"a.w": tensor()}, "epoch": 1});
    let offers = |checkpoint| of(&checkpoint).notes.iter().any(|note| note.contains("add_safe_globals"));
    let refused = Diagnostic::new(Severity::Info, "WEIGHTS_ONLY", "refuses an instruction");
    assert!(!offers(naming(&root, &[("a.B", Verdict::Unknown)], vec![refused])));
    for name in ["os.system", "a.b;c", "a.f.<locals>.g", "torch.optim.sgd.SGD", "a.\u{441}"] {
        let verdict = if name == "os.system" { Verdict::RunsCode } else { Verdict::Unknown };
        assert!(!offers(naming(&root, &[(name, verdict)], Vec::new())), "{name}");
    }
}
