//! `export` and `average`: writes weights as safetensors, and says what was written.

mod average;
mod repair;

pub(super) use average::one_run;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::args::{Average, Export, Output};
use super::output::{Failure, Out};
use super::progress;
use super::style::{Style, Tone};
use crate::checkpoint::Checkpoint;
use crate::export::disk::Disk;
use crate::export::weights::{Selection, select};
use crate::export::write::{self, Written};
use crate::limits::Limits;
use crate::text::{number, shown, shown_path};

/// Exports the weights of one checkpoint.
pub(super) fn run(args: &Export, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = crate::format::open(&args.file, &Limits::default())?;
    let path = target(&args.output, &args.file)?;
    let request = args.which.request();
    if let Some(reference) = &args.repair {
        let repair = repair::Repair::find(&checkpoint, reference, &request)?;
        let selection = repair.select(&request)?;
        return write(selection, path, &args.output, &[&checkpoint], (as_json, style), out);
    }
    let selection = select(&checkpoint, &request)?;
    write(selection, path, &args.output, &[&checkpoint], (as_json, style), out)
}

/// Exports the average of several checkpoints.
pub(super) fn average(args: &Average, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let files = average::files(args)?;
    let limits = Limits::default();
    let checkpoints: Vec<Checkpoint> =
        files.iter().map(|path| crate::format::open(path, &limits)).collect::<Result<_, _>>()?;
    let last = files.last().cloned().unwrap_or_default();
    let path = target(&args.output, &last)?;
    let mut selection = crate::export::average::average(&checkpoints, &args.which.request())?;
    let names: Vec<String> = files.iter().map(|path| shown_path(path)).collect();
    selection.notes.push(format!("the average of {}", names.join(", ")));
    let read: Vec<&Checkpoint> = checkpoints.iter().collect();
    write(selection, path, &args.output, &read, (as_json, style), out)
}

/// The file to write: `-o`, or in the folder it names a file called after the checkpoint.
fn target(output: &Output, source: &Path) -> Result<PathBuf, Failure> {
    if output.path.is_dir() {
        let stem = source.file_stem().unwrap_or(source.as_os_str());
        let mut name = stem.to_owned();
        name.push(".safetensors");
        return Ok(output.path.join(name));
    }
    let extension = output.path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    if matches!(extension.as_deref(), Some("pt" | "pth" | "ckpt" | "bin" | "tar" | "npz" | "h5")) {
        return Err(Failure::at(
            &output.path,
            "weights are written as safetensors; name it so: OUT.safetensors",
        ));
    }
    Ok(output.path.clone())
}

/// A file that is read is not written into, whatever --force says.
fn keep_apart(path: &Path, read: &[&Checkpoint]) -> Result<(), Failure> {
    let Ok(target) = path.canonicalize() else { return Ok(()) };
    let files = read.iter().flat_map(|checkpoint| checkpoint.files());
    match files.into_iter().find(|file| file.path.canonicalize().is_ok_and(|p| p == target)) {
        Some(_) => Err(Failure::at(path, "it is read from; choose another name for what is written")),
        None => Ok(()),
    }
}

fn write(
    selection: Selection<'_>,
    path: PathBuf,
    output: &Output,
    read: &[&Checkpoint],
    (as_json, style): (bool, &Style),
    out: &mut Out,
) -> Result<(), Failure> {
    keep_apart(&path, read)?;
    let Selection { items, metadata, aliases, skipped, notes } = selection;
    let tensors = items.len();
    let title = format!("writing {}", shown_path(&path));
    let export = write::Export { items, metadata, path, shard: output.shard_size, replace: output.force };
    let written = progress::run(&title, |work| export.write(&Disk, work))?;
    let report = Report { written: &written, tensors, aliases: &aliases, skipped: &skipped, notes: &notes };
    if as_json { out.json(&report.json()) } else { report.text(style, out) }
}

struct Report<'a> {
    written: &'a Written,
    tensors: usize,
    aliases: &'a [(String, String)],
    skipped: &'a [(String, String)],
    notes: &'a [String],
}

impl Report<'_> {
    fn json(&self) -> Value {
        let files = self.written.files.iter();
        let files: Vec<Value> =
            files.map(|(path, bytes)| json!({"path": shown_path(path), "bytes": bytes})).collect();
        let aliases: Map<String, Value> = self
            .aliases
            .iter()
            .map(|(dropped, kept)| (dropped.clone(), Value::from(kept.as_str())))
            .collect();
        let skipped = self.skipped.iter();
        let skipped: Vec<Value> =
            skipped.map(|(key, reason)| json!({"key": key, "reason": reason})).collect();
        let (tensors, notes) = (self.tensors, self.notes);
        json!({"files": files, "tensors": tensors, "aliases": aliases, "skipped": skipped, "notes": notes})
    }

    fn text(&self, style: &Style, out: &mut Out) -> Result<(), Failure> {
        use std::io::Write as _;
        let count = number::grouped(self.tensors as u64);
        let total: u64 = self.written.files.iter().map(|(_, bytes)| bytes).sum();
        match self.written.files.as_slice() {
            [(path, bytes)] => {
                let facts = format!("{count} tensors, {}", number::bytes(*bytes));
                writeln!(out, "{}{}{facts}", shown_path(path), style.dot())?;
            }
            files => {
                for (path, bytes) in files {
                    writeln!(out, "{}{}{}", shown_path(path), style.dot(), number::bytes(*bytes))?;
                }
                writeln!(out, "{count} tensors, {} in all", number::bytes(total))?;
            }
        }
        for (dropped, kept) in self.aliases {
            let line = format!("  {} is {}: one tensor, written once", shown(dropped), shown(kept));
            writeln!(out, "{}", style.paint(Tone::Dim, &line))?;
        }
        for (name, reason) in self.skipped {
            let line = format!("  left out: {}: {reason}", shown(name));
            writeln!(out, "{}", style.paint(Tone::Warn, &line))?;
        }
        for note in self.notes {
            writeln!(out, "  {note}")?;
        }
        Ok(())
    }
}
