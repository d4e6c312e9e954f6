//! Sections, names, dtypes, shards, and what is refused.

use super::{fixture, floats, json, load, metadata, names, refused, run, write_floats};

#[test]
fn names_are_stripped_and_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    write_floats(&source, &[("module.fc.weight", &[1.0, 2.0]), ("module.norm.gamma", &[3.0])]);
    let (source, target) = (source.to_str().unwrap(), out.to_str().unwrap());
    let rules = ["--strip-prefix", "module.", "--rename", "gamma=weight", "--rename", "fc=head"];
    json(&[&["export", source, "-o", target], &rules[..]].concat());
    let loaded = load(&out);
    assert_eq!(loaded.keys().collect::<Vec<_>>(), ["head.weight", "norm.weight"]);
    assert_eq!(floats(&loaded["head.weight"].2), [1.0, 2.0]);
    let clash =
        refused(&["export", source, "-o", target, "-f", "--rename", "fc=norm", "--rename", "gamma=weight"]);
    assert!(clash.contains("two tensors would have the name module.norm.weight"), "{clash}");
    let useless = refused(&["export", source, "-o", target, "-f", "--rename", "conv=x"]);
    assert!(useless.contains("it is in no name"), "{useless}");
}

#[test]
fn floats_are_cast_and_integers_stay() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let source = fixture("exotic/wholemodel.pt");
    let args = ["export", source.to_str().unwrap(), "-o", out.to_str().unwrap(), "--dtype", "bfloat16"];
    json(&args);
    let loaded = load(&out);
    assert!(loaded.values().all(|(dtype, _, _)| dtype == "BF16" || dtype == "I64"));
    assert!(loaded.values().any(|(dtype, _, _)| dtype == "BF16"));
    let wrong = refused(&["export", source.to_str().unwrap(), "-o", "x.safetensors", "--dtype", "int3"]);
    assert!(wrong.contains("bfloat16"), "{wrong}");
}

#[test]
fn quantised_tensors_are_written_dequantised() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let answer = json(&["export", fixture("exotic/quant.pt").to_str().unwrap(), "-o", out.to_str().unwrap()]);
    assert!(answer["notes"][0].as_str().unwrap().contains("dequantised"), "{answer}");
    assert!(load(&out).values().all(|(dtype, _, _)| dtype == "F32"));
}

#[test]
fn sections_are_chosen_by_name_and_by_role() {
    let folder = tempfile::tempdir().unwrap();
    let source = fixture("zip/tutorial.pt");
    let out = folder.path().join("out.safetensors");
    let (source, target) = (source.to_str().unwrap(), out.to_str().unwrap());
    json(&["export", source, "-o", target, "--section", "model"]);
    let model = load(&out);
    json(&["export", source, "-o", target, "-f"]);
    assert_eq!(load(&out), model, "the model is what is exported by itself");
    json(&["export", source, "-o", target, "-f", "--section", "optimizer", "--section", "model_state_dict"]);
    let both = load(&out);
    assert!(both.len() > model.len() && both.keys().any(|name| name.starts_with("model_state_dict.")));
    let wrong = refused(&["export", source, "-o", target, "-f", "--section", "emma"]);
    assert!(wrong.contains("it has no section emma; there is model_state_dict (model)"), "{wrong}");
}

#[test]
fn how_far_training_had_come_stays_with_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    json(&["export", fixture("zip/tutorial.pt").to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let metadata = metadata(&out);
    assert_eq!(metadata["format"], "pt");
    assert!(metadata.contains_key("epoch"), "{metadata:?}");
}

#[test]
fn shards_hold_everything_and_the_index_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model.safetensors");
    let source = fixture("hf/run/model.safetensors");
    let (source, target) = (source.to_str().unwrap(), out.to_str().unwrap());
    let answer = json(&["export", source, "-o", target, "--shard-size", "100"]);
    let files = answer["files"].as_array().unwrap();
    assert!(files.len() > 2 && !out.exists(), "{answer}");
    let index = std::fs::read(folder.path().join("model.safetensors.index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let want = load(&fixture("hf/run/model.safetensors"));
    let places = index["weight_map"].as_object().unwrap();
    assert_eq!(places.len(), want.len());
    for (name, file) in places {
        let shard = load(&folder.path().join(file.as_str().unwrap()));
        assert_eq!(shard[name], want[name]);
    }
    let total: usize = want.values().map(|(_, _, bytes)| bytes.len()).sum();
    assert_eq!(index["metadata"]["total_size"], total);
    let again = refused(&["export", source, "-o", target, "--shard-size", "100"]);
    assert!(again.contains("--force"), "{again}");
}

#[test]
fn a_file_is_replaced_only_with_force_and_never_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    write_floats(&source, &[("w", &[1.0])]);
    std::fs::write(&out, "mine").unwrap();
    let (from, to) = (source.to_str().unwrap(), out.to_str().unwrap());
    assert!(refused(&["export", from, "-o", to]).contains("there already; use --force"));
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    assert!(refused(&["export", from, "-o", from, "--force"]).contains("it is read from"));
    assert!(refused(&["export", from, "-o", "x.pt"]).contains("OUT.safetensors"));
    let nowhere = folder.path().join("none/b.safetensors");
    assert!(refused(&["export", from, "-o", nowhere.to_str().unwrap()]).contains("No such file"));
    assert!(run(&["export", from, "-o", to, "--force"]).status.success());
    assert_eq!(load(&out), load(&source));
    assert_eq!(names(folder.path()), ["a.safetensors", "b.safetensors"]);
}

#[test]
fn into_a_folder_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let source = fixture("zip/plain_sd.pt");
    json(&["export", source.to_str().unwrap(), "-o", folder.path().to_str().unwrap()]);
    assert_eq!(names(folder.path()), ["plain_sd.safetensors"]);
}

#[test]
fn what_the_format_cannot_hold_is_told_and_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let source = fixture("exotic/sparse.pt");
    let (source, target) = (source.to_str().unwrap(), out.to_str().unwrap());
    let reason = refused(&["export", source, "-o", target]);
    assert!(reason.contains("sparse") && reason.contains("--skip-unsupported"), "{reason}");
    assert!(!out.exists());
}
