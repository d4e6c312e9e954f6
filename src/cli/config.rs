//! `config`: where the program keeps its settings and what it remembers; and the settings for all other commands.

mod keys;

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::args::{Common, Config};
use super::output::{Failure, Out};
use crate::cache::Cache;
use crate::settings::{self, Invalid, Problem, Settings};
use crate::sorting::Sort as _;
use crate::state::Store;
use crate::text::{number, shown, shown_path};
use crate::tui::bindings::{self, Bindings};
pub(super) use keys::print as print_keys;

/// Tells where things are, how large, and what is wrong with the settings; or prints a template of them.
///
/// # Errors
/// "No" where the settings cannot be used.
pub(super) fn run(options: &Config, common: &Common, out: &mut Out) -> Result<(), Failure> {
    if options.template {
        write!(out, "{}{}", settings::table::template(), bindings::template())?;
        return Ok(());
    }
    let path = file(common);
    let problems = path.as_ref().and_then(|path| problems(path).err());
    let problems: Vec<Problem> = problems.map(|invalid| invalid.problems).unwrap_or_default();
    let exists = path.as_ref().is_some_and(|path| path.exists());
    let (cache, state) = (Cache::of_user(), Store::of_user());
    if common.json {
        let (entries, bytes) = cache.size();
        let (files, kept) = state.size();
        let there = state.folder().map(|folder| folder.to_string_lossy());
        let list: Vec<_> = problems
            .iter()
            .map(|p| {
                let (line, column) = (p.place.map(|at| at.line), p.place.map(|at| at.column));
                json!({"line": line, "column": column, "message": p.reason})
            })
            .collect();
        let folder = cache.folder().map(|folder| folder.to_string_lossy());
        out.json(&json!({
            "settings": {"path": path.as_ref().map(|path| path.to_string_lossy()), "exists": exists, "problems": list},
            "cache": {"path": folder, "entries": entries, "bytes": bytes},
            "state": {"path": there, "entries": files, "bytes": kept},
        }))?;
    } else {
        text(path.as_ref(), exists, &problems, (&cache, &state), out)?;
    }
    match problems.len() {
        0 => Ok(()),
        1 => Err(Failure::No("the settings cannot be used: there is a mistake in them".to_owned())),
        n => Err(Failure::No(format!("the settings cannot be used: there are {n} mistakes in them"))),
    }
}

fn text(
    path: Option<&PathBuf>,
    exists: bool,
    problems: &[Problem],
    (cache, state): (&Cache, &Store),
    out: &mut Out,
) -> Result<(), Failure> {
    let none = || "none: there is no home folder".to_owned();
    writeln!(out, "settings {}", path.map_or_else(none, |path| shown_path(path)))?;
    if !exists {
        writeln!(out, "         not there; ckpt-tui config --template prints one to begin with")?;
    }
    for problem in problems {
        let place = problem.place.map(|at| format!("line {}, column {}: ", at.line, at.column));
        writeln!(out, "         {}{}", place.unwrap_or_default(), shown(&problem.reason))?;
    }
    if let Some(folder) = settings::folder() {
        writeln!(out, "themes   {}", shown_path(&folder.join("themes")))?;
    }
    let (entries, bytes) = cache.size();
    writeln!(out, "cache    {}", cache.folder().map_or_else(none, shown_path))?;
    writeln!(
        out,
        "         {} in {} entries; may be deleted at any time",
        number::bytes(bytes),
        number::grouped(entries as u64)
    )?;
    let (files, kept) = state.size();
    writeln!(out, "state    {}", state.folder().map_or_else(none, shown_path))?;
    writeln!(
        out,
        "         {} in {} files: where one was, marks and bookmarks; may be deleted at any time",
        number::bytes(kept),
        number::grouped(files as u64)
    )?;
    Ok(())
}

/// The cache a command is to use.
pub(super) fn cache(common: &Common) -> Cache {
    if common.no_cache { Cache::off() } else { Cache::of_user() }
}

/// The file of settings: the one named, else the user's.
fn file(common: &Common) -> Option<PathBuf> {
    common.config.clone().or_else(settings::path)
}

/// The settings of the user, or of the file that is named, which has to be there.
///
/// # Errors
/// A file with a mistake in it.
pub(super) fn settings(common: &Common) -> Result<Settings, Failure> {
    if let Some(path) = common.config.as_deref().filter(|path| !path.exists()) {
        return Err(Failure::at(path, "no such file; ckpt-tui config --template prints one to begin with"));
    }
    let Some(path) = file(common) else { return Ok(Settings::default()) };
    settings::load(&path).map_err(|invalid| Failure::Message(invalid.to_string()))
}

/// The keys that are in force.
///
/// # Errors
/// Keys that mean nothing, or two things.
pub(super) fn keys(common: &Common, settings: &Settings) -> Result<Bindings, Failure> {
    bound(settings).map_err(|problems| {
        let path = file(common).unwrap_or_default();
        Failure::Message(Invalid { path, problems }.to_string())
    })
}

fn bound(settings: &Settings) -> Result<Bindings, Vec<Problem>> {
    Bindings::with(&settings.keys).map_err(|problems| {
        let problem =
            |p: bindings::Problem| Problem { place: settings.place_of(&p.command), reason: p.reason };
        let mut problems: Vec<Problem> = problems.into_iter().map(problem).collect();
        problems.in_order_of(|problem| problem.place);
        problems
    })
}

/// Everything that is wrong with a file of settings, its keys included.
fn problems(path: &std::path::Path) -> Result<(), Invalid> {
    let settings = settings::load(path)?;
    bound(&settings).map_err(|problems| Invalid { path: path.to_owned(), problems })?;
    Ok(())
}
