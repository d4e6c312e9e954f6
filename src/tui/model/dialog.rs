//! Questions before something is written or given up: each says exactly what would happen, and nothing happens without an
//! answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::cursor::Cursor;
use super::home::Home;
use super::listing::file_name;
use crate::runs::act::{Item, Plan};
use crate::runs::{CheckpointRow, Run};

/// Checkpoints a clean-up keeps unless one asks for more or fewer.
const KEEP: usize = 3;

/// A question, and what is known for answering it.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// Make a link called best, or move it.
    Link(Link),
    /// Keep the best and move the others to the trash.
    Clean(Clean),
    /// Write the weights alone.
    Export(Export),
    /// Quit while something is written or computed.
    Quit {
        /// Jobs that were at work when it was asked.
        jobs: u16,
    },
    /// Write a page for others.
    Page(super::page::Page),
}

/// A file of weights to write.
#[derive(Debug, Clone)]
pub struct Export {
    /// The checkpoint.
    pub source: PathBuf,
    /// The file that would be written; one that is there is never replaced.
    pub target: PathBuf,
    /// What it would hold; `None` while the checkpoint is being read.
    pub contents: Option<Contents>,
    /// Of the newest request.
    pub generation: u64,
}

/// What a file of weights would hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Tensors in it.
    pub tensors: usize,
    /// Bytes of their elements.
    pub bytes: u64,
    /// What is to be said besides, a line each.
    pub notes: Vec<String>,
    /// A file has that name already.
    pub exists: bool,
}

/// A link to make.
#[derive(Debug, Clone)]
pub struct Link {
    /// The checkpoint it leads to.
    pub target: PathBuf,
    /// The link.
    pub link: PathBuf,
    /// What has that name now.
    pub before: Before,
}

/// What has a name before it is given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// Nothing that the scan found.
    Nothing,
    /// A link to this checkpoint, where the scan found that.
    Link(Option<PathBuf>),
    /// A file of its own: it is never replaced.
    File,
}

/// A clean-up, planned or being planned.
#[derive(Debug, Clone)]
pub struct Clean {
    /// Folder of the run.
    pub run: PathBuf,
    /// Its name.
    pub name: String,
    /// How many of the best stay.
    pub keep: usize,
    /// The metric they are judged by, as the curve shows it.
    pub metric: Option<String>,
    /// What would be done; `None` while that is worked out.
    pub plan: Option<Plan>,
    /// The newest plan asked for.
    pub generation: u64,
    /// Selected row and window of the list: first what goes, then what stays.
    pub cursor: Cursor,
}

/// What a worker is asked to plan.
#[derive(Debug)]
pub struct PlanRequest {
    /// The run.
    pub run: Run,
    /// How many of the best stay.
    pub keep: usize,
    /// The metric.
    pub metric: Option<String>,
    /// Paths a person marked.
    pub marked: BTreeSet<PathBuf>,
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave everything as it is.
    No,
    /// Keep one more.
    More,
    /// Keep one fewer.
    Fewer,
}

impl Dialog {
    /// Only `y` will do: Enter may be pressed by habit.
    pub fn is_careful(&self) -> bool {
        matches!(self, Self::Clean(_) | Self::Quit { .. })
    }

    /// Rows it takes on the screen, its border included.
    pub fn height(&self) -> u16 {
        match self {
            Self::Link(_) => 11,
            Self::Page(_) => 12,
            Self::Export(export) => {
                let notes = export.contents.as_ref().map_or(0, |contents| contents.notes.len());
                12 + notes.min(8) as u16
            }
            Self::Quit { jobs } => 8 + jobs,
            Self::Clean(_) => 28,
        }
    }

    /// Rows of its list.
    pub fn rows(&self) -> usize {
        match self {
            Self::Link(_) | Self::Export(_) | Self::Page(_) | Self::Quit { .. } => 0,
            Self::Clean(clean) => clean.plan.as_ref().map_or(0, |plan| plan.remove.len() + plan.keep.len()),
        }
    }

    /// Where one is in its list.
    pub fn cursor(&mut self) -> Option<&mut Cursor> {
        match self {
            Self::Link(_) | Self::Export(_) | Self::Page(_) | Self::Quit { .. } => None,
            Self::Clean(clean) => Some(&mut clean.cursor),
        }
    }
}

impl Link {
    /// The link that would lead to `target`; its extension stays, so that whoever loads it by name still can.
    pub fn to(home: &Home, target: &Path) -> Self {
        let mut name = String::from("best");
        if let Some(extension) = target.extension() {
            name.push('.');
            name.push_str(&extension.to_string_lossy());
        }
        let link = target.with_file_name(name);
        let row = home.index.row(&link);
        let before = match row {
            None => Before::Nothing,
            Some(row) if row.identity.is_link => Before::Link(row.same_as.clone()),
            Some(_) => Before::File,
        };
        Self { target: target.to_owned(), link, before }
    }

    /// Why it cannot be made.
    pub fn obstacle(&self) -> Option<String> {
        if self.link == self.target {
            return Some("this file is called best already".to_owned());
        }
        let name = crate::text::shown(&file_name(&self.link)).into_owned();
        match &self.before {
            Before::File => Some(format!("{name} is a file of its own and is not replaced; rename it first")),
            Before::Link(Some(there)) if *there == self.target => Some(format!("{name} leads there already")),
            Before::Nothing | Before::Link(_) => None,
        }
    }
}

impl Export {
    /// An export of the weights in `source`, beside it.
    pub fn of(source: &Path, generation: u64) -> Self {
        const KNOWN: [&str; 7] = ["pt", "pth", "ckpt", "bin", "tar", "pkl", "h5"];
        let extension = source.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let known = KNOWN.contains(&extension);
        // Dots in a name are not always a suffix: `model_v1.5`.
        let stem = if known || extension == "safetensors" { source.file_stem() } else { source.file_name() };
        let mut name = stem.unwrap_or_default().to_owned();
        name.push(if extension == "safetensors" { ".weights.safetensors" } else { ".safetensors" });
        Self { source: source.to_owned(), target: source.with_file_name(name), contents: None, generation }
    }
}

impl Clean {
    /// A clean-up of the run, to be planned.
    pub fn of(run: &Run, metric: Option<&str>, generation: u64) -> Self {
        Self {
            run: run.path.clone(),
            name: run.name.clone(),
            keep: KEEP,
            metric: metric.map(str::to_owned),
            plan: None,
            generation,
            cursor: Cursor::default(),
        }
    }

    /// A row of the list, and whether it goes.
    pub fn row(&self, at: usize) -> Option<(&Item, bool)> {
        let plan = self.plan.as_ref()?;
        match at.checked_sub(plan.remove.len()) {
            None => Some((plan.remove.get(at)?, true)),
            Some(at) => Some((plan.keep.get(at)?, false)),
        }
    }
}

/// The checkpoint that would be acted on: the selected one, or the best of the selected run.
pub fn target(home: &Home) -> Option<&CheckpointRow> {
    home.checkpoint().or_else(|| {
        let path = home.verdict.as_ref()?.path.as_ref()?;
        home.index.row(path)
    })
}
