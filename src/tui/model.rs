//! Everything the screens show, and nothing of how they look.
//!
//! The model changes only in [`super::update`]. After each change [`Model::settle`] makes what is derived
//! from it fit again: rows, cursors, scroll positions.

pub mod browser;
pub mod compare;
pub mod cursor;
pub mod curve;
pub mod dialog;
pub mod document;
pub mod filter;
pub mod home;
pub mod jobs;
pub mod layers;
pub mod listing;
pub mod memory;
pub mod metadata;
pub mod page;
pub mod parts;
pub mod popup;
pub mod run_table;
pub mod spectra;
pub mod splits;
pub mod stats;
pub mod table;
pub mod timeline;
pub mod tree;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use tui_input::Input;

use self::cursor::Cursor;
use self::document::Scroll;
use super::action::Pending;
use super::bindings::Bindings;
use super::doc;
use super::help;
use super::layout::{self, Layout};
use super::theme::Theme;
use crate::text::{shown, shown_path};
pub use browser::{Browser, View};
pub use home::{Home, HomeView};
pub use jobs::Jobs;

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Runs and checkpoints.
    Home,
    /// An opened checkpoint.
    Checkpoint,
    /// The timeline of a run.
    Timeline,
    /// Two checkpoints side by side.
    Compare,
}

/// A part of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The list of runs and checkpoints.
    Runs,
    /// The curve of the selected run.
    Curve,
    /// Runs side by side.
    Table,
    /// What is known of the selected checkpoint without opening it.
    Facts,
    /// The view of the opened checkpoint.
    Body,
    /// Details of what is selected in it.
    Detail,
    /// The heat map of a timeline.
    Timeline,
    /// The names of two checkpoints.
    Keys,
    /// What there is to know of one of them, or of the repairs.
    Difference,
}

/// What keys mean.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// Commands.
    #[default]
    Normal,
    /// Text for the filter of the focused list.
    Filter {
        /// The line.
        input: Input,
        /// The filter as it was before, to go back to.
        before: String,
    },
    /// The metrics of the run, to put on the plot; with text to search them.
    Metrics {
        /// The line.
        input: Input,
        /// Selected row and window.
        cursor: Cursor,
    },
    /// The sections that can be compared, to choose from.
    Sections(Cursor),
    /// A list to choose from, with text to search it.
    Popup(popup::Popup),
    /// A question before something is written.
    Dialog(Box<dialog::Dialog>),
    /// The list of commands, with text to search it.
    Help {
        /// Only what can be done here: the palette.
        only_here: bool,
        /// The line.
        input: Input,
        /// Selected row and window.
        cursor: Cursor,
    },
}

/// A line for the person, gone with the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// It reports something that went wrong.
    pub is_error: bool,
}

/// What a person is told of commands that were never used.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Hints are shown.
    pub is_on: bool,
    /// Commands that were used, by their names.
    pub used: BTreeSet<String>,
}

/// Everything the screens show.
#[derive(Debug)]
pub struct Model {
    /// Cells of the screen.
    pub size: (u16, u16),
    /// Looks.
    pub theme: Theme,
    /// Which keys run which command.
    pub keys: Bindings,
    /// Where one is.
    pub place: Place,
    /// The pane with the focus.
    pub focus: Pane,
    /// What keys mean.
    pub mode: Mode,
    /// Keys typed that are no command yet.
    pub pending: Pending,
    /// Runs and checkpoints.
    pub home: Home,
    /// The opened checkpoint.
    pub browser: Option<Browser>,
    /// The timeline, while it is shown.
    pub timeline: Option<timeline::TimelineView>,
    /// The last comparison, shown or not.
    pub compare: Option<compare::CompareView>,
    /// Other threads.
    pub jobs: Jobs,
    /// A line for the person.
    pub toast: Option<Toast>,
    /// Commands to be learned.
    pub hints: Hints,
    /// Lines that were said, oldest first.
    pub said: VecDeque<Toast>,
    /// What is to be selected in the checkpoint that is opened with this number.
    pub bound_for: Option<(u64, String)>,
    /// The mouse is caught.
    pub mouse: bool,
    /// What is remembered from one start to the next.
    pub memory: memory::Memory,
    /// Where panes meet.
    pub splits: splits::Splits,
    /// The border the mouse took hold of.
    pub grip: Option<splits::Grip>,
    /// The clock times are shown on.
    pub zone: jiff::tz::TimeZone,
    /// Tenths of a second jobs have run.
    pub ticks: usize,
}

