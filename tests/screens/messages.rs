//! What the line at the bottom says: it covers nothing, goes with the next key, and can be read again.

use ckpt_tui::tui::event::Event;
use insta::assert_snapshot;

use super::ui::Ui;

const DEMO: &str = "assets/demo";

#[test]
fn a_toast_has_the_line_at_the_bottom_and_goes_with_the_next_key() {
    for size in [(40, 10), (80, 24), (140, 45)] {
        for key in ["j", "3", "g", "?", "/", "<Tab>", "<Esc>"] {
            let mut ui = Ui::on(DEMO, size);
            ui.keys("jj");
            let before = ui.screen();
            let long = format!("something was said {}", "and more was said ".repeat(20));
            ui.model.say(long.clone());
            let said = ui.screen();
            let lines = |screen: &str| screen.lines().map(str::to_owned).collect::<Vec<_>>();
            let (before, said) = (lines(&before), lines(&said));
            assert_eq!(
                before[..before.len() - 1],
                said[..said.len() - 1],
                "nothing but the last line changes"
            );
            let last = said.last().unwrap();
            assert!(last.contains("something was said") && last.contains('…'), "{last}");
            ui.keys(key);
            assert!(!ui.screen().contains("something was said"), "{size:?} {key}");
            ui.keys("<Esc>gn");
            assert_eq!(ui.model.said.iter().filter(|toast| toast.text == long).count(), 1);
            assert!(ui.screen().contains("something was said"), "{size:?} {key}\n{}", ui.screen());
        }
    }
}

#[test]
fn a_click_takes_it_away_too() {
    let mut ui = Ui::on(DEMO, (80, 24));
    ui.model.complain("something went wrong");
    ui.event(Event::Click(5, 6));
    assert!(ui.model.toast.is_none());
}

#[test]
fn messages_are_listed_newest_first_and_copied() {
    let mut ui = Ui::on(DEMO, (80, 24));
    ui.model.say("the first");
    ui.model.complain(format!("the second: {}", "a long reason why it went wrong ".repeat(6)));
    ui.model.say("the third");
    ui.keys("gn");
    assert_snapshot!("messages_80", ui.screen());
    ui.model.size = (140, 45);
    assert_snapshot!("messages_140", ui.screen());
    ui.model.size = (80, 24);
    ui.keys("seco<Enter>");
    assert!(ui.copied.last().unwrap().starts_with("the second"));
    let mut ui = Ui::on(DEMO, (40, 10));
    ui.model.complain(format!("too long: {}", "a long reason ".repeat(6)));
    ui.keys("gn");
    assert_snapshot!("messages_40", ui.screen());
}

#[test]
fn only_so_many_are_kept() {
    let mut ui = Ui::on(DEMO, (80, 24));
    (0..1_000).for_each(|n| ui.model.say(n.to_string()));
    assert_eq!(ui.model.said.len(), 200);
}
