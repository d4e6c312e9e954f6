//! Where everything is on the screen: a pure function of the model, used for drawing, for page sizes and for
//! the mouse.
//!
//! ```text
//! first screen, 80 columns and more      opened checkpoint, 120 and more (80: without the runs)
//! header                                 header
//! ┌ runs ──────┐┌ curve ───────┐         ┌ runs ┐┌ view ────────┐┌ detail ─┐
//! │            ││              │         │      ││              ││         │
//! │            │└──────────────┘         │      ││              ││         │
//! │            │┌ details ─────┐         │      ││              ││         │
//! └────────────┘└──────────────┘         └──────┘└──────────────┘└─────────┘
//! footer                                 footer
//! ```
//! Below 80 columns the focused pane has the screen, and below 40×10 a card says how much is needed.

mod borders;

use ratatui::layout::Rect;

pub use self::borders::Border;
use self::borders::Placed;
use super::model::splits::{Split, Splits};
use super::model::{HomeView, Mode, Model, Pane, Place, popup};

/// The smallest screen anything is drawn on.
pub const SMALLEST: (u16, u16) = (40, 10);
/// Lines of the read-out below a timeline.
pub const HEAT_FOOT: u16 = 3;
const TWO_COLUMNS: u16 = 80;
const THREE_COLUMNS: u16 = 120;

/// Where everything is.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The whole screen.
    pub screen: Rect,
    /// The line on top.
    pub header: Rect,
    /// The line at the bottom.
    pub footer: Rect,
    /// Panes with their borders, left to right.
    pub panes: Vec<(Pane, Rect)>,
    /// Where panes meet, and the border there can be moved.
    pub borders: Vec<Border>,
    /// The checkpoint's view is a list with a line of headings.
    has_headings: bool,
    /// Rows of the list to choose from.
    listed: u16,
    /// Rows of the question that is shown.
    question: u16,
    /// Sections to choose from.
    sections: u16,
}

/// The panes the focus can go to, in order.
pub fn panes(model: &Model) -> Vec<Pane> {
    let text = model.view().is_some_and(super::model::View::is_text);
    match model.place {
        Place::Home => match model.home.view {
            HomeView::Split => vec![Pane::Runs, Pane::Curve, Pane::Facts],
            HomeView::Curve => vec![Pane::Curve],
            HomeView::Table => vec![Pane::Table],
        },
        Place::Timeline => vec![Pane::Timeline],
        Place::Compare if model.compare.as_ref().is_some_and(|v| v.repairs) => vec![Pane::Difference],
        Place::Compare => vec![Pane::Keys, Pane::Difference],
        Place::Checkpoint => {
            let mut panes = vec![Pane::Body];
            if model.size.0 >= THREE_COLUMNS {
                panes.insert(0, Pane::Runs);
            }
            if !text {
                panes.push(Pane::Detail);
            }
            panes
        }
    }
}

/// The layout of the model's screen.
pub fn of(model: &Model) -> Layout {
    let (width, height) = model.size;
    let screen = Rect::new(0, 0, width, height);
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return Layout { screen, ..Layout::default() };
    }
    let body = Rect::new(0, 1, width, height - 2);
    let splits = &model.splits;
    let Placed { panes, borders } = if width < TWO_COLUMNS {
        Placed::only(model.focus, body)
    } else if model.place == Place::Timeline {
        Placed::only(Pane::Timeline, body)
    } else if model.place == Place::Compare {
        compare(body, &panes(model), model.focus, splits)
    } else if model.place == Place::Home {
        match model.home.view {
            HomeView::Split => home(body, splits),
            HomeView::Curve => Placed::only(Pane::Curve, body),
            HomeView::Table => Placed::only(Pane::Table, body),
        }
    } else {
        checkpoint(body, &panes(model), splits)
    };
    Layout {
        screen,
        header: Rect::new(0, 0, width, 1),
        footer: Rect::new(0, height - 1, width, 1),
        panes,
        borders,
        has_headings: !model.view().is_some_and(super::model::View::is_text),
        listed: u16::try_from(listed(model)).unwrap_or(u16::MAX),
        sections: sections(model),
        question: if let Mode::Dialog(dialog) = &model.mode { dialog.height() } else { 0 },
    }
}

