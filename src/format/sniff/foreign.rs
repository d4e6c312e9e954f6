//! Files that are no checkpoints, or none that holds tensors to look at: named for what they are.

/// What the file is and what to do, when it is none of ours, behind the code `check` prints.
pub(super) fn name(head: &[u8]) -> Option<(&'static str, String)> {
    if head.starts_with(b"version https://git-lfs.github.com/spec/v1") {
        let text = String::from_utf8_lossy(head);
        let size = text.lines().find_map(|l| l.strip_prefix("size ")?.trim().parse::<u64>().ok());
        let size = size.map(|s| format!(" of {s} bytes")).unwrap_or_default();
        let what = format!("a git-LFS pointer: the real file{size} is not downloaded; run `git lfs pull`");
        return Some(("LFS_POINTER", what));
    }
    let start =
        head.iter().position(|b| !b.is_ascii_whitespace()).and_then(|at| head.get(at..)).unwrap_or_default();
    let lower: Vec<u8> = start.iter().take(16).map(u8::to_ascii_lowercase).collect();
    if lower.starts_with(b"<!do") || lower.starts_with(b"<htm") || lower.starts_with(b"<?xml") {
        return Some(("LOOKS_LIKE_HTML", "an HTML or XML page: a failed download".to_owned()));
    }
    let named: [(&[u8], &str); 22] = [
        (b"\x1f\x8b", "a gzip file: unpack it first"),
        (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
        (b"\xfd7zXZ", "an xz file: unpack it first"),
        (b"BZh", "a bzip2 file: unpack it first"),
        (b"(\xb5/\xfd", "a zstd file: unpack it first"),
        (b"Rar!", "a RAR archive: unpack it first"),
        (b"lmgg", "a model of ggml before GGUF: convert it with llama.cpp's scripts"),
        (b"fmgg", "a model of ggml before GGUF: convert it with llama.cpp's scripts"),
        (b"tjgg", "a model of ggml before GGUF: convert it with llama.cpp's scripts"),
        (b"ptrt", "a TensorRT engine: compiled for one GPU, no checkpoint"),
        (b"ftrt", "a TensorRT engine: compiled for one GPU, no checkpoint"),
        (b"CBM1", "a CatBoost model: not a tensor checkpoint"),
        (b"tree\nversion=", "a LightGBM model: not a tensor checkpoint"),
        (b"{\"learner\":", "an XGBoost model: not a tensor checkpoint"),
        (b"{L\0\0\0\0\0\0\0\x07learner", "an XGBoost model: not a tensor checkpoint"),
        (b"binf", "an XGBoost model: not a tensor checkpoint"),
        (b"\x7fELF", "a program or shared library"),
        (b"\x89PNG", "a picture (PNG)"),
        (b"%PDF", "a PDF document"),
        (b"PAR1", "a Parquet table"),
        (b"ARROW1", "an Arrow table"),
        (b"SQLite format 3", "an SQLite database"),
    ];
    // The identifier of a flatbuffer stands at 4.
    let what = match head.get(4..8) {
        Some(b"ET12" | b"ET13") => Some("an ExecuTorch program (.pte): exported for devices"),
        Some(b"TFL3") => Some("a TensorFlow Lite model: exported for devices"),
        _ if is_core_ml(head) => Some("a Core ML model: exported for Apple devices"),
        _ => named.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what),
    };
    if let Some(what) = what {
        return Some(("UNKNOWN_FORMAT", what.to_owned()));
    }
    let zeros = head.len() >= 64 && head.iter().all(|b| *b == 0);
    let what = "only zeros at the start: the save was interrupted, or the disk was full";
    zeros.then(|| ("ALL_ZERO", what.to_owned()))
}

/// `specificationVersion`, then a description whose first fields are messages of inputs and outputs.
fn is_core_ml(head: &[u8]) -> bool {
    let named = head.windows(23).any(|w| w == b"com.github.apple.coreml");
    matches!(head, [0x08, 1..=20, 0x12, ..]) && named
}
