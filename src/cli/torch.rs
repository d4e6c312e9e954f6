//! `torch`: the libtorch helper, and what only it can do with a TorchScript file.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::args::torch::{Action, Run, Script, Torch};
use super::output::{Failure, Out};
use super::style::{Style, Tone};
use super::table::{self, Cell, Column};
use crate::elements::{Elements, Scratch};
use crate::engine::protocol::{Answer, Input, Parameter, Request};
use crate::engine::{self, Engine};
use crate::error::{Error, ErrorKind};
use crate::sorting::Sort as _;
use crate::text::{number, shown, shown_path};
use crate::work::Cancel;

/// Time one answer about a TorchScript file may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn run(options: &Torch, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    match &options.action {
        None => check(style, out),
        Some(_) if options.check => check(style, out),
        Some(Action::Run(run)) => forward(run, as_json, style, out),
        Some(Action::Stats(script)) => statistics(script, as_json, style, out),
        Some(Action::Verify(script)) => verify(script, out),
    }
}

/// Says what was found.
fn check(style: &Style, out: &mut Out) -> Result<(), Failure> {
    let Some(program) = engine::find() else {
        let name = engine::PROGRAM;
        writeln!(out, "libtorch   not installed ({name} is neither beside ckpt-tui nor on the PATH)")?;
        writeln!(out, "spectra    computed by faer, built in")?;
        return Ok(install(out)?);
    };
    writeln!(out, "helper     {}", shown_path(&program))?;
    match Engine::start(&Cancel::default()) {
        Ok(engine) => {
            writeln!(out, "libtorch   {}", shown(engine.torch()))?;
            writeln!(out, "devices    {}", shown(&engine.devices().join(", ")))?;
            Ok(())
        }
        Err(error) => {
            let text = format!("libtorch   does not work: {}", error.reason());
            writeln!(out, "{}", style.paint(Tone::Bad, &text))?;
            writeln!(out, "spectra    computed by faer, built in")?;
            Ok(install(out)?)
        }
    }
}

fn install(out: &mut Out) -> std::io::Result<()> {
    writeln!(out, "\nTo add libtorch, in the Python environment that has torch 2.13.0:\n")?;
    writeln!(out, "    {}", engine::INSTALL)
}

/// Starts the helper for a file, after the warning that this runs what is in it.
fn start(file: &Path, what: &str) -> Result<(Engine, String), Failure> {
    if !file.is_file() {
        return Err(Failure::at(file, "no such file"));
    }
    let _ = writeln!(std::io::stderr(), "ckpt-tui: {what} the code in {}", shown_path(file));
    let path = std::path::absolute(file).map_err(|e| Failure::at(file, &e.to_string()))?;
    let path = path.to_str().ok_or_else(|| Failure::at(file, "libtorch opens no path that is not UTF-8"))?;
    Ok((Engine::start(&Cancel::default())?, path.to_owned()))
}

fn ask(engine: &mut Engine, question: Request) -> Result<(Answer, Vec<f64>), Failure> {
    Ok(engine.ask(question, Vec::new(), PATIENCE, &Cancel::default())?)
}

fn unexpected() -> Failure {
    Error::new(ErrorKind::Engine, "the libtorch helper answered another question").into()
}

fn forward(run: &Run, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let inputs = run.input.iter().map(|text| input(text)).collect::<Result<Vec<_>, _>>()?;
    let (mut engine, path) = start(&run.script.file, "executing")?;
    let question = Request::Forward { path, device: run.device.clone(), inputs, runs: run.runs.min(10_000) };
    let (Answer::Forward { outputs, seconds }, _) = ask(&mut engine, question)? else {
        return Err(unexpected());
    };
    let broken: u64 = outputs.iter().map(|o| o.nan + o.inf).sum();
    if as_json {
        out.json(&serde_json::json!({ "outputs": outputs, "seconds": seconds, "finite": broken == 0 }))?;
    } else {
        parameters(&outputs, "output", style, out)?;
        let first = seconds.first().copied().unwrap_or(0.0);
        let mut rest: Vec<f64> = seconds.get(1..).unwrap_or_default().to_vec();
        rest.in_order(f64::total_cmp);
        writeln!(out, "\nfirst run  {}", milliseconds(first))?;
        if let Some(median) = rest.get(rest.len() / 2) {
            writeln!(out, "then       {} (median of {})", milliseconds(*median), rest.len())?;
        }
        let verdict = match broken {
            0 => style.paint(Tone::Good, "every output is finite").into_owned(),
            n => style.paint(Tone::Bad, &format!("{n} outputs are NaN or infinite")).into_owned(),
        };
        writeln!(out, "{verdict}")?;
    }
    if broken > 0 { Err(Failure::No("the outputs are not all finite".to_owned())) } else { Ok(()) }
}

