//! Pages of thousands: bounded in size and time.

use std::time::Instant;

use super::*;
use crate::cache::Cache;
use crate::runs::testing::{row, run};
use crate::work::Work;

fn page(source: Source) -> Report {
    let request = Request { metric: None, values: false };
    let stamp = Stamp { at: "2026-11-24 16:23 UTC".to_owned() };
    make(source, &request, &Cache::off(), &stamp, &Work::default()).unwrap()
}

#[test]
fn ten_thousand_checkpoints_are_a_page_one_can_mail() {
    let value = |at: u32| [("val_loss", 1.0 / f64::from(at + 1)), ("acc", f64::from(at % 97) / 100.0)];
    let rows = (0..10_000).map(|at| row(&format!("e{at}.pt"), Some(f64::from(at)), &value(at))).collect();
    let began = Instant::now();
    let page = page(Source::Runs(vec![run(rows)], Vec::new()));
    assert!(page.html.len() < 300_000, "{}", page.html.len());
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert!(page.html.contains("of 10,000 checkpoints: the first, the last, the best"));
    assert!(page.html.contains("<code>e9999.pt</code>"), "the best, which is the last");
}

#[test]
fn a_thousand_runs_have_a_table_and_the_best_a_section() {
    let of = |at: u32| {
        let mut run = run(vec![row("a.pt", Some(1.0), &[("val_loss", f64::from(at) + 1.0)])]);
        run.name = format!("run-{at}");
        run
    };
    let page = page(Source::Runs((0..1_200).rev().map(of).collect(), Vec::new()));
    assert!(page.html.len() < 1_000_000, "{}", page.html.len());
    let first = page.html.find("run-0<").unwrap();
    assert!(first < page.html.find("run-1<").unwrap(), "the best first");
    assert!(page.html.contains("200 more runs are not shown") && page.html.contains("1,160 more runs stand"));
}

#[test]
fn file_names_are_plain() {
    assert_eq!(file_name("lightning_logs/version_0"), "lightning_logs_version_0-report.html");
    assert_eq!(file_name("../../etc/passwd"), "etc_passwd-report.html");
    assert_eq!(file_name("-rf \u{202e}ü"), "rf-report.html");
    assert_eq!(file_name(""), "run-report.html");
    assert!(file_name(&"x".repeat(5_000)).len() < 100);
}
