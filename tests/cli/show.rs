//! `show` on files written by the real libraries.

use crate::{json, stdout};

fn pretty(args: &[&str]) -> String {
    serde_json::to_string_pretty(&json(args)).unwrap()
}

#[test]
fn training_checkpoint() {
    insta::assert_snapshot!("show_training", stdout(&["show", "zip/tutorial.pt"]));
    insta::assert_snapshot!("show_training_json", pretty(&["show", "--json", "zip/tutorial.pt"]));
}

#[test]
fn whole_model() {
    insta::assert_snapshot!("show_whole_model", stdout(&["show", "-v", "exotic/wholemodel.pt"]));
    insta::assert_snapshot!("show_whole_model_json", pretty(&["show", "--json", "exotic/wholemodel.pt"]));
}

#[test]
fn tied_weights_name_each_other() {
    insta::assert_snapshot!("show_tied", stdout(&["show", "zip/tied.pt"]));
    let shown = json(&["show", "--json", "zip/tied.pt"]);
    assert_eq!(shown["tensors"][0]["shared_with"][0], shown["tensors"][1]["path"]);
    assert_eq!(shown["tensors"][1]["shared_with"][0], shown["tensors"][0]["path"]);
}

#[test]
fn layouts_and_objects() {
    insta::assert_snapshot!("show_sparse", stdout(&["show", "exotic/sparse.pt"]));
    insta::assert_snapshot!("show_objects", stdout(&["show", "exotic/pyobjs.pt"]));
    insta::assert_snapshot!("show_script", stdout(&["show", "script/scripted.pt"]));
}

#[test]
fn safetensors() {
    insta::assert_snapshot!("show_safetensors", stdout(&["show", "hf/run/model.safetensors"]));
    let shown = json(&["show", "--json", "hf/run/model.safetensors"]);
    assert_eq!(shown["metadata"]["format"], "pt");
    insta::assert_snapshot!("show_truncated", stdout(&["show", "cont/truncated.safetensors"]));
}

#[test]
fn every_tensor_lies_where_the_answer_says() {
    // `a` of this file is float32 [[1, 2], [3, 4]].
    let shown = json(&["show", "--json", "cont/ok.safetensors"]);
    let tensor = &shown["tensors"][0];
    let bytes = std::fs::read(crate::fixtures().join(tensor["file"].as_str().unwrap())).unwrap();
    let offset = usize::try_from(tensor["offset"].as_u64().unwrap()).unwrap();
    let data = &bytes[offset..offset + 16];
    assert_eq!(data, [1.0_f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat());
}

#[test]
fn many_tensors_are_written_as_they_come() {
    const MANY: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.safetensors");
    let entry = |i| {
        format!(r#""layers.{i}.w":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}}"#, 4 * i, 4 * i + 4)
    };
    let header = format!("{{{}}}", (0..MANY).map(entry).collect::<Vec<_>>().join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.into_bytes());
    bytes.resize(bytes.len() + 4 * MANY, 0);
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(json(&["show", "--json", path])["tensors"].as_array().unwrap().len(), MANY);
    let text = stdout(&["show", path]);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("  layers.")).collect();
    assert_eq!(rows.len(), MANY);
    assert!(rows[9].starts_with("  layers.9.w ") && rows[10].starts_with("  layers.10.w "), "natural order");
}
