//! The lines for checkpoints that are folders: each is loaded by what wrote it.

use super::{Script, notes};
use crate::checkpoint::{Checkpoint, Format, Kind};
use crate::export::python;
use crate::export::snippet::Load;
use crate::value::Value;

/// How the folder `checkpoint` is loaded.
pub(super) fn of(checkpoint: &Checkpoint) -> Load {
    let path = python::path(checkpoint.path());
    let mut script = Script::default();
    let pickles = matches!(checkpoint.format(), Format::DeepSpeed | Format::Megatron) && !is_zarr(checkpoint);
    let weights_only = checkpoint.weights_only() && !pickles;
    match checkpoint.format() {
        Format::HfSharded if ranks(checkpoint).is_some() => consolidated(checkpoint, &mut script),
        Format::HfSharded => sharded(checkpoint, &path, &mut script),
        Format::HfTrainer => {
            script.line("# trainer: a transformers.Trainer for the same model and arguments");
            script.line(format!("trainer.train(resume_from_checkpoint={path})"));
            weights(checkpoint, &mut script);
        }
        Format::Accelerate => {
            script.line("# accelerator: an accelerate.Accelerator whose prepare() got the same objects");
            script.line(format!("accelerator.load_state({path})"));
            weights(checkpoint, &mut script);
        }
        Format::Peft => {
            script.imports.push("from peft import PeftModel");
            script.line(format!("model = PeftModel.from_pretrained(model, {path})  # model: the base model"));
        }
        Format::DeepSpeed => deepspeed(checkpoint, &mut script),
        Format::Megatron if is_zarr(checkpoint) => zarr(&path, &mut script),
        Format::Megatron | Format::Dcp | Format::NemoFolder => distributed(checkpoint, &path, &mut script),
        _ => unzipped(checkpoint, &path, &mut script),
    }
    if checkpoint.diagnostics().iter().any(|d| d.severity == crate::checkpoint::Severity::Broken) {
        script.notes.insert(
            0,
            "the folder is damaged (see the diagnostics): loading it will probably fail".to_owned(),
        );
    }
    let imports = script.imports.join("\n");
    let gap = if imports.is_empty() { "" } else { "\n\n" };
    Load {
        snippet: format!("{imports}{gap}{}\n", script.lines.join("\n").trim_end()),
        needs: if weights_only { Vec::new() } else { notes::needs(checkpoint) },
        weights_only,
        notes: script.notes,
    }
}

fn sharded(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let names = checkpoint.files().iter().filter_map(|f| f.path.file_name()?.to_str());
    let name = names.into_iter().find(|n| n.contains(".index.")).unwrap_or("model.safetensors.index.json");
    let safetensors = name.contains("safetensors");
    script.imports.extend(["import json", "import pathlib"]);
    script.imports.push(if safetensors { "from safetensors.torch import load_file" } else { "import torch" });
    let parent = if checkpoint.path().is_dir() { "" } else { ".parent" };
    script.line(format!("folder = pathlib.Path({path}){parent}"));
    script.line(format!("index = json.loads((folder / {}).read_text())", python::string(name)));
    script.line("state_dict = {}");
    script.line("for name in sorted(set(index[\"weight_map\"].values())):");
    script.line(if safetensors {
        "    state_dict.update(load_file(folder / name))"
    } else {
        "    state_dict.update(torch.load(folder / name, weights_only=True, map_location=\"cpu\"))"
    });
    script.line("model.load_state_dict(state_dict)");
    script.note("a model of transformers or diffusers takes the whole folder: from_pretrained(folder)");
}

/// The files of tensor-parallel ranks, where the folder consists of them.
fn ranks(checkpoint: &Checkpoint) -> Option<Vec<&std::path::Path>> {
    let paths = checkpoint.shards().iter().map(|shard| shard.path.as_path());
    let is_one = |path: &&std::path::Path| {
        path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("consolidated."))
    };
    let paths: Vec<_> = paths.filter(is_one).collect();
    (paths.len() > 1).then_some(paths)
}

fn consolidated(checkpoint: &Checkpoint, script: &mut Script) {
    let flag = if checkpoint.weights_only() { "True" } else { "False" };
    script.imports.push("import torch");
    script.line("# each rank holds its own slices of the weights: its process loads its file");
    script.line("ranks = [");
    for path in ranks(checkpoint).into_iter().flatten() {
        script.line(format!("    {},", python::path(path)));
    }
    script.line("]");
    script.line("rank = 0");
    script.line(format!("state_dict = torch.load(ranks[rank], weights_only={flag}, map_location=\"cpu\")"));
    script.line("model.load_state_dict(state_dict)");
}

/// Megatron-Core's older layout, which has no `.metadata`.
fn is_zarr(checkpoint: &Checkpoint) -> bool {
    let is_pickle = |path: &std::path::Path| path.extension().is_some_and(|e| e == "pt");
    let mut shards = checkpoint.shards().iter();
    checkpoint.format() == Format::Megatron
        && checkpoint.files().iter().all(|f| is_pickle(&f.path))
        && shards.any(|s| s.path.ends_with("common.pt"))
}

