//! Any bytes as a zip archive.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ckpt_tui_fuzz::both(&[b"PK\x03\x04".as_slice(), data].concat()));
