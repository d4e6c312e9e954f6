//! Folders that are one checkpoint, against what the libraries that wrote them load from them
//! (`tests/fixtures/gen/gen_folders.py`): names, shapes, dtypes and every element.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ckpt_tui::checkpoint::{Checkpoint, Format, ShardStatus, TensorEntry};
use ckpt_tui::elements::{Elements, Scratch};
use ckpt_tui::format;
use ckpt_tui::limits::Limits;

use crate::fixture;

/// Name, folder below the case's own, format.
const CASES: &[(&str, &str, Format)] = &[
    ("dcp_grid", "", Format::Dcp),
    ("dcp_transposed", "", Format::Dcp),
    ("dcp_safetensors", "", Format::Dcp),
    ("lightning_fsdp", "", Format::Dcp),
    ("torch_dist", "", Format::Megatron),
    ("megatron_zarr", "", Format::Megatron),
    ("nemo", "", Format::NemoFolder),
    ("zero1", "global_step500", Format::DeepSpeed),
    // Opened through the file `latest`.
    ("zero2", "", Format::DeepSpeed),
    ("zero2_padded", "global_step500", Format::DeepSpeed),
    ("zero3", "global_step500", Format::DeepSpeed),
    ("universal", "global_step500_universal", Format::DeepSpeed),
    ("pipeline", "global_step500", Format::DeepSpeed),
    ("accelerate", "checkpoints/checkpoint_3", Format::Accelerate),
    ("unzipped", "", Format::TorchUnzipped),
];

fn open(path: &Path) -> Checkpoint {
    format::open(path, &Limits::default()).unwrap()
}

fn case(name: &str) -> PathBuf {
    let (_, below, _) = CASES.iter().find(|c| c.0 == name).unwrap();
    fixture("folders").join(name).join(below)
}

/// What a tensor is and holds.
fn content(checkpoint: &Checkpoint, entry: &TensorEntry) -> (String, Vec<u64>, Vec<f64>) {
    let meta = checkpoint.meta(entry);
    let elements = Elements::open(checkpoint, meta).unwrap();
    let mut values = vec![0.0; elements.len() as usize];
    elements.read(0, &mut values, &mut Scratch::default()).unwrap();
    (meta.dtype.name().to_owned(), meta.shape().to_vec(), values)
}

fn contents(checkpoint: &Checkpoint) -> BTreeMap<String, (String, Vec<u64>, Vec<f64>)> {
    checkpoint.tensors().iter().map(|e| (e.path.to_string(), content(checkpoint, e))).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of a case to do damage to.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&case(name), folder.path());
    folder
}

fn codes(checkpoint: &Checkpoint) -> Vec<&'static str> {
    checkpoint.diagnostics().iter().map(|d| d.code).collect()
}

#[test]
fn every_folder_holds_what_its_own_library_loads() {
    for (name, below, format) in CASES {
        let checkpoint = open(&fixture("folders").join(name).join(below));
        assert_eq!(checkpoint.format(), *format, "{name}");
        let whole = open(&fixture("folders/expected").join(format!("{name}.safetensors")));
        let (mut held, want) = (contents(&checkpoint), contents(&whole));
        if *name == "universal" {
            // Its converter keeps trained parameters; buffers are in the model state.
            held.retain(|path, _| want.contains_key(path));
        }
        let names = |map: &BTreeMap<String, _>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&held), names(&want), "{name}");
        for (path, want) in &want {
            assert_eq!(held[path], *want, "{name}: {path}");
        }
        let bad: Vec<_> = checkpoint
            .diagnostics()
            .iter()
            .filter(|d| d.severity >= ckpt_tui::checkpoint::Severity::Warning)
            .collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        assert!(
            checkpoint.shards().iter().all(|s| !s.status.is_bad() && s.bytes > 0),
            "{name}: {:?}",
            checkpoint.shards()
        );
        assert!(!checkpoint.shards().is_empty() || *name == "nemo", "{name}");
    }
}

#[test]
fn shards_of_hugging_face_hold_together() {
    let shards = open(&fixture("hf/sharded"));
    assert_eq!((shards.format(), shards.tensors().len()), (Format::HfSharded, 28));
    let whole = open(&fixture("hf/run/model.safetensors"));
    let of = |c: &Checkpoint| contents(c).into_iter().map(|(k, v)| (k, v.0, v.1)).collect::<Vec<_>>();
    assert_eq!(of(&shards), of(&whole));
    assert_eq!(shards.shards().len(), 7);
    assert!(shards.diagnostics().is_empty(), "{:?}", shards.diagnostics());
    let by_index = open(&fixture("hf/sharded/model.safetensors.index.json"));
    assert_eq!(contents(&by_index), contents(&shards));
    let bins = open(&fixture("train/hf_bin"));
    assert_eq!((bins.format(), bins.tensors().len()), (Format::HfTrainer, 9));
}

