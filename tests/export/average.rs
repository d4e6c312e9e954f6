//! Averages: floats in float64, integers of the last, and checkpoints that do not fit together.

use super::{fixture, floats, json, load, refused, write_floats};

#[test]
fn floats_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, values) in [("a", [1.0, 16_777_216.0]), ("b", [2.0, 1.0]), ("c", [6.0, 1.0])] {
        write_floats(&path(name), &[("w", &values)]);
    }
    let out = path("out.safetensors");
    let args = ["a", "b", "c"].map(path).map(|p| p.to_str().unwrap().to_owned());
    json(&["average", &args[0], &args[1], &args[2], "-o", out.to_str().unwrap()]);
    // In float32 the sum of the second would lose the ones.
    assert_eq!(floats(&load(&out)["w"].2), [3.0, ((16_777_216.0_f64 + 2.0) / 3.0) as f32]);
}

#[test]
fn integers_are_those_of_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let (a, b) = (fixture("exotic/wholemodel.pt"), fixture("exotic/wholemodel.pt"));
    json(&["average", a.to_str().unwrap(), b.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let averaged = load(&out);
    json(&["export", b.to_str().unwrap(), "-o", out.to_str().unwrap(), "-f"]);
    assert_eq!(averaged, load(&out), "the average of two equal models is the model");
}

#[test]
fn models_that_do_not_fit_are_not_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b, c) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
    write_floats(&a, &[("w", &[1.0])]);
    write_floats(&b, &[("w", &[1.0, 2.0])]);
    write_floats(&c, &[("w", &[1.0]), ("x", &[1.0])]);
    let path = |p: &std::path::Path| p.to_str().unwrap().to_owned();
    let (a, b, c) = (path(&a), path(&b), path(&c));
    assert!(refused(&["average", &a, &b, "-o", "x.safetensors"]).contains("has the shape"));
    assert!(refused(&["average", &a, &c, "-o", "x.safetensors"]).contains("it has no tensor x"));
    assert!(refused(&["average", &c, &a, "-o", "x.safetensors"]).contains("it has 2 tensors"));
    assert!(refused(&["average", &a, "-o", "x.safetensors"]).contains("two checkpoints at least"));
}

#[test]
fn the_last_and_the_best_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let run = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/glyphs-cnn");
    let run = run.to_str().unwrap();
    let answer = json(&["average", run, "--last", "2", "-o", out.to_str().unwrap()]);
    let note = answer["notes"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    assert!(note.contains("checkpoint_014.pt") && note.contains("checkpoint_016.pt"), "{note}");
    let last = load(&out);
    let first = format!("{run}/checkpoint_014.pt");
    let second = format!("{run}/checkpoint_016.pt");
    json(&["average", &first, &second, "-o", out.to_str().unwrap(), "-f"]);
    assert_eq!(load(&out), last);
    let answer =
        json(&["average", run, "--best", "3", "--metric", "val_loss", "-o", out.to_str().unwrap(), "-f"]);
    let note = answer["notes"].as_array().unwrap().last().unwrap().to_string();
    assert!(note.contains("checkpoint_012.pt") && note.contains("checkpoint_016.pt"), "{note}");
    assert!(refused(&["average", run, "-o", "x.safetensors"]).contains("--last K"));
}
