//! Any bytes as the stream torch wrote before 1.6.
#![no_main]

use ckpt_tui_fuzz::{both, starting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| both(&starting(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", data)));
