//! From key to frame. Run with `cargo test --release --test screens -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ckpt_tui::training::{Mode, Series, XAxis};
use ckpt_tui::tui::action::{Action, CompareNews};
use ckpt_tui::tui::event::Event;
use ckpt_tui::tui::key;
use ckpt_tui::tui::model::compare::Comparison;
use ckpt_tui::tui::model::jobs::TaskKind;

use super::build::{Build, row};
use super::ui::{Ui, on_cpu};

/// The longest a key may take to become a frame.
const FRAME: Duration = Duration::from_millis(16);

fn names(count: usize) -> Vec<String> {
    let parts = ["self_attn.q_proj", "self_attn.k_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm"];
    (0..count)
        .map(|n| {
            format!(
                "model.layers.{}.{}.{}.weight",
                n / 40,
                n % 8,
                parts[n % 5].to_owned() + &(n % 40).to_string()
            )
        })
        .collect()
}

/// Time from each key of the script to its drawn frame. What a filter takes on its worker is told apart: the
/// frame does not wait for it.
fn times(ui: &mut Ui, script: &str) -> Vec<(String, Duration)> {
    let mut slowest = Duration::ZERO;
    let mut times = Vec::new();
    for key in key::script(script) {
        ui.in_worker = Duration::ZERO;
        let start = Instant::now();
        ui.event(Event::Key(key));
        ui.draw();
        times.push((key.to_string(), start.elapsed().saturating_sub(ui.in_worker)));
        slowest = slowest.max(ui.in_worker);
    }
    if !slowest.is_zero() {
        println!("slowest filter on its worker: {slowest:?}");
    }
    times
}

/// The same in processor time, for a machine that is busy with other things; without what is made on a worker,
/// for which no frame waits.
fn cpu_times(ui: &mut Ui, script: &str) -> Vec<(String, Duration)> {
    let mut slowest = Duration::ZERO;
    let one = |key: key::Key| {
        ui.in_worker = Duration::ZERO;
        let start = on_cpu();
        ui.event(Event::Key(key));
        ui.draw();
        slowest = slowest.max(ui.in_worker);
        (key.to_string(), on_cpu().saturating_sub(start).saturating_sub(ui.in_worker))
    };
    let times = key::script(script).into_iter().map(one).collect();
    println!("longest on a worker: {slowest:?}");
    times
}

fn report(what: &str, mut times: Vec<(String, Duration)>) {
    times.sort_by_key(|t| t.1);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].1;
    println!(
        "{what}: {} keys, median {:?}, p99 {:?}, slowest {:?}",
        times.len(),
        at(0.5),
        at(0.99),
        times.last()
    );
    assert!(at(0.99) <= FRAME, "{what}");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn keys_are_frames_with_100_000_tensors() {
    let names = names(100_000);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let build = Build::state_dict(&names);
    let start = Instant::now();
    let mut ui = Ui::with_checkpoint(build, (140, 45));
    println!("assembled and prepared in {:?}", start.elapsed());
    let moves = "jjjkkGggjj<PgDn><PgDn><PgUp><Ctrl-d>500jzRG<PgUp>gg1000j3000kjjjlhlhzMzR".repeat(4);
    report("tree", times(&mut ui, &moves));
    report("order of the whole tree, all open", times(&mut ui, "zRssSsSsss"));
    report("table", times(&mut ui, &format!("gt{}", "jjjkkGgg<PgDn>9000jsssSssss".repeat(4))));
    report("filter in the table", times(&mut ui, "/layers.1<Backspace>.q_proj<Enter>nnnN<Esc>"));
    report("filter in the tree", times(&mut ui, "gl/mlp7weight<Enter>nnnN<Esc>"));
}

