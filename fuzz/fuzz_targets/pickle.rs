//! Any bytes as a pickle.
#![no_main]

use std::sync::Arc;

use ckpt_tui::limits::Limits;
use ckpt_tui::pickle::{self, NoHost};
use ckpt_tui::value::Tree;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let input: Arc<[u8]> = data.into();
    let mut tree = Tree::new(input.clone());
    if let Ok(read) = pickle::read(&mut tree, &mut NoHost, &input, 0, 0, &Limits::default()) {
        assert!(read.end <= data.len());
        tree.set_root(read.value);
        tree.settle();
        tree.drop_duplicate_keys();
    }
});
