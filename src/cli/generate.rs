//! Completion scripts and the manual page, made from the very definition of the command line.

use std::io::Write;

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Args;
use super::output::{Failure, Out};

/// Prints a completion script.
pub(super) fn completions(shell: clap_complete::Shell, out: &mut Out) -> Result<(), Failure> {
    // Into memory first: the generator panics where a write fails.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "ckpt-tui", &mut script);
    Ok(out.write_all(&script)?)
}

/// Prints the manual page: one page, a section for each subcommand.
pub(super) fn man(out: &mut Out) -> Result<(), Failure> {
    let mut command = Args::command();
    command.build();
    let man = Man::new(command.clone());
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    for sub in command.get_subcommands() {
        writeln!(out, ".SH \"{}\"", sub.get_name().to_uppercase())?;
        // The options of every subcommand stand above.
        let own = sub.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
        let man = Man::new(own);
        let mut text = Vec::new();
        man.render_description_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_options_section(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        for line in text.lines().filter(|line| *line != ".SH DESCRIPTION") {
            writeln!(out, "{}", line.replacen(".SH ", ".SS ", 1))?;
        }
    }
    Ok(out.write_all(EXIT.as_bytes())?)
}

const EXIT: &str = ".SH \"EXIT STATUS\"
0 when done, 2 after an error, which is told in one line on standard error. A closed pipe is no error.
.SH ENVIRONMENT
.TP
NO_COLOR
Turns colours off, unless \\-\\-color says otherwise.
";
