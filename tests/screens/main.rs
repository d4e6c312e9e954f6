//! The screens without a terminal: journeys (keys in, sentences about the model out), pictures, sizes, speed.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod acting;
mod bookmarks;
mod build;
mod compare;
mod curves;
mod docs;
mod empty;
mod guide;
mod hints;
mod jobs;
mod journeys;
mod layers;
mod logs;
mod memory;
mod messages;
mod mouse;
mod parts;
mod pictures;
mod plots;
mod reading;
mod runs_table;
mod samples;
mod sizes;
mod spectra;
mod speed;
mod splits;
mod statistics;
mod timeline;
mod ui;
