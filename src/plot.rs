//! Numbers into dots: axes, ticks, smoothing, and lines drawn on a grid of characters.
//!
//! Knows no terminal and no training: points in, characters out. A series of millions of points costs what
//! the grid has columns, not what the series has points: its [`pyramid`] gives the lowest and the highest
//! value of any stretch at once, so no peak is ever lost. A value that is no number ends a line, and the line
//! begins anew behind it; it is never drawn as a peak.

pub mod axis;
pub mod canvas;
pub mod pyramid;
pub mod smooth;
pub mod ticks;
pub mod trace;

pub use axis::{Axis, Scale};
pub use canvas::{Canvas, Pen};
pub use pyramid::{Extent, Pyramid};