impl Model {
    /// An empty model for a screen of this size.
    pub fn new(paths: Vec<PathBuf>, size: (u16, u16), theme: Theme) -> Self {
        Self {
            size,
            theme,
            keys: Bindings::default(),
            place: Place::Home,
            focus: Pane::Runs,
            mode: Mode::Normal,
            pending: Pending::default(),
            home: Home::new(paths),
            browser: None,
            timeline: None,
            compare: None,
            jobs: Jobs::default(),
            toast: None,
            hints: Hints::default(),
            said: VecDeque::new(),
            bound_for: None,
            mouse: true,
            memory: memory::Memory::default(),
            splits: splits::Splits::default(),
            grip: None,
            zone: jiff::tz::TimeZone::UTC,
            ticks: 0,
        }
    }

    /// Where everything is on the screen.
    pub fn layout(&self) -> Layout {
        layout::of(self)
    }

    /// Says something of ours, in which names of commands in braces stand for their keys.
    pub fn hint(&mut self, text: &str) {
        let text = self.keys.spell(text).into_owned();
        self.say(text);
    }

    /// Says something.
    pub fn say(&mut self, text: impl Into<String>) {
        self.tell(Toast { text: text.into(), is_error: false });
    }

    /// Says that something went wrong.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.tell(Toast { text: text.into(), is_error: true });
    }

    fn tell(&mut self, toast: Toast) {
        popup::keep(self, &toast);
        self.toast = Some(toast);
    }

    /// Lines of a timeline that fit on the screen: two in each row of a dense one.
    pub fn heat_lines(&self) -> usize {
        let rows = usize::from(self.layout().heat_rows());
        let dense = self.timeline.as_ref().is_some_and(|view| view.is_dense) && self.theme.half(1).is_some();
        if dense { rows * 2 } else { rows }
    }

    /// The view that is shown, if a checkpoint is.
    pub fn view(&self) -> Option<View> {
        self.browser.as_ref().filter(|_| self.place == Place::Checkpoint).map(|b| b.view)
    }

    /// The filter of the focused list is in force.
    pub fn is_filtered(&self) -> bool {
        match self.focus {
            Pane::Runs => !self.home.list.pattern.is_empty(),
            Pane::Body | Pane::Detail => {
                let named = matches!(self.view(), Some(View::Layers | View::Tensors));
                named && self.browser.as_ref().is_some_and(|b| !b.pattern.is_empty())
            }
            Pane::Keys | Pane::Difference => self.compare.as_ref().is_some_and(|v| !v.pattern.is_empty()),
            Pane::Curve | Pane::Facts | Pane::Table | Pane::Timeline => false,
        }
    }

    /// Esc would do something.
    pub fn can_go_back(&self) -> bool {
        self.place != Place::Home
            || self.is_filtered()
            || self.jobs.open.is_some()
            || !self.jobs.tasks.is_empty()
            || self.focus != Pane::Runs
    }

    /// What `y` copies: a name for it, and the text.
    pub fn copy_target(&self) -> Option<(&'static str, String)> {
        if self.place == Place::Timeline {
            return Some(("copy path", shown_path(self.timeline.as_ref()?.path()?)));
        }
        if self.place == Place::Compare {
            return super::update::compare_copied(self.compare.as_ref()?);
        }
        if self.place == Place::Home || self.focus == Pane::Runs {
            return Some(("copy path", shown_path(&self.home.selected_path()?)));
        }
        let browser = self.browser.as_ref()?;
        let layers = browser.layers();
        match browser.view {
            View::Layers => {
                let node = layers.node(browser.tree.selected()?)?;
                let tensor = node.tensor.and_then(|t| layers.entry(t));
                let text = tensor.map_or_else(|| layers.path(node), |entry| entry.key());
                Some(("copy name", shown(text).into_owned()))
            }
            View::Tensors => {
                let entry = layers.entry(browser.table.selected()?)?;
                Some(("copy name", shown(entry.key()).into_owned()))
            }
            View::Metadata if self.focus == Pane::Detail => {
                Some(("copy value", doc::value::selected_text(browser)?))
            }
            View::Metadata => {
                let path = browser.metadata.path(browser.checkpoint(), browser.metadata.cursor.at);
                Some(("copy path", shown(&path).into_owned()))
            }
            View::Parts => {
                Some(("copy path", shown_path(&browser.parts.selected(browser.checkpoint())?.path)))
            }
            View::Load => Some(("copy snippet", browser.opened.load.snippet.clone())),
            View::Diagnostics => Some(("copy path", shown_path(browser.checkpoint().path()))),
        }
    }

    /// The path of the opened checkpoint.
    pub fn opened_path(&self) -> Option<&Path> {
        self.browser.as_ref().map(|b| b.checkpoint().path())
    }

    /// Makes everything derived fit again. Called after each change.
    pub fn settle(&mut self) {
        let panes = layout::panes(self);
        if !panes.contains(&self.focus) {
            let first = panes.first().copied();
            self.focus = match self.place {
                Place::Home => first.unwrap_or(Pane::Runs),
                Place::Checkpoint => Pane::Body,
                Place::Timeline => Pane::Timeline,
                Place::Compare => first.unwrap_or(Pane::Keys),
            };
        }
        self.home.refresh();
        let layout = self.layout();
        let rows = layout.rows(Pane::Runs).height.into();
        self.home.list.cursor.settle(self.home.list.rows.len(), rows);
        if self.home.facts.first > 0 {
            let text = doc::facts::document(self);
            let area = layout.text(Pane::Facts);
            self.home.facts.settle(document::height(&text, area.width.into()), area.height.into());
        }
        if self.home.view == HomeView::Table {
            let width = super::view::run_table::columns_width(self);
            self.home.table.settle(layout.rows(Pane::Table).height.into(), width);
        }
        self.settle_browser(&layout);
        let lines = self.heat_lines();
        if let Some(view) = &mut self.timeline {
            let columns = super::view::timeline::columns(layout.inner(Pane::Timeline).width, view);
            view.settle(lines, columns.visible);
        }
        self.settle_compare(&layout);
        self.settle_mode(&layout);
    }

    fn settle_compare(&mut self, layout: &Layout) {
        let Some(view) = &mut self.compare else { return };
        view.settle(layout.rows(Pane::Keys).height.into());
        let area = layout.text(Pane::Difference);
        let fit = |scroll: &mut Scroll, text: &document::Document| {
            scroll.settle(document::height(text, area.width.into()), area.height.into());
        };
        if let Some(data) = view.data.as_ref().filter(|_| view.repairs) {
            fit(&mut view.repairs_scroll, &data.text);
        } else if view.detail.first > 0 {
            let text = super::doc::compare::panel(view, area.width.into(), self.theme.glyphs.ascii);
            fit(&mut view.detail, &text);
        }
    }

    /// The commands listed, while they are.
    pub fn listed_commands(&self) -> Vec<help::Row> {
        let Mode::Help { only_here, input, .. } = &self.mode else { return Vec::new() };
        help::rows(input.value(), &self.keys, |entry| !only_here || (entry.enabled)(self))
    }

    fn settle_mode(&mut self, layout: &Layout) {
        if let Mode::Popup(popup) = &self.mode {
            let rows = popup.found(self).len();
            if let Mode::Popup(popup) = &mut self.mode {
                popup.cursor.settle(rows, layout.list_rows().height.into());
            }
            return;
        }
        let listed = self.listed_commands().len();
        match &mut self.mode {
            Mode::Help { cursor, .. } => {
                cursor.settle(listed, layout.help_rows());
            }
            Mode::Metrics { input, cursor } => {
                let rows = self.home.curve.search(input.value()).len();
                cursor.settle(rows, usize::from(layout.picker().height).saturating_sub(4));
            }
            Mode::Sections(cursor) => {
                let data = self.compare.as_ref().and_then(|view| view.data.as_ref());
                let rows = data.map_or(0, |data| data.sections.len());
                cursor.settle(rows, layout.sections().height.into());
            }
            Mode::Dialog(dialog) => {
                let (rows, height) = (dialog.rows(), layout.dialog_rows().height);
                if let Some(cursor) = dialog.cursor() {
                    cursor.settle(rows, height.into());
                }
            }
            Mode::Normal | Mode::Filter { .. } | Mode::Popup(_) => {}
        }
    }

    fn settle_browser(&mut self, layout: &Layout) {
        let Some(browser) = &mut self.browser else { return };
        let rows = usize::from(layout.rows(Pane::Body).height);
        browser.tree.cursor.settle(browser.tree.visible.len(), rows);
        browser.table.cursor.settle(browser.table.rows.len(), rows);
        browser.metadata.cursor.settle(browser.metadata.rows.len(), rows);
        browser.parts.cursor.settle(browser.parts.rows.len(), rows);
        let values = layout.text(Pane::Detail).height.saturating_sub(2).into();
        let total = browser.stats.preview.as_ref().map_or(0, |preview| preview.total);
        let rows = total.div_ceil(layout.values_per_row()) as usize;
        browser.stats.row.settle(rows, values);
        let area = layout.text(Pane::Body);
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        let fit = |scroll: &mut Scroll, text: &document::Document| {
            scroll.settle(document::height(text, width), height);
        };
        fit(&mut browser.load, &browser.load_text);
        fit(&mut browser.diagnostics, &browser.diagnostics_text);
        if browser.detail.first > 0 {
            let text = doc::detail::document(browser);
            let area = layout.text(Pane::Detail);
            browser.detail.settle(document::height(&text, area.width.into()), area.height.into());
        }
    }
}
