//! The screens without a terminal: journeys (keys in, sentences about the model out), pictures, sizes, speed.

mod build;
mod curves;
mod journeys;
mod layers;
mod mouse;
mod pictures;
mod sizes;
mod speed;
mod ui;
