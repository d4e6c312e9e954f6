//! Which folders are one checkpoint, and which of their files belong to it: by names alone, so that a scan
//! costs one listing of each folder and nothing more.

use std::path::Path;

use super::consolidated;
use super::index;
use super::listing::Names;
use crate::format::orbax;

/// How a folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `data.pkl`, `data/`, `version`: a torch archive someone unzipped.
    Unzipped,
    /// `_CHECKPOINT_METADATA` of Orbax, or `_METADATA` of a tree in it.
    Orbax,
    /// `weights/` and `context/`.
    Nemo,
    /// `.metadata` and `*.distcp`.
    Dcp,
    /// `common.pt` and `metadata.json` beside a folder for each array.
    Zarr,
    /// The same written as safetensors.
    DcpSafetensors,
    /// `mp_rank_00_model_states.pt` and its like.
    DeepSpeed,
    /// `mp_rank_00/model_optim_rng.pt`.
    Megatron,
    /// `consolidated.00.pth`, `consolidated.01.pth` and `params.json`.
    Consolidated,
    /// `trainer_state.json` beside weights.
    Trainer,
    /// `random_states_0.pkl`, `optimizer.bin` beside weights.
    Accelerate,
    /// An index of shards.
    Index,
    /// `adapter_config.json` and `adapter_model.*`.
    Adapter,
}

/// The layout that the names in a folder tell; `None` when it is no checkpoint as a whole.
pub(crate) fn layout(names: &Names) -> Option<Layout> {
    let file = |test: &dyn Fn(&str) -> bool| names.files().any(test);
    let weights = || {
        file(&|n| is_weights(n) || index::is_index(n) && !n.contains("tokenizer"))
            || names.folders().any(|n| n.starts_with("pytorch_model_fsdp") || n.starts_with("global_step"))
    };
    if names.has_file("data.pkl") && names.has_folder("data") && is_unzipped(names) {
        return Some(Layout::Unzipped);
    }
    let tree =
        names.has_file(orbax::TREE) && (names.has_file("_sharding") || names.has_file("manifest.ocdbt"));
    if names.has_file(orbax::MARK) || tree {
        return Some(Layout::Orbax);
    }
    if names.has_folder("weights") && names.has_folder("context") {
        return Some(Layout::Nemo);
    }
    if file(&|n| n.ends_with(".distcp")) || names.has_file(".metadata") {
        return Some(Layout::Dcp);
    }
    if names.has_file("common.pt") && names.has_file("metadata.json") && names.folders().next().is_some() {
        return Some(Layout::Zarr);
    }
    if file(&is_dcp_safetensors) {
        return Some(Layout::DcpSafetensors);
    }
    if file(&is_deepspeed) {
        return Some(Layout::DeepSpeed);
    }
    if names.folders().any(is_megatron) {
        return Some(Layout::Megatron);
    }
    if consolidated::are_ranks(names) {
        return Some(Layout::Consolidated);
    }
    if names.has_file("trainer_state.json") && (weights() || names.has_file("optimizer.pt")) {
        return Some(Layout::Trainer);
    }
    let states = file(&|n| n.starts_with("random_states_") && n.ends_with(".pkl"));
    if states || names.has_file("optimizer.bin") && (weights() || names.has_file("scheduler.bin")) {
        return Some(Layout::Accelerate);
    }
    if file(&index::is_index) {
        return Some(Layout::Index);
    }
    (names.has_file("adapter_config.json") && file(&is_adapter)).then_some(Layout::Adapter)
}

fn is_unzipped(names: &Names) -> bool {
    ["version", "byteorder", ".format_version"].iter().any(|n| names.has_file(n)) || names.has_folder(".data")
}

fn is_weights(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    matches!(extension, "safetensors" | "bin") && (stem.contains("model") || stem.contains("weights"))
}

fn is_adapter(name: &str) -> bool {
    matches!(name, "adapter_model.safetensors" | "adapter_model.bin")
}

/// `shard-00001-model-00001-of-00001.safetensors`.
pub(super) fn is_dcp_safetensors(name: &str) -> bool {
    name.starts_with("shard-") && name.ends_with(".safetensors") && index::is_shard(name)
}

/// `mp_rank_00_model_states.pt`, `layer_03-model_states.pt`, `…_optim_states.pt`.
pub(super) fn is_deepspeed(name: &str) -> bool {
    name.ends_with("_optim_states.pt") || name.ends_with("model_states.pt")
}

/// `mp_rank_00`, `mp_rank_00_001`, `mp_rank_00_001_003`.
pub(super) fn is_megatron(name: &str) -> bool {
    let ranks = name.strip_prefix("mp_rank_");
    ranks.is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
}

/// A folder, or an index in it, that is one checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    layout: Layout,
    /// The index file that stands for it, where the folder itself is that of a run.
    pub(crate) index: Option<String>,
}

/// What of the folder `path` is one checkpoint. Unlike [`layout`] it leaves alone what is the folder of a
/// whole run: the final weights beside `checkpoint-500/` are one of that run's checkpoints.
pub(crate) fn claim(path: &Path, names: &Names) -> Option<Claim> {
    let layout = layout(names)?;
    let is_run = names.folders().any(is_numbered);
    match layout {
        Layout::Nemo if !is_nemo(path) => None,
        Layout::Trainer | Layout::Accelerate | Layout::Index | Layout::Adapter if is_run => {
            let index = index::preferred(names.files().filter(|n| index::is_index(n)))?;
            Some(Claim { layout: Layout::Index, index: Some(index.to_owned()) })
        }
        _ => Some(Claim { layout, index: None }),
    }
}