fn milliseconds(seconds: f64) -> String {
    format!("{} ms", number::metric(seconds * 1e3))
}

/// `1x3x224x224` or `1x128:int64`.
fn input(text: &str) -> Result<Input, Failure> {
    let (shape, dtype) = text.split_once(':').unwrap_or((text, "float32"));
    let sizes: Result<Vec<i64>, _> =
        shape.split(['x', ',']).map(|size| size.trim().parse::<u32>().map(i64::from)).collect();
    let shape = sizes.map_err(|_| {
        let text = shown(text);
        Failure::Message(format!(
            "--input {text}: write sizes joined by x, such as 1x3x224x224 or 1x128:int64"
        ))
    })?;
    Ok(Input { shape, dtype: dtype.to_owned() })
}

fn statistics(script: &Script, as_json: bool, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let (mut engine, path) = start(&script.file, "loading, which may execute,")?;
    let (answer, _) = ask(&mut engine, Request::Statistics { path })?;
    let Answer::Statistics { parameters: found } = answer else { return Err(unexpected()) };
    if as_json {
        return out.json(&serde_json::json!({ "parameters": found }));
    }
    Ok(parameters(&found, "parameter", style, out)?)
}

fn parameters(rows: &[Parameter], title: &str, style: &Style, out: &mut Out) -> std::io::Result<()> {
    let columns = [
        Column::elastic(title.to_uppercase()),
        Column::left("DTYPE"),
        Column::left("SHAPE"),
        Column::right("MEAN"),
        Column::right("STD"),
        Column::right("MIN"),
        Column::right("MAX"),
        Column::right("NaN"),
        Column::right("INF"),
    ];
    let count = |n: u64| match n {
        0 => Cell::from("0"),
        n => Cell::toned(number::grouped(n), Tone::Bad),
    };
    let maybe = |x: Option<f64>| Cell::from(x.map_or_else(|| "-".to_owned(), number::metric));
    table::write(out, style, &columns, rows.len(), &|at| {
        rows.get(at).map_or_else(Vec::new, |row| {
            let sizes: Vec<String> = row.shape.iter().map(i64::to_string).collect();
            vec![
                Cell::from(shown(&row.name).into_owned()),
                Cell::from(shown(&row.dtype).into_owned()),
                Cell::from(format!("[{}]", sizes.join(", "))),
                maybe(row.mean),
                maybe(row.std),
                maybe(row.min),
                maybe(row.max),
                count(row.nan),
                count(row.inf),
            ]
        })
    })
}

/// Compares every parameter, value by value.
fn verify(script: &Script, out: &mut Out) -> Result<(), Failure> {
    let checkpoint = crate::format::open(&script.file, &crate::limits::Limits::default())?;
    let (mut engine, path) = start(&script.file, "loading, which may execute,")?;
    let (answer, _) = ask(&mut engine, Request::Statistics { path: path.clone() })?;
    let Answer::Statistics { parameters } = answer else { return Err(unexpected()) };
    let mut differ = 0;
    let mut scratch = Scratch::default();
    for parameter in &parameters {
        let question = Request::Parameter { path: path.clone(), name: parameter.name.clone() };
        let (_, theirs) = ask(&mut engine, question)?;
        let entry = checkpoint.tensors().iter().find(|entry| entry.key() == parameter.name);
        let name = shown(&parameter.name);
        let Some(entry) = entry else {
            differ += 1;
            writeln!(out, "{name}: not read by ckpt-tui")?;
            continue;
        };
        let elements = Elements::open(&checkpoint, checkpoint.meta(entry))?;
        let mut ours = vec![0.0; theirs.len()];
        let same_length = elements.len().saturating_mul(elements.parts() as u64) == ours.len() as u64;
        if same_length {
            elements.read_parts(0, &mut ours, &mut scratch)?;
        }
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        if !same_length || !ours.iter().zip(&theirs).all(same) {
            differ += 1;
            writeln!(out, "{name}: differs")?;
        }
    }
    writeln!(out, "{} of {} parameters are equal", parameters.len() - differ, parameters.len())?;
    if differ > 0 { Err(Failure::No("not all parameters are equal".to_owned())) } else { Ok(()) }
}
