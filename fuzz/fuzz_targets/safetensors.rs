//! Any bytes as the header of a safetensors file, and what follows it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let header = data.split(|b| *b == 0).next().unwrap_or_default();
    let file = [&(header.len() as u64 + 1).to_le_bytes()[..], b"{", data].concat();
    ckpt_tui_fuzz::both(&file);
});
