//! The files a folder checkpoint is made of, one by one: shards, ranks, the parts saved beside a model.

use std::path::{Path, PathBuf};

use super::{Checkpoint, CheckpointFile, Parts};

/// One file, or one folder, of a checkpoint that is a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Where it is, or should be.
    pub path: PathBuf,
    /// What it is for: `shard 2 of 7`, `rank 0`, `optimizer`.
    pub role: String,
    /// Bytes on disk; 0 when it is not there.
    pub bytes: u64,
    /// Tensors, or pieces of tensors, in it; `None` when it was not opened to find out.
    pub tensors: Option<u64>,
    /// Its state.
    pub status: ShardStatus,
    /// What is wrong with it, or why it is here: one line, safe to print.
    pub note: Option<String>,
}

/// State of one file of a folder checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardStatus {
    /// Read, or listed by what was read.
    Ok,
    /// There, and not opened: values are read from it when they are asked for.
    Unread,
    /// Named, and not there.
    Missing,
    /// There, and nothing names it.
    Unnamed,
    /// Part of a save that was not finished.
    Unfinished,
    /// Cannot be read.
    Broken,
}

impl ShardStatus {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unread => "unread",
            Self::Missing => "missing",
            Self::Unnamed => "unnamed",
            Self::Unfinished => "unfinished",
            Self::Broken => "broken",
        }
    }

    /// Something is wrong with the file.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Ok | Self::Unread)
    }
}

impl Checkpoint {
    /// The files of a folder checkpoint in their natural order; empty for a checkpoint of one file.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The path of a part below the folder of its checkpoint.
    pub fn below<'a>(&self, shard: &'a Shard) -> &'a Path {
        let path = self.path();
        // An index of shards, or the first of several files, stands beside the others.
        let beside = || shard.path.strip_prefix(path.parent()?).ok();
        let below = shard.path.strip_prefix(path).ok().filter(|below| !below.as_os_str().is_empty());
        below.or_else(beside).unwrap_or(&shard.path)
    }

    /// With the files it is made of.
    pub(crate) fn with_shards(mut self, shards: Vec<Shard>) -> Self {
        self.shards = shards;
        self
    }

    /// With more files behind those it has.
    pub(crate) fn with_files(mut self, more: impl IntoIterator<Item = CheckpointFile>) -> Self {
        self.parts.files.extend(more);
        self
    }

    /// What it was assembled from, to become part of another one.
    pub(crate) fn into_parts(self) -> (Parts, Vec<Shard>) {
        (self.parts, self.shards)
    }
}
