//! Any bytes as a zip archive.
#![no_main]

use ckpt_tui_fuzz::{both, starting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| both(&starting(b"PK\x03\x04", data)));
