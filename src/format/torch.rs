//! Files written by torch: the zip of 1.6 and later, the stream before it, the tar of 0.1, TorchScript, and
//! plain pickles of tensors.

pub mod legacy;
pub mod plain;
pub mod tar;
pub(crate) mod unzipped;
pub mod zip;

mod args;
mod assemble;
mod classic;
mod composite;
mod embedded;
mod from_numpy;
mod host;
mod rebuild;
mod report;
mod salvage;
mod script;
mod stream;
