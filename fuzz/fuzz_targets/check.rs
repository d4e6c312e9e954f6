//! Any bytes as a file to be checked: local headers, checksums, hidden pickles and elements too.
#![no_main]

use std::io::Write as _;

use ckpt_tui::check::{Options, check};
use ckpt_tui::work::Work;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(data).expect("room for it");
    let report = check(file.path(), &Options::default(), &Work::default()).expect("nobody stops it");
    for finding in &report.findings {
        assert!(!finding.message.chars().chain(finding.place.chars()).any(char::is_control), "{finding:?}");
    }
});