#[test]
fn objects_and_lists_of_a_distributed_checkpoint_stand_where_they_were() {
    let checkpoint = open(&case("dcp_grid"));
    let tree = checkpoint.tree();
    let number = |keys: &[&str]| tree.path(tree.root(), keys).and_then(|v| tree.as_number(v));
    assert_eq!((number(&["step"]), number(&["epoch"])), (Some(7.0), Some(2.0)));
    let groups = tree.path(tree.root(), &["optim", "param_groups"]).unwrap();
    assert_eq!(tree.get(tree.items(groups)[0], "lr").and_then(|v| tree.as_number(v)), Some(0.001));
    let mixed = tree.items(tree.path(tree.root(), &["mixed"]).unwrap());
    assert_eq!(tree.as_number(mixed[1]), Some(3.0));
}

#[test]
fn shapes_of_a_distributed_checkpoint_need_no_shard() {
    let folder = copied("dcp_grid");
    for rank in 0..4 {
        std::fs::remove_file(folder.path().join(format!("__{rank}_0.distcp"))).unwrap();
    }
    let checkpoint = open(folder.path());
    let list = |c: &Checkpoint| {
        c.tensors().iter().map(|e| (e.path.clone(), c.meta(e).shape().to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(list(&checkpoint), list(&open(&case("dcp_grid"))));
    assert!(codes(&checkpoint).contains(&"SHARD_MISSING") && codes(&checkpoint).contains(&"DCP_CHUNK"));
    assert_eq!(checkpoint.shards().iter().filter(|s| s.status == ShardStatus::Missing).count(), 4);
}

#[test]
fn what_is_missing_is_said_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture("hf/sharded"), folder.path());
    let at = |name: &str| folder.path().join(name);
    std::fs::remove_file(at("model-00003-of-00007.safetensors")).unwrap();
    std::fs::copy(at("model-00001-of-00007.safetensors"), at("model-00009-of-00009.safetensors")).unwrap();
    let text = std::fs::read_to_string(at("model.safetensors.index.json")).unwrap();
    // One name moves to a shard that does not hold it, which leaves it unnamed where it is.
    let text = text.replacen("model-00001-of-00007", "model-00002-of-00007", 1);
    std::fs::write(at("model.safetensors.index.json"), text).unwrap();
    let checkpoint = open(folder.path());
    let found = codes(&checkpoint);
    for code in ["INDEX_MISSING", "INDEX_MISMATCH", "SHARD_EXTRA", "SHARD_UNNAMED"] {
        assert!(found.contains(&code), "{code} is not among {found:?}");
    }
    assert!(checkpoint.tensors().len() > 20);
    let status = |part: &str| {
        checkpoint.shards().iter().find(|s| s.path.to_string_lossy().contains(part)).unwrap().status
    };
    assert_eq!(status("00003-of-00007"), ShardStatus::Missing);
    assert_eq!(status("00009-of-00009"), ShardStatus::Unnamed);
}

#[test]
fn names_that_lead_out_of_the_folder_are_not_followed() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("inner");
    copy(&fixture("hf/sharded"), &folder);
    std::fs::rename(folder.join("model-00001-of-00007.safetensors"), outer.path().join("secret.safetensors"))
        .unwrap();
    let index = folder.join("model.safetensors.index.json");
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, text.replace("model-00001-of-00007.safetensors", "../secret.safetensors"))
        .unwrap();
    let checkpoint = open(&folder);
    assert!(codes(&checkpoint).contains(&"INDEX_PATH"));
    assert!(checkpoint.files().iter().all(|f| !f.path.ends_with("secret.safetensors")));
    // A link a person put there is followed, as the caches of Hugging Face need it.
    #[cfg(unix)]
    {
        std::fs::write(&index, text).unwrap();
        std::os::unix::fs::symlink("../secret.safetensors", folder.join("model-00001-of-00007.safetensors"))
            .unwrap();
        let checkpoint = open(&folder);
        assert_eq!((checkpoint.tensors().len(), checkpoint.diagnostics().len()), (28, 0));
    }
}

#[test]
fn a_save_that_was_not_finished_says_so() {
    let folder = copied("dcp_grid");
    std::fs::rename(folder.path().join(".metadata"), folder.path().join(".metadata.tmp")).unwrap();
    let checkpoint = open(folder.path());
    assert!(codes(&checkpoint).contains(&"DCP_UNFINISHED") && !checkpoint.tensors().is_empty());
    std::fs::remove_file(folder.path().join(".metadata.tmp")).unwrap();
    let error = format::open(folder.path(), &Limits::default()).err().unwrap();
    assert!(error.reason().contains("not finished"), "{error}");
}

