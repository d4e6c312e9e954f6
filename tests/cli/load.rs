//! The Python lines for real files of every kind. `tests/python/load_snippets.py` runs them; here it shows
//! when one of them changes.

use std::fmt::Write as _;

use crate::json;

const FILES: &[&str] = &[
    "zip/plain_sd.pt",
    "zip/tutorial.pt",
    "zip/unicode_é.pt",
    "exotic/wholemodel.pt",
    "exotic/wholemodel_in_dict.pt",
    "exotic/modules.pt",
    "exotic/optimizers.pt",
    "exotic/optimizer_object.pt",
    "exotic/plain_pickle.pkl",
    "exotic/pyobjs.pt",
    "exotic/npobjs_p4.pt",
    "exotic/storages.pt",
    "fw/skorch/params.pt",
    "hf/peft/adapter_model.safetensors",
    "hf/peft_full_state.pt",
    "hf/run/checkpoint-4/optimizer.pt",
    "legacy/legacy_module.pt",
    "legacy/legacy_sd.pt",
    "legacy/tar_old.pt",
    "lightning/checkpoints/last.ckpt",
    "mismatch/ddp_compile_b.pt",
    "mismatch/inner_wrapped_b.pt",
    "mlx/w.safetensors",
    "old/torch-1.7.1/param.pt",
    "script/scripted.pt",
    "train/imagenet/checkpoint.pth.tar",
    "train/mae/checkpoint-10.pth",
    "train/megatron/iter_0001000/mp_rank_00/model_optim_rng.pt",
    "train/nanogpt/ckpt.pt",
    "train/torchvision/model_1.pth",
    "train/ultralytics/best.pt",
];

#[test]
fn the_lines_for_every_kind_of_file() {
    let mut text = String::new();
    for file in FILES {
        let shown = json(&["show", "--json", file]);
        let load = &shown["load"];
        let _ = writeln!(text, "=== {file}: {} {}", shown["format"], shown["kind"]);
        let _ = write!(text, "{}", load["snippet"].as_str().unwrap());
        let _ = writeln!(text, "needs {} weights_only {}", load["needs"], load["weights_only"]);
        for note in load["notes"].as_array().unwrap() {
            let _ = writeln!(text, "- {}", note.as_str().unwrap());
        }
        text.push('\n');
    }
    insta::assert_snapshot!("load", text);
}