fn listed(model: &Model) -> usize {
    match &model.mode {
        Mode::Popup(popup) if popup.what == popup::What::Bookmarks => model.home.bookmarks.len(),
        Mode::Popup(_) => model.said.len(),
        _ => model.home.curve.series.len(),
    }
}

fn sections(model: &Model) -> u16 {
    let data = model.compare.as_ref().and_then(|view| view.data.as_ref());
    data.map_or(0, |data| u16::try_from(data.sections.len()).unwrap_or(u16::MAX))
}

fn home(body: Rect, splits: &Splits) -> Placed {
    let mut placed = Placed::default();
    let runs = (body.width * 11 / 20).max(46);
    let (left, right) = placed.cut(body, Split::HomeColumns, splits, runs);
    let curve = right.height.div_ceil(2);
    let (top, bottom) = placed.cut(right, Split::HomeRows, splits, curve);
    placed.panes = vec![(Pane::Runs, left), (Pane::Curve, top), (Pane::Facts, bottom)];
    placed
}

fn checkpoint(body: Rect, panes: &[Pane], splits: &Splits) -> Placed {
    let mut placed = Placed::default();
    let mut rest = body;
    if panes.contains(&Pane::Runs) {
        let (left, right) = placed.cut(body, Split::CheckpointRuns, splits, (body.width / 4).min(44));
        placed.panes.push((Pane::Runs, left));
        rest = right;
    }
    if panes.contains(&Pane::Detail) {
        let detail = (rest.width * 7 / 20).max(32).min(rest.width / 2).min(56);
        let (left, right) = placed.cut(rest, Split::CheckpointDetail, splits, rest.width - detail);
        placed.panes.extend([(Pane::Body, left), (Pane::Detail, right)]);
    } else {
        placed.panes.push((Pane::Body, rest));
    }
    placed
}

/// The names and what is known of one of them. Where both are narrow, the one in use is the wider, unless a person
/// chose otherwise.
fn compare(body: Rect, panes: &[Pane], focus: Pane, splits: &Splits) -> Placed {
    if !panes.contains(&Pane::Keys) {
        return Placed::only(Pane::Difference, body);
    }
    let difference = if body.width < THREE_COLUMNS && focus == Pane::Difference {
        body.width * 3 / 5
    } else {
        (body.width * 2 / 5).clamp(32, 72)
    };
    let mut placed = Placed::default();
    let (left, right) = placed.cut(body, Split::Compare, splits, body.width - difference);
    placed.panes = vec![(Pane::Keys, left), (Pane::Difference, right)];
    placed
}

/// Cells of an element in the panel of values, and of the index before them.
pub const VALUE: u16 = 10;
const PLACE: u16 = 13;

impl Layout {
    /// The screen is too small for anything.
    pub fn is_too_small(&self) -> bool {
        self.panes.is_empty()
    }

    /// One pane fills the screen.
    pub fn is_single(&self) -> bool {
        self.panes.len() == 1 && self.screen.width < TWO_COLUMNS
    }

    /// A pane with its border; empty when it is not on the screen.
    pub fn pane(&self, pane: Pane) -> Rect {
        self.panes.iter().find(|(p, _)| *p == pane).map(|(_, area)| *area).unwrap_or_default()
    }

