//! Any bytes: what they are taken for must not depend on how they arrive.
#![no_main]

use ckpt_tui::format::sniff;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let whole = sniff::of_source(&data.to_vec()).map_err(|e| e.code());
    let pieces = sniff::of_source(&ckpt_tui_fuzz::Short::new(data)).map_err(|e| e.code());
    assert_eq!(whole, pieces);
});
