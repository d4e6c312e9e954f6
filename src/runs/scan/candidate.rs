//! Which files are worth a row: content decides, and the name only where content decides nothing.
//!
//! Of a file that may be no checkpoint only the first bytes are read. A name that promises a checkpoint
//! makes a row even of a file that is none, with the reason: that is what its owner wants to know.

use std::path::Path;

use super::super::{Skipped, row};
use crate::checkpoint::{Checkpoint, Format};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::format::sniff::{self, Container};
use crate::runs::CheckpointRow;
use crate::source::{FileSource, ReadAt};
use crate::training::logs::{self, LogFile};
use crate::training::name;

/// Plain pickles larger than this are read only when their name says they are checkpoints: they are read in
/// whole, and most are data sets.
const PICKLE: u64 = 64 << 20;

/// Extensions that promise a checkpoint.
#[rustfmt::skip]
const SURE: [&str; 15] = [
    "pt", "pth", "ckpt", "safetensors", "distcp", "pt2", "chkpt", "ptl", "gguf", "onnx", "msgpack", "keras", "pdparams",
    "pdopt", "nemo",
];
/// Words in the names of arrays (`.npz`, `.npy`, `.h5`) that are weights; most such files are data.
const WEIGHTS: [&str; 13] = [
    "weight",
    "model",
    "ckpt",
    "checkpoint",
    "param",
    "policy",
    "epoch",
    "best",
    "last",
    "final",
    "state",
    "adapter",
    "net",
];
/// Words in the names of `.bin` files that are data.
#[rustfmt::skip]
const DATA: [&str; 14] = [
    "train", "val", "valid", "validation", "test", "data", "dataset", "token", "tokens", "vocab", "idx",
    "index", "corpus", "words",
];

/// What a file's name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// A checkpoint: a row whatever is in it.
    Checkpoint,
    /// Perhaps a checkpoint (`.bin`): a row unless it plainly is something else.
    Perhaps,
    /// Nothing.
    Nothing,
}

/// What a first look at a file found.
#[derive(Debug)]
pub(super) enum Look {
    /// To be opened.
    Open(Opening),
    /// To be shown without opening.
    Row(Box<CheckpointRow>),
    Skip(Skipped),
    /// A log, to be read when its run is looked at.
    Log(LogFile),
    Nothing,
}

/// What was promised and seen, for judging what opening finds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    promise: Promise,
    /// The first bytes alone prove a checkpoint (unlike a zip's or a pickle's).
    certain: bool,
}

pub(super) fn promise(path: &Path) -> Promise {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let extension =
        |name: &str| name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    let mut name: &str = &name;
    // What stands before `.tmp` or `.part` counts.
    while matches!(extension(name).as_str(), "tmp" | "part" | "partial" | "incomplete" | "temp") {
        name = name.rsplit_once('.').map(|(rest, _)| rest).unwrap_or_default();
    }
    match extension(name).as_str() {
        e if SURE.contains(&e) => Promise::Checkpoint,
        "tar" if name.to_ascii_lowercase().ends_with(".pth.tar") => Promise::Checkpoint,
        "bin" => {
            let (stem, _) = name::stem(name);
            let data = stem.split(|c: char| !c.is_alphanumeric()).any(|w| DATA.contains(&&*w.to_lowercase()));
            if data && !stem.contains("args") { Promise::Nothing } else { Promise::Perhaps }
        }
        _ => Promise::Nothing,
    }
}

/// Looks at the first bytes of a file.
pub(super) fn look(path: &Path, given: bool) -> Look {
    let promise = if given { Promise::Checkpoint } else { promise(path) };
    let opened = FileSource::open(path).and_then(|source| {
        let container = sniff::of_source(&source)?;
        let log = log_of(path, &source, &container, promise)?;
        Ok((container, source.len(), log))
    });
    match opened {
        Ok((_, _, Some(log))) => Look::Log(log),
        Ok((container, len, None)) => decide(path, promise, &container, len),
        Err(error) if error.kind() == ErrorKind::NotRegular => {
            Look::Skip(Skipped { path: path.to_owned(), reason: error.reason() })
        }
        Err(_) if promise == Promise::Nothing => Look::Nothing,
        Err(error) => Look::Row(Box::new(row::of_error(path, &error))),
    }
}

