//! The parts of a checkpoint a script restores, each with the expression that reaches it and the variable
//! it goes into.

use super::is_flat;
use crate::checkpoint::{Checkpoint, Section, SectionRole};
use crate::export::python;
use crate::value::Value;

/// Parts of one role that are restored one by one.
const MOST: usize = 8;

/// What a part is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A pickled object of its own class.
    Object,
    /// A mapping for `load_state_dict`.
    StateDict,
    /// A list of averaged parameters, in the order of `model.parameters()`.
    Sequence,
    /// State dicts by the name of the part of the model they belong to.
    Parts,
    /// Mappings within mappings, for the code that wrote them.
    Nested,
}

/// A part to be restored.
pub(super) struct Part<'a> {
    pub(super) section: &'a Section,
    pub(super) shape: Shape,
    /// Expression that reaches it from the variable `checkpoint`.
    pub(super) access: String,
    /// It is the whole content of the file.
    pub(super) whole: bool,
    /// Variable it is restored into.
    pub(super) variable: String,
}

/// The restorable parts of `role`, in file order.
pub(super) fn of_role(checkpoint: &Checkpoint, role: SectionRole) -> Vec<Part<'_>> {
    let sections = checkpoint.sections().iter().filter(|s| s.role == role);
    let mut parts: Vec<Part<'_>> =
        sections.filter_map(|section| part(checkpoint, section)).take(MOST).collect();
    name_variables(&mut parts, role);
    parts
}

fn part<'a>(checkpoint: &'a Checkpoint, section: &'a Section) -> Option<Part<'a>> {
    let tree = checkpoint.tree();
    let access = python::access(tree, "checkpoint", &section.name, section.value)?;
    let shape = match (section.role, section.value) {
        (_, Value::Object(_)) if section.is_module || tree.entries(section.value).is_empty() => Shape::Object,
        (_, Value::List(_) | Value::Tuple { .. }) => Shape::Sequence,
        (SectionRole::Optimizer, value) if tree.get(value, "param_groups").is_none() => return None,
        (SectionRole::Optimizer | SectionRole::Scheduler, _) => Shape::StateDict,
        (_, value) if is_flat(checkpoint, value) => Shape::StateDict,
        (_, value) if is_divided(checkpoint, value) => Shape::Parts,
        _ => Shape::Nested,
    };
    let whole = section.value == tree.root();
    Some(Part { section, shape, access, whole, variable: String::new() })
}

/// True for a mapping of names to state dicts.
fn is_divided(checkpoint: &Checkpoint, value: Value) -> bool {
    let tree = checkpoint.tree();
    tree.entries(value).iter().all(|(key, part)| {
        let flat = tree.entries(*part).iter().all(|(_, v)| matches!(v, Value::Tensor(_)));
        flat && is_flat(checkpoint, *part) && matches!(key, Value::Text(_))
    })
}

/// `model` where there is one model; else a variable after each key: `netG`, `discriminator`.
fn name_variables(parts: &mut [Part<'_>], role: SectionRole) {
    let plain = match role {
        SectionRole::Optimizer => "optimizer",
        SectionRole::Scheduler => "scheduler",
        _ => "model",
    };
    if let [only] = parts {
        plain.clone_into(&mut only.variable);
        return;
    }
    let mut used: Vec<String> = Vec::new();
    for part in parts {
        let mut name = from_key(&part.section.name, plain);
        // The first model is the model, unless it has a name of its own.
        if plain == "model" && name.starts_with("model_") && used.is_empty() {
            plain.clone_into(&mut name);
        }
        if used.contains(&name) {
            name = format!("{name}_{}", used.len());
        }
        used.push(name.clone());
        part.variable = name;
    }
}

/// Words that tell on their own that a variable is a model.
const MODELS: [&str; 8] =
    ["model", "net", "generator", "discriminator", "encoder", "decoder", "student", "teacher"];

/// A variable name out of a section's name: the last key without what says that it is a state dict, and
/// with what the variable is, where the key does not say so: `opt_g` becomes `optimizer_g`.
fn from_key(name: &str, plain: &str) -> String {
    let mut key = name.rsplit('.').next().unwrap_or(name);
    for suffix in ["state_dict", "_state", "_states", "_"] {
        key = key.strip_suffix(suffix).unwrap_or(key);
    }
    let lower = key.to_ascii_lowercase();
    let telling =
        lower.contains(plain) || (plain == "model" && MODELS.iter().any(|word| lower.contains(word)));
    let rest = key.strip_prefix("opt_").filter(|_| plain == "optimizer").unwrap_or(key);
    match python::identifier(key) {
        Some(key) if telling && key != "checkpoint" => key.to_owned(),
        _ if !rest.is_empty() && python::identifier(&format!("_{rest}")).is_some() => {
            format!("{plain}_{rest}")
        }
        _ => plain.to_owned(),
    }
}

/// Wrappers whose names stand in front of, or inside, the names of a state dict.
const WRAPPERS: [&str; 6] = [
    "module.",
    "_orig_mod.",
    "_fsdp_wrapped_module.",
    "_checkpoint_wrapped_module.",
    "_forward_module.",
    "_module.",
];

/// Wrapper names all keys of a section start with, outermost first: `["module.", "_orig_mod."]`.
pub(super) fn prefixes(checkpoint: &Checkpoint, section: &Section) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut skip = 0;
    while let Some(wrapper) =
        WRAPPERS.iter().find(|w| all_keys(checkpoint, section, |key| starts(key, skip, w)))
    {
        found.push(*wrapper);
        skip += wrapper.len();
    }
    found
}

fn starts(key: &str, skip: usize, wrapper: &str) -> bool {
    key.get(skip..).is_some_and(|rest| rest.starts_with(wrapper))
}

/// Wrapper names inside names, where not all of them start with it.
pub(super) fn inner(checkpoint: &Checkpoint, section: &Section) -> Option<&'static str> {
    let unusual = WRAPPERS.iter().copied().filter(|w| w.starts_with('_') && *w != "_module.");
    let mut unusual = unusual.filter(|w| keys(checkpoint, section).any(|key| key.contains(w)));
    unusual.next()
}

/// The keys of the tensors in a section.
pub(super) fn keys<'a>(checkpoint: &'a Checkpoint, section: &'a Section) -> impl Iterator<Item = &'a str> {
    let entries = checkpoint.tensors().iter();
    let here = entries.filter(move |e| checkpoint.section_of(e).is_some_and(|s| std::ptr::eq(s, section)));
    here.map(crate::checkpoint::TensorEntry::key)
}

/// True when `holds` for each key; averaged copies keep the number of updates beside the weights.
fn all_keys(checkpoint: &Checkpoint, section: &Section, holds: impl Fn(&str) -> bool) -> bool {
    let mut any = false;
    let all = keys(checkpoint, section).filter(|key| *key != "n_averaged").all(|key| {
        any = true;
        holds(key)
    });
    any && all
}
