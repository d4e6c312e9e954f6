//! TorchScript archives: which tensors of a class are parameters and which buffers, and extra files.
//!
//! The code in the archive is read for its `__parameters__` and `__buffers__` lists; it is never run.

use crate::checkpoint::module::{ScriptType, ScriptTypes};
use crate::format::zip::Archive;
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::value::{Dict, Tree, Value};

/// Code read of one archive, in all.
const CODE: u64 = 64 << 20;

/// The registered tensors of each class in `code/**/*.py`.
pub(super) fn types(archive: &Archive, source: &dyn ReadAt, root: &str, limits: &Limits) -> ScriptTypes {
    let prefix = format!("{root}code/");
    let mut types = ScriptTypes::default();
    let mut left = CODE;
    for entry in archive.entries() {
        let name = archive.name(entry).strip_prefix(prefix.as_bytes()).and_then(|n| n.strip_suffix(b".py"));
        let Some(name) = name.and_then(|n| std::str::from_utf8(n).ok()) else { continue };
        if entry.len > left {
            break;
        }
        left -= entry.len;
        if let Ok(code) = archive.read_member(source, entry, limits.text_record.max(CODE)) {
            parse(&name.replace('/', "."), &String::from_utf8_lossy(&code), &mut types);
        }
    }
    types
}

/// Collects the classes of one code file, whose dotted name is `module`.
fn parse(module: &str, code: &str, types: &mut ScriptTypes) {
    let mut class = None;
    for line in code.lines() {
        if let Some(rest) = line.strip_prefix("class ") {
            let name = rest.split(['(', ':']).next().unwrap_or(rest);
            let name = format!("{module}.{name}");
            types.0.insert(name.clone(), ScriptType::default());
            class = Some(name);
            continue;
        }
        let Some(known) = class.as_ref().and_then(|c| types.0.get_mut(c)) else { continue };
        let line = line.trim();
        if let Some(list) = line.strip_prefix("__parameters__ = ") {
            known.parameters = names(list);
        } else if let Some(list) = line.strip_prefix("__buffers__ = ") {
            known.buffers = names(list);
        }
    }
}

/// The strings of `["weight", "bias", ]`.
fn names(list: &str) -> Vec<String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The user's own files (`extra/<name>`), often JSON about the model.
pub(super) fn extra_files(
    archive: &Archive,
    source: &dyn ReadAt,
    root: &str,
    tree: &mut Tree,
    limits: &Limits,
) -> Option<Value> {
    let prefix = format!("{root}extra/");
    let mut entries = Vec::new();
    for entry in archive.entries() {
        let Some(name) = archive.name(entry).strip_prefix(prefix.as_bytes()) else { continue };
        let Ok(bytes) = archive.read_member(source, entry, limits.text_record) else { continue };
        let key = Value::Text(tree.add_bytes(name));
        let span = tree.add_bytes(&bytes);
        let is_text = std::str::from_utf8(&bytes).is_ok();
        entries.push((key, if is_text { Value::Text(span) } else { Value::Bytes(span) }));
    }
    let dict = Dict { entries, ..Dict::default() };
    (!dict.entries.is_empty()).then(|| Value::Dict(tree.add_dict(dict)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_tensors_of_a_class() {
        let code = "class BatchNorm2d(Module):\n  __parameters__ = [\"weight\", \"bias\", ]\n  \
                    __buffers__ = [\"running_mean\", ]\n  weight : Tensor\nclass Relu(Module):\n  __parameters__ = []\n";
        let mut types = ScriptTypes::default();
        parse("__torch__.net", code, &mut types);
        let norm = &types.0["__torch__.net.BatchNorm2d"];
        assert_eq!((norm.parameters.len(), norm.buffers.as_slice()), (2, &["running_mean".to_owned()][..]));
        assert!(types.0["__torch__.net.Relu"].parameters.is_empty());
    }
}
