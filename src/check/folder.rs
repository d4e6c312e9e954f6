//! A folder that is one checkpoint: what opening it finds, what each of its files has against it, and the
//! elements of its merged tensors.

use std::path::Path;

use super::{Finding, Options, Report, contents, empty, names, values};
use crate::checkpoint::{Checkpoint, Severity, ShardStatus};
use crate::error::Result;
use crate::format;
use crate::text::shown_path;
use crate::work::Work;

/// Checks the folder at `path`, or the shards an index at `path` names.
pub(super) fn look(path: &Path, options: &Options, work: &Work) -> Result<Report> {
    let checkpoint = match format::open(path, &options.limits) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(super::unopened(path, &error)),
    };
    let mut report = empty(path, checkpoint.bytes());
    report.format = Some(checkpoint.format());
    report.tensors = checkpoint.tensors().len();
    report.weights_only = checkpoint.weights_only();
    report.findings.extend(checkpoint.diagnostics().iter().map(Finding::from));
    names::judge(&mut report, Some(&checkpoint), Vec::new(), &options.allowed);
    let all_read = files(&checkpoint, options, work, &mut report)?;
    let hollow = checkpoint.files().iter().any(|f| contents::is_hollow(&f.path, f.source.len()));
    if options.values && !all_read && !hollow {
        report.findings.extend(values::find(&checkpoint, work)?);
    }
    Ok(report.settle())
}

/// Checks the files one by one, as far as they can be read by themselves; true when that read all elements.
fn files(checkpoint: &Checkpoint, options: &Options, work: &Work, report: &mut Report) -> Result<bool> {
    let mut all_read = true;
    for shard in checkpoint.shards() {
        let name = shard.path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        // A file of chunks holds many archives, which are read as parts of the whole.
        if matches!(name, "distcp" | "json" | "metadata" | "tmp" | "") || shard.status == ShardStatus::Missing
        {
            all_read &= name == "json";
            continue;
        }
        let own = if shard.path.is_dir() {
            super::check(&shard.path, options, work)?
        } else {
            super::file(&shard.path, options, work)?
        };
        let place = shown_path(checkpoint.below(shard));
        for finding in own.findings.into_iter().filter(|f| f.severity > Severity::Info) {
            // What a part says of the others, the whole knows better.
            if finding.code == "SPLIT_MISSING" {
                continue;
            }
            // Opening the folder said this of the file already.
            if report
                .findings
                .iter()
                .any(|held| held.code == finding.code && held.message.contains(&finding.message))
            {
                continue;
            }
            let inner = if finding.place.is_empty() { String::new() } else { format!(": {}", finding.place) };
            report.findings.push(Finding { place: format!("{place}{inner}"), ..finding });
        }
        for global in own.globals {
            if !report.globals.iter().any(|held| held.name == global.name) {
                report.globals.push(global);
            }
        }
        report.weights_only &= own.weights_only || own.format.is_none();
    }
    Ok(all_read)
}
