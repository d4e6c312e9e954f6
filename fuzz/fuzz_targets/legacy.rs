//! Any bytes as the stream torch wrote before 1.6.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ckpt_tui_fuzz::both(&[b"x80x02x8ax0ax6cxfcx9cx46xf9x20x6axa8x50x19.".as_slice(), data].concat()));
