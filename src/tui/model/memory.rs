//! What is remembered of the screens from one start to the next: taken from the model, and put back into it.
//!
//! Settings are put back before anything was found. What names checkpoints waits for the scan: a selection is taken up
//! when its row appears, unless the person has moved by then, and marks only once all of the folder is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::browser::View;
use super::listing::{Order, Selected};
use super::splits::Split;
use super::table::{Column, Order as By};
use super::{Model, splits::Splits};
use crate::plot::Scale;
use crate::state::{self, Folder, Global, MOST_LISTED, Sorted};
use crate::training::XAxis;

/// What is remembered, and of which place.
#[derive(Debug, Default)]
pub struct Memory {
    /// Something is remembered at all.
    pub is_on: bool,
    /// The paths the screens were started with, as given and absolute.
    roots: Vec<(PathBuf, PathBuf)>,
    /// As it was read, or last sent to be written.
    pub global: Global,
    /// As it was read, or last sent to be written.
    pub folder: Folder,
    /// The mouse, as a person chose to have it.
    pub mouse: Option<bool>,
    /// The view a checkpoint is opened with.
    view: Option<View>,
    /// Orders of the tree and the table of a checkpoint that is opened.
    orders: (By, By),
    /// Marks that wait for the scan.
    marks: Vec<PathBuf>,
}

/// A place to come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The checkpoint.
    pub path: PathBuf,
    /// The tensor or layer in it.
    pub name: Option<String>,
}

impl Memory {
    /// Nothing remembered yet of these paths, given as they are and absolute.
    pub fn of(roots: Vec<(PathBuf, PathBuf)>, global: Global, folder: Folder) -> Self {
        Self { is_on: true, roots, mouse: global.mouse, global, folder, ..Self::default() }
    }

    /// The absolute paths the screens were started with.
    pub fn about(&self) -> Vec<PathBuf> {
        self.roots.iter().map(|(_, absolute)| absolute.clone()).collect()
    }

    /// A path of the screens as it is kept; nothing for one that is not text.
    fn kept(&self, path: &Path) -> Option<String> {
        let inside = self.roots.iter().find_map(|(given, absolute)| {
            let rest = path.strip_prefix(given).ok();
            let rest = rest.or_else(|| (given.as_os_str() == "." && path.is_relative()).then_some(path))?;
            Some(joined(absolute, rest))
        });
        inside.as_deref().unwrap_or(path).to_str().map(str::to_owned)
    }

    /// A kept path as the screens have it.
    fn found(&self, kept: &str) -> PathBuf {
        let kept = Path::new(kept);
        let inside = self
            .roots
            .iter()
            .find_map(|(given, absolute)| Some(joined(given, kept.strip_prefix(absolute).ok()?)));
        inside.unwrap_or_else(|| kept.to_owned())
    }

    /// The view a checkpoint is opened with when none was open before.
    pub fn view(&self) -> Option<View> {
        self.view
    }

    /// The orders of its tree and its table.
    pub fn orders(&self) -> (By, By) {
        self.orders
    }
}

fn joined(root: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() { root.to_owned() } else { root.join(rest) }
}

/// Puts back what was remembered, before anything is scanned. With `where_too`, also what was selected and how a
/// checkpoint was looked at: not where a person named a file to open.
pub fn restore(model: &mut Model, memory: Memory, where_too: bool) {
    let (global, folder) = (&memory.global, &memory.folder);
    let mut splits = Splits::default();
    for split in Split::ALL {
        splits.set(split, global.splits.get(split.id()).copied());
    }
    model.splits = splits;
    model.hints.used.clone_from(&global.used);
    let path = |kept: &String| memory.found(kept);
    let list = &mut model.home.list;
    list.folded.extend(folder.folded.iter().map(path));
    list.order = Order::named(folder.order.by.as_deref());
    list.descending = folder.order.descending;
    if where_too {
        list.expect(folder.selected.as_ref().map(|selected| match selected {
            state::Selected::Run(kept) => Selected::Run(path(kept)),
            state::Selected::Checkpoint(kept) => Selected::Checkpoint(path(kept)),
        }));
    }
    let curve = &mut model.home.curve;
    let plot = &folder.plot;
    let axis = if plot.axis.as_deref() == Some(XAxis::Step.name()) { XAxis::Step } else { XAxis::Epoch };
    curve.choose(plot.metric.clone().map(|name| (name, axis)));
    curve.added.clone_from(&plot.added);
    curve.pinned = plot.pinned.iter().map(path).collect();
    curve.all_runs = plot.all_runs;
    curve.scale = if plot.log { Scale::Log } else { Scale::Linear };
    curve.smooth(plot.smoothing.cast_signed());
    let bookmark = |kept: &state::Bookmark| Bookmark { path: path(&kept.path), name: kept.name.clone() };
    model.home.bookmarks = folder.bookmarks.iter().map(bookmark).collect();
    let marks = folder.marks.iter().take(2).map(path).collect();
    let named = |title: &str| View::ALL.into_iter().find(|view| view.title() == title);
    let view = folder.view.as_deref().and_then(named).filter(|_| where_too);
    let orders = (by(&folder.layers), by(&folder.tensors));
    model.memory = Memory { view, orders, marks, ..memory };
}

