//! libtorch, in a process of its own.
//!
//! The program links no libtorch. `ckpt-tui-torch`, built with `--features tch`, does; it is looked for beside the
//! program and on the PATH, started when it is needed, and spoken to over pipes ([`protocol`]). Whatever goes
//! wrong there (not installed, another version, a crash, no memory on the GPU, no answer) is one error of kind
//! [`ErrorKind::Engine`](crate::error::ErrorKind::Engine), and whoever wanted something computed computes it here
//! instead.

mod client;
pub mod protocol;

use std::path::PathBuf;

use crate::platform;
pub use client::Engine;

/// Name of the helper.
pub const PROGRAM: &str = "ckpt-tui-torch";

/// The environment variable that names the helper where it is neither beside the program nor on the PATH.
pub const VARIABLE: &str = "CKPT_TUI_TORCH";

/// How to get it, for messages.
pub const INSTALL: &str = "LIBTORCH_USE_PYTORCH=1 cargo install ckpt-tui --features tch";

/// The helper: the one [`VARIABLE`] names, the one beside this program, or the first on the PATH.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(&name)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    beside.into_iter().chain(on_path.map(|folder| folder.join(&name))).find(|p| platform::is_program(p))
}
