//! What is written is what was read, bit for bit.

use std::path::Path;

use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::elements::{Elements, Scratch, decode};
use ckpt_tui::export::weights::{Request, select};
use ckpt_tui::export::write::Origin;
use ckpt_tui::limits::Limits;

use super::{fixture, json, load, metadata};

fn open(path: &Path) -> Checkpoint {
    ckpt_tui::format::open(path, &Limits::default()).unwrap()
}

/// Compares each written tensor with the elements of the source, read as numbers.
fn compare(source: &Path, written: &Path) -> usize {
    let checkpoint = open(source);
    let loaded = load(written);
    let request = Request { skip_unsupported: true, ..Request::default() };
    let selection = select(&checkpoint, &request).unwrap();
    for item in &selection.items {
        let name = &item.entry.name;
        let Origin::Tensor(_, id) = item.origin else { panic!("{name} is made of others") };
        let (_, shape, bytes) = &loaded[name];
        let meta = checkpoint.tree().tensor(id).unwrap();
        let elements = Elements::open(&checkpoint, meta).unwrap();
        let mut want = vec![0.0; elements.len() as usize * elements.parts()];
        elements.read_parts(0, &mut want, &mut Scratch::default()).unwrap();
        // The 4-bit floats of the format are counted one by one.
        let count: usize = shape.iter().product();
        assert!(count as u64 == meta.numel() || count as u64 == elements.len(), "{name}");
        let mut got = vec![0.0; want.len()];
        decode(item.entry.dtype, false, bytes, &mut got);
        for (x, y) in got.iter().zip(&want) {
            assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{name}: {x} {y}");
        }
    }
    assert_eq!(selection.items.len(), loaded.len());
    loaded.len()
}

#[test]
fn every_kind_of_file_is_written_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (name, least) in [
        ("zip/plain_sd.pt", 2),
        ("zip/views.pt", 3),
        ("zip/tutorial.pt", 2),
        ("legacy/legacy_sd.pt", 1),
        ("legacy/legacy_views.pt", 1),
        ("legacy/tar_old.pt", 1),
        ("exotic/wholemodel.pt", 2),
        ("exotic/wn_new.pt", 1),
        ("script/scripted.pt", 1),
        ("hf/run/model.safetensors", 2),
        ("cont/f4.safetensors", 1),
    ] {
        let source = fixture(name);
        let out = folder.path().join("out.safetensors");
        let answer = json(&[
            "export",
            source.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
            "-f",
            "--skip-unsupported",
        ]);
        let compared = compare(&source, &out);
        assert!(compared >= least, "{name}: {compared} tensors compared, {answer}");
        assert_eq!(answer["tensors"].as_u64().unwrap() as usize, load(&out).len(), "{name}");
    }
}

#[test]
fn a_whole_model_needs_none_of_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    json(&["export", fixture("exotic/wholemodel.pt").to_str().unwrap(), "-o", out.to_str().unwrap()]);
    assert!(load(&out).keys().all(|name| !name.is_empty() && !name.contains('/')));
}

#[test]
fn a_safetensors_file_written_again_is_byte_for_byte_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    let path = |p: &Path| p.to_str().unwrap().to_owned();
    json(&["export", fixture("hf/run/model.safetensors").to_str().unwrap(), "-o", &path(&first)]);
    json(&["export", &path(&first), "-o", &path(&second)]);
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap());
    assert_eq!(metadata(&first)["format"], "pt");
}

#[test]
fn tied_tensors_are_written_once_and_named_in_the_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let source = fixture("zip/tied.pt");
    let answer = json(&["export", source.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let aliases = answer["aliases"].as_object().unwrap();
    assert_eq!(aliases.len(), 1, "{answer}");
    let (dropped, kept) = aliases.iter().next().unwrap();
    let loaded = load(&out);
    assert!(!loaded.contains_key(dropped) && loaded.contains_key(kept.as_str().unwrap()));
    assert_eq!(metadata(&out)[dropped], kept.as_str().unwrap());
    json(&["export", source.to_str().unwrap(), "-o", out.to_str().unwrap(), "-f", "--untie"]);
    let loaded = load(&out);
    assert_eq!(loaded[dropped], loaded[kept.as_str().unwrap()]);
}
