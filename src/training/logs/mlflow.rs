//! `MLflow`'s file store: `mlruns/<experiment>/<run>/metrics/<name>` holds lines `timestamp value step`,
//! `params/<name>` the value of one parameter. Names with a slash are folders.

use std::path::Path;

use super::Log;
use super::rows::{Epochs, Place, Rows};
use super::text::{lines, number};

pub(super) fn metric(bytes: &[u8], path: &Path) -> Log {
    let mut rows = Rows::by_step();
    let name = name(path, "metrics");
    for (line, ended) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let mut cells = text.split_ascii_whitespace();
        let (Some(_), Some(value)) = (cells.next(), cells.next().and_then(number)) else { continue };
        let step = cells.next().and_then(number);
        // A line without its step is an old one, or cut.
        if let Some(step) = step.or(ended.then_some(0.0)) {
            rows.push(&name, Place { epoch: None, step: Some(step) }, value);
        }
    }
    let mut log = Log::default();
    rows.finish(Epochs::Unsaid, &mut log);
    log
}

pub(super) fn param(bytes: &[u8], path: &Path) -> Log {
    let mut log = Log::default();
    let value =
        String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default()).trim().to_owned();
    log.hyperparameters.push((name(path, "params"), value));
    log
}

/// What stands behind the folder `below`.
fn name(path: &Path, below: &str) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    let at = parts.iter().rposition(|part| part == below).map_or(0, |at| at + 1);
    parts.get(at..).unwrap_or_default().join("/")
}
