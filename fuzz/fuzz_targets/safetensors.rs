//! Any bytes as the header of a safetensors file, and what follows it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // A whole file, as the seeds are.
    if data.get(8) == Some(&b'{') {
        return ckpt_tui_fuzz::both(data);
    }
    let header = data.split(|b| *b == 0).next().unwrap_or_default();
    let file = [&(header.len() as u64 + 1).to_le_bytes()[..], b"{", data].concat();
    ckpt_tui_fuzz::both(&file);
});