/// `weights` and `context` are words anyone may use.
fn is_nemo(path: &Path) -> bool {
    ["weights/.metadata", "weights/metadata.json", "weights/common.pt"].iter().any(|n| path.join(n).exists())
}

/// `checkpoint-500`, `checkpoint_3`.
fn is_numbered(name: &str) -> bool {
    let number = name.strip_prefix("checkpoint").and_then(|rest| rest.strip_prefix(['-', '_']));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl Claim {
    /// Whether a file or folder of this name belongs to the checkpoint. The others are looked at by themselves.
    pub(crate) fn takes(&self, name: &str, is_folder: bool) -> bool {
        self.layout.takes(name, is_folder)
    }
}

impl Layout {
    pub(super) fn takes(self, name: &str, is_folder: bool) -> bool {
        match self {
            Self::Unzipped | Self::Orbax | Self::Nemo | Self::Zarr | Self::Trainer | Self::Accelerate => true,
            Self::Megatron => !is_folder || is_megatron(name),
            Self::Dcp => {
                !is_folder
                    && (name.ends_with(".distcp")
                        || name.contains(".metadata")
                        || matches!(name, "common.pt" | "metadata.json" | "meta.pt"))
            }
            Self::Consolidated => !is_folder && consolidated::takes(name),
            Self::DcpSafetensors => !is_folder && is_dcp_safetensors(name),
            Self::DeepSpeed => {
                if is_folder {
                    name == "zero"
                } else {
                    is_deepspeed(name)
                }
            }
            Self::Index => {
                !is_folder
                    && (index::is_index(name)
                        || index::is_shard(name)
                        || is_adapter(name)
                        || name.ends_with(".json"))
            }
            Self::Adapter => !is_folder && (is_adapter(name) || name.ends_with(".json")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with a slash at their end are folders.
    fn names(list: &[&str]) -> Names {
        let mut names = Names::default();
        for name in list {
            names.add(name.trim_end_matches('/').to_owned(), name.ends_with('/'));
        }
        names
    }

    #[test]
    fn layouts_are_told_by_names() {
        for (list, want) in [
            (&["data.pkl", "data/", "version"][..], Some(Layout::Unzipped)),
            (&["weights/", "context/"], Some(Layout::Nemo)),
            (&[".metadata", "__0_0.distcp"], Some(Layout::Dcp)),
            (&[".metadata.tmp", "__0_0.distcp"], Some(Layout::Dcp)),
            (&["common.pt", "metadata.json", "decoder.weight/"], Some(Layout::Zarr)),
            (&["common.pt", "metadata.json"], None),
            (&["consolidated.00.pth", "consolidated.01.pth", "params.json"], Some(Layout::Consolidated)),
            (&["consolidated.00.pth", "params.json"], None),
            (&["shard-00001-model-00001-of-00001.safetensors"], Some(Layout::DcpSafetensors)),
            (&["mp_rank_00_model_states.pt"], Some(Layout::DeepSpeed)),
            (&["layer_00-model_states.pt"], Some(Layout::DeepSpeed)),
            (&["mp_rank_00/", "mp_rank_01/"], Some(Layout::Megatron)),
            (&["trainer_state.json", "model.safetensors"], Some(Layout::Trainer)),
            (&["trainer_state.json", "global_step5/", "latest"], Some(Layout::Trainer)),
            (&["trainer_state.json", "adapter_model.safetensors"], Some(Layout::Trainer)),
            (&["trainer_state.json", "config.json"], None),
            (&["model.safetensors", "optimizer.bin", "random_states_0.pkl"], Some(Layout::Accelerate)),
            (&["model.safetensors.index.json", "config.json"], Some(Layout::Index)),
            (&["adapter_config.json", "adapter_model.bin"], Some(Layout::Adapter)),
            (&["model.safetensors", "config.json"], None),
            (&["epoch_1.pt", "epoch_2.pt"], None),
            (&["data.pkl", "train.py", "data/"], None),
            (&[], None),
        ] {
            assert_eq!(layout(&names(list)), want, "{list:?}");
        }
    }

    #[test]
    fn the_folder_of_a_run_is_not_one_checkpoint() {
        let here = Path::new(".");
        let single = names(&["trainer_state.json", "model.safetensors", "checkpoint-4/"]);
        assert_eq!(claim(here, &single), None);
        let sharded =
            names(&["model.safetensors.index.json", "model-00001-of-00002.safetensors", "checkpoint-4/"]);
        let claim = claim(here, &sharded).unwrap();
        assert_eq!(claim.index.as_deref(), Some("model.safetensors.index.json"));
        assert!(claim.takes("model-00001-of-00002.safetensors", false) && !claim.takes("checkpoint-4", true));
    }

    #[test]
    fn what_does_not_belong_is_left_to_itself() {
        let claim =
            claim(Path::new("."), &names(&["model.safetensors.index.json", "consolidated.safetensors"]));
        assert!(!claim.unwrap().takes("consolidated.safetensors", false));
    }
}
