//! The user guide shows the screens the program draws.
//!
//! A page asks for one with `<!-- screen 100x24 | assets/demo | keys -->` above a block of text; several paths are
//! separated by spaces. The block is what the program draws on these paths after these keys.

use std::fmt::Write as _;

use super::ui::Ui;

const FOLDER: &str = "docs/guide/src";
const OPEN: &str = "<!-- screen ";

/// The screen a line asks for.
fn screen(asked: &str) -> String {
    let inner = asked.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(" -->")).expect(asked);
    let mut parts = inner.split(" | ");
    let (size, paths, keys) =
        (parts.next().expect(asked), parts.next().expect(asked), parts.next().unwrap_or_default());
    let (width, height) = size.split_once('x').expect(asked);
    let paths: Vec<&str> = paths.split(' ').collect();
    let mut ui = Ui::on_all(&paths, (width.parse().expect(asked), height.parse().expect(asked)));
    ui.keys(keys);
    let screen = ui.screen();
    // What the test's backend quotes each line with.
    let lines = screen.lines().map(|line| line.trim_matches('"').trim_end());
    let mut block = String::from("```text\n");
    for line in lines {
        let _ = writeln!(block, "{line}");
    }
    block + "```\n"
}

/// The page with every screen drawn anew, and how many there are.
fn drawn(page: &str) -> (String, usize) {
    let (mut out, mut count) = (String::new(), 0);
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        out += line;
        if !line.starts_with(OPEN) {
            continue;
        }
        count += 1;
        out += &screen(line.trim_end());
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```text"), "no block below {line}");
        let _ = lines.by_ref().find(|line| line.trim_end() == "```");
    }
    (out, count)
}

/// Written anew by `UPDATE_DOCS=1 cargo test --test screens guide`.
#[test]
fn the_screens_of_the_guide_are_what_the_program_draws() {
    let mut shown = 0;
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let (want, count) = drawn(&page);
        shown += count;
        if page != want && std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, want).unwrap();
        } else {
            let fix = "UPDATE_DOCS=1 cargo test --test screens guide";
            assert_eq!(page, want, "{} is out of date: {fix}", path.display());
        }
    }
    assert!(shown >= 15, "the guide shows {shown} screens");
}
