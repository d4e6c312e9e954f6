//! A GGUF model in several files (formats.md §8): `model-00001-of-00003.gguf` stands for all of them, as it does
//! for llama.cpp. Each part has its own header; a name or an index that leads elsewhere is not there.

use super::compose::{Composer, listed};
use super::listing::Names;
use crate::checkpoint::{Checkpoint, Format, Severity, ShardStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Dict, Value};

/// Parts looked for; the largest models have a few hundred.
const PARTS: u32 = 1_000;

/// Name of a part, taken apart as llama.cpp's `llama_split_path` puts it together.
struct Part<'a> {
    stem: &'a str,
    number: u32,
    of: u32,
}

impl<'a> Part<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (before, of) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (stem, number) = before.rsplit_once('-')?;
        let count = |text: &str| {
            let digits = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten()
        };
        let (number, of) = (count(number)?, count(of)?);
        (of > 1 && (1..=of).contains(&number)).then_some(Self { stem, number, of })
    }

    fn name(&self, number: u32) -> String {
        format!("{}-{number:05}-of-{:05}.gguf", self.stem, self.of)
    }
}

/// True for the name of a first part.
pub(super) fn is_first(name: &str) -> bool {
    Part::parse(name).is_some_and(|part| part.number == 1)
}

/// True for the name of a part which the first one, also among `names`, stands for.
pub(crate) fn is_later(name: &str, names: &Names) -> bool {
    Part::parse(name).is_some_and(|part| part.number > 1 && names.has_file(&part.name(1)))
}

/// Opens the model whose first part is called `name`.
pub(super) fn open(mut composer: Composer<'_>, name: &str) -> Result<Checkpoint> {
    let path = composer.folder.path.join(name);
    let part = Part::parse(name).ok_or_else(|| Error::new(ErrorKind::NotACheckpoint, "not a part"))?;
    let first = composer.open(name)?;
    let role = |number: u32| format!("part {number} of {}", part.of);
    composer.shard(name, &role(1), Some(first.tensors as u64), ShardStatus::Ok, None);
    let mut entries: Vec<(Value, Value)> = composer.tree.entries(first.root).to_vec();
    let mut missing = Vec::new();
    for number in 2..=part.of.min(PARTS) {
        let name = part.name(number);
        if !composer.folder.names.has_file(&name) {
            composer.shard(&name, &role(number), None, ShardStatus::Missing, None);
            missing.push(name);
        } else if let Some(opened) = composer.part(&name, &role(number)) {
            entries.extend_from_slice(composer.tree.entries(opened.root));
        }
    }
    // Each part says so of itself; here they are together.
    composer.forget("SPLIT");
    composer.forget("SPLIT_MISSING");
    if !missing.is_empty() {
        let text = format!(
            "{} of the {} parts of the model are not there, and their tensors are not listed: {}; copy or download them again",
            missing.len(),
            part.of,
            listed(&missing)
        );
        composer.note(Severity::Broken, "SPLIT_MISSING", text);
    }
    let root = Value::Dict(composer.tree.add_dict(Dict { entries, ..Dict::default() }));
    Ok(composer.finish_as(&path, Format::Gguf, root, first.metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_their_names() {
        assert!(is_first("m-Q4_K-00001-of-00003.gguf"));
        for other in [
            "m-00002-of-00003.gguf",
            "m-00001-of-00001.gguf",
            "m-1-of-3.gguf",
            "m.gguf",
            "m-00001-of-00003.bin",
        ] {
            assert!(!is_first(other), "{other}");
        }
        let mut names = Names::default();
        names.add("m-00001-of-00003.gguf".to_owned(), false);
        assert!(is_later("m-00003-of-00003.gguf", &names));
        for alone in [
            "m-00001-of-00003.gguf",
            "m-00004-of-00003.gguf",
            "m-00002-of-00002.gguf",
            "n-00002-of-00003.gguf",
        ] {
            assert!(!is_later(alone, &names), "{alone}");
        }
    }
}
