//! Any bytes as the index of a TensorFlow checkpoint.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(containers::ending(data, &[0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB])));
