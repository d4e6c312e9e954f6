//! `diff`: what it says and answers for pairs of the fixtures, and for pairs nothing can be decided of.

use std::path::Path;

use serde_json::Value;

use crate::run;

/// Standard output of a comparison that says "they differ" with its exit status.
fn diff(args: &[&str]) -> String {
    let output = run(&[&["diff"], args].concat());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
    assert!(stderr.lines().count() == 1 && stderr.trim_end().ends_with("differ"), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn pair(name: &str) -> [String; 2] {
    ["a", "b"].map(|end| format!("mismatch/{name}_{end}.pt"))
}

fn answer(args: &[&str]) -> Value {
    serde_json::from_str(&diff(&[&["--json"], args].concat())).unwrap()
}

/// Named tensors of zeros.
fn write(path: &Path, tensors: &[(&str, &[usize])]) {
    let zeros = vec![0_u8; 4096];
    let views = tensors.iter().map(|(name, shape)| {
        let bytes = &zeros[..4 * shape.iter().product::<usize>()];
        (*name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_wrapped_model_is_explained_and_repaired() {
    let [a, b] = pair("ddp_compile");
    insta::assert_snapshot!("diff_ddp_compile", diff(&[&a, &b]));
    insta::assert_snapshot!("diff_ddp_compile_verbose", diff(&[&a, &b, "-v", "--keys-only"]));
    let json = serde_json::to_string_pretty(&answer(&[&a, &b])).unwrap();
    insta::assert_snapshot!("diff_ddp_compile_json", json);
}

#[test]
fn adapters_values_and_dtypes() {
    for name in ["lora", "one_value", "half", "transposed", "split_qkv"] {
        let [a, b] = pair(name);
        insta::assert_snapshot!(format!("diff_{name}"), diff(&[&a, &b]));
    }
}

#[test]
fn the_document_has_every_field_of_the_contract() {
    let [a, b] = pair("one_value");
    let json = answer(&[&a, &b]);
    assert_eq!((json["loads_strict"].as_bool(), json["equal"].as_u64()), (Some(true), Some(15)));
    assert_eq!(json["torch_message"], "<All keys matched successfully>");
    for field in ["missing", "unexpected", "shape_mismatch", "dtype_mismatch", "repairs"] {
        assert_eq!(json[field], serde_json::json!([]), "{field}");
    }
    let changed = json["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 1);
    for field in ["max_abs", "l2", "relative_l2", "cosine"] {
        assert!(changed[0][field].is_f64(), "{field}");
    }
    let keys = answer(&[&a, &b.replace("one_value", "half"), "--keys-only"]);
    assert!(keys["equal"].is_null() && keys["changed"].as_array().unwrap().is_empty());
    assert_eq!(keys["dtype_mismatch"][0]["candidate"], "float16");
    let after = &answer(&["mismatch/lora_a.pt", "mismatch/lora_b.pt"])["after_repairs"];
    for field in ["missing", "unexpected", "shape_mismatch"] {
        assert_eq!(after[field], serde_json::json!([]), "{field}");
    }
}

#[test]
fn the_same_file_does_not_differ() {
    let [a, _] = pair("half");
    let output = run(&["diff", &a, &a]);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    insta::assert_snapshot!("diff_same", String::from_utf8(output.stdout).unwrap());
}

#[test]
fn what_cannot_be_decided_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (a, b) = (path("a.safetensors"), path("b.safetensors"));
    write(Path::new(&a), &[("0.weight", &[4, 4]), ("1.weight", &[4, 4])]);
    write(
        Path::new(&b),
        &[
            ("left.0.weight", &[4, 4]),
            ("left.1.weight", &[4, 4]),
            ("right.0.weight", &[4, 4]),
            ("right.1.weight", &[4, 4]),
        ],
    );
    let text = diff(&[&a, &b, "--keys-only"]).replace(folder.path().to_str().unwrap(), "");
    insta::assert_snapshot!("diff_ambiguous", text);
    let json = answer(&[&a, &b, "--keys-only"]);
    assert_eq!(json["repairs"][0]["applied"], false);
    assert!(json["snippet"].is_null());
    // Other class counts and vocabularies, and a part that is not there.
    write(
        Path::new(&a),
        &[("embed.weight", &[8, 4]), ("fc.weight", &[3, 4]), ("fc.bias", &[3]), ("new.weight", &[4])],
    );
    write(Path::new(&b), &[("embed.weight", &[6, 4]), ("fc.weight", &[5, 4]), ("fc.bias", &[5])]);
    let text = diff(&[&a, &b]).replace(folder.path().to_str().unwrap(), "");
    insta::assert_snapshot!("diff_sizes", text);
}

#[test]
fn an_optimizer_is_compared_when_it_is_asked_for() {
    let file = "zip/tutorial.pt";
    let json: Value = serde_json::from_slice(
        &run(&[
            "diff",
            "--json",
            file,
            file,
            "--section-a",
            "optimizer_state_dict",
            "--section-b",
            "optimizer_state_dict",
        ])
        .stdout,
    )
    .unwrap();
    assert_eq!(
        (json["loads_strict"].as_bool(), &json["unexpected"]),
        (Some(true), &serde_json::json!([])),
        "{json}"
    );
    let missing = run(&["diff", file, file, "--section-a", "nothing"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("it has no section \"nothing\""));
}
