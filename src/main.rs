//! Browse training checkpoints in a terminal.

use std::process::ExitCode;

fn main() -> ExitCode {
    ckpt_tui::cli::main()
}