/// The log a file is, unless it is a checkpoint or promises to be one.
fn log_of(
    path: &Path,
    source: &FileSource,
    container: &Container,
    promise: Promise,
) -> Result<Option<LogFile>> {
    if promise != Promise::Nothing && !matches!(container, Container::Unknown | Container::Foreign { .. }) {
        return Ok(None);
    }
    let mut head = vec![0; sniff::HEAD.min(usize::try_from(source.len()).unwrap_or(usize::MAX))];
    source.read_exact_at(&mut head, 0)?;
    let identity = source.identity();
    let (bytes, modified) = (identity.size, identity.modified());
    let kind = logs::kind_of(path, &head);
    Ok(kind.map(|kind| LogFile { path: path.to_owned(), kind, bytes, modified }))
}

fn decide(path: &Path, promise: Promise, container: &Container, len: u64) -> Look {
    let open = |certain| Look::Open(Opening { promise, certain });
    match (container, promise) {
        (Container::TorchLegacy | Container::Safetensors | Container::Gguf | Container::TfIndex, _) => {
            open(true)
        }
        // Weak signs, and arrays that are rarely weights: the name decides, or what is in them.
        (Container::Msgpack | Container::Onnx | Container::Npy, Promise::Nothing | Promise::Perhaps) => {
            Look::Nothing
        }
        (Container::Hdf5, _) => open(false),
        (Container::Pickle, Promise::Nothing) if len > PICKLE => {
            let named = path.extension().is_some_and(|e| e == "pkl" || e == "pickle");
            let reason = "a large plain pickle: open it by name to look inside".to_owned();
            if named { Look::Skip(Skipped { path: path.to_owned(), reason }) } else { Look::Nothing }
        }
        (Container::Zip | Container::Tar | Container::Pickle, _) | (_, Promise::Checkpoint) => open(false),
        (Container::Known(what), _) => {
            Look::Skip(Skipped { path: path.to_owned(), reason: format!("{what}: not read by this version") })
        }
        (Container::Foreign { .. } | Container::Unknown, Promise::Perhaps) => open(false),
        _ => Look::Nothing,
    }
}

impl Opening {
    /// A folder whose names tell that it is a checkpoint.
    pub(super) fn whole() -> Self {
        Self { promise: Promise::Checkpoint, certain: true }
    }

    /// Whether a file that opened makes a row. Archives and pickles of other things do not, and arrays only
    /// where something says that they are weights.
    pub(super) fn keeps(self, checkpoint: &Checkpoint) -> bool {
        if self.certain || self.promise != Promise::Nothing {
            return true;
        }
        let arrays = matches!(checkpoint.format(), Format::Npz | Format::Npy | Format::Hdf5);
        let tensors = !checkpoint.tensors().is_empty();
        tensors && (!arrays || is_keras(checkpoint) || names_weights(checkpoint.path()))
    }

    /// Whether a file that did not open makes a row.
    pub(super) fn keeps_error(self, error: &Error) -> bool {
        match self.promise {
            Promise::Checkpoint => true,
            Promise::Perhaps => error.kind() != ErrorKind::Unsupported,
            Promise::Nothing => self.certain && error.fault() != Fault::Unsupported,
        }
    }
}

/// HDF5 as Keras writes it.
fn is_keras(checkpoint: &Checkpoint) -> bool {
    let tree = checkpoint.tree();
    let holds = |value, names: &[&str]| names.iter().any(|name| tree.get(value, name).is_some());
    let marks = ["keras_version", "model_config", "layer_names"];
    checkpoint.container_metadata().is_some_and(|metadata| holds(metadata, &marks))
        || holds(tree.root(), &["model_weights", "layers", "_layer_checkpoint_dependencies"])
}

fn names_weights(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    WEIGHTS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_promise() {
        for (name, want) in [
            ("a.pt", Promise::Checkpoint),
            ("checkpoint.pth.tar", Promise::Checkpoint),
            ("A.CKPT", Promise::Checkpoint),
            ("model.safetensors.tmp", Promise::Checkpoint),
            ("pytorch_model.bin", Promise::Perhaps),
            ("training_args.bin", Promise::Perhaps),
            ("broken.bin", Promise::Perhaps),
            ("train.bin", Promise::Nothing),
            ("val_tokens.bin", Promise::Nothing),
            ("backup.tar", Promise::Nothing),
            ("data.pkl", Promise::Nothing),
            ("notes.txt", Promise::Nothing),
            ("noext", Promise::Nothing),
        ] {
            assert_eq!(promise(Path::new(name)), want, "{name}");
        }
    }
}
