//! The one table of commands.
//!
//! Keys, footer, help, mouse and documentation are all read from it: a command that is not here cannot be
//! reached, and one that is here is listed everywhere. `enabled` decides both whether a key does anything
//! and whether the footer offers it.

pub mod hints;
mod when;

use std::fmt::Write as _;

use self::when::{
    acting, always, can_be_dense, can_resize, can_stop, compare, comparing, copy_label, filterable, foldable,
    full_label, has_metrics, has_parts, has_plot, has_sections, has_timeline, home, in_timeline,
    lists_tensors, on_pair, on_tensor, open_label, opened, overlay_label, plotting, repairs_label,
    reportable, resized, shows_histogram, shows_spectrum, silent, sortable, view_is,
};
use super::key::Key;
use super::model::compare::CompareView;
use super::model::{Model, Pane, Place, View};

/// Something a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Command {
    Down,
    Up,
    Left,
    Right,
    Top,
    Bottom,
    PageDown,
    PageUp,
    HalfDown,
    HalfUp,
    Open,
    Back,
    NextPane,
    PreviousPane,
    Narrower,
    Wider,
    ResetPanes,
    Layers,
    Tensors,
    Metadata,
    Load,
    Diagnostics,
    Parts,
    NextView,
    PreviousView,
    Runs,
    Curve,
    Filter,
    NextMatch,
    PreviousMatch,
    Sort,
    SortReverse,
    Section,
    Statistics,
    ComputeStatistics,
    NextPanel,
    LogHistogram,
    Spectrum,
    ComputeSpectra,
    Metric,
    PreviousMetric,
    Best,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    WholeRange,
    LogScale,
    Smoother,
    Rougher,
    Overlay,
    Metrics,
    FullCurve,
    RunTable,
    LinkBest,
    CleanUp,
    ExportWeights,
    Report,
    Timeline,
    Mark,
    Bookmark,
    Bookmarks,
    Messages,
    Read,
    Comparison,
    NextDifference,
    PreviousDifference,
    OnlyDifferences,
    AfterRepair,
    Repairs,
    SwapSides,
    FlatKeys,
    CompareValues,
    Group,
    Dense,
    Fold,
    FoldAll,
    UnfoldAll,
    Copy,
    Rescan,
    Mouse,
    Redraw,
    Help,
    Palette,
    Suspend,
    Quit,
    QuitNow,
}

/// Headings of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Moving within a pane.
    Move,
    /// Going from place to place.
    Go,
    /// Finding and ordering.
    Find,
    /// Doing something with what is selected.
    Act,
    /// The program itself.
    Program,
}

impl Group {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Go => "Go to",
            Self::Find => "Find and order",
            Self::Act => "Act",
            Self::Program => "Program",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Entry {
    /// The command.
    pub command: Command,
    /// Stable name for configuration.
    pub id: &'static str,
    /// What it does, for the help.
    pub title: &'static str,
    /// Heading it stands under.
    pub group: Group,
    /// Default keys; a sequence has spaces in it.
    pub keys: &'static [&'static str],
    /// One or two words for the footer, given what is focused; empty to stay out of it.
    pub label: fn(&Model) -> &'static str,
    /// Whether it does anything now.
    pub enabled: fn(&Model) -> bool,
}

macro_rules! table {
    ($($command:ident, $id:literal, $title:literal, $group:ident, $keys:expr, $label:expr, $enabled:expr;)*) => {
        &[$(Entry {
            command: Command::$command,
            id: $id,
            title: $title,
            group: Group::$group,
            keys: &$keys,
            label: $label,
            enabled: $enabled,
        }),*]
    };
}

