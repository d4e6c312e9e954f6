//! Browse and compare training checkpoints in a terminal.

fn main() {}