/// The scan is at its end: marks on what it found hold again, unless the person has marked something since.
pub fn found_all(model: &mut Model) {
    let marks = std::mem::take(&mut model.memory.marks);
    if model.home.marks.is_empty() {
        model.home.marks = marks.into_iter().filter(|path| model.home.index.row(path).is_some()).collect();
    }
}

/// What is to be remembered now.
pub fn kept(model: &Model) -> (Global, Folder) {
    let memory = &model.memory;
    let before = &memory.folder;
    let home = &model.home;
    let kept = |path: &PathBuf| memory.kept(path);
    let list = |paths: &mut dyn Iterator<Item = &PathBuf>| -> Vec<String> {
        paths.filter_map(kept).take(MOST_LISTED).collect()
    };
    let selected = match home.list.selected() {
        Some(Selected::Run(path)) => kept(path).map(state::Selected::Run),
        Some(Selected::Checkpoint(path)) => kept(path).map(state::Selected::Checkpoint),
        Some(Selected::Skipped) | None => before.selected.clone(),
    };
    let mut folded = list(&mut home.list.folded.iter());
    folded.sort_unstable();
    let curve = &home.curve;
    let plot = state::Plot {
        metric: curve.chosen().map(str::to_owned),
        axis: curve.chosen_axis().map(|axis| axis.name().to_owned()),
        added: curve.added.iter().take(MOST_LISTED).cloned().collect(),
        pinned: list(&mut curve.pinned.iter()),
        all_runs: curve.all_runs,
        log: curve.scale == Scale::Log,
        smoothing: curve.smoothing,
    };
    let opened = model.browser.as_ref();
    let view = opened.map(|browser| browser.view).or(memory.view).map(|view| view.title().to_owned());
    let orders = opened.map_or(memory.orders, |browser| (browser.tree.order, browser.table.order));
    let marks = if home.marks.is_empty() { &memory.marks } else { &home.marks };
    let bookmark =
        |mark: &Bookmark| Some(state::Bookmark { path: memory.kept(&mark.path)?, name: mark.name.clone() });
    let folder = Folder {
        selected,
        folded,
        order: Sorted { by: home.list.order.id().map(str::to_owned), descending: home.list.descending },
        layers: sorted(orders.0),
        tensors: sorted(orders.1),
        view: view.or_else(|| before.view.clone()),
        plot,
        marks: list(&mut marks.iter()),
        bookmarks: home.bookmarks.iter().filter_map(bookmark).take(MOST_LISTED).collect(),
    };
    let shares =
        Split::ALL.into_iter().filter_map(|split| Some((split.id().to_owned(), model.splits.share(split)?)));
    let splits: BTreeMap<String, f64> = shares.collect();
    let used = model.hints.used.clone();
    (Global { mouse: memory.mouse, starts: memory.global.starts, used, splits }, folder)
}

fn sorted(order: By) -> Sorted {
    Sorted { by: order.column.map(|column| column.title().to_owned()), descending: order.descending }
}

fn by(kept: &Sorted) -> By {
    let column = kept.by.as_deref().and_then(|title| Column::ALL.into_iter().find(|c| c.title() == title));
    By { column, descending: kept.descending && (column.is_some() || kept.by.is_none()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(given: &str, absolute: &str) -> Memory {
        Memory::of(vec![(given.into(), absolute.into())], Global::default(), Folder::default())
    }

    #[test]
    fn a_path_is_kept_absolute_and_comes_back_as_the_screens_have_it() {
        let cases = [
            (".", "/data/x", "./run/e1.pt", "/data/x/run/e1.pt"),
            (".", "/data/x", "run/e1.pt", "/data/x/run/e1.pt"),
            ("/data/x", "/data/x", "/data/x/run/e1.pt", "/data/x/run/e1.pt"),
            ("x", "/data/x", "x/run", "/data/x/run"),
            ("../x/e1.pt", "/data/x/e1.pt", "../x/e1.pt", "/data/x/e1.pt"),
        ];
        for (given, absolute, path, kept) in cases {
            let memory = memory(given, absolute);
            assert_eq!(memory.kept(Path::new(path)).as_deref(), Some(kept), "{path} in {given}");
            let found = memory.found(kept);
            assert_eq!(found.components().filter(|c| c.as_os_str() != ".").collect::<PathBuf>(), {
                Path::new(path).components().filter(|c| c.as_os_str() != ".").collect::<PathBuf>()
            });
        }
        let memory = memory("x", "/data/x");
        assert_eq!(memory.found("/elsewhere/e1.pt"), Path::new("/elsewhere/e1.pt"));
    }
}