/// The table. The order is that of the footer and, within a group, of the help.
pub static TABLE: &[Entry] = table! {
    Open, "open", "Open, unfold, or go to the details", Go, ["Enter"], open_label, |m| !open_label(m).is_empty();
    NextDifference, "next-difference", "Next name that differs", Move, ["]"], |_| "next", comparing;
    PreviousDifference, "previous-difference", "Previous name that differs", Move, ["["], silent, comparing;
    OnlyDifferences, "only-differences", "Only what differs, or all names", Find, ["d"], |m| if compare(m).is_some_and(|v| v.only_differences) { "all" } else { "differences" }, comparing;
    Repairs, "repairs", "What repairs it: before and after, Python, torch's own words", Go, ["R"], repairs_label, |m| compare(m).is_some_and(|v| v.data.is_some());
    AfterRepair, "after-repair", "The names as the repairs leave them, or as they are", Find, ["a"], |m| if compare(m).is_some_and(|v| v.after) { "as it is" } else { "after repair" }, |m| compare(m).is_some_and(CompareView::has_repairs);
    Filter, "filter", "Filter: letters in order; more words narrow; 'exact !not ^start end$", Find, ["/"], |_| "filter", filterable;
    NextMatch, "next-match", "Next match of the filter", Find, ["n"], |_| "next", Model::is_filtered;
    PreviousMatch, "previous-match", "Previous match of the filter", Find, ["N"], silent, Model::is_filtered;
    NextPane, "next-pane", "To the next pane", Go, ["Tab"], |m| if super::layout::panes(m).len() > 1 { "pane" } else { "" }, always;
    Back, "back", "Back out one level; never quits", Go, ["Esc"], |m| if m.can_go_back() { "back" } else { "" }, always;
    Metric, "metric", "Show the next metric; in the timeline: change, norm, NaN, effective rank", Find, ["c"], |_| "metric", has_metrics;
    PreviousMetric, "previous-metric", "Show the previous metric", Find, ["C"], silent, has_metrics;
    Metrics, "metrics", "Put further metrics on the plot, or take them off", Find, ["a"], |m| if m.focus == Pane::Curve { "add metric" } else { "" }, |m| has_plot(m) && m.home.curve.series.len() > 1;
    Mark, "mark", "Mark A (the model to load into); on another checkpoint compare; unmark", Act, ["m"], |m| if m.focus == Pane::Runs || m.place == Place::Timeline { super::update::mark_label(m) } else { "" }, |m| super::update::markable(m).is_some();
    Bookmark, "bookmark", "Bookmark what is selected (checkpoint, tensor, layer), or take it back", Act, ["'"], silent, |m| super::update::bookmark_target(m).is_some();
    Bookmarks, "bookmarks", "The bookmarks of this folder: Enter goes there, Delete removes", Go, ["`"], |m| if m.home.bookmarks.is_empty() || m.place != Place::Home { "" } else { "bookmarks" }, always;
    Best, "best", "Select the best checkpoint of the run", Go, ["b"], |_| "best", |m| home(m) && m.focus != Pane::Table && m.home.best().is_some();
    FullCurve, "full-curve", "The plot alone on the screen, and back", Go, ["f"], full_label, |m| home(m) && m.home.curve.shown().is_some();
    RunTable, "run-table", "Runs side by side with their hyperparameters, and back", Go, ["p"], |m| if m.focus == Pane::Table { "back to all" } else if m.focus == Pane::Runs && m.home.index.runs.len() > 1 { "table" } else { "" }, |m| home(m) && !m.home.index.runs.is_empty();
    Overlay, "overlay", "In the list: keep this run on the plot; on the plot: all runs, or this one", Find, ["O"], overlay_label, has_plot;
    ZoomIn, "zoom-in", "Zoom in around the cursor", Move, ["+", "="], |_| "zoom", plotting;
    ZoomOut, "zoom-out", "Zoom out", Move, ["-"], silent, plotting;
    PanLeft, "pan-left", "Pan to the left", Move, ["<"], silent, |m| plotting(m) && m.home.curve.window.is_some();
    PanRight, "pan-right", "Pan to the right", Move, [">"], silent, |m| plotting(m) && m.home.curve.window.is_some();
    WholeRange, "whole-range", "Show all of the curve again", Move, ["0"], |_| "all", |m| plotting(m) && m.home.curve.window.is_some();
    Smoother, "smoother", "Smooth the curves more (an EMA, as TensorBoard's)", Find, ["e"], |_| "smooth", plotting;
    Rougher, "rougher", "Smooth the curves less", Find, ["E"], silent, plotting;
    LogScale, "log-scale", "Logarithmic y axis, or linear", Find, ["x"], |_| "log", plotting;
    Tensors, "tensors", "The flat table of tensors", Go, ["t", "g t"], |m| if view_is(m, &[View::Layers]) { "table" } else { "" }, |m| view_is(m, &[View::Layers, View::Metadata, View::Load, View::Diagnostics, View::Parts]);
    Layers, "layers", "The tree of layers", Go, ["t", "g l"], |m| if view_is(m, &[View::Tensors]) { "tree" } else { "" }, |m| view_is(m, &[View::Tensors, View::Metadata, View::Load, View::Diagnostics, View::Parts]);
    Metadata, "metadata", "Everything else the checkpoint holds", Go, ["g m"], silent, opened;
    Load, "load", "How to load this file", Go, ["g o"], silent, opened;
    Diagnostics, "diagnostics", "What is to be said about this file, and what loading it would run", Go, ["g d", "g k"], silent, opened;
    Parts, "parts", "The parts of a folder: ranks and shards, with their state", Go, ["P"], |m| if has_parts(m) && !view_is(m, &[View::Parts]) { "parts" } else { "" }, has_parts;
    NextView, "next-view", "Next view of the checkpoint", Go, ["L", "Shift-Right"], |_| "tab", opened;
    PreviousView, "previous-view", "Previous view of the checkpoint", Go, ["H", "Shift-Left"], silent, opened;
    SwapSides, "swap-sides", "Exchange A (the model to load into) and B", Act, ["X"], |_| "swap", |m| compare(m).is_some();
    FlatKeys, "flat-keys", "Names as a list, or as a tree", Go, ["t"], |m| if compare(m).is_some_and(CompareView::is_flat) { "tree" } else { "list" }, comparing;
    CompareValues, "compare-values", "Compare the values that were not compared yet; Esc stops", Act, ["g v"], silent, comparing;
    Sort, "sort", "Sort by the next (or selected) column; a comparison by change", Find, ["s"], |m| if compare(m).is_some_and(CompareView::is_by_change) { "by name" } else if compare(m).is_some() { "by change" } else { "sort" }, |m| sortable(m) || comparing(m);
    SortReverse, "sort-reverse", "Turn the order round", Find, ["S"], silent, sortable;
    Section, "section", "Only the next section (model, EMA ...); in a comparison, which two", Find, ["o"], |_| "section", has_sections;
    Group, "group", "Lines of the timeline: tensors, modules, types of layers", Find, ["u"], |_| "group", in_timeline;
    Dense, "dense", "Two lines of the timeline in one row (half blocks), or each its own", Find, ["U"], silent, can_be_dense;
    ComputeStatistics, "compute-statistics", "Statistics of everything shown (Esc stops); of both sides of a pair", Act, ["i"], |_| "stats", |m| lists_tensors(m) || on_pair(m);
    NextPanel, "next-panel", "Next panel of the details: facts, statistics, values, heat map, spectrum", Go, ["v"], |m| if on_tensor(m) || on_pair(m) { "panel" } else { "" }, |m| on_tensor(m) || on_pair(m);
    Statistics, "statistics", "The statistics of the tensor", Go, ["g s"], silent, |m| on_tensor(m) || on_pair(m);
    LogHistogram, "log-histogram", "Histogram: linear, or logarithmic in both directions", Act, ["x"], |_| "log", shows_histogram;
    Spectrum, "spectrum", "The singular values of the tensor: norms, condition, ranks, the exponent of the tail", Go, ["g e"], silent, on_tensor;
    ComputeSpectra, "compute-spectra", "Compute the spectra of the weights shown, as columns of the table; Esc stops", Act, ["I"], |m| if shows_spectrum(m) { "all spectra" } else { "" }, lists_tensors;
    Copy, "copy", "Copy what is selected (path, name, snippet) to the clipboard, also over ssh", Act, ["y"], copy_label, |m| !copy_label(m).is_empty();
    Read, "read", "In your pager (PAGER): text, metadata, snippet, repairs; logs of a run in your editor (EDITOR)", Act, ["V"], |m| if view_is(m, &[View::Load, View::Diagnostics]) { "pager" } else { "" }, super::update::can_read;
    Timeline, "timeline", "The timeline of the run: every layer over its checkpoints", Go, ["T"], |_| "timeline", has_timeline;
    Comparison, "comparison", "Back to the last comparison", Go, ["g v"], silent, |m| m.compare.is_some() && m.place != Place::Compare;
    LinkBest, "link-best", "Make a link called best to this checkpoint, or move it here; asks first", Act, ["B"], silent, |m| acting(m) && super::model::dialog::target(&m.home).is_some();
    CleanUp, "clean-up", "Keep the best checkpoints of the run and move others to the trash; shows what, and asks", Act, ["D"], silent, |m| acting(m) && m.home.run().is_some_and(|run| run.checkpoints.len() > 1);
    ExportWeights, "export-weights", "Write the weights of the checkpoint alone, as safetensors; shows what, and asks", Act, ["w"], silent, |m| acting(m) && super::model::dialog::target(&m.home).is_some();
    Report, "report", "Write a page (HTML) of the run, the checkpoint or the comparison for others; shows where, and asks", Act, ["W"], silent, reportable;
    Fold, "fold", "Fold or unfold", Move, ["Space"], silent, foldable;
    FoldAll, "fold-all", "Fold everything", Move, ["z M", "-"], silent, foldable;
    UnfoldAll, "unfold-all", "Unfold everything", Move, ["z R", "+"], silent, foldable;
    Down, "down", "Down; on the plot: to the next checkpoint", Move, ["j", "Down"], silent, always;
    Up, "up", "Up; on the plot: to the previous checkpoint", Move, ["k", "Up"], silent, always;
    Left, "left", "Fold, to the parent; on the plot: to the previous point", Move, ["h", "Left"], silent, always;
    Right, "right", "Unfold, to the first child; on the plot: to the next point", Move, ["l", "Right"], silent, always;
    Top, "top", "To the first row, or to row number count", Move, ["g g", "Home"], silent, always;
    Bottom, "bottom", "To the last row", Move, ["G", "End"], silent, always;
    PageDown, "page-down", "A page down", Move, ["PgDn", "Ctrl-f"], silent, always;
    PageUp, "page-up", "A page up", Move, ["PgUp", "Ctrl-b"], silent, always;
    HalfDown, "half-down", "Half a page down", Move, ["Ctrl-d"], silent, always;
    HalfUp, "half-up", "Half a page up", Move, ["Ctrl-u"], silent, always;
    PreviousPane, "previous-pane", "To the previous pane", Go, ["Shift-Tab"], silent, always;
    Wider, "wider", "The pane wider by 4 cells, or by count; curve and details: higher", Move, ["}"], silent, can_resize;
    Narrower, "narrower", "The pane narrower by 4 cells, or by count; curve and details: lower", Move, ["{"], silent, can_resize;
    ResetPanes, "reset-panes", "All panes as they are by themselves", Move, ["=", "z ="], silent, resized;
    Runs, "runs", "Back to the runs and their checkpoints", Go, ["g r"], silent, always;
    Curve, "curve", "The curve of the run", Go, ["g c"], silent, always;
    Messages, "messages", "What was said at the bottom of the screen, again and in full", Program, ["g n"], silent, always;
    Rescan, "rescan", "Look again: scan the folders, or read the open file again", Program, ["r", "F5"], silent, always;
    Mouse, "mouse", "Catch the mouse, or leave it to the terminal to select text", Program, ["M"], silent, always;
    Redraw, "redraw", "Draw the screen again", Program, ["Ctrl-l"], silent, always;
    Suspend, "suspend", "Stop, as Ctrl-Z does everywhere; fg comes back", Program, ["Ctrl-z"], silent, can_stop;
    Palette, "palette", "What can be done here, searched while you type; Enter does it", Program, [":", "Ctrl-p"], silent, always;
    Help, "help", "All commands with their keys, searchable; Enter runs one", Program, ["?", "F1"], |_| "help", always;
    Quit, "quit", "Quit; asks while something is written or computed", Program, ["q"], |_| "quit", always;
    QuitNow, "quit-now", "Quit at once", Program, ["Ctrl-c"], silent, always;
};

