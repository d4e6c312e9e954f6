//! Any text: what is shown of it acts on no terminal, and different texts look different.
#![no_main]

use ckpt_tui::text::{shown, shown_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let out = shown_bytes(data);
    assert!(out.chars().all(|c| !c.is_control()), "{out:?}");
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(shown(text), out);
        if let Some((at, _)) = text.char_indices().next_back() {
            assert_ne!(shown(&text[..at]), out);
        }
    }
});
