//! Every answer that is a table, as CSV and as Markdown: the same numbers as in the JSON, whatever the names.

use serde_json::Value;

use crate::{json, program, stdout};

/// The rows of a CSV answer, by header.
struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn of(args: &[&str]) -> Self {
        let output = demo(args);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        Self { headers, rows }
    }

    fn column(&self, name: &str) -> Vec<&str> {
        let at = self.headers.iter().position(|header| header == name);
        let at = at.unwrap_or_else(|| panic!("no column {name} in {:?}", self.headers));
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }
}

/// The program in the repository's root, with no error.
fn demo(args: &[&str]) -> std::process::Output {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = program().current_dir(root).args(args).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {output:?}");
    output
}

fn demo_json(args: &[&str]) -> Value {
    serde_json::from_slice(&demo(&[args, &["--json"]].concat()).stdout).unwrap()
}

/// A field holds what the JSON does: nothing for null, every digit of a number.
fn assert_same(field: &str, value: &Value, what: &str) {
    let same = match value {
        Value::Null => field.is_empty(),
        Value::Number(n) => serde_json::from_str::<f64>(field).is_ok_and(|x| Some(x) == n.as_f64()),
        Value::String(text) => field == text,
        Value::Bool(yes) => field == yes.to_string(),
        Value::Array(all) => field == all.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"),
        Value::Object(_) => false,
    };
    assert!(same, "{what}: {field:?} is not {value}");
}

/// Columns of the table that have the names of fields of each object.
fn assert_columns(table: &Table, objects: &[Value], columns: &[&str]) {
    assert_eq!(table.rows.len(), objects.len());
    assert!(!objects.is_empty());
    for name in columns {
        for (field, object) in table.column(name).iter().zip(objects) {
            assert_same(field, &object[*name], name);
        }
    }
}

const MODEL: &str = "assets/demo/exports/glyphs_model.pth";
const RUN: &str = "assets/demo/glyphs-cnn";
const WRAPPED: [&str; 2] =
    ["tests/fixtures/mismatch/ddp_compile_a.pt", "tests/fixtures/mismatch/ddp_compile_b.pt"];

/// Each command whose answer is a table.
const COMMANDS: [&[&str]; 10] = [
    &["ls", "assets/demo"],
    &["show", MODEL],
    &["stats", "--no-cache", MODEL],
    &["diff", WRAPPED[0], WRAPPED[1]],
    &["timeline", "--no-cache", RUN],
    &["curves", RUN],
    &["check", MODEL],
    &["spectra", MODEL],
    &["best", "assets/demo"],
    &["clean", "assets/demo", "--keep-best", "2"],
];

#[test]
fn every_table_has_headers_of_one_kind_and_full_rows() {
    for command in COMMANDS {
        let table = Table::of(&[command, &["--csv"]].concat());
        assert!(table.rows.len() > usize::from(command[0] != "check"), "{command:?} has rows");
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
        for header in &table.headers {
            let own = header.starts_with("metrics.") || header.chars().all(snake);
            assert!(own, "{command:?}: {header:?}");
        }
        let markdown = String::from_utf8(demo(&[command, &["--markdown"]].concat()).stdout).unwrap();
        let lines: Vec<&str> = markdown.lines().collect();
        assert_eq!(lines.len(), table.rows.len() + 2, "{command:?}");
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(lines.iter().all(|line| bars(line) == bars(lines[0])), "{command:?}");
    }
}

