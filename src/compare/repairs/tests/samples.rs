//! The pairs of the mismatch samples: `a` is the model's own state dict, `b` is loaded into it, and expected.json
//! holds torch's words.

use super::*;
use crate::compare::report::Report;
use crate::limits::Limits;

/// Matched, missing, unexpected, of another shape.
type Numbers = (usize, usize, usize, usize);

/// A pair, the rules that repair it, and the counts before and after.
type Row = (&'static str, &'static [&'static str], Numbers, Numbers);

const PAIRS: [Row; 12] = [
    ("compile", &["prefix"], (1, 15, 16, 0), (16, 0, 0, 0)),
    ("ddp_compile", &["prefix"], (1, 15, 16, 0), (16, 0, 0, 0)),
    ("fsdp", &["prefix"], (1, 15, 16, 0), (16, 0, 0, 0)),
    ("ckptwrap", &["prefix"], (1, 15, 16, 0), (16, 0, 0, 0)),
    ("inner_wrapped", &["prefix"], (14, 2, 2, 0), (16, 0, 0, 0)),
    ("no_nbt", &[], (16, 0, 0, 0), (16, 0, 0, 0)),
    ("transposed", &["transpose"], (15, 0, 0, 1), (16, 0, 0, 0)),
    ("split_qkv", &["merge_split"], (14, 2, 6, 0), (16, 0, 0, 0)),
    ("weight_norm_new", &["fold_weight_norm"], (15, 1, 2, 0), (16, 0, 0, 0)),
    ("lora", &["peft_names", "lora_left_out"], (1, 15, 18, 0), (16, 0, 0, 0)),
    ("half", &[], (16, 0, 0, 0), (16, 0, 0, 0)),
    ("one_value", &[], (16, 0, 0, 0), (16, 0, 0, 0)),
];

fn numbers(counts: Counts) -> Numbers {
    (counts.matched, counts.missing, counts.unexpected, counts.mismatched)
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mismatch")
}

fn report(pair: &str) -> Report {
    let open =
        |end: &str| crate::format::open(&folder().join(format!("{pair}_{end}.pt")), &Limits::default());
    Report::of(&open("a").unwrap(), &open("b").unwrap(), (None, None)).unwrap()
}

fn expected() -> serde_json::Map<String, serde_json::Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_pair_has_its_cause_and_repair() {
    let expected = expected();
    assert_eq!(expected.len(), PAIRS.len(), "every pair is in the table");
    for (pair, repairs, before, after) in PAIRS {
        assert!(expected.contains_key(pair), "{pair}");
        let report = report(pair);
        is_sound(&report.reference, &report.candidate, &report.found);
        assert_eq!(rules(&report.found), (repairs.to_vec(), Vec::new()), "{pair}");
        assert_eq!((numbers(report.before()), numbers(report.after())), (before, after), "{pair}");
        assert!(report.found.after.loads_strict(), "{pair}");
        let explained: usize = report.found.applied().map(|repair| repair.explains).sum();
        assert_eq!(explained, report.before().differences(), "{pair}: every difference is explained");
    }
}

#[test]
fn the_verdict_is_torchs_to_the_letter() {
    for (pair, expected) in expected() {
        let report = report(&pair);
        let names = |side: &Side, all: &[usize]| -> Vec<String> {
            all.iter().map(|at| side.items[*at].key().to_owned()).collect()
        };
        if let (Some(missing), Some(unexpected)) = (expected.get("missing"), expected.get("unexpected")) {
            let found = names(&report.reference, &report.verdict.missing);
            assert_eq!(serde_json::json!(found), *missing, "{pair}: missing");
            let found = names(&report.candidate, &report.verdict.unexpected);
            assert_eq!(serde_json::json!(found), *unexpected, "{pair}: unexpected");
        } else {
            assert_eq!(
                report.message(Some("Net"), false),
                expected["error"].as_str().unwrap(),
                "{pair}: strict=False"
            );
        }
        let strict = match expected["strict"].as_str().unwrap() {
            "ok" => "<All keys matched successfully>",
            message => message,
        };
        assert_eq!(report.message(Some("Net"), true), strict, "{pair}");
    }
}

#[test]
fn a_model_goes_together_with_itself_in_silence() {
    for (pair, ..) in PAIRS {
        for end in ["a", "b"] {
            let path = folder().join(format!("{pair}_{end}.pt"));
            let own = crate::format::open(&path, &Limits::default()).unwrap();
            let report = Report::of(&own, &own, (None, None)).unwrap();
            assert!(report.verdict.loads_strict() && report.found.repairs.is_empty(), "{pair}_{end}");
        }
    }
}
