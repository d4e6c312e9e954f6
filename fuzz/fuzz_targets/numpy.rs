//! Any bytes as a file of numpy: an array, or an archive of them.
#![no_main]

mod containers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| containers::look(if data.starts_with(b"PK") { data.to_vec() } else { containers::starting(b"\x93NUMPY", data) }));
