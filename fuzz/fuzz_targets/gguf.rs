//! Any bytes as a GGUF file.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(containers::starting(b"GGUF", data)));