#[test]
fn the_forms_exclude_each_other() {
    for command in COMMANDS {
        for both in [["--csv", "--json"], ["--csv", "--markdown"], ["--json", "--markdown"]] {
            let root = env!("CARGO_MANIFEST_DIR");
            let output = program().current_dir(root).args(command).args(both).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{command:?} {both:?}");
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains("cannot be used with") && stderr.lines().count() == 1, "{stderr}");
            assert!(output.stdout.is_empty());
        }
    }
    let output = crate::run(&["check", "--sarif", "--csv", "zip"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn checkpoints_and_tensors_are_those_of_the_json() {
    let table = Table::of(&["ls", "assets/demo", "--csv"]);
    let document = demo_json(&["ls", "assets/demo"]);
    let rows: Vec<Value> = document["runs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|run| run["checkpoints"].as_array().unwrap().clone())
        .collect();
    let columns = ["path", "format", "kind", "bytes", "modified", "tensors", "parameters", "epoch", "step"];
    assert_columns(&table, &rows, &columns);
    assert_columns(&table, &rows, &["same_as", "status", "error"]);
    let metrics: Vec<Value> = rows.iter().map(|row| row["metrics"].clone()).collect();
    for (field, metrics) in table.column("metrics.val_loss").iter().zip(&metrics) {
        assert_same(field, &metrics["val_loss"], "val_loss");
    }

    let table = Table::of(&["show", MODEL, "--csv"]);
    let document = demo_json(&["show", MODEL]);
    let tensors = document["tensors"].as_array().unwrap();
    let columns = ["path", "section", "key", "dtype", "shape", "stride", "file", "offset", "bytes", "stored"];
    assert_columns(&table, tensors, &columns);
    assert_columns(&table, tensors, &["storage_offset", "requires_grad", "layout", "role"]);
}

#[test]
fn numbers_are_those_of_the_json_to_the_last_digit() {
    let table = Table::of(&["stats", "--no-cache", MODEL, "--csv"]);
    let document = demo_json(&["stats", "--no-cache", MODEL]);
    let tensors = document["tensors"].as_array().unwrap();
    assert_columns(&table, tensors, &["path", "dtype", "shape", "count", "nan", "inf", "zeros", "mean"]);
    assert_columns(&table, tensors, &["std", "min", "max", "abs_max", "l1", "l2", "exact_quantiles"]);
    let medians: Vec<&Value> = tensors.iter().map(|tensor| &tensor["quantiles"]["0.5"]).collect();
    for (field, median) in table.column("q0.5").iter().zip(medians) {
        assert_same(field, median, "q0.5");
    }

    let table = Table::of(&["spectra", MODEL, "--csv"]);
    let document = demo_json(&["spectra", MODEL]);
    let columns = ["path", "spectral_norm", "condition_number", "stable_rank", "effective_rank", "alpha"];
    assert_columns(&table, document["tensors"].as_array().unwrap(), &columns);
    let columns = ["alpha_distance", "alpha_count", "frobenius_norm", "rank", "complete", "error_bound"];
    assert_columns(&table, document["tensors"].as_array().unwrap(), &columns);
}

#[test]
fn points_of_curves_and_timelines_are_those_of_the_json() {
    let table = Table::of(&["curves", "assets/demo", "--csv"]);
    let document = demo_json(&["curves", "assets/demo"]);
    let mut at = 0;
    for run in document["runs"].as_array().unwrap() {
        for series in run["series"].as_array().unwrap() {
            for point in series["points"].as_array().unwrap() {
                for (column, value) in [("run", &run["path"]), ("name", &series["name"]), ("x", &series["x"])]
                {
                    assert_same(table.column(column)[at], value, column);
                }
                assert_same(table.column("at")[at], &point[0], "at");
                assert_same(table.column("value")[at], &point[1], "value");
                at += 1;
            }
        }
    }
    assert_eq!(at, table.rows.len());

    let table = Table::of(&["timeline", "--no-cache", RUN, "--csv"]);
    let document = demo_json(&["timeline", "--no-cache", RUN]);
    let stops = document["checkpoints"].as_array().unwrap();
    let tensors = document["tensors"].as_array().unwrap();
    assert_eq!(table.rows.len(), stops.len() * tensors.len());
    for (at, key) in table.column("key").iter().enumerate() {
        let (tensor, stop) = (&tensors[at / stops.len()], &stops[at % stops.len()]);
        assert_same(key, &tensor["key"], "key");
        assert_same(table.column("path")[at], &stop["path"], "path");
        assert_same(table.column("epoch")[at], &stop["epoch"], "epoch");
        for column in ["relative_change", "l2", "nan", "inf"] {
            assert_same(table.column(column)[at], &tensor[column][at % stops.len()], column);
        }
    }
}

#[test]
fn keys_of_a_comparison_are_told_apart_as_in_the_json() {
    let [reference, candidate] = WRAPPED;
    let table = Table::of(&["diff", reference, candidate, "--csv"]);
    let document = demo_json(&["diff", reference, candidate]);
    let of = |state: &str| -> Vec<&str> {
        let both = table.column("key").into_iter().zip(table.column("status"));
        both.filter(|(_, status)| *status == state).map(|(key, _)| key).collect()
    };
    for state in ["missing", "unexpected"] {
        let want: Vec<&str> =
            document[state].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
        assert!(!want.is_empty());
        assert_eq!(of(state), want, "{state}");
    }
    let equal = table.column("values").iter().filter(|values| **values == "equal").count();
    assert_eq!(document["equal"], equal);
    let repaired = table.column("after_repairs").iter().filter(|after| **after == "matched").count();
    assert_eq!(document["repairs"][0]["after"]["matched"], repaired);
    // The exit code still says that they differ.
    assert_eq!(demo(&["diff", reference, candidate, "--csv"]).status.code(), Some(1));
}

#[test]
fn the_best_of_each_run_and_what_was_found() {
    let table = Table::of(&["best", "assets/demo", "--metric", "val_loss", "--csv"]);
    let first = demo_json(&["best", "assets/demo", "--metric", "val_loss"]);
    for column in
        ["path", "epoch", "step", "metric", "value", "source", "candidates", "on_disk", "note", "run"]
    {
        assert_same(table.column(column)[0], &first[column], column);
    }
    let values: Vec<f64> = table.column("value").iter().map(|x| x.parse().unwrap()).collect();
    assert!(values.len() > 1 && values.is_sorted(), "{values:?}");

    let table = Table::of(&["check", "assets/demo", "--csv"]);
    let document = demo_json(&["check", "assets/demo"]);
    let files = document["files"].as_array().unwrap();
    let rows: usize = files.iter().map(|file| file["findings"].as_array().unwrap().len().max(1)).sum();
    assert_eq!(table.rows.len(), rows);
    let quiet = Table::of(&["check", "assets/demo", "--csv", "--quiet"]);
    assert!(quiet.column("status").iter().all(|status| *status != "ok"));
}

#[test]
fn what_a_clean_up_would_do() {
    let args = ["clean", "assets/demo", "--keep-best", "2"];
    let table = Table::of(&[&args[..], &["--csv"]].concat());
    let document = demo_json(&args);
    let of = |list: &str| -> Vec<Value> {
        let runs = document["runs"].as_array().unwrap().iter();
        runs.flat_map(|run| run[list].as_array().unwrap().clone()).collect()
    };
    let count = |plan: &str| table.column("plan").iter().filter(|cell| **cell == plan).count();
    assert_eq!((count("keep"), count("trash")), (of("keep").len(), of("remove").len()));
    let gone =
        table.column("path").into_iter().zip(table.column("plan")).filter(|(_, plan)| *plan == "trash");
    assert!(gone.zip(of("remove")).all(|((path, _), item)| item["path"] == path));
}

#[test]
fn markdown_as_people_paste_it() {
    insta::assert_snapshot!("markdown_show", stdout(&["show", "--markdown", "zip/tutorial.pt"]));
    let root = |args: &[&str]| String::from_utf8(demo(args).stdout).unwrap();
    insta::assert_snapshot!("markdown_diff", root(&["diff", "--markdown", WRAPPED[0], WRAPPED[1]]));
    insta::assert_snapshot!("markdown_best", root(&["best", "--markdown", "assets/demo"]));
}

/// A safetensors file of float32 scalars with these names.
fn named(path: &std::path::Path, names: &[&str]) {
    let tensor = |(at, name): (usize, &&str)| {
        (
            (*name).to_owned(),
            serde_json::json!({"dtype": "F32", "shape": [], "data_offsets": [4 * at, 4 * at + 4]}),
        )
    };
    let header: serde_json::Map<String, Value> = names.iter().enumerate().map(tensor).collect();
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(std::iter::repeat_n(0, 4 * names.len()));
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn names_of_strangers_are_fields_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.safetensors");
    let names =
        ["=cmd|' /C calc'!A0", "+1", "-2", "@x", "'q", "a,b\"c\n|d", "<b>`x`</b>", "\u{202e}\u{1b}[2J"];
    named(&path, &names);
    let path = path.to_str().unwrap();
    for command in [&["show"][..], &["stats", "--no-cache"], &["spectra"]] {
        let args = [command, &["--csv", path]].concat();
        if command[0] == "spectra" {
            continue; // scalars have no spectrum
        }
        let text = stdout(&args);
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut fields: Vec<String> = reader.records().map(|r| r.unwrap()[0].to_owned()).collect();
        fields.sort();
        let mut want = vec![
            "'=cmd|' /C calc'!A0",
            "'+1",
            "'-2",
            "'@x",
            "''q",
            "a,b\"c\\n|d",
            "<b>`x`</b>",
            "\\u{202e}\\u{1b}[2J",
        ];
        want.sort_unstable();
        assert_eq!(fields, want, "{command:?}");
    }
    let markdown = stdout(&["show", "--markdown", path]);
    assert_eq!(markdown.lines().count(), names.len() + 2);
    assert!(markdown.contains("``<b>`x`</b>``") && markdown.contains("`a,b\"c\\n\\|d`"), "{markdown}");
    assert_eq!(json(&["show", "--json", path])["tensors"].as_array().unwrap().len(), names.len());
}