#[test]
fn ranks_of_zero_that_are_missing_are_named() {
    let folder = copied("zero3");
    std::fs::remove_file(folder.path().join("zero_pp_rank_1_mp_rank_00_optim_states.pt")).unwrap();
    let checkpoint = open(folder.path());
    assert!(codes(&checkpoint).contains(&"ZERO_RANKS") && codes(&checkpoint).contains(&"ZERO_PLACEHOLDER"));
    let text = &checkpoint.diagnostics().iter().find(|d| d.code == "ZERO_RANKS").unwrap().message;
    assert!(text.contains("rank 1"), "{text}");
    // Shapes are those of the whole weights all the same.
    let entry = checkpoint.tensors().iter().find(|e| e.key() == "hidden.weight").unwrap();
    assert_eq!(checkpoint.meta(entry).shape(), [4, 5]);
    assert!(Elements::open(&checkpoint, checkpoint.meta(entry)).is_err());
}

#[test]
fn a_shard_that_ends_too_early_is_an_error_of_its_tensors_only() {
    let folder = copied("dcp_grid");
    let path = folder.path().join("__3_0.distcp");
    let len = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(len / 2).unwrap();
    let checkpoint = open(folder.path());
    assert!(codes(&checkpoint).contains(&"TRUNCATED"));
    let read = |entry: &TensorEntry| {
        let elements = Elements::open(&checkpoint, checkpoint.meta(entry)).ok()?;
        let mut values = vec![0.0; elements.len() as usize];
        elements.read(0, &mut values, &mut Scratch::default()).ok()
    };
    let readable = checkpoint.tensors().iter().filter(|e| read(e).is_some()).count();
    assert!(readable > 2 && readable < checkpoint.tensors().len(), "{readable}");
}

#[test]
fn parts_of_a_trainers_folder_are_sections_of_one_checkpoint() {
    let checkpoint = open(&fixture("hf/run/checkpoint-12"));
    let names: Vec<&str> = checkpoint.sections().iter().map(|s| s.name.as_str()).collect();
    for name in ["model", "optimizer", "scheduler", "rng_state"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let info = ckpt_tui::training::metadata::info(&checkpoint);
    assert_eq!(
        (info.framework, info.progress.step, info.progress.epoch),
        (Some("transformers"), Some(12), Some(3.0))
    );
    assert!(info.histories.iter().any(|h| h.name == "eval_loss" && h.points.len() == 3));
}

#[test]
fn folders_in_the_folder_of_a_trainer_are_parts_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = fixture("hf/run/checkpoint-12");
    for name in ["trainer_state.json", "training_args.bin", "scheduler.pt", "rng_state.pth", "config.json"] {
        std::fs::copy(trainer.join(name), folder.path().join(name)).unwrap();
    }
    copy(&case("zero2").join("global_step500"), &folder.path().join("global_step12"));
    let checkpoint = open(folder.path());
    assert_eq!(checkpoint.format(), Format::HfTrainer);
    let paths: Vec<&str> = checkpoint.tensors().iter().map(|e| &*e.path).collect();
    assert!(paths.contains(&"deepspeed.module.hidden.weight"), "{paths:?}");
    let entry = checkpoint.tensors().iter().find(|e| e.path.ends_with("hidden.weight")).unwrap();
    let whole = open(&fixture("folders/expected/zero2.safetensors"));
    let want = whole.tensors().iter().find(|e| e.path.ends_with("hidden.weight")).unwrap();
    assert_eq!(content(&checkpoint, entry), content(&whole, want));
    std::fs::remove_dir_all(folder.path().join("global_step12")).unwrap();

    copy(&case("lightning_fsdp"), &folder.path().join("pytorch_model_fsdp_0"));
    std::fs::remove_file(folder.path().join("pytorch_model_fsdp_0/meta.pt")).unwrap();
    copy(&case("dcp_transposed"), &folder.path().join("optimizer_0"));
    let checkpoint = open(folder.path());
    let paths: Vec<&str> = checkpoint.tensors().iter().map(|e| &*e.path).collect();
    assert!(paths.contains(&"model.model.0.weight") && paths.contains(&"optimizer.t.weight"), "{paths:?}");
    assert!(checkpoint.shards().iter().any(|s| s.role == "model: rank 0"), "{:?}", checkpoint.shards());
    let info = ckpt_tui::training::metadata::info(&checkpoint);
    assert_eq!(info.progress.step, Some(12));
}

