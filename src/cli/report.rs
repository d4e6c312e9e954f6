//! `report`: a page about runs, a checkpoint or a comparison, for people who have no terminal.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{Common, Report as Args};
use super::output::{Failure, Out};
use super::style::Style;
use super::{best, config, ls, progress};
use crate::export::disk::Disk;
use crate::report::{self, Request, Source, Stamp};
use crate::runs::scan::{self, ScanOptions};
use crate::text::{number, shown_path};
use crate::training::verdict::verdict;

/// Writes the page.
pub(super) fn run(args: &Args, common: &Common, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let paths = ls::or_here(args.paths.clone());
    ls::check(&paths)?;
    named_html(&args.output)?;
    let index = scan::collect_with_logs(paths.clone(), ScanOptions::default());
    if let Some(metric) = args.metric.as_deref()
        && !index.runs.iter().any(|run| verdict(run, Some(metric), None).is_ok())
    {
        return Err(best::nothing(&index, Some(metric)));
    }
    let source = report::gather::source(&paths, index);
    let target = target(&args.output, &source);
    if let Some(target) = target.as_ref().filter(|target| !args.force && target.symlink_metadata().is_ok()) {
        // Told before the work, not after it.
        return Err(Failure::at(target, "it exists; replace it with --force, or name another"));
    }
    let request = Request { metric: args.metric.clone(), values: !args.no_values };
    let cache = config::cache(common);
    let page = progress::run("report", |work| report::make(source, &request, &cache, &Stamp::now(), work))?;
    let Some(target) = target else {
        out.write_all(page.html.as_bytes())?;
        return Ok(());
    };
    page.write(&target, args.force, &Disk)?;
    let bytes = page.html.len() as u64;
    if common.json {
        return out.json(&json!({"path": shown_path(&target), "title": page.title, "bytes": bytes}));
    }
    writeln!(out, "{}{}{}", shown_path(&target), style.dot(), number::bytes(bytes))?;
    Ok(())
}

/// What is replaced by --force must be a page, never a checkpoint.
fn named_html(output: &Path) -> Result<(), Failure> {
    let extension = output.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let fits =
        output.as_os_str() == "-" || output.is_dir() || matches!(extension.as_deref(), Some("html" | "htm"));
    if fits { Ok(()) } else { Err(Failure::at(output, "a report is HTML; name it so: OUT.html")) }
}

/// The file to write; none for standard output.
fn target(output: &Path, source: &Source) -> Option<PathBuf> {
    if output.as_os_str() == OsStr::new("-") {
        return None;
    }
    if output.is_dir() {
        return Some(output.join(report::file_name(&source.name())));
    }
    Some(output.to_owned())
}
