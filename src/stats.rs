//! Statistics of tensors, at the speed of reading: one pass, in blocks, on a few threads, in bounded memory.
//!
//! [`Request::run`] reads each tensor in units of 4 MiB, which threads take in file order, so that the largest
//! tensor keeps all of them busy. A unit is added up into moments (`moments`) and counted (`counts`): elements of
//! one or two bytes by their codes, which makes everything exact, others by the first bits of their numbers, a
//! sketch that merges exactly and whose error is [`SKETCH_ERROR`]. Neither depends on who did which unit: moments are
//! merged in file order, counts are integers. Tensors of few elements are sorted.
//!
//! NaN and infinities are counted apart; everything else is over the finite elements.

mod codes;
mod counts;
mod engine;
mod findings;
mod histogram;
mod kernel;
mod moments;
pub mod preview;
mod reading;
mod result;
mod survey;
mod total;
mod worker;

pub use counts::SKETCH_ERROR;
pub use engine::{Request, default_threads};
pub use findings::{Finding, findings};
pub use histogram::{Bars, Histogram, LEVELS};
pub use moments::Moments;
use reading::stored_bytes;
pub use result::TensorStats;
pub use survey::{Outcome, Plan, Survey, remembered};

#[cfg(test)]
mod tests;
