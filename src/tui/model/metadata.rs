//! Everything a checkpoint holds beside its tensors, as a tree that is opened step by step.
//!
//! Only what was opened exists: a graph that would unfold to billions of nodes, or that contains itself,
//! costs one row per thing looked at. Long containers open a thousand children at a time.

use super::super::commands::Command;
use super::cursor::Cursor;
use crate::checkpoint::Checkpoint;
use crate::value::Value;
use crate::value::view::{self, Label};

/// Children shown at first, and added with each "more".
const PAGE: usize = 1_000;
/// Containers with at most this many children open by themselves at the start.
const SMALL: usize = 24;

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// A value under its label.
    Value(Label, Value),
    /// Children of the value above that are not listed yet: how many there are beyond those listed.
    More {
        /// The container.
        of: Value,
        /// Children listed.
        listed: usize,
    },
}

/// One visible row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Steps from the root.
    pub depth: u16,
    /// What it shows.
    pub what: What,
    /// Its children are listed below it.
    pub open: bool,
}

/// The state of the metadata view.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Rows that exist, all visible.
    pub rows: Vec<Row>,
    /// Selected row and window.
    pub cursor: Cursor,
}

impl Metadata {
    /// The metadata of a checkpoint, its first level listed and small containers in it open.
    pub fn new(checkpoint: &Checkpoint) -> Self {
        let tree = checkpoint.tree();
        let mut this = Self::default();
        if let Some(extra) = checkpoint.container_metadata() {
            this.push(0, Label::Part("(container)"), extra);
        }
        let root = tree.root();
        let (listed, total) = first_children(checkpoint, root, 0);
        if total == 0 {
            this.push(0, Label::Part("(root)"), root);
        }
        for (label, value) in listed {
            this.push(0, label, value);
        }
        if total > PAGE {
            this.rows.push(Row { depth: 0, what: What::More { of: root, listed: PAGE }, open: false });
        }
        this.open_small(checkpoint);
        this
    }

    fn push(&mut self, depth: u16, label: Label, value: Value) {
        self.rows.push(Row { depth, what: What::Value(label, value), open: false });
    }

    /// Opens small containers of the first level, as long as they hold no tensors.
    fn open_small(&mut self, checkpoint: &Checkpoint) {
        let tree = checkpoint.tree();
        for at in (0..self.rows.len()).rev() {
            let Some(Row { what: What::Value(_, value), .. }) = self.rows.get(at).copied() else { continue };
            let plain = matches!(value, Value::Dict(_) | Value::Object(_)) && is_container(checkpoint, value);
            let small = plain && (1..=SMALL).contains(&view::child_count(tree, value));
            if small
                && view::children(tree, value)
                    .all(|(_, v)| view::leaf(tree, v).is_some() && !matches!(v, Value::Tensor(_)))
            {
                self.open(checkpoint, at);
            }
        }
    }

    /// The selected row.
    pub fn selected(&self) -> Option<Row> {
        self.rows.get(self.cursor.at).copied()
    }

    /// Opens or closes a row, or lists more; false when there is nothing to open.
    pub fn toggle(&mut self, checkpoint: &Checkpoint, at: usize) -> bool {
        match self.rows.get(at).copied() {
            Some(Row { what: What::More { of, listed }, depth, .. }) => {
                self.list_more(checkpoint, at, depth, of, listed);
                true
            }
            Some(Row { open: true, .. }) => {
                self.close(at);
                true
            }
            Some(Row { what: What::Value(_, value), .. }) if is_container(checkpoint, value) => {
                self.open(checkpoint, at);
                true
            }
            _ => false,
        }
    }

    fn open(&mut self, checkpoint: &Checkpoint, at: usize) {
        let Some(row) = self.rows.get_mut(at) else { return };
        let What::Value(_, value) = row.what else { return };
        row.open = true;
        let depth = row.depth + 1;
        let below = listing(checkpoint, value, 0, depth);
        self.rows.splice((at + 1)..=at, below);
    }

