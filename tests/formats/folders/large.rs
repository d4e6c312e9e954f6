//! Folders of a terabyte, made of holes: listing them reads what tells names and shapes, and nothing else.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::format::folders;
use ckpt_tui::limits::Limits;
use ckpt_tui::source::pool::FilePool;

const TERABYTE: u64 = 1 << 40;

/// The checkpoint, and the bytes that were read to list it.
fn counted(path: &Path) -> (Checkpoint, u64) {
    let pool = Arc::new(FilePool::default());
    let checkpoint = folders::open_in(path, &pool, &Limits::default()).unwrap();
    (checkpoint, pool.bytes_read())
}

/// A file that begins with `head` and is a hole of `len` bytes behind it.
fn sparse(path: &Path, head: &[u8], len: u64) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(head).unwrap();
    file.set_len(head.len() as u64 + len).unwrap();
}

#[test]
fn a_terabyte_of_shards_is_listed_by_their_headers() {
    let folder = tempfile::tempdir().unwrap();
    let (shards, each) = (128_u64, TERABYTE / 128);
    let mut map = String::new();
    for at in 1..=shards {
        let name = format!("model-{at:05}-of-{shards:05}.safetensors");
        let (half, mut header) = (each / 2, String::from("{"));
        for (i, part) in ["up", "down"].iter().enumerate() {
            let key = format!("layers.{at}.{part}.weight");
            let (begin, end) = (half * i as u64, half * (i as u64 + 1));
            let comma = if i == 0 { "," } else { "" };
            write!(
                header,
                "\"{key}\":{{\"dtype\":\"BF16\",\"shape\":[{},2],\"data_offsets\":[{begin},{end}]}}{comma}",
                half / 4
            )
            .unwrap();
            writeln!(map, "{}\"{key}\": \"{name}\"", if map.is_empty() { "" } else { "," }).unwrap();
        }
        header.push('}');
        let head = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        sparse(&folder.path().join(name), &head, each);
    }
    let index = format!("{{\"metadata\": {{\"total_size\": {TERABYTE}}}, \"weight_map\": {{{map}}}}}");
    std::fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let (checkpoint, read) = counted(folder.path());
    assert_eq!(checkpoint.tensors().len(), 256);
    assert!(
        checkpoint.bytes() > TERABYTE && checkpoint.diagnostics().is_empty(),
        "{:?}",
        checkpoint.diagnostics()
    );
    assert!(read < 200_000, "{read} bytes were read");
}

/// A real folder whose shards grow by a terabyte, all behind what is looked at.
fn grown(case: &str, ends: &str) -> (Checkpoint, u64) {
    let folder = super::copied(case);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_string_lossy().ends_with(ends))
        .collect();
    for path in &files {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_len(TERABYTE / files.len() as u64 + 1).unwrap();
    }
    counted(folder.path())
}

#[test]
fn a_terabyte_of_chunks_is_listed_by_its_metadata() {
    let (checkpoint, read) = grown("dcp_grid", ".distcp");
    assert!(
        checkpoint.bytes() > TERABYTE && checkpoint.tensors().len() == 11,
        "{}",
        checkpoint.tensors().len()
    );
    assert!(read < 100_000, "{read} bytes were read");
}

#[test]
fn a_terabyte_of_partitions_is_listed_by_the_shapes() {
    let (checkpoint, read) = grown("zero3", "_optim_states.pt");
    assert!(checkpoint.bytes() > TERABYTE && checkpoint.tensors().len() > 9);
    assert!(read < 100_000, "{read} bytes were read");
}
