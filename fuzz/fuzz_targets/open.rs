//! Any bytes as a file: opening, listing, reading scalars and writing the metadata must come to an end, and
//! the answer must not depend on how the bytes arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ckpt_tui_fuzz::both(data));