fn zarr(path: &str, script: &mut Script) {
    script.imports.extend(["import pathlib", "import torch", "import zarr"]);
    script.line(format!("folder = pathlib.Path({path})"));
    script.line("state_dict = {");
    script.line("    array.parent.name: torch.from_numpy(zarr.open(str(array.parent), \"r\")[...])");
    script.line("    for array in sorted(folder.glob(\"*/.zarray\"))");
    script.line("}");
    script
        .note("it needs zarr below 3, and tensorstore for bfloat16; Megatron-LM itself loads it with --load");
    script.note("without zarr: `ckpt-tui export` writes the same weights as safetensors");
}

/// The weights alone, for whoever does not want to go on training.
fn weights(checkpoint: &Checkpoint, script: &mut Script) {
    let single = ["model.safetensors", "pytorch_model.bin"];
    let file = checkpoint
        .files()
        .iter()
        .find(|f| f.path.file_name().is_some_and(|n| single.iter().any(|s| n == *s)));
    let Some(file) = file else { return };
    let path = python::path(&file.path);
    script.gap();
    script.line("# or only the weights:");
    if file.path.extension().is_some_and(|e| e == "safetensors") {
        script.line("# from safetensors.torch import load_file");
        script.line(format!("# model.load_state_dict(load_file({path}))"));
    } else {
        script.line(format!(
            "# model.load_state_dict(torch.load({path}, weights_only=True, map_location=\"cpu\"))"
        ));
    }
}

fn deepspeed(checkpoint: &Checkpoint, script: &mut Script) {
    let path = checkpoint.path();
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let tag = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    script.imports.push("from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint");
    let parent = python::path(parent);
    script.line(format!(
        "state_dict = get_fp32_state_dict_from_zero_checkpoint({parent}, tag={})",
        python::string(&tag)
    ));
    script.line("model.load_state_dict(state_dict)");
    script.note("it runs the pickles of all ranks, so only for files you trust");
    script.note("without DeepSpeed: `ckpt-tui export` writes the same merged weights as safetensors");
}

fn distributed(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let tree = checkpoint.tree();
    if checkpoint
        .shards()
        .iter()
        .any(|s| s.path.extension().is_some_and(|e| e == "pt") && s.role.starts_with("mp_rank"))
    {
        script.imports.push("import torch");
        let first = checkpoint.shards().iter().find(|s| s.role.starts_with("mp_rank"));
        let first = first.map(|s| python::path(&s.path)).unwrap_or_default();
        script.line("# each rank holds its own slices of the weights: Megatron-LM loads them with --load");
        script.line(format!("checkpoint = torch.load({first}, weights_only=False, map_location=\"cpu\")"));
        script.note("loading it runs the pickle, so only for files you trust");
        return;
    }
    let weights = if checkpoint.format() == Format::NemoFolder {
        python::path(&checkpoint.path().join("weights"))
    } else {
        path.to_owned()
    };
    script.imports.push("import torch.distributed.checkpoint as dcp");
    let mut files = checkpoint.files().iter();
    let safetensors = files.all(|f| f.path.extension().is_some_and(|e| e == "safetensors"));
    let source = if safetensors {
        script.imports.push("from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader");
        format!("storage_reader=HuggingFaceStorageReader({weights})")
    } else {
        script.note("dcp.load unpickles .metadata, so only for files you trust");
        format!("checkpoint_id={weights}")
    };
    let section = checkpoint.sections().iter().find(|s| s.role == crate::checkpoint::SectionRole::Model);
    let key = section.map(|s| s.name.clone()).unwrap_or_default();
    let nested = !key.is_empty() && matches!(tree.root(), Value::Dict(_)) && !key.contains('.');
    if nested && checkpoint.kind() != Kind::Other {
        let key = python::string(&key);
        script.line(format!("state_dict = {{{key}: model.state_dict()}}"));
        script.line(format!("dcp.load(state_dict, {source})  # also in one process"));
        script.line(format!("model.load_state_dict(state_dict[{key}])"));
    } else {
        script.line("state_dict = model.state_dict()");
        script.line(format!("dcp.load(state_dict, {source})  # also in one process"));
        script.line("model.load_state_dict(state_dict)");
    }
}

fn unzipped(checkpoint: &Checkpoint, path: &str, script: &mut Script) {
    let flag = if checkpoint.weights_only() { "True" } else { "False" };
    script.imports.extend(["import pathlib", "import zipfile", "import torch"]);
    script.line(format!("folder = pathlib.Path({path})"));
    script.line("with zipfile.ZipFile(\"checkpoint.pt\", \"w\") as archive:");
    script.line("    for file in sorted(folder.rglob(\"*\")):");
    script.line("        archive.write(file, pathlib.Path(\"archive\") / file.relative_to(folder))");
    script.line(format!(
        "checkpoint = torch.load(\"checkpoint.pt\", weights_only={flag}, map_location=\"cpu\")"
    ));
    script.note("torch reads the archive, not the folder it was unpacked to: the lines above pack it again");
    if !checkpoint.weights_only() {
        script.note("loading it runs the pickle, so only for files you trust");
    }
}
