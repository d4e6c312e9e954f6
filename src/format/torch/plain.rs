//! Plain pickles: `pickle.dump` of tensors, modules, or anything else (formats.md §4.7).

use std::sync::Arc;

use super::arrays;
use super::assemble::Found;
use super::host::{Later, TorchHost};
use super::paddle;
use super::report;
use crate::checkpoint::module::ScriptTypes;
use crate::checkpoint::{Checkpoint, CheckpointFile, Diagnostic, Format, GlobalUse, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pickle;
use crate::source::{Identity, fingerprint};
use crate::value::{Tree, Value};

/// Packages whose pickles are models, but hold no tensors of torch.
const OTHERS: [&str; 6] = ["joblib", "sklearn", "xgboost", "lightgbm", "catboost", "statsmodels"];

/// Opens a plain pickle.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let size = file.source.len();
    if size > limits.pickle_bytes {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("a plain pickle of {size} bytes is not read into memory"),
        ));
    }
    let bytes: Arc<[u8]> = file.source.read_shared(0, size)?;
    let mut tree = Tree::new(bytes.clone());
    let mut later = Later;
    let mut host = TorchHost::new(&mut later, false, limits);
    let read = pickle::read(&mut tree, &mut host, &bytes, 0, 0, limits);
    if let Some(package) = foreign_package(&tree) {
        let text = format!("a {package} pickle: not a tensor checkpoint");
        return Err(Error::new(ErrorKind::NotACheckpoint, text));
    }
    let unpickled = read?;
    let (mut diagnostics, sources) = host.finish();
    let paddle = paddle::convert(&mut tree, unpickled.value);
    let root = if paddle { unpickled.value } else { arrays::convert(&mut tree, unpickled.value) };
    tree.set_root(root);
    if unpickled.end < bytes.len() {
        if matches!(unpickled.value, Value::Int(_) | Value::BigInt(_)) {
            let text = "several pickles, the first a number: a legacy torch stream with a wrong magic number";
            return Err(Error::new(ErrorKind::UnknownFormat, text));
        }
        let text = format!(
            "{} bytes follow the pickle; torch.load and pickle.load ignore them",
            bytes.len() - unpickled.end
        );
        diagnostics.push(Diagnostic::new(Severity::Warning, "TRAILING_DATA", text));
    }
    let found = Found {
        file,
        identity,
        format: if paddle { Format::Paddle } else { Format::Pickle },
        tree,
        summary: unpickled.summary,
        container_metadata: None,
        types: ScriptTypes::default(),
        sources,
        diagnostics,
        fingerprint: fingerprint(&bytes),
    };
    Ok(found.assemble(limits))
}

/// A pickle that is no checkpoint itself, and what is to be said of its names.
pub(crate) struct Loose {
    pub(crate) tree: Tree,
    pub(crate) globals: Vec<GlobalUse>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads the plain pickle `bytes`, whatever it holds.
pub(crate) fn loose(bytes: &Arc<[u8]>, limits: &Limits) -> Result<Loose> {
    let mut tree = Tree::new(bytes.clone());
    let mut later = Later;
    let mut host = TorchHost::new(&mut later, false, limits);
    let unpickled = pickle::read(&mut tree, &mut host, bytes, 0, 0, limits)?;
    tree.set_root(unpickled.value);
    tree.settle();
    let globals = report::globals(&tree);
    let diagnostics = report::dangers(&tree, &globals);
    Ok(Loose { tree, globals, diagnostics })
}

/// The package a pickle belongs to when it is not ours to read: its stream may break off into raw arrays.
fn foreign_package(tree: &Tree) -> Option<&'static str> {
    let torch = tree.globals().iter().any(|g| g.module.starts_with("torch"));
    let top = |module: &str| module.split('.').next().map(str::to_owned);
    let found =
        OTHERS.into_iter().find(|p| tree.globals().iter().any(|g| top(&g.module).as_deref() == Some(*p)));
    found
        .filter(|_| !torch)
        .map(|p| if matches!(p, "joblib" | "sklearn") { "scikit-learn/joblib" } else { p })
}
