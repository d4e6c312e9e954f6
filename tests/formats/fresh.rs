//! Files of kinds that were read wrongly once (`tests/fixtures/gen/gen_fresh.py` wrote them), as `show --json`
//! tells them.

use std::process::Command;

use serde_json::{Value, json};

use crate::fixture;

fn show(name: &str) -> Value {
    let path = fixture("fresh").join(name);
    let done =
        Command::new(env!("CARGO_BIN_EXE_ckpt-tui")).args(["show", "--json"]).arg(path).output().unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Path, dtype and shape of each tensor.
fn tensors(shown: &Value) -> Vec<(String, String, Value)> {
    let rows = shown["tensors"].as_array().unwrap().iter();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    rows.map(|t| (text(&t["path"]), text(&t["dtype"]), t["shape"].clone())).collect()
}

fn paths(shown: &Value) -> Vec<String> {
    tensors(shown).into_iter().map(|t| t.0).collect()
}

/// Name and role of each section.
fn sections(shown: &Value) -> Vec<(&str, &str)> {
    let rows = shown["sections"].as_array().unwrap().iter();
    rows.map(|s| (s["name"].as_str().unwrap(), s["role"].as_str().unwrap())).collect()
}

#[test]
fn numpy_scalars_have_their_values() {
    for name in ["numpy_p2.pt", "numpy_p5.pt"] {
        let metadata = &show(name)["metadata"];
        for (key, want) in [
            ("uint64", json!("18446744073709551615")),
            ("complex", json!("1.0-2.0j")),
            ("longdouble", json!(-1.5)),
            ("bytes", json!({"$bytes": 3, "head": "616263"})),
            ("date", json!("2024-01-02T03:04:05")),
            ("day", json!("1969-12-31")),
            ("duration", json!("5 hours")),
            ("nat", json!("NaT")),
            ("record", json!({"$bytes": 12, "head": "010000000000000000000440"})),
        ] {
            assert_eq!(metadata[key], want, "{name}: {key}");
        }
    }
}

#[test]
fn numpy_arrays_have_their_values_row_by_row() {
    for name in ["numpy_p2.pt", "numpy_p5.pt"] {
        let shown = show(name);
        let metadata = &shown["metadata"];
        for (key, dtype, values) in [
            ("c", "float64", json!([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
            ("fortran", "float64", json!([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
            ("transposed", "float64", json!([0.0, 3.0, 1.0, 4.0, 2.0, 5.0])),
            ("flags", "bool", json!([true, false])),
            ("whole", "int64", json!([0, 1, 2])),
            ("huge", "uint64", json!([18_446_744_073_709_551_615.0])),
            ("complexes", "complex128", json!(["1.0+2.0j"])),
            ("texts", "<U3", json!(["a", "bcd"])),
            ("raws", "S3", json!(["a", "bcd"])),
            ("dates", "datetime64[D]", json!(["2024-01-01", "NaT"])),
            ("durations", "timedelta64[s]", json!(["1 seconds", "2 seconds"])),
            ("records", "{'a': int32, 'b': float64}", json!([])),
            ("objects", "object", json!([1, "x", null, {"k": 1}])),
            ("tensors", "object", json!([{"$tensor": "tensors.0"}, null])),
        ] {
            assert_eq!(metadata[key]["$class"], "numpy.ndarray", "{name}: {key}");
            assert_eq!(metadata[key]["dtype"], dtype, "{name}: {key}");
            assert_eq!(metadata[key]["values"], values, "{name}: {key}");
        }
        assert_eq!(paths(&shown), ["tensors.0"], "{name}");
    }
}

#[test]
fn tensors_of_devices_without_storages_are_tensors() {
    for name in ["device_p2.pt", "device_p5.pt"] {
        let shown = show(name);
        assert_eq!(shown["kind"], "state_dict", "{name}");
        let row = |path: &str, dtype: &str, shape: Value| (path.to_owned(), dtype.to_owned(), shape);
        let want = [
            row("a.weight", "float32", json!([2, 3])),
            row("a.fortran", "float32", json!([2, 3])),
            row("b.weight", "bfloat16", json!([2, 3])),
            row("b.bias", "float32", json!([])),
        ];
        assert_eq!(tensors(&shown), want, "{name}");
        let stored = shown["tensors"].as_array().unwrap().iter().all(|t| t["stored"] == true);
        assert!(stored, "{name}: the elements are in the pickle");
        assert_eq!(shown["tensors"][1]["stride"], json!([1, 2]), "{name}");
        assert_eq!(shown["metadata"]["b.bias"]["value"], 3.5, "{name}");
    }
}

#[test]
fn parts_are_found_among_the_attributes_of_an_object() {
    let shown = show("trainer.pt");
    assert_eq!(shown["kind"], "training");
    let want = [("model", "model"), ("optimizer", "optimizer"), ("scheduler", "scheduler")];
    assert_eq!(sections(&shown), want);
    assert_eq!(paths(&shown)[..2], ["model.weight", "model.bias"]);
}

#[test]
fn a_compiled_module_is_a_module() {
    let shown = show("compiled.pt");
    assert_eq!(shown["kind"], "whole_model");
    assert_eq!(paths(&shown)[..2], ["_orig_mod.0.weight", "_orig_mod.0.bias"]);
    let module = &shown["modules"][0];
    assert_eq!(module["class"], "torch._dynamo.eval_frame.OptimizedModule");
    assert_eq!((&module["path"], &module["training"]), (&json!(""), &json!(false)));
}

#[test]
fn a_quantised_linear_layer_hands_out_its_packed_weight() {
    let rows = tensors(&show("quantised.pt"));
    let row = |path: &str, dtype: &str, shape: Value| (path.to_owned(), dtype.to_owned(), shape);
    let want = [
        row("0._packed_params._packed_params.0", "qint8", json!([4, 3])),
        row("0._packed_params._packed_params.1", "float32", json!([4])),
    ];
    assert_eq!(rows, want);
}

#[test]
fn attributes_of_tensors_are_shown() {
    let shown = show("attributes.pt");
    assert_eq!(paths(&shown), ["a.weight", "b.weight", "c.weight"]);
    let metadata = &shown["metadata"];
    assert_eq!(metadata["a.weight"]["attributes"]["tag"], "hello");
    assert_eq!(metadata["a.weight"]["attributes"]["inner"]["shape"], json!([5]));
    assert_eq!(metadata["a.weight"]["attributes"]["me"], json!({"$tensor": "a.weight"}));
    assert_eq!(metadata["b.weight"]["attributes"], json!({"ds_id": 4}));
    assert_eq!(metadata["c.weight"]["$class"], "gen_fresh.Special");
    assert_eq!(metadata["c.weight"]["attributes"], json!({"origin": {"file": "x"}}));
}

#[test]
fn keyword_arguments_are_shown() {
    let shown = show("keywords.pt");
    assert_eq!(paths(&shown), ["value.weight"]);
    let want = json!({"$class": "gen_fresh.KeywordArguments", "0": 1, "weight": {"$tensor": "value.weight"}});
    assert_eq!(shown["metadata"]["value"], want);
}

#[test]
fn keys_that_are_nearly_text_or_numbers_name_tensors_as_python_would() {
    assert_eq!(paths(&show("keys.pt")), ["3", "2.5", "text", "name"]);
}

#[test]
fn a_mapping_that_holds_itself_has_each_part_once() {
    assert_eq!(sections(&show("cycle.pt")), [("model", "model")]);
}

#[test]
fn times_of_day_and_zones_are_written_out() {
    let metadata = &show("times.pt")["metadata"];
    assert_eq!(metadata["time"], "01:02:03.000004");
    assert_eq!(metadata["zone"], "UTC-05:30");
    assert_eq!(metadata["utc"], "UTC");
}

#[test]
fn loose_tensors_beside_a_state_dict_do_not_swallow_it() {
    let shown = show("loose.pt");
    assert_eq!(shown["kind"], "training");
    assert_eq!(sections(&shown), [("state_dict", "model"), ("ema_params", "ema"), ("", "other")]);
    assert_eq!(shown["tensors"][0]["key"], "fc.weight");
}

#[test]
fn weights_with_an_epoch_among_them_are_a_training_checkpoint() {
    let shown = show("flat.pt");
    assert_eq!(shown["kind"], "training");
    assert_eq!(sections(&shown), [("", "model")]);
}
