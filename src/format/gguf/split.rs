//! Models split over several GGUF files (`-00001-of-00003.gguf`): each lists its own tensors.

use super::super::listing::Listing;
use crate::checkpoint::Severity;

/// Says which part of how many this file is, and which are not beside it.
pub(super) fn note(listing: &mut Listing<'_>, split: Option<(u64, u64)>, tensors: u64) {
    let Some((part, parts)) = split else { return };
    let text =
        format!("part {} of {parts} of a split model, with {tensors} of its tensors", part.saturating_add(1));
    listing.note(Severity::Info, "SPLIT", text);
    let missing = missing(listing, parts);
    if missing > 0 {
        let text = format!("{missing} of the {parts} parts of the model are not beside this file");
        listing.note(Severity::Warning, "SPLIT_MISSING", text);
    }
}

/// Parts that do not lie in the folder of this one, by the names llama.cpp gives them.
fn missing(listing: &Listing<'_>, parts: u64) -> u64 {
    /// Names looked for; the largest models have a few hundred parts.
    const MOST: u64 = 1_000;
    let others = parts - 1;
    let path = listing.files.first().map(|f| f.path.clone()).unwrap_or_default();
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
        return others;
    };
    // `<name>-00001-of-00003.gguf`
    let Some(stem) =
        name.strip_suffix(&format!("-of-{parts:05}.gguf")).and_then(|n| n.get(..n.len().checked_sub(5)?))
    else {
        return others;
    };
    let there = |n: u64| folder.join(format!("{stem}{n:05}-of-{parts:05}.gguf")).is_file();
    let found = (1..=parts.min(MOST)).filter(|n| there(*n)).count() as u64;
    parts.min(MOST).saturating_sub(found)
}
