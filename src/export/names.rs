//! Names of tensors, changed by rules a person gives.

use crate::error::{Error, ErrorKind, Result};
use crate::text::shown;

/// `FROM=TO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// What is replaced.
    pub from: String,
    /// What it becomes; may be empty.
    pub to: String,
}

impl std::str::FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((from, to)) if !from.is_empty() => Ok(Self { from: from.to_owned(), to: to.to_owned() }),
            _ => Err("a rule is FROM=TO".to_owned()),
        }
    }
}

/// Takes `prefix` off every name that begins with it, as whole components: `module` and `module.` are the same.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when no name begins with it.
pub(super) fn strip(names: &mut [String], prefix: &str) -> Result<()> {
    let prefix = prefix.trim_end_matches('.');
    let mut found = false;
    for name in names.iter_mut() {
        let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            *name = rest.to_owned();
            found = true;
        }
    }
    if found { Ok(()) } else { Err(useless("--strip-prefix", prefix, "no name begins with it", names)) }
}

/// Replaces `from` wherever it stands as whole components of a name (`encoder`, `block.0`); if it stands so
/// nowhere, at the start of names (`layer` of `layer1.weight`).
///
/// # Errors
/// [`ErrorKind::Unsupported`] when it is in no name, or leaves a name empty.
pub(super) fn rename(names: &mut [String], rule: &Rename) -> Result<()> {
    let mut found = false;
    for name in names.iter_mut() {
        if let Some(new) = replace_components(name, &rule.from, &rule.to) {
            *name = new;
            found = true;
        }
    }
    if !found {
        for name in names.iter_mut() {
            if let Some(rest) = name.strip_prefix(&rule.from) {
                *name = format!("{}{rest}", rule.to);
                found = true;
            }
        }
    }
    match names.iter().any(String::is_empty) {
        true => Err(useless("--rename", &rule.from, "it would leave a name empty", &[])),
        false if found => Ok(()),
        false => Err(useless("--rename", &rule.from, "it is in no name", names)),
    }
}

fn useless(option: &str, text: &str, why: &str, names: &[String]) -> Error {
    let example = names.first().map(|name| format!(" (the first is {})", shown(name))).unwrap_or_default();
    Error::new(ErrorKind::Unsupported, format!("{option} {}: {why}{example}", shown(text)))
}

fn replace_components(name: &str, from: &str, to: &str) -> Option<String> {
    // A dot at the end of a rule is one at the end of its components.
    let (from, dotted) = from.strip_suffix('.').map_or((from, false), |from| (from, true));
    let to = if dotted { to.strip_suffix('.').unwrap_or(to) } else { to };
    let (parts, wanted): (Vec<&str>, Vec<&str>) = (name.split('.').collect(), from.split('.').collect());
    let (mut out, mut at, mut found): (Vec<&str>, usize, bool) = (Vec::new(), 0, false);
    while let Some(part) = parts.get(at) {
        let is_last = at + wanted.len() >= parts.len();
        if parts.get(at..at + wanted.len()) == Some(wanted.as_slice()) && !(dotted && is_last) {
            out.extend(Some(to).filter(|to| !to.is_empty()));
            at += wanted.len();
            found = true;
        } else {
            out.push(part);
            at += 1;
        }
    }
    found.then(|| out.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(name: &str, rule: &str) -> String {
        let mut names = [name.to_owned()];
        rename(&mut names, &rule.parse().unwrap()).map_or_else(|e| e.reason(), |()| names[0].clone())
    }

    #[test]
    fn whole_components_are_replaced_wherever_they_stand() {
        assert_eq!(renamed("fc.weight", "fc=head"), "head.weight");
        assert_eq!(renamed("a.fc.b.fc.weight", "fc=x"), "a.x.b.x.weight");
        assert_eq!(renamed("enc.block.0.weight", "block.0=first"), "enc.first.weight");
        assert_eq!(renamed("enc.fc.weight", "enc.=backbone."), "backbone.fc.weight");
        assert_eq!(renamed("conv1.weight", "conv1.weight=stem.w"), "stem.w");
        assert_eq!(renamed("model.fc.weight", "model="), "fc.weight");
    }

    #[test]
    fn else_the_start_of_names_is() {
        assert_eq!(renamed("layer1.weight", "layer=block"), "block1.weight");
        assert!(renamed("fc.weight", "conv=x").contains("it is in no name"));
        assert!(renamed("fc", "fc=").contains("empty"));
    }

    #[test]
    fn a_prefix_is_whole_components() {
        let mut names = ["module.fc.weight".to_owned(), "modules.x".to_owned()];
        strip(&mut names, "module").unwrap();
        assert_eq!(names, ["fc.weight", "modules.x"]);
        assert!(strip(&mut names, "module.").is_err());
    }

    #[test]
    fn a_rule_has_two_sides() {
        assert!("a".parse::<Rename>().is_err() && "=b".parse::<Rename>().is_err());
        assert_eq!("a=b=c".parse::<Rename>().unwrap().to, "b=c");
    }
}
