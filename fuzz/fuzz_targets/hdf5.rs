//! Any bytes as an HDF5 file.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(containers::starting(b"\x89HDF\r\n\x1a\n", data)));
