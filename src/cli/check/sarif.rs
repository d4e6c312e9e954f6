//! SARIF 2.1.0, which code-scanning services show beside the change that brought a file.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::check::{Finding, Report, explain};
use crate::checkpoint::Severity;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// All findings as one run.
pub(super) fn document(reports: &[Report]) -> Value {
    let codes: BTreeSet<&str> = reports.iter().flat_map(|r| &r.findings).map(|f| f.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> =
        reports.iter().flat_map(|report| report.findings.iter().map(move |f| result(report, f))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ckpt-tui",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

fn rule(code: &str) -> Value {
    let text = explain(code);
    let text = if text.is_empty() { code } else { text };
    json!({"id": code, "shortDescription": {"text": text}})
}

fn result(report: &Report, finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Dangerous | Severity::Broken => "error",
    };
    let text = match finding.place.as_str() {
        "" => finding.message.clone(),
        place => format!("{place}: {}", finding.message),
    };
    json!({
        "ruleId": finding.code,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(&report.path)}}}],
    })
}

/// A path as a relative or absolute URI reference: what is not plain is percent-encoded.
fn uri(path: &std::path::Path) -> String {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~' | b'=' | b'+');
    let bytes = path.as_os_str().as_encoded_bytes();
    let encoded =
        bytes.iter().map(|b| if plain(*b) { char::from(*b).to_string() } else { format!("%{b:02X}") });
    encoded.collect()
}