    /// A pane inside its border.
    pub fn inner(&self, pane: Pane) -> Rect {
        let area = self.pane(pane);
        if area.width < 2 || area.height < 2 {
            return Rect::default();
        }
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// The rows of a list pane, below its line of headings.
    pub fn rows(&self, pane: Pane) -> Rect {
        let inner = self.inner(pane);
        let headings =
            u16::from(matches!(pane, Pane::Runs | Pane::Table) || pane == Pane::Body && self.has_headings);
        // Whether it loads, and how many names have each mark.
        let headings = if pane == Pane::Keys { 2 } else { headings }.min(inner.height);
        Rect { y: inner.y + headings, height: inner.height - headings, ..inner }
    }

    /// Rows of a timeline's heat map: between the line of epochs and the read-out.
    pub fn heat_rows(&self) -> u16 {
        self.inner(Pane::Timeline).height.saturating_sub(1 + HEAT_FOOT).max(1)
    }

    /// The text of a text pane, with a cell of air on either side.
    pub fn text(&self, pane: Pane) -> Rect {
        let inner = self.inner(pane);
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
    }

    /// Elements in a row of the panel of values.
    pub fn values_per_row(&self) -> u64 {
        u64::from((self.text(Pane::Detail).width.saturating_sub(PLACE) / VALUE).max(1))
    }

    /// The help, over everything else.
    pub fn help(&self) -> Rect {
        let width = self.screen.width.saturating_sub(4).min(90);
        let height = self.screen.height.saturating_sub(2);
        let x = (self.screen.width.saturating_sub(width)) / 2;
        Rect { x, y: 1.min(self.screen.height), width, height }
    }

    /// The list of metrics, over the rest.
    pub fn picker(&self) -> Rect {
        self.popup(64, self.listed.saturating_add(5).clamp(8, 26))
    }

    /// The list of sections, over the rest.
    pub fn section_list(&self) -> Rect {
        self.popup(88, self.sections.saturating_add(4).clamp(6, 26))
    }

    /// Its rows, below their heading.
    pub fn sections(&self) -> Rect {
        let area = self.section_list();
        let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(3));
        Rect { x: area.x + 1, y: area.y + 2, width, height }
    }

    /// A list that is searched, over the rest.
    pub fn list(&self) -> Rect {
        self.popup(100, self.listed.saturating_add(9).clamp(10, 30))
    }

    /// Its rows, below the line it is searched with.
    pub fn list_rows(&self) -> Rect {
        let area = self.list();
        let height = area.height.saturating_sub(4 + self.list_detail().height);
        Rect { x: area.x + 1, y: area.y + 3, width: area.width.saturating_sub(2), height }
    }

    /// All of what is selected in it, below its rows.
    pub fn list_detail(&self) -> Rect {
        let area = self.list();
        let height = (area.height.saturating_sub(4) / 2).min(4);
        let y = area.bottom().saturating_sub(height + 1);
        Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height }
    }

    /// A question, over the rest.
    pub fn dialog(&self) -> Rect {
        self.popup(100, self.question)
    }

    /// The text of a question.
    pub fn dialog_text(&self) -> Rect {
        let area = self.dialog();
        let (width, height) = (area.width.saturating_sub(4), area.height.saturating_sub(4));
        Rect { x: area.x + 2, y: area.y + 1, width, height }
    }

    /// The list of a question, below its text.
    pub fn dialog_rows(&self) -> Rect {
        let text = self.dialog_text();
        let above = text.height.min(6);
        Rect { y: text.y + above, height: text.height - above, ..text }
    }

    /// A popup of at most so many cells, in the middle of the screen.
    pub fn popup(&self, width: u16, height: u16) -> Rect {
        let width = self.screen.width.saturating_sub(4).min(width);
        let height = self.screen.height.saturating_sub(2).min(height);
        let (x, y) = ((self.screen.width - width) / 2, (self.screen.height - height) / 2);
        Rect { x, y, width, height }
    }

    /// Rows of the help's list.
    pub fn help_rows(&self) -> usize {
        // Two for the border, two for the line to search with and the one below it.
        usize::from(self.help().height).saturating_sub(4)
    }

    /// The pane a cell belongs to.
    pub fn at(&self, x: u16, y: u16) -> Option<Pane> {
        self.panes.iter().find(|(_, area)| area.contains((x, y).into())).map(|(pane, _)| *pane)
    }
}
