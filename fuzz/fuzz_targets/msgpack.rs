//! Any bytes as a Flax state.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(containers::starting(b"\x81\xA1p", data)));
