//! `check`: statuses, exit codes, JSON, SARIF.

use std::path::Path;

use crate::{fixtures, program};

struct Checked {
    code: Option<i32>,
    json: serde_json::Value,
}

fn check(args: &[&str]) -> Checked {
    let output = program().arg("check").args(args).output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Checked { code: output.status.code(), json }
}

fn codes(file: &serde_json::Value) -> Vec<&str> {
    file["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

/// A copy of a fixture with some bytes changed.
fn altered(folder: &Path, name: &str, alter: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = std::fs::read(fixtures().join(name)).unwrap();
    alter(&mut bytes);
    let path = folder.join(Path::new(name).file_name().unwrap());
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_file_without_findings_passes() {
    let checked = check(&["--json", "zip/tied.pt"]);
    let file = &checked.json["files"][0];
    assert_eq!((checked.code, file["status"].as_str()), (Some(0), Some("ok")), "{file}");
    assert_eq!((file["weights_only"].as_bool(), file["globals"].as_array().unwrap().len()), (Some(true), 0));
}

#[test]
fn a_model_in_parts_is_checked_as_one() {
    let checked = check(&["--json", "gguf_split/m-00001-of-00003.gguf"]);
    let file = &checked.json["files"][0];
    assert_eq!((checked.code, file["status"].as_str()), (Some(0), Some("ok")), "{file}");
    let folder = tempfile::tempdir().unwrap();
    let path = altered(folder.path(), "gguf_split/m-00001-of-00003.gguf", |_| ());
    let checked = check(&["--json", &path]);
    assert_eq!(
        (checked.code, codes(&checked.json["files"][0])),
        (Some(1), vec!["SPLIT_MISSING"]),
        "{}",
        checked.json
    );
}

#[test]
fn a_flipped_bit_is_a_warning_and_fails_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let path = altered(folder.path(), "zip/tied.pt", |bytes| {
        // Behind its local header, whose name and padding have lengths of their own.
        let name = bytes.windows(7).position(|w| w == b"/data/0").unwrap();
        let header = bytes[..name].windows(4).rposition(|w| w == b"PK\x03\x04").unwrap();
        let length = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let payload = header + 30 + length(header + 26) + length(header + 28);
        bytes[payload + 5] ^= 1;
    });
    let checked = check(&["--json", &path]);
    let file = &checked.json["files"][0];
    assert_eq!((checked.code, file["status"].as_str()), (Some(1), Some("warning")), "{file}");
    assert_eq!(codes(file), ["CRC_MISMATCH"]);
    // Without reading storages nobody can know.
    assert_eq!(check(&["--json", "--no-values", &path]).code, Some(0));
}

#[test]
fn a_file_that_ends_too_early_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let path = altered(folder.path(), "zip/tied.pt", |bytes| bytes.truncate(bytes.len() / 2));
    let checked = check(&["--json", &path]);
    let file = &checked.json["files"][0];
    assert_eq!((checked.code, file["status"].as_str()), (Some(1), Some("broken")));
    assert!(codes(file).contains(&"TRUNCATED") && file["tensors"] == 2, "{file}");
}

#[test]
fn names_that_run_code_are_named_with_what_they_do_and_never_called_safe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.pt");
    std::fs::write(&path, b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R0\x8c\x01apathlib\nN.").unwrap();
    let output = program().args(["check", "--json"]).arg(&path).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = &json["files"][0];
    assert_eq!((output.status.code(), file["status"].as_str()), (Some(1), Some("dangerous")), "{file}");
    assert_eq!(file["globals"][0], "os.system");
    assert_eq!(file["verdicts"][0]["verdict"], "runs_code");
    for format in ["--json", "--sarif", "--verbose"] {
        let text = program().args(["check", format]).arg(&path).output().unwrap().stdout;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("os.system"), "{text}");
        assert!(!text.to_ascii_lowercase().contains("safe "), "{text}");
    }
}

#[test]
fn nan_is_found_in_a_view_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let header = br#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([1.0, f32::NAN, f32::INFINITY, f32::NAN].iter().flat_map(|x| x.to_le_bytes()));
    let path = folder.path().join("a.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let checked = check(&["--json", path.to_str().unwrap()]);
    let findings = &checked.json["files"][0]["findings"];
    assert_eq!(checked.code, Some(1));
    assert_eq!((&findings[0]["code"], &findings[0]["where"]), (&"NAN".into(), &"a".into()));
    assert!(findings[0]["message"].as_str().unwrap().starts_with("2 of 4"), "{findings}");
    assert_eq!(findings[1]["code"], "INF");
}

#[test]
fn sarif_names_rules_files_and_levels() {
    let folder = tempfile::tempdir().unwrap();
    let path = altered(folder.path(), "zip/tied.pt", |bytes| bytes.truncate(bytes.len() / 2));
    let sarif = check(&["--sarif", &path]).json;
    let run = &sarif["runs"][0];
    assert_eq!(
        (sarif["version"].as_str(), run["tool"]["driver"]["name"].as_str()),
        (Some("2.1.0"), Some("ckpt-tui"))
    );
    assert_eq!(
        (&run["results"][0]["ruleId"], &run["results"][0]["level"]),
        (&"TRUNCATED".into(), &"error".into())
    );
    assert!(run["tool"]["driver"]["rules"][0]["shortDescription"]["text"].as_str().unwrap().len() > 10);
    let uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str();
    assert!(uri.unwrap().ends_with("tied.pt"));
}

#[test]
fn folders_are_searched_and_what_is_no_file_is_skipped() {
    let checked = check(&["--json", "zip"]);
    let files = checked.json["files"].as_array().unwrap();
    assert!(files.len() > 5);
    let folder = tempfile::tempdir().unwrap();
    let checked = check(&["--json", folder.path().to_str().unwrap()]);
    assert_eq!((checked.code, checked.json["files"][0]["status"].as_str()), (Some(0), Some("skipped")));
    assert_eq!(check(&["--json", "/no/such/file.pt"]).code, Some(2));
}

/// No file a real library wrote is called dangerous, whatever classes it names: the list of plain data and
/// torch's own classes is long enough.
#[test]
fn files_of_real_libraries_are_not_accused() {
    let checked = check(&["--json", "--no-values", "zip", "hf", "lightning", "legacy", "train", "fw"]);
    let accused: Vec<String> = checked.json["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["status"] == "dangerous")
        .map(|file| format!("{} {:?}", file["path"], codes(file)))
        .collect();
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

/// A pickle that calls `module.name(1)`.
fn calling(folder: &Path, module: &str, name: &str) -> String {
    let path = folder.join("call.pkl");
    std::fs::write(&path, format!("c{module}\n{name}\n(I1\ntR.")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn an_enumeration_of_the_script_is_unknown_and_not_dangerous() {
    let folder = tempfile::tempdir().unwrap();
    for (module, name, status, code) in [
        ("__main__", "Color", "warning", "UNKNOWN_GLOBAL"),
        ("__main__", "Settings.Mode", "warning", "UNKNOWN_GLOBAL"),
        ("__main__", "Popen", "dangerous", "UNKNOWN_CALL"),
        ("__main__", "run", "dangerous", "UNKNOWN_CALL"),
        ("some_package.colors", "Color", "dangerous", "UNKNOWN_CALL"),
    ] {
        let checked = check(&["--json", &calling(folder.path(), module, name)]);
        let file = &checked.json["files"][0];
        assert_eq!(file["status"], status, "{module}.{name}: {file}");
        assert!(codes(file).contains(&code), "{module}.{name}: {file}");
    }
}