#[test]
#[ignore = "a measurement, for release builds"]
fn keys_are_frames_with_10_000_checkpoints() {
    let rows = (0..10_000).map(|n| {
        let (run, epoch) = (n / 500, n % 500);
        row(
            &format!("/data/runs/r{run}/epoch_{epoch}.pt"),
            Some(f64::from(epoch)),
            &[("val_loss", 1.0 / f64::from(epoch + 1)), ("acc", 0.5)],
        )
    });
    let mut ui = Ui::waiting((140, 45));
    ui.keys("j");
    let mut slowest = Duration::ZERO;
    for batch in rows.collect::<Vec<_>>().chunks(256) {
        let start = Instant::now();
        ui.found(batch.to_vec());
        ui.keys("j");
        ui.screen();
        slowest = slowest.max(start.elapsed());
    }
    println!("slowest of the frames with 256 new rows: {slowest:?}");
    ui.done();
    report("list", times(&mut ui, &"jjjkkGggjj<PgDn><Ctrl-d>500jG<PgUp>bchlsss".repeat(4)));
    report("filter in the list", times(&mut ui, "/epoch_42<Enter>nnn<Esc>"));
    assert!(slowest <= FRAME * 2);
}

/// Two checkpoints of 100,000 tensors each, one of them saved with `module.` before every name.
#[test]
#[ignore = "a measurement, for release builds"]
fn keys_are_frames_with_100_000_pairs() {
    let names = names(100_000);
    let prefixed: Vec<String> = names.iter().map(|name| format!("module.{name}")).collect();
    let checkpoint = |names: &[String]| {
        Build::state_dict(&names.iter().map(String::as_str).collect::<Vec<_>>()).checkpoint()
    };
    for (what, candidate) in [("the same names", &names), ("other names", &prefixed)] {
        let (a, b) = (checkpoint(&names), checkpoint(candidate));
        let start = Instant::now();
        let data = Comparison::of(a, b, None).unwrap();
        println!("{what}: names compared in {:?} on the worker", start.elapsed());
        let rows = ["a", "b"].map(|n| row(&format!("/data/r/{n}.pt"), Some(1.0), &[]));
        let mut ui = Ui::with_rows(rows.to_vec(), (140, 45));
        ui.keys("jmjm");
        let generation = |ui: &Ui| ui.model.jobs.task(TaskKind::Compare).unwrap().generation;
        let (now, pairs) = (generation(&ui), data.pairs.len() as u32);
        let frame = |ui: &mut Ui, news| {
            let start = Instant::now();
            ui.act(Action::Compared(news, CompareNews::Values(Vec::new())));
            ui.draw();
            start.elapsed()
        };
        let start = Instant::now();
        ui.act(Action::Compared(now, CompareNews::Keys(Ok(Arc::new(data)))));
        ui.draw();
        println!(
            "{what}: {} rows made in {:?}",
            ui.model.compare.as_ref().unwrap().visible.len(),
            start.elapsed()
        );
        println!("{what}: a frame alone {:?}", frame(&mut ui, now));
        let moves = "jjjkkGggjj<PgDn><PgUp><Ctrl-d>500jG<PgUp>gg1000jjjlh]]][[500]".repeat(4);
        report("moving", times(&mut ui, &moves));
        report("folds, lists, only differences", times(&mut ui, "zMjjzRtjjtddtdtzM]zR]"));
        report("filter", times(&mut ui, "/layers.1<Backspace>.q_proj<Enter>nnnN]]<Esc>"));
        report("repairs", times(&mut ui, "Rjjj<PgDn>G<PgUp>ggR"));
        report("order of changes, after the repair", times(&mut ui, "sjjstaja"));
        let mut slowest = Duration::ZERO;
        let now = generation(&ui);
        for first in (0..pairs).step_by(4_096) {
            let portion = (first..pairs.min(first + 4_096)).map(|at| (at, Err("not stored".to_owned())));
            let news = CompareNews::Values(portion.collect());
            let start = Instant::now();
            ui.act(Action::Compared(now, news));
            ui.draw();
            slowest = slowest.max(start.elapsed());
        }
        println!("{what}: slowest of the frames with 4,096 new values: {slowest:?}");
        assert!(slowest <= FRAME);
    }
}

