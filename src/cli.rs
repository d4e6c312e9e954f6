//! The command line: one file per subcommand, each a face over the reading half in text and in JSON.
//!
//! Exit codes are a contract: 0 done, 1 the answer is "no" (`check` found something), 2 an error, told in
//! one line on stderr. A reader that closes the pipe
//! early (`head`) is not an error. Output goes through `output::Out`, never through `println!`, which
//! panics on a full disk.

mod args;
mod best;
mod check;
mod clean;
mod config;
mod curves;
mod diff;
mod export;
mod generate;
mod json;
mod ls;
mod output;
mod progress;
mod report;
mod sheet;
mod show;
mod spectra;
mod stats;
mod style;
mod table;
mod timeline;
mod torch;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use output::{Failure, Out};
use style::Style;

/// Runs the program on its command line.
pub fn main() -> ExitCode {
    let mut out = Out::stdout();
    let outcome = match Args::try_parse() {
        Ok(args) => run(args, &mut out),
        Err(error) => output::usage(&error, &mut out),
    };
    output::exit(outcome.and_then(|()| out.finish()))
}

fn run(mut args: Args, out: &mut Out) -> Result<(), Failure> {
    // These have to work with settings that do not.
    let command = match args.command.take() {
        Some(Command::Config(options)) => return config::run(&options, &args.common, out),
        Some(Command::Completions { shell }) => return generate::completions(shell, out),
        Some(Command::Man) => return generate::man(out),
        other => other,
    };
    let settings = config::settings(&args.common)?;
    args.common.take_over(&settings);
    let style = Style::of(&args.common);
    match command {
        Some(Command::Config(_) | Command::Completions { .. } | Command::Man) => Ok(()),
        Some(Command::Ls(options)) => {
            let form = options.table.form(args.common.json);
            ls::run(&options.paths, options.sort.as_deref(), form, &style, out)
        }
        Some(Command::Best(options)) => best::run(options, args.common.json, out),
        Some(Command::Curves(options)) => curves::run(&options, args.common.json, &style, out),
        Some(Command::Clean(options)) => clean::run(options, args.common.json, &style, out),
        Some(Command::Show(show)) => show::run(&show.file, show.table.form(args.common.json), &style, out),
        Some(Command::Diff(diff)) => diff::run(&diff, &args.common, &style, out),
        Some(Command::Timeline(timeline)) => timeline::run(&timeline, &args.common, &style, out),
        Some(Command::Export(export)) => export::run(&export, args.common.json, &style, out),
        Some(Command::Report(options)) => report::run(&options, &args.common, &style, out),
        Some(Command::Average(average)) => export::average(&average, args.common.json, &style, out),
        Some(Command::Stats(options)) => stats::run(&options, &args.common, &style, out),
        Some(Command::Check(options)) => check::run(&options, args.common.json, &style, out),
        Some(Command::Spectra(options)) => spectra::run(&options, args.common.json, &style, out),
        Some(Command::Torch(options)) => torch::run(&options, args.common.json, &style, out),
        None => ui::run(args, settings, &style, out),
    }
}
