//! The parts of a checkpoint that is a folder: its files as a tree, folders in it as branches.

use std::collections::HashSet;
use std::path::Path;

use super::cursor::Cursor;
use crate::checkpoint::{Checkpoint, Shard};

/// A line of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A folder in the checkpoint's, by number.
    Group(usize),
    /// A file, by its number among [`Checkpoint::shards`], and whether it stands below a folder.
    File(usize, bool),
}

/// A folder in the checkpoint's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Numbers of its files.
    pub files: Vec<usize>,
    /// Bytes of them.
    pub bytes: u64,
    /// Files something is wrong with.
    pub bad: usize,
}

/// The state of the view.
#[derive(Debug, Default)]
pub struct Parts {
    /// Lines that are seen.
    pub rows: Vec<Row>,
    /// Folders in it.
    pub groups: Vec<Group>,
    /// Folders that are folded.
    folded: HashSet<usize>,
    /// Selected line and window.
    pub cursor: Cursor,
}

impl Parts {
    /// The parts of a checkpoint, folders with few files open.
    pub fn new(checkpoint: &Checkpoint) -> Self {
        /// Files of folders that are open at first.
        const OPEN: usize = 64;
        let mut parts = Self::default();
        for (at, shard) in checkpoint.shards().iter().enumerate() {
            let below = checkpoint.below(shard);
            let mut components = below.components();
            let first = components.next().map(|c| c.as_os_str().to_string_lossy().into_owned());
            let Some(name) = first.filter(|_| components.next().is_some()) else { continue };
            let found = parts.groups.iter().position(|g| g.name == name);
            let group = found.unwrap_or_else(|| {
                parts.groups.push(Group { name, files: Vec::new(), bytes: 0, bad: 0 });
                parts.groups.len() - 1
            });
            if let Some(group) = parts.groups.get_mut(group) {
                group.files.push(at);
                group.bytes = group.bytes.saturating_add(shard.bytes);
                group.bad += usize::from(shard.status.is_bad());
            }
        }
        let large = parts.groups.iter().enumerate().filter(|(_, g)| g.files.len() > OPEN);
        parts.folded = large.map(|(at, _)| at).collect();
        parts.rebuild(checkpoint.shards().len());
        parts
    }

    fn rebuild(&mut self, count: usize) {
        let mut grouped: HashSet<usize> = HashSet::new();
        for group in &self.groups {
            grouped.extend(&group.files);
        }
        self.rows = (0..count).filter(|at| !grouped.contains(at)).map(|at| Row::File(at, false)).collect();
        for (at, group) in self.groups.iter().enumerate() {
            self.rows.push(Row::Group(at));
            if !self.folded.contains(&at) {
                self.rows.extend(group.files.iter().map(|file| Row::File(*file, true)));
            }
        }
    }

    /// The selected line.
    pub fn row(&self) -> Option<Row> {
        self.rows.get(self.cursor.at).copied()
    }

    /// The selected file.
    pub fn selected<'a>(&self, checkpoint: &'a Checkpoint) -> Option<&'a Shard> {
        match self.row()? {
            Row::File(at, _) => checkpoint.shards().get(at),
            Row::Group(_) => None,
        }
    }

    /// A folder is open.
    pub fn is_open(&self, group: usize) -> bool {
        !self.folded.contains(&group)
    }

    /// Folds or unfolds the selected folder; false when a file is selected.
    pub fn toggle(&mut self, count: usize) -> bool {
        let Some(Row::Group(at)) = self.row() else { return false };
        if !self.folded.remove(&at) {
            self.folded.insert(at);
        }
        self.rebuild(count);
        true
    }

    /// Folds or unfolds all folders.
    pub fn set_all(&mut self, open: bool, count: usize) {
        self.folded = if open { HashSet::new() } else { (0..self.groups.len()).collect() };
        self.rebuild(count);
    }

    /// Selects the file at `path`.
    pub fn select(&mut self, checkpoint: &Checkpoint, path: &Path) {
        let at = checkpoint.shards().iter().position(|s| s.path == path);
        let row = self.rows.iter().position(|row| matches!(row, Row::File(file, _) if Some(*file) == at));
        self.cursor.at = row.unwrap_or(self.cursor.at);
    }
}