/// Three series of a million points each, one of them with gaps.
#[test]
#[ignore = "a measurement, for release builds"]
fn keys_are_frames_with_1_000_000_points() {
    const POINTS: usize = 1_000_000;
    let mut last = row("/data/long/step_1000000.pt", None, &[]);
    last.training.progress.step = Some(POINTS as u64);
    let series = |name: &str, value: &dyn Fn(usize) -> f64| Series {
        name: name.to_owned(),
        x: XAxis::Step,
        points: (0..POINTS).map(|i| (i as f64, value(i))).collect(),
        source: "events.out.tfevents".to_owned(),
        mode: Mode::Min,
    };
    let noise = |i: usize| ((i * 7_919) % 10_007) as f64 / 10_007.0;
    last.training.histories = vec![
        series("loss", &|i| 2.0 / (1.0 + i as f64 / 1e5) + noise(i)),
        series("val_loss", &|i| if i % 1_000 == 7 { f64::NAN } else { 1.0 + noise(i) }),
        series("aux_loss", &|i| noise(i) * (i as f64).sqrt()),
    ];
    let rows = vec![row("/data/long/step_5.pt", None, &[]), last, row("/data/other/e1.pt", None, &[])];
    let mut ui = Ui::with_rows(rows, (140, 45));
    report("to the run and back", cpu_times(&mut ui, "jjGggjjGgg"));
    ui.keys("gg<Tab>");
    let moves = "++++++++++<lt><lt>>>hhlljjkk--++0f<Home><End>500h++>>0f";
    report("zoom, pan and cursor, one line", cpu_times(&mut ui, &moves.repeat(4)));
    report("log axis", cpu_times(&mut ui, &"x+>-x0".repeat(4)));
    report("smoothing, one line", cpu_times(&mut ui, &"eeEeeEeEEE".repeat(2)));
    ui.keys("aval<Enter><Esc>aaux<Enter><Esc>");
    assert_eq!(ui.model.home.curve.lines.len(), 3);
    report("zoom, pan and cursor, three lines", cpu_times(&mut ui, &moves.repeat(4)));
    report("next metric, three lines", cpu_times(&mut ui, "cccccc"));
    ui.keys("eee");
    report("zoom, pan and cursor, three lines smoothed", cpu_times(&mut ui, &moves.repeat(4)));
    report("smoothing, three lines", cpu_times(&mut ui, &"eEeE".repeat(4)));
}

/// CRC-32C of Castagnoli, byte by byte.
fn crc32c(table: &[u32; 256], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| table[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

/// An event file of so many values of one tag, as torch's `SummaryWriter` writes it.
fn events(count: u32) -> Vec<u8> {
    let table: [u32; 256] = std::array::from_fn(|n| {
        (0..8).fold(n as u32, |crc, _| if crc & 1 == 1 { 0x82f6_3b78 ^ (crc >> 1) } else { crc >> 1 })
    });
    let masked =
        |bytes: &[u8]| crc32c(&table, bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let mut out = Vec::new();
    for step in 0..count {
        let mut value = b"\x0a\x0atrain/loss\x15".to_vec();
        value.extend((1.0 / (step as f32 + 1.0)).to_le_bytes());
        let mut event = vec![0x09];
        event.extend((1.7e9 + f64::from(step)).to_le_bytes());
        event.push(0x10);
        let mut rest = step;
        while rest > 127 {
            event.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        event.push(rest as u8);
        event.extend([0x2a, value.len() as u8 + 2, 0x0a, value.len() as u8]);
        event.extend(value);
        let len = (event.len() as u64).to_le_bytes();
        out.extend(len);
        out.extend(masked(&len));
        out.extend(&event);
        out.extend(masked(&event));
    }
    out
}

#[test]
#[ignore = "a measurement, for release builds"]
fn an_event_file_of_1_000_000_points_opens_in_a_second() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.out.tfevents.1700000000.host.1.0"), events(1_000_000)).unwrap();
    let (start, cpu) = (Instant::now(), on_cpu());
    let mut ui = Ui::on(folder.path().to_str().unwrap(), (140, 45));
    ui.draw();
    let (wall, cpu) = (start.elapsed(), on_cpu().saturating_sub(cpu));
    println!("scanned, read and drawn in {wall:?}, {cpu:?} of a processor");
    assert_eq!(ui.model.home.curve.shown().unwrap().points.len(), 1_000_000);
    assert!(cpu <= Duration::from_secs(1));
    ui.keys("<Tab>");
    report("zoom, pan and cursor", cpu_times(&mut ui, &"++++++<lt>>hl--0".repeat(4)));
    report("smoothing", cpu_times(&mut ui, &"eeEe".repeat(4)));
}
