//! `spectra`: singular values of the weights, as text or as JSON.

mod sheet;

use std::io::Write as _;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::args::Form;
use super::args::spectra::{Backend as Named, Spectra};
use super::output::{Failure, Out};
use super::style::{Style, Tone};
use super::table::{self, Cell, Column};
use crate::format;
use crate::limits::Limits;
use crate::spectra::file::{self, Row};
use crate::spectra::{Backend, Choice, Summary, Wanted, choose};
use crate::text::number;
use crate::text::shown;
use crate::work::Work;

/// Computes and prints the spectra of one checkpoint.
pub(super) fn run(options: &Spectra, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = format::open(&options.file, &Limits::default())?;
    let mut matrices = file::matrices(&checkpoint);
    if let Some(pattern) = &options.filter {
        matrices.retain(|(entry, _)| pattern.matches(&entry.path));
    }
    if matrices.is_empty() {
        let what = if options.filter.is_some() { "no matrix matches --filter" } else { "holds no matrices" };
        return Err(Failure::at(&options.file, what));
    }
    let wanted = match (options.all, options.top) {
        (true, _) => Wanted::All,
        (_, Some(count)) => Wanted::Largest(count),
        _ => Wanted::Auto,
    };
    let choice = match options.backend {
        Named::Auto => Choice::Auto,
        Named::Cpu => Choice::Cpu,
        Named::Torch => Choice::Torch,
    };
    let work = Work::default();
    let (backend, note) = choose(choice, options.device.as_deref(), file::cost(&matrices), &work.cancel);
    let mut rows = Vec::with_capacity(matrices.len());
    file::spectra(&checkpoint, &matrices, &*backend, wanted, &work, |row| {
        rows.push(row);
        Ok::<_, Failure>(())
    })?;
    for note in note.into_iter().chain(backend.note()) {
        let _ = writeln!(std::io::stderr(), "ckpt-tui: {note}");
    }
    match options.table.form(as_json) {
        Form::Text => Ok(text(&*backend, &rows, style, out)?),
        Form::Json => out.json(&Document { backend: &*backend, rows: &rows }),
        Form::Sheet(form) => sheet::write(&rows, form, out),
    }
}

fn text(backend: &dyn Backend, rows: &[Row], style: &Style, out: &mut Out) -> std::io::Result<()> {
    let columns = [
        Column::elastic("NAME"),
        Column::right("MATRIX"),
        Column::right("SPECTRAL NORM"),
        Column::right("CONDITION"),
        Column::right("STABLE RANK"),
        Column::right("EFFECTIVE RANK"),
        Column::right("ALPHA").spare(1),
        Column::remark("NOTE"),
    ];
    table::write(out, style, &columns, rows.len(), &|at| rows.get(at).map_or_else(Vec::new, cells))?;
    let incomplete = rows.iter().any(|row| row.found.as_ref().is_ok_and(|(s, _)| !s.is_complete));
    writeln!(out)?;
    writeln!(out, "{}", style.paint(Tone::Dim, &format!("computed by {}", shown(&backend.name()))))?;
    if incomplete {
        let text =
            "matrices with a remark are too large for all singular values by default: --all computes them";
        writeln!(out, "{}", style.paint(Tone::Dim, text))?;
    }
    Ok(())
}

fn cells(row: &Row) -> Vec<Cell> {
    let name = Cell::from(shown(&row.path).into_owned());
    let matrix = Cell::from(format!("{}x{}", row.matrix.0, row.matrix.1));
    match &row.found {
        Err(reason) => {
            let empty = Cell::from("");
            let mut cells = vec![name, matrix];
            cells.extend(std::iter::repeat_n(empty, 5));
            cells.push(Cell::toned(reason.clone(), Tone::Warn));
            cells
        }
        Ok((spectrum, summary)) => {
            let maybe = |x: Option<f64>| Cell::from(x.map_or_else(|| "-".to_owned(), number::metric));
            let remark = if spectrum.is_complete {
                String::new()
            } else {
                let within = number::metric(spectrum.error_bound);
                format!("{} largest, each within {within}", spectrum.values.len())
            };
            let condition = match (summary.condition_number, summary.rank) {
                (None, Some(rank)) if (rank as u64) < row.matrix.0.min(row.matrix.1) => {
                    Cell::toned(format!("rank {rank}"), Tone::Warn)
                }
                (condition, _) => maybe(condition),
            };
            vec![
                name,
                matrix,
                Cell::from(number::metric(summary.spectral_norm)),
                condition,
                maybe(summary.stable_rank),
                maybe(summary.effective_rank),
                maybe(summary.alpha()),
                Cell::from(remark),
            ]
        }
    }
}

/// The JSON document.
struct Document<'a> {
    backend: &'a dyn Backend,
    rows: &'a [Row],
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("backend", &self.backend.name())?;
        map.serialize_entry("tensors", &Rows(self.rows))?;
        map.end()
    }
}

struct Rows<'a>(&'a [Row]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            seq.serialize_element(&One(row))?;
        }
        seq.end()
    }
}

struct One<'a>(&'a Row);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let found = self.0.found.as_ref().ok();
        let summary = found.map(|(_, summary)| summary);
        let spectrum = found.map(|(spectrum, _)| spectrum);
        let none: &[f64] = &[];
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.0.path)?;
        map.serialize_entry("matrix", &[self.0.matrix.0, self.0.matrix.1])?;
        map.serialize_entry("singular_values", spectrum.map_or(none, |s| &s.values))?;
        map.serialize_entry("spectral_norm", &summary.map(|s| s.spectral_norm))?;
        map.serialize_entry("condition_number", &summary.and_then(|s| s.condition_number))?;
        map.serialize_entry("stable_rank", &summary.and_then(|s| s.stable_rank))?;
        map.serialize_entry("effective_rank", &summary.and_then(|s| s.effective_rank))?;
        map.serialize_entry("alpha", &summary.and_then(Summary::alpha))?;
        let tail = summary.and_then(|s| s.tail);
        map.serialize_entry("alpha_distance", &tail.map(|fit| fit.distance))?;
        map.serialize_entry("alpha_count", &tail.map(|fit| fit.count))?;
        map.serialize_entry("frobenius_norm", &summary.map(|s| s.frobenius_norm))?;
        map.serialize_entry("rank", &summary.and_then(|s| s.rank))?;
        map.serialize_entry("complete", &spectrum.is_some_and(|s| s.is_complete))?;
        map.serialize_entry("error_bound", &spectrum.map(|s| s.error_bound))?;
        map.serialize_entry("error", &self.0.found.as_ref().err())?;
        map.end()
    }
}
