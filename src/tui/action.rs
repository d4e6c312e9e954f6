//! What can happen to the model: the one type `update` takes.

use std::path::PathBuf;
use std::sync::Arc;

use super::commands::Command;
use super::key::Key;
use super::model::browser::Opened;
use super::model::compare::stats::{BothStats, Panel, Picture};
use super::model::compare::{Comparison, Ids, Sections, Values};
use super::model::curve::lines;
use super::model::dialog::{Answer, Contents, PlanRequest};
use super::model::filter::Matches;
use super::model::layers::Layers;
use super::model::stats::{Preview, Wanted};
use super::runner::memory::Kept;
use super::viewer::Reading;
use crate::compare::timeline::ranks::OfCheckpoint;
use crate::compare::timeline::{Source as Stop, Timeline};
use crate::report::{Request, Source};
use crate::runs::act::Plan;
use crate::runs::watch::Change;
use crate::runs::{CheckpointRow, Skipped};
use crate::spectra::survey;
use crate::stats::TensorStats;
use crate::training::logs::{LogFile, Record};
use crate::training::prepared;
use crate::work::Work;

/// One thing that happened, or that a person asked for.
#[derive(Debug)]
pub enum Action {
    /// A command of the table, with the count typed before it.
    Run(Command, Option<usize>),
    /// Keys that are not a command yet: a count, or the beginning of a sequence.
    Pending(Pending),
    /// A key typed into the input line.
    Edit(Edit),
    /// Enter in the input line.
    Accept,
    /// Escape in the input line.
    Cancel,
    /// A click on a cell; the second one on the same row opens it.
    Click(u16, u16),
    /// The mouse moved to a cell with its button down.
    Drag(u16, u16),
    /// The wheel, over a cell, by so many rows.
    Wheel(u16, u16, isize),
    /// The screen has a new size.
    Resize(u16, u16),
    /// A tenth of a second passed while a job ran.
    Tick,
    /// What a scan found is to be put in order, to be drawn.
    Settle,
    /// News from the scan with this generation.
    Scan(u64, Vec<ScanNews>),
    /// Files changed on disk.
    Changed(Vec<Change>),
    /// A checkpoint was opened, or not.
    Opened(u64, Result<Box<Opened>, String>),
    /// A filter that was sent to a worker is done.
    Filtered(u64, Matches),
    /// The logs of the run in this folder were read.
    LogsRead(u64, PathBuf, Arc<Record>),
    /// An answer to the question shown.
    Answer(Answer),
    /// What a clean-up would do, or why that cannot be told.
    Planned(u64, Result<Box<Plan>, String>),
    /// What a file of weights would hold, or why it cannot be written.
    ExportPlanned(u64, Result<Contents, String>),
    /// The file a page would be written into, or why there is none.
    PagePlanned(u64, Result<PathBuf, String>),
    /// Something was written, or could not be.
    Acted(u64, Result<String, String>),
    /// Checkpoints of a timeline were read; the last news of its task if true.
    Timeline(u64, Result<Arc<Timeline>, String>, bool),
    /// Effective ranks of a file of the timeline; `None` when nothing more will come.
    Ranks(u64, Option<(PathBuf, OfCheckpoint)>),
    /// News of a comparison.
    Compared(u64, CompareNews),
    /// News of the statistics with this generation.
    Statistics(u64, StatsNews),
    /// News of the spectra with this generation; `None` when nothing more will come.
    Spectra(u64, Option<survey::News>),
    /// Elements of a tensor were read.
    Previewed(u64, Box<Preview>),
    /// Lines of the plot are ready to be drawn.
    LinesPrepared(u64, Vec<MadeLine>),
    /// A worker panicked; the message says at what.
    JobFailed(u64, String),
    /// Something went wrong that is worth a line on the screen.
    Complaint(String),
    /// Something worth a line on the screen.
    Notice(String),
}

/// News of a comparison.
#[derive(Debug)]
pub enum CompareNews {
    /// What names and shapes say, or why they cannot be compared, a line each.
    Keys(Result<Arc<Comparison>, Vec<String>>),
    /// What the values of some pairs say.
    Values(Vec<(u32, Values)>),
    /// Nothing more will come.
    Done,
    /// Statistics of both tensors of a pair.
    Statistics(Ids, BothStats),
    /// Where two tensors differ.
    Picture(Ids, Picture),
}

