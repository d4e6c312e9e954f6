//! `stats` against torch's own word (`stats/expected.json` and `expected.json`, written by the generators beside the
//! files), and what a person and a script see of it.

use serde_json::Value;

use crate::{fixtures, json, program, run, stdout};

fn statistics(file: &str) -> Vec<Value> {
    let document = json(&["stats", "--json", "--no-cache", file]);
    document["tensors"].as_array().unwrap().clone()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// Compares one tensor; what differs, in words.
fn compare(name: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    for field in ["count", "nan", "inf", "zeros"] {
        if want[field] != got[field] {
            found.push(format!("{name}: {field} {} and not {}", want[field], got[field]));
        }
    }
    let largest =
        [&want["min"], &want["max"]].iter().filter_map(|x| number(x)).fold(0.0_f64, |a, x| a.max(x.abs()));
    for field in ["mean", "std", "min", "max", "abs_max", "l1", "l2"] {
        // The older file has no l1.
        let Some(want) = want.get(field) else { continue };
        let (want, got) = (number(want), number(&got[field]));
        // torch adds up plain squares: where their sum is subnormal, its norm has lost digits.
        let lost = field == "l2" && want.is_some_and(|l2| l2 > 0.0 && l2 < f64::MIN_POSITIVE.sqrt());
        let scale = if lost {
            largest * 1e3
        } else if field.starts_with('l') {
            largest.max(want.unwrap_or(0.0))
        } else {
            largest
        };
        let same = match (want, got) {
            (None, None) => true,
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * scale,
            _ => false,
        };
        if !same {
            found.push(format!("{name}: {field} {want:?} and not {got:?}"));
        }
    }
    if want["quantiles"].is_object() {
        quantiles(name, &want["quantiles"], got, found);
    }
}

fn quantiles(name: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    let exact = got["exact_quantiles"].as_bool().unwrap();
    for (at, level) in ["0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"].iter().enumerate() {
        let of = |way: &str| want[way][at].as_f64().unwrap();
        let x = got["quantiles"][level].as_f64().unwrap();
        let (low, high) = if exact { (of("linear"), of("linear")) } else { (of("lower"), of("higher")) };
        let slack = if exact { 1e-9 } else { 1.0 / 128.0 };
        if x < low - slack * low.abs() - 1e-40 || x > high + slack * high.abs() + 1e-40 {
            found.push(format!("{name}: quantile {level} {low} to {high} and not {x}"));
        }
    }
    let bars =
        got["histogram"]["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let finite = ["count", "nan", "inf"].map(|field| got[field].as_u64().unwrap());
    assert_eq!(bars, finite[0] - finite[1] - finite[2], "{name}");
}

/// All files of a list of expectations that are there; how many tensors were compared.
fn check(expected: &Value, folder: &str) -> usize {
    let (mut compared, mut found) = (0, Vec::new());
    for (file, tensors) in expected.as_object().unwrap() {
        let path = format!("{folder}{file}");
        if !fixtures().join(&path).is_file() {
            continue;
        }
        let tensors = tensors.get("tensors").unwrap_or(tensors);
        let rows = statistics(&path);
        for (name, want) in tensors.as_object().unwrap() {
            let Some(got) = rows.iter().find(|row| row["path"] == **name) else {
                found.push(format!("{path}: no {name}"));
                continue;
            };
            // Layouts torch itself cannot convert have no numbers in the list.
            if want.get("count").is_some() {
                compare(&format!("{path}: {name}"), want, got, &mut found);
                compared += 1;
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    compared
}

fn read(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(file)).unwrap()).unwrap()
}

#[test]
fn every_kind_of_tensor_has_torchs_statistics() {
    assert_eq!(check(&read("stats/expected.json"), "stats/"), 60);
}

#[test]
fn every_sample_has_torchs_statistics() {
    assert!(check(&read("expected.json"), "") > 1_000);
}

#[test]
fn as_a_table() {
    insta::assert_snapshot!("stats_training", stdout(&["stats", "--no-cache", "zip/tutorial.pt"]));
    insta::assert_snapshot!("stats_findings", stdout(&["stats", "--no-cache", "stats/kinds.safetensors"]));
    insta::assert_snapshot!(
        "stats_verbose",
        stdout(&["stats", "--no-cache", "-v", "--filter", "*complex*", "stats/kinds.pt"])
    );
}

#[test]
fn as_json_and_csv() {
    let args = ["stats", "--no-cache", "--json", "--filter", "*.bias", "zip/tutorial.pt"];
    insta::assert_snapshot!("stats_json", serde_json::to_string_pretty(&json(&args)).unwrap());
    let csv = stdout(&["stats", "--no-cache", "--csv", "--filter", "broken*", "stats/kinds.safetensors"]);
    insta::assert_snapshot!("stats_csv", csv);
    assert_eq!(csv.lines().count(), 5);
}

#[test]
fn what_has_no_numbers_says_so() {
    let rows = statistics("exotic/sparse.pt");
    assert!(rows.iter().any(|row| row["error"].is_null() && row["zeros"].as_u64() > Some(0)), "{rows:?}");
    let output = run(&["stats", "--filter", "nothing.like.it", "zip/tutorial.pt"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no tensor has a name like nothing.like.it"));
    let output = run(&["stats", "--filter", "a[", "zip/tutorial.pt"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_second_look_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("model.pt");
    std::fs::copy(fixtures().join("zip/tutorial.pt"), &copy).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    std::fs::File::options().write(true).open(&copy).unwrap().set_modified(old).unwrap();
    let look = |more: &[&str]| {
        let mut command = program();
        command.env("XDG_CACHE_HOME", folder.path()).args(["stats", "--json"]).args(more).arg(&copy);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = look(&[]);
    assert!(first["bytes_read"].as_u64() > Some(0));
    let second = look(&[]);
    assert_eq!(second["bytes_read"], 0);
    assert_eq!((&first["tensors"], &first["total"]), (&second["tensors"], &second["total"]));
    assert!(look(&["--no-cache"])["bytes_read"].as_u64() > Some(0));
    let told = program().env("XDG_CACHE_HOME", folder.path()).args(["config", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["cache"]["entries"], 1);
    // A file that changed is another one.
    let newer = old + std::time::Duration::from_secs(20);
    std::fs::File::options().write(true).open(&copy).unwrap().set_modified(newer).unwrap();
    assert!(look(&[])["bytes_read"].as_u64() > Some(0));
    // A damaged entry is written anew.
    for entry in std::fs::read_dir(folder.path().join("ckpt-tui")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"not an entry").unwrap();
    }
    assert!(look(&[])["bytes_read"].as_u64() > Some(0));
    assert_eq!(look(&[])["bytes_read"], 0);
}

/// A file of 100 GB of zeros that takes no room on the disk.
#[cfg(target_os = "linux")]
#[test]
fn a_huge_file_is_read_in_little_memory_and_stops_at_once() {
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.safetensors");
    let elements = 25_u64 << 30;
    let header =
        format!(r#"{{"w":{{"dtype":"F32","shape":[{elements}],"data_offsets":[0,{}]}}}}"#, elements * 4);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    if file.set_len(8 + header.len() as u64 + elements * 4).is_err() {
        // The file system has no files of this size.
        return;
    }
    let mut child = program()
        .args(["stats", "--no-cache"])
        .arg(&path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let proc =
        |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", child.id())).unwrap_or_default();
    let read = || {
        let io = proc("io");
        io.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse::<u64>().ok()).unwrap_or(0)
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while read() < 256 << 20 {
        assert!(Instant::now() < deadline, "{} bytes in a minute", read());
        std::thread::yield_now();
    }
    let status = proc("status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(peak.unwrap() < 64 << 10, "{peak:?} kB");
}
