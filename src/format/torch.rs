//! Files written by torch: the zip of 1.6 and later, the stream before it, the tar of 0.1, TorchScript, and
//! plain pickles of tensors.

pub(super) mod export;
pub mod legacy;
pub(super) mod package;
pub mod plain;
pub mod tar;
pub(crate) mod unzipped;
pub mod zip;

mod args;
mod arrays;
mod assemble;
mod classic;
mod composite;
mod embedded;
mod from_numpy;
mod host;
mod paddle;
mod rebuild;
pub(super) mod report;
pub(super) mod salvage;
mod script;
mod stream;
