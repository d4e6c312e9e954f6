//! Any bytes as an ONNX program.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(containers::starting(&[0x08, 0x08, 0x12], data)));
