//! `spectra` and `torch`.

use crate::{json, program, run, stdout};

#[test]
fn the_demo_has_spectra() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/glyphs-cnn/best.pt");
    insta::assert_snapshot!(stdout(&["spectra", demo, "--backend", "cpu"]));
    let document = json(&["spectra", demo, "--backend", "cpu", "--filter", "*.fc.weight", "--json"]);
    let rows = document["tensors"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["matrix"], serde_json::json!([6, 16]));
    let values: Vec<f64> =
        rows[0]["singular_values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(values.len(), 6);
    assert!(values.is_sorted_by(|a, b| a >= b));
    assert_eq!(rows[0]["spectral_norm"].as_f64(), Some(values[0]));
    assert_eq!((&document["backend"], &rows[0]["complete"]), (&"faer".into(), &true.into()));
}

#[test]
fn a_file_without_matrices_and_a_filter_without_matches_say_so() {
    let output = run(&["spectra", "zip/plain_sd.pt", "--filter", "nothing*"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no matrix matches --filter"));
}

#[test]
fn a_matrix_with_nan_is_a_row_with_the_reason() {
    let header = br#"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend([1.0, f32::NAN, 0.0, 1.0].iter().flat_map(|x| x.to_le_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    assert!(stdout(&["spectra", path]).contains("it holds NaN or infinite values"));
    let document = json(&["spectra", path, "--json"]);
    assert_eq!(document["tensors"][0]["singular_values"], serde_json::json!([]));
    assert!(document["tensors"][0]["error"].as_str().unwrap().contains("NaN"));
}

#[test]
fn without_libtorch_faer_takes_over_and_says_why() {
    let output = program()
        .args(["spectra", "zip/plain_sd.pt", "--backend", "torch"])
        .env("CKPT_TUI_TORCH", "/nonexistent")
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("computed by faer"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(
        stderr.contains("/nonexistent does not start") && stderr.contains("computing with faer"),
        "{stderr}"
    );
}

#[test]
fn the_check_says_what_was_found_and_how_to_install_it() {
    let output = program().args(["torch", "--check"]).env("CKPT_TUI_TORCH", "/bin/false").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("does not work") && text.contains("--features tch"), "{text}");
}

#[test]
fn running_a_script_is_announced() {
    let args = ["torch", "run", "script/traced.pt", "--input", "1x3x8x8"];
    let output = program().args(args).env("CKPT_TUI_TORCH", "/bin/false").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("ckpt-tui: executing the code in script/traced.pt\n")
    );
    let output = run(&["torch", "run", "script/traced.pt", "--input", "1xA"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("write sizes joined by x"));
}
