//! Cut, flipped and slowly read files: an answer always, the same answer however the bytes arrive.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::error::Result;
use ckpt_tui::limits::Limits;
use ckpt_tui::source::ReadAt;

use crate::fixture;

fn open(bytes: Vec<u8>) -> Result<Checkpoint> {
    open_from(Arc::new(bytes))
}

fn open_from(source: Arc<dyn ReadAt>) -> Result<Checkpoint> {
    ckpt_tui::format::open_source(Path::new("memory"), source, None, &Limits::default())
}

fn bytes_of(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut std::fs::File::open(fixture(name)).unwrap(), &mut bytes).unwrap();
    bytes
}

/// Storages whose bytes are all there.
fn complete(checkpoint: &Checkpoint) -> usize {
    let storages = checkpoint.tree().storages();
    storages.iter().filter(|s| s.nbytes > 0 && s.available() == s.nbytes).count()
}

/// What a reader says of a file, for comparing.
fn answer(read: Result<Checkpoint>) -> String {
    match read {
        Err(e) => format!("{:?} {}", e.kind(), e.reason()),
        Ok(checkpoint) => {
            let names =
                checkpoint.tensors().iter().map(|e| format!("{} {:?}", e.path, checkpoint.meta(e).shape()));
            let found = checkpoint.diagnostics().iter().map(|d| format!("{} {}", d.code, d.message));
            names.chain(found).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn more_of_a_file_never_gives_less() {
    for name in ["zip/tutorial.pt", "legacy/legacy_sd.pt", "mlx/q.safetensors"] {
        let whole = bytes_of(name);
        let all = complete(&open(whole.clone()).unwrap());
        let (mut listed, mut held) = (0, 0);
        // Every cut near the end, where records are small, and every third before.
        let cuts = (0..whole.len()).filter(|len| len % 3 == 0 || whole.len() - len < 1_000);
        for len in cuts.chain([whole.len()]) {
            let Ok(checkpoint) = open(whole[..len].to_vec()) else {
                assert_eq!(listed, 0, "{name} at {len} bytes no longer opens");
                continue;
            };
            assert!(checkpoint.tensors().len() >= listed, "{name} at {len} bytes lists fewer tensors");
            assert!(complete(&checkpoint) >= held, "{name} at {len} bytes has fewer complete storages");
            (listed, held) = (checkpoint.tensors().len(), complete(&checkpoint));
            let cut_off = checkpoint.diagnostics().iter().any(|d| d.code == "TRUNCATED");
            assert!(cut_off || held == all, "{name} at {len} bytes says nothing");
        }
        assert!(listed > 0 && held > 0, "{name} holds nothing to lose");
    }
}

#[test]
fn a_changed_byte_never_takes_the_reader_down() {
    for name in
        ["zip/tied.pt", "legacy/legacy_p4.pt", "legacy/tar_old.pt", "mlx/w.safetensors", "script/scripted.pt"]
    {
        let whole = bytes_of(name);
        let step = whole.len().div_ceil(3_000);
        for at in (0..whole.len()).step_by(step) {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                if let Ok(checkpoint) = open(bytes) {
                    for entry in checkpoint.tensors() {
                        let _ = checkpoint.scalar(entry.id);
                    }
                }
            }
        }
    }
}

/// A file system that gives one byte at a time, and is interrupted at every other call.
struct Grudging(Vec<u8>, std::sync::atomic::AtomicBool);

impl ReadAt for Grudging {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.1.fetch_xor(true, std::sync::atomic::Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let some = buf.len().min(1);
        ReadAt::read_at(&self.0, &mut buf[..some], offset)
    }
}

#[test]
fn short_and_interrupted_reads_change_nothing() {
    for name in [
        "zip/tutorial.pt",
        "zip/nested_bytes.pt",
        "legacy/legacy_views.pt",
        "legacy/tar_old.pt",
        "mlx/q.safetensors",
        "script/traced.pt",
    ] {
        let bytes = bytes_of(name);
        let slow = Grudging(bytes.clone(), false.into());
        assert_eq!(answer(open_from(Arc::new(slow))), answer(open(bytes)), "{name}");
    }
}

/// A disk that fails beyond some offset.
struct Failing(Vec<u8>, u64);

impl ReadAt for Failing {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.1 {
            Err(io::Error::other("Input/output error"))
        } else {
            ReadAt::read_at(&self.0, buf, offset)
        }
    }
}

#[test]
fn a_failing_disk_is_an_error_with_its_reason() {
    let bytes = bytes_of("zip/tutorial.pt");
    let Err(error) = open_from(Arc::new(Failing(bytes, 0))) else { panic!("opened") };
    assert_eq!(error.fault(), ckpt_tui::error::Fault::Io);
    assert!(error.to_string().contains("Input/output error"), "{error}");
}

#[test]
fn a_listing_reads_little_of_a_large_file() {
    use ckpt_tui::source::CountingSource;
    let header = br#"{"big":{"dtype":"F32","shape":[1024,1024],"data_offsets":[0,4194304]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.resize(bytes.len() + (4 << 20), 0);
    let source = Arc::new(CountingSource::new(bytes));
    assert_eq!(open_from(source.clone()).unwrap().parameters(), 1 << 20);
    assert!(source.bytes_read() < 2_000, "{} bytes read", source.bytes_read());
}