    fn close(&mut self, at: usize) {
        let end = self.end_of(at);
        if let Some(row) = self.rows.get_mut(at) {
            row.open = false;
        }
        self.rows.drain(at + 1..end);
    }

    fn list_more(&mut self, checkpoint: &Checkpoint, at: usize, depth: u16, of: Value, listed: usize) {
        let below = listing(checkpoint, of, listed, depth);
        self.rows.splice(at..=at, below);
    }

    /// One past the last row below `at`.
    fn end_of(&self, at: usize) -> usize {
        let depth = self.rows.get(at).map_or(0, |r| r.depth);
        let behind = self.rows.iter().skip(at + 1).take_while(|r| r.depth > depth);
        at + 1 + behind.count()
    }

    /// Left, Right, Fold, `FoldAll`: the commands that open and close.
    pub fn fold(&mut self, checkpoint: &Checkpoint, command: Command) {
        let at = self.cursor.at;
        let Some(row) = self.selected() else { return };
        match command {
            Command::Left if row.open => self.close(at),
            Command::Left => {
                let above = self.rows.get(..at).unwrap_or_default();
                if let Some(parent) = above.iter().rposition(|r| r.depth < row.depth) {
                    self.cursor.at = parent;
                }
            }
            Command::Right if row.open => {
                self.cursor.at = (at + 1).min(self.end_of(at) - 1);
            }
            Command::Right | Command::Fold => {
                self.toggle(checkpoint, at);
            }
            Command::FoldAll => {
                self.rows.retain_mut(|r| {
                    r.open = false;
                    r.depth == 0
                });
            }
            Command::UnfoldAll => self.open_level(checkpoint),
            _ => {}
        }
    }

    /// Opens every closed container that is listed, one level, and not without end.
    fn open_level(&mut self, checkpoint: &Checkpoint) {
        let mut at = self.rows.len();
        while at > 0 && self.rows.len() < 100 * PAGE {
            at -= 1;
            if let Some(Row { what: What::Value(_, value), open: false, .. }) = self.rows.get(at).copied()
                && is_container(checkpoint, value)
            {
                self.open(checkpoint, at);
            }
        }
    }

    /// The path of a row: labels from the root, joined with dots. Unescaped.
    pub fn path(&self, checkpoint: &Checkpoint, at: usize) -> String {
        let mut labels = Vec::new();
        let mut depth = None;
        for row in self.rows.get(..=at).unwrap_or_default().iter().rev() {
            let What::Value(label, _) = row.what else { continue };
            if depth.is_none_or(|d| row.depth < d) {
                depth = Some(row.depth);
                labels.push(label.text(checkpoint.tree()));
            }
        }
        labels.reverse();
        labels.join(".")
    }
}

/// True when the value has children to be listed.
pub fn is_container(checkpoint: &Checkpoint, value: Value) -> bool {
    let tree = checkpoint.tree();
    view::leaf(tree, value).is_none() && view::children(tree, value).next().is_some()
}

fn listing(checkpoint: &Checkpoint, value: Value, from: usize, depth: u16) -> Vec<Row> {
    let (children, total) = first_children(checkpoint, value, from);
    let row = |(label, value)| Row { depth, what: What::Value(label, value), open: false };
    let mut rows: Vec<Row> = children.into_iter().map(row).collect();
    if total > from + PAGE {
        rows.push(Row { depth, what: What::More { of: value, listed: from + PAGE }, open: false });
    }
    rows
}

fn first_children(checkpoint: &Checkpoint, value: Value, from: usize) -> (Vec<(Label, Value)>, usize) {
    let tree = checkpoint.tree();
    if view::leaf(tree, value).is_some() {
        return (Vec::new(), 0);
    }
    let listed = view::children(tree, value).skip(from).take(PAGE).collect();
    (listed, view::child_count(tree, value))
}
