//! Any bytes as any kind of log: reading must come to an end, and what it says must be in order.
#![no_main]

use std::path::Path;

use ckpt_tui::training::logs::{self, LogKind};
use libfuzzer_sys::fuzz_target;

const KINDS: [(LogKind, &str); 9] = [
    (LogKind::TrainerState, "trainer_state.json"),
    (LogKind::Csv, "metrics.csv"),
    (LogKind::Lines, "log.txt"),
    (LogKind::Document, "history.json"),
    (LogKind::Summary, "wandb-summary.json"),
    (LogKind::MlflowMetric, "metrics/loss"),
    (LogKind::Events, "events.out.tfevents.1"),
    (LogKind::Settings, "hparams.yaml"),
    (LogKind::Evaluations, "evaluations.npz"),
];

fuzz_target!(|data: &[u8]| {
    for (kind, name) in KINDS {
        let log = logs::read_bytes(data, Path::new(name), kind);
        for series in &log.series {
            assert!(series.points.windows(2).all(|w| w[0].0 < w[1].0), "{name}: {:?}", series.points);
        }
        assert!(log.places.windows(2).all(|w| w[0].0 < w[1].0), "{name}: {:?}", log.places);
    }
    let _ = logs::kind_of(Path::new("x.json"), data);
    let _ = logs::kind_of(Path::new("x.csv"), data);
});