/// What is to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareRequest {
    /// The reference (the model's side) and the candidate.
    pub paths: [PathBuf; 2],
    /// Their sections; those that fit best without.
    pub sections: Option<Sections>,
}

/// A line, what was to be done to it, and what became of it.
pub type MadeLine = (lines::Key, prepared::Wanted, Option<prepared::Prepared>);

/// News of statistics.
#[derive(Debug)]
pub enum StatsNews {
    /// What became known of tensors, by their index, or why nothing can be.
    Known(Vec<(u32, Result<Arc<TensorStats>, String>)>),
    /// Nothing more will come.
    Done,
}

/// News from a scan.
#[derive(Debug)]
pub enum ScanNews {
    /// So many files were found so far.
    Found(usize),
    /// A checkpoint.
    Row(Box<CheckpointRow>),
    /// A log of training, not read yet.
    Log(LogFile),
    /// A path that was not read.
    Skipped(Skipped),
    /// So many files were met in so many folders.
    Walked(usize, usize),
    /// Nothing more will come.
    Done,
}

/// A change to the input line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Insert a character.
    Insert(char),
    /// Insert pasted text.
    Paste(String),
    /// Delete before the cursor.
    Backspace,
    /// Delete under the cursor.
    Delete,
    /// Delete the word before the cursor.
    DeleteWord,
    /// Delete everything.
    Clear,
    /// Move the cursor left.
    Left,
    /// Move the cursor right.
    Right,
    /// Move to the start.
    Start,
    /// Move to the end.
    End,
}

/// Keys typed that are not a command yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// The count so far.
    pub count: Option<usize>,
    /// The beginning of a sequence (`g`).
    pub keys: Vec<Key>,
}

/// What `update` wants done outside the model. Data; run by [`super::runner`].
#[derive(Debug)]
pub enum Effect {
    /// Scan these paths; an older scan is dropped.
    Scan(u64, Vec<PathBuf>),
    /// Stop the scan.
    StopScan,
    /// Open a checkpoint.
    Open(u64, PathBuf),
    /// Match the names of these tensors against a pattern; an older request of the same kind is dropped.
    Filter(u64, Arc<Layers>, Vec<u32>, String),
    /// Read the logs of the run in this folder.
    ReadLogs(u64, Work, PathBuf, Vec<LogFile>),
    /// Make lines of the plot ready to be drawn.
    PrepareLines(u64, Vec<(lines::Key, prepared::Wanted)>),
    /// Work out what a clean-up would do.
    PlanCleanUp(u64, Box<PlanRequest>),
    /// Move to the trash what the plan says.
    CleanUp(u64, Work, Box<Plan>),
    /// Find out what a file with the weights of this checkpoint would hold.
    PlanExport(u64, PathBuf, PathBuf),
    /// Write the weights of this checkpoint into a file.
    Export(u64, Work, PathBuf, PathBuf),
    /// Find a free name for a page about something of this name.
    PlanPage(u64, String),
    /// Write a page.
    Page(u64, Work, Box<Source>, Request, PathBuf),
    /// Make or move the link to this checkpoint.
    LinkBest(u64, PathBuf),
    /// Read the checkpoints of a timeline.
    Timeline(u64, Work, Vec<Stop>),
    /// Compute the effective ranks of these files.
    Ranks(u64, Work, Vec<PathBuf>),
    /// Compare the names of two checkpoints.
    Compare(u64, Box<CompareRequest>),
    /// Compare the values of some pairs.
    CompareValues(u64, Work, Arc<Comparison>, Vec<u32>),
    /// Read what a panel shows of a pair of tensors.
    LookAtPair(u64, Work, Arc<Comparison>, Ids, Panel),
    /// Compute statistics of these tensors.
    Statistics(u64, Work, Arc<Layers>, Vec<u32>),
    /// Compute the spectra of these tensors.
    Spectra(u64, Work, Arc<Layers>, Vec<u32>),
    /// Read elements of a tensor: so many, and its picture.
    Preview(u64, Work, Arc<Layers>, Wanted, usize),
    /// Remember where the person is, soon.
    Remember(Box<Kept>),
    /// Lend the terminal to the person's pager or editor.
    Read(Box<Reading>),
    /// Put text on the clipboard of whoever looks at the terminal.
    Copy(String),
    /// Catch the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw everything again.
    Redraw,
    /// Stop like any other program under Ctrl-Z.
    Suspend,
    /// Leave.
    Quit,
}