#[test]
fn placeholders_alone_are_called_what_they_are() {
    let checkpoint = open(&case("zero3").join("zero_pp_rank_0_mp_rank_00_model_states.pt"));
    assert!(codes(&checkpoint).contains(&"ZERO_PLACEHOLDER"), "{:?}", checkpoint.diagnostics());
}

/// Opens a folder and reads whatever it lists; errors are fine, panics are not.
fn read_all(path: &Path) {
    let Ok(checkpoint) = format::open(path, &Limits::default()) else { return };
    for entry in checkpoint.tensors() {
        let Ok(elements) = Elements::open(&checkpoint, checkpoint.meta(entry)) else { continue };
        let mut values = vec![0.0; elements.len().min(4096) as usize];
        drop(elements.read(0, &mut values, &mut Scratch::default()));
    }
}

#[test]
fn no_damage_to_what_is_small_breaks_the_program() {
    for (name, file, step) in [
        ("dcp_grid", ".metadata", 97),
        ("zero2_padded", "mp_rank_00_model_states.pt", 211),
        ("zero3", "zero_pp_rank_0_mp_rank_00_model_states.pt", 331),
        ("zero3", "zero_pp_rank_1_mp_rank_00_optim_states.pt", 211),
        ("dcp_safetensors", "shard-00001-model-00001-of-00001.safetensors", 13),
        ("unzipped", "data.pkl", 19),
        ("torch_dist", "common.pt", 211),
    ] {
        let folder = copied(name);
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(step) {
            for change in [0xFF, 0x80, b'0', 0x01] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                std::fs::write(&path, &bytes).unwrap();
                read_all(folder.path());
            }
            std::fs::write(&path, &whole[..at]).unwrap();
            read_all(folder.path());
        }
    }
}

mod large;

#[test]
fn a_gguf_model_in_parts_is_one_checkpoint() {
    let folder = fixture("gguf_split");
    let whole = open(&folder.join("whole.gguf"));
    let first = folder.join("m-00001-of-00003.gguf");
    let split = open(&first);
    assert_eq!((split.path(), split.format()), (first.as_path(), Format::Gguf));
    assert_eq!(contents(&split), contents(&whole));
    assert!(split.shards().iter().all(|shard| shard.status == ShardStatus::Ok) && split.shards().len() == 3);
    assert!(split.diagnostics().is_empty(), "{:?}", split.diagnostics());
    assert!(split.container_metadata().is_some());

    // A part by itself has its own tensors only, and says so; a model without one of its parts says that.
    let alone = open(&folder.join("m-00002-of-00003.gguf"));
    assert_eq!(alone.tensors().len(), 2);
    assert!(alone.diagnostics().iter().any(|d| d.code == "SPLIT"));
    let scratch = tempfile::tempdir().unwrap();
    copy(&folder, scratch.path());
    std::fs::remove_file(scratch.path().join("m-00003-of-00003.gguf")).unwrap();
    let lacking = open(&scratch.path().join("m-00001-of-00003.gguf"));
    assert_eq!(lacking.tensors().len(), 4);
    assert!(
        lacking
            .diagnostics()
            .iter()
            .any(|d| d.code == "SPLIT_MISSING" && d.message.contains("00003-of-00003"))
    );
    assert_eq!(lacking.shards().last().unwrap().status, ShardStatus::Missing);
}

#[test]
fn arrays_of_zarr_are_loaded_by_zarr() {
    let lines = |name| ckpt_tui::export::snippet::of(&open(&case(name))).snippet;
    assert!(lines("megatron_zarr").contains("import zarr") && !lines("torch_dist").contains("zarr"));
}

#[test]
fn ranks_of_consolidated_weights_stand_side_by_side() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    for name in ["consolidated.00.pth", "consolidated.01.pth"] {
        std::fs::copy(fixture("zip/plain_sd.pt"), path(name)).unwrap();
    }
    std::fs::write(path("params.json"), r#"{"dim": 64, "n_layers": 2}"#).unwrap();
    let one = open(&path("consolidated.00.pth"));
    let both = open(scratch.path());
    assert_eq!(both.tensors().len(), 2 * one.tensors().len());
    assert!(both.tensors().iter().all(|t| t.path.starts_with("rank0.") || t.path.starts_with("rank1.")));
    let lines = ckpt_tui::export::snippet::of(&both).snippet;
    assert!(lines.contains("consolidated.01.pth"), "{lines}");

    std::fs::rename(path("consolidated.01.pth"), path("consolidated.02.pth")).unwrap();
    let lacking = open(scratch.path());
    assert!(
        lacking
            .diagnostics()
            .iter()
            .any(|d| d.code == "SHARD_MISSING" && d.message.contains("consolidated.01.pth"))
    );
}
