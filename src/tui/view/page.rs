//! The question before a page is written.

use super::dialog::{LEAVE, Question};
use crate::text::{number, shown, shown_path};
use crate::tui::model::document::Line;
use crate::tui::model::page::{Page, Subject};

pub(super) fn question(page: &Page) -> Question {
    let title = format!("Write a report of {}", shown(&page.name));
    let leave = (LEAVE.0, LEAVE.1.to_owned());
    let what = match &page.subject {
        Subject::Run(path) => format!("the run {}", shown_path(path)),
        Subject::Checkpoint(path) => format!("the checkpoint {}", shown_path(path)),
        Subject::Pair([a, b]) => format!("{} and {}", shown_path(a), shown_path(b)),
    };
    let mut document = vec![Line::Fact("about", what)];
    let Some(target) = &page.target else {
        document.push(Line::Text("Looking for a free name ...".to_owned()));
        return (title, document, vec![leave]);
    };
    document.push(Line::Fact("writes", shown_path(target)));
    document.push(Line::Fact("size", format!("about {}", number::bytes(page.guess))));
    if page.reads > 0 {
        document
            .push(Line::Fact("reads", format!("{} at most; Esc stops it then", number::bytes(page.reads))));
    }
    document.push(Line::Blank);
    let text = "One HTML file to show to others: plots, tables, how to load it. It needs no network and runs no script. \
                Nothing else is written.";
    document.push(Line::Text(text.to_owned()));
    (title, document, vec![("y", "writes it".to_owned()), leave])
}