impl Command {
    /// Its row of the table.
    pub fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|e| e.command == self)
    }
}

impl Entry {
    /// It moves the cursor of a list.
    pub fn moves_in_lists(&self) -> bool {
        use Command::{Bottom, Down, HalfDown, HalfUp, PageDown, PageUp, Top, Up};
        matches!(self.command, Down | Up | PageDown | PageUp | HalfDown | HalfUp | Top | Bottom)
    }

    /// Its default key sequences; those in force are in [`super::bindings::Bindings`].
    pub fn sequences(&self) -> impl Iterator<Item = Vec<Key>> {
        self.keys.iter().filter_map(|text| Key::sequence(text))
    }
}

/// Rows for the footer: what can be done now, most useful first.
pub fn footer(model: &Model) -> impl Iterator<Item = (&'static Entry, &'static str)> {
    let offered = TABLE.iter().filter(|e| (e.enabled)(model));
    offered.map(|e| (e, (e.label)(model))).filter(|(_, label)| !label.is_empty())
}

/// Every command under its heading, in the order of the help.
pub fn by_group() -> impl Iterator<Item = &'static Entry> {
    let groups = [Group::Go, Group::Find, Group::Act, Group::Move, Group::Program];
    groups.into_iter().flat_map(|group| TABLE.iter().filter(move |e| e.group == group))
}

/// The table as a page of the documentation.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Keys\n\nWritten from the table of commands; a test keeps it so. In the program, `?` shows and searches it.\n\
         A number typed before a motion repeats it.\n",
    );
    let mut group = None;
    for entry in by_group() {
        if group != Some(entry.group) {
            group = Some(entry.group);
            let heads = "| keys | what they do | name |\n|---|---|---|";
            let _ = write!(page, "\n## {}\n\n{heads}\n", entry.group.title());
        }
        let quoted =
            |keys: &&str| if keys.contains('`') { format!("`` {keys} ``") } else { format!("`{keys}`") };
        let keys: Vec<String> = entry.keys.iter().map(quoted).collect();
        let _ = writeln!(page, "| {} | {} | `{}` |", keys.join(", "), entry.title, entry.id);
    }
    page
}
