//! Hyperparameters: the config, arguments and optimizer settings saved beside the weights, flattened to
//! `name = value` lines.

use super::look::Look;
use crate::checkpoint::SectionRole;
use crate::text::shown;
use crate::value::{Value, python, view};

/// Lines at most.
const MOST: usize = 256;
/// Characters of one value.
const LONGEST: usize = 160;
/// Levels of nested configuration.
const DEPTH: usize = 4;

/// Keys that hold a configuration.
#[rustfmt::skip]
const CONTAINERS: [&str; 24] = [
    "hyper_parameters", "hyperparameters", "hparams", "hyperparams", "config", "cfg", "conf", "args",
    "arguments", "opt", "opts", "options", "settings", "train_args", "training_args", "model_args",
    "model_config", "train_config", "model_kwargs", "model_params", "ds_config",
    "datamodule_hyper_parameters", "flags", "params",
];
/// Settings of an optimizer's parameter group worth a line.
const GROUP: [&str; 6] = ["lr", "initial_lr", "weight_decay", "momentum", "betas", "eps"];

/// True for the (normalised) key of a configuration.
pub(super) fn is_container(key: &str) -> bool {
    CONTAINERS.contains(&key)
}

/// All hyperparameters, in file order.
pub(super) fn read(look: &Look<'_>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, value) in look.top() {
        if is_container(&name.to_lowercase()) && !look.is_section(*value) {
            flatten(look, "", *value, DEPTH, &mut lines);
        }
    }
    if let Some(arch) = look.at("arch").and_then(|v| look.text(v)) {
        push(&mut lines, "arch".to_owned(), &arch);
    }
    let root = look.tree.root();
    if matches!(root, Value::Object(_)) && is_arguments(look, root) {
        flatten(look, "", root, 2, &mut lines);
    }
    group(look, &mut lines);
    lines
}

/// `training_args.bin` of Hugging Face, or a namespace saved alone.
pub(super) fn is_arguments(look: &Look<'_>, root: Value) -> bool {
    look.tree.class_of(root).is_some_and(|class| {
        class.module.starts_with("transformers.") && class.name.ends_with("Arguments")
            || &*class.module == "argparse" && &*class.name == "Namespace"
    })
}

fn flatten(look: &Look<'_>, prefix: &str, value: Value, depth: usize, lines: &mut Vec<(String, String)>) {
    for (name, child) in look.children(value) {
        if lines.len() >= MOST {
            return;
        }
        let at = if prefix.is_empty() { name.into_owned() } else { format!("{prefix}.{name}") };
        let opens = view::leaf(look.tree, child).is_none()
            && matches!(child, Value::Dict(_) | Value::Object(_))
            && depth > 1;
        if opens {
            flatten(look, &at, child, depth - 1, lines);
        } else if !matches!(child, Value::Tensor(_)) {
            push(lines, at, &text(look, child));
        }
    }
}

fn text(look: &Look<'_>, value: Value) -> String {
    match view::leaf(look.tree, value) {
        Some(view::Leaf::Text(text) | view::Leaf::Word(text)) => text,
        Some(view::Leaf::Float(x)) => python::float_repr(x),
        Some(view::Leaf::Int(n)) => n.to_string(),
        Some(view::Leaf::Array(array)) => format!("{} array of shape {:?}", array.dtype, array.shape),
        _ => {
            let mut out = String::new();
            python::write_str(look.tree, value, &mut out);
            out
        }
    }
}

fn push(lines: &mut Vec<(String, String)>, name: String, value: &str) {
    if lines.len() >= MOST || lines.iter().any(|(n, _)| *n == name) {
        return;
    }
    let mut value = value.to_owned();
    if let Some((at, _)) = value.char_indices().nth(LONGEST) {
        value.truncate(at);
        value.push('…');
    }
    lines.push((name, shown(&value).into_owned()));
}

/// The first parameter group of the first optimizer.
fn group(look: &Look<'_>, lines: &mut Vec<(String, String)>) {
    let optimizer = look.checkpoint.sections().iter().find(|s| s.role == SectionRole::Optimizer);
    let groups = optimizer.and_then(|s| look.get(s.value, "param_groups"));
    let Some(first) = groups.and_then(|g| look.tree.items(g).first().copied()) else { return };
    // Under a scheduler `lr` is where it stands now, and `initial_lr` what was set.
    let scheduled = look.get(first, "initial_lr").is_some();
    for name in GROUP.into_iter().filter(|name| !(scheduled && *name == "lr")) {
        let value = look.get(first, name).filter(|v| !matches!(v, Value::Tensor(_) | Value::None));
        if let Some(value) = value {
            push(lines, format!("optimizer.{name}"), &text(look, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::training::metadata::info;
    use crate::training::testing::checkpoint;

    #[test]
    fn settings_are_flat_lines_from_wherever_they_are_kept() {
        let group = json!({"lr": 0.001, "initial_lr": 0.1, "betas": [0.9, 0.999], "params": [0]});
        let root = json!({
            "net": {"a.weight": {"$tensor": [1, 2], "shape": [2]}},
            "config": {"model": {"width": 8, "act": "gelu\u{1b}[2J"}, "lr": 0.1, "mean": {"$tensor": [1]}},
            "args": {"$class": "argparse.Namespace", "amp": true, "lr": 7},
            "arch": "resnet18",
            "optimizer": {"state": {}, "param_groups": [group]},
        });
        let lines = info(&checkpoint(&root)).hyperparameters;
        let lines: Vec<_> = lines.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let want = [
            ("model.width", "8"),
            ("model.act", "gelu\\u{1b}[2J"),
            ("lr", "0.1"),
            ("amp", "True"),
            ("arch", "resnet18"),
            ("optimizer.initial_lr", "0.1"),
            ("optimizer.betas", "[0.9, 0.999]"),
        ];
        assert_eq!(lines, want);
    }
}
