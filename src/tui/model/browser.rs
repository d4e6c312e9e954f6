//! One opened checkpoint and how it is being looked at.

use std::path::PathBuf;
use std::sync::Arc;

use super::cursor::stepped;
use super::document::{Document, Scroll};
use super::filter::Matches;
use super::layers::Layers;
use super::metadata::Metadata;
use super::parts::{Parts, Row};
use super::stats::Statistics;
use super::table::{Column, Order, Table};
use super::tree::{self, Tree};
use crate::checkpoint::Checkpoint;
use crate::export::snippet::{self, Load};
use crate::stats::TensorStats;
use crate::tensor::TensorId;

/// Names matched at once without a worker: about a millisecond.
pub const AT_ONCE: usize = 10_000;

/// A checkpoint with everything its screens need, made on the thread that opened it.
#[derive(Debug)]
pub struct Opened {
    /// Its layers, and the checkpoint itself.
    pub layers: Arc<Layers>,
    /// How to load it.
    pub load: Load,
    /// Statistics known from before, by the number of the tensor.
    pub remembered: Vec<(u32, Arc<TensorStats>)>,
}

impl Opened {
    /// Prepares a checkpoint.
    pub fn of(checkpoint: Checkpoint) -> Self {
        let load = snippet::of(&checkpoint);
        // The values of one-element tensors are read and kept now: drawing must not wait for a disk.
        for (id, meta) in (0..).zip(checkpoint.tree().tensors()) {
            if meta.numel() == 1 {
                checkpoint.scalar(TensorId(id));
            }
        }
        Self { layers: Arc::new(Layers::of(Arc::new(checkpoint))), load, remembered: Vec::new() }
    }
}

/// A way of looking at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The tree of layers.
    Layers,
    /// The flat table of tensors.
    Tensors,
    /// Everything else in it.
    Metadata,
    /// How to load it.
    Load,
    /// What is to be said about it.
    Diagnostics,
    /// The files it is made of, where it is a folder.
    Parts,
}

impl View {
    /// All views, in the order of their tabs.
    pub const ALL: [Self; 6] =
        [Self::Layers, Self::Tensors, Self::Metadata, Self::Load, Self::Diagnostics, Self::Parts];

    /// Its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Layers => "Layers",
            Self::Tensors => "Tensors",
            Self::Metadata => "Metadata",
            Self::Load => "Load",
            Self::Diagnostics => "Diagnostics",
            Self::Parts => "Parts",
        }
    }

    /// The view `by` tabs further on among those of a checkpoint.
    #[must_use]
    pub fn cycled(self, by: isize, views: &[Self]) -> Self {
        let at = views.iter().position(|v| *v == self).unwrap_or(0);
        views.get(stepped(at, by, views.len())).copied().unwrap_or(self)
    }

    /// A text that scrolls, over the whole width, rather than a list with details beside it.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Load | Self::Diagnostics)
    }
}

/// The state of the checkpoint screens.
#[derive(Debug)]
pub struct Browser {
    /// The checkpoint.
    pub opened: Box<Opened>,
    /// Which view is shown.
    pub view: View,
    /// Layer tree.
    pub tree: Tree,
    /// Tensor table.
    pub table: Table,
    /// Metadata tree.
    pub metadata: Metadata,
    /// Files of a folder.
    pub parts: Parts,
    /// The folder checkpoint this one is a part of, to go back to.
    pub part_of: Option<PathBuf>,
    /// Scroll position of the load view.
    pub load: Scroll,
    /// Scroll position of the diagnostics view.
    pub diagnostics: Scroll,
    /// Scroll position of the details.
    pub detail: Scroll,
    /// Statistics of its tensors, and what is shown of them.
    pub stats: Statistics,
    /// The one section that is shown.
    pub section: Option<u32>,
    /// The filter of layers and tensors; empty for none.
    pub pattern: String,
    /// What the filter lets through; `None` without a filter, or while a worker still tries the first one.
    pub matches: Option<Matches>,
    /// Tensors the filter and the section let through.
    pub shown: usize,
    /// The text of the load view.
    pub load_text: Document,
    /// The text of the diagnostics view.
    pub diagnostics_text: Document,
    /// Tree and table no longer agree with filter and section; made again when they are next seen.
    is_stale: (bool, bool),
    /// The tensor that was selected when the view was entered.
    entered: Option<u32>,
    /// The tensor selected in the view before, to be selected in the next that shows tensors.
    carried: Option<u32>,
}

impl Browser {
    /// Shows a checkpoint from its beginning.
    pub fn new(mut opened: Box<Opened>) -> Self {
        let remembered = std::mem::take(&mut opened.remembered);
        let layers = &opened.layers;
        let mut stats = Statistics::default();
        if !remembered.is_empty() {
            stats.learn(layers, remembered.into_iter().map(|(at, known)| (at, Ok(known))).collect());
        }
        let mut tree = Tree::new(layers);
        tree.rebuild(layers, None, None);
        let checkpoint = layers.checkpoint();
        let view = if checkpoint.tensors().is_empty() { View::Metadata } else { View::Layers };
        Self {
            view,
            tree,
            table: Table::default(),
            metadata: Metadata::new(checkpoint),
            parts: Parts::new(checkpoint),
            part_of: None,
            load: Scroll::default(),
            diagnostics: Scroll::default(),
            detail: Scroll::default(),
            stats,
            section: None,
            pattern: String::new(),
            matches: None,
            shown: checkpoint.tensors().len(),
            is_stale: (false, true),
            entered: None,
            carried: None,
            load_text: super::super::doc::load::document(checkpoint, &opened.load),
            diagnostics_text: super::super::doc::diagnostics::document(checkpoint),
            opened,
        }
    }

    /// Orders tree and table as those of the checkpoint before. Not by statistics, as long as none are known.
    pub fn order_by(&mut self, tree: Order, table: Order) {
        let known = |column: Column| match column {
            Column::SpectralNorm | Column::StableRank | Column::EffectiveRank | Column::Alpha => {
                self.stats.spectra.count() > 0
            }
            Column::Name | Column::DType | Column::Shape => true,
            Column::Parameters | Column::Bytes | Column::Shared => true,
            _ => self.stats.count > 0,
        };
        let table = if table.column.is_none_or(known) { table } else { Order::default() };
        if (self.tree.order, self.table.order) != (tree, table) {
            (self.tree.order, self.table.order) = (tree, table);
            self.rebuild();
        }
    }

    /// The layers.
    pub fn layers(&self) -> &Arc<Layers> {
        &self.opened.layers
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        self.opened.layers.checkpoint()
    }

    /// The views it can be looked at in, in the order of their tabs.
    pub fn views(&self) -> Vec<View> {
        let parts = !self.checkpoint().shards().is_empty();
        View::ALL.into_iter().filter(|v| *v != View::Parts || parts).collect()
    }

    /// True when there is more than one section with tensors to choose from.
    pub fn has_sections(&self) -> bool {
        self.checkpoint().sections().iter().filter(|s| s.tensors > 0).count() > 1
    }

    /// Shows only the next section that has tensors, or all again after the last.
    pub fn cycle_section(&mut self) {
        let sections = self.checkpoint().sections();
        let first = self.section.map_or(0, |s| s + 1);
        let next =
            (first..sections.len() as u32).find(|s| sections.get(*s as usize).is_some_and(|s| s.tensors > 0));
        self.section = next;
        self.rebuild();
    }

    /// Makes tree or table again after the filter, the section, the order or what is open changed. The one
    /// that is not seen waits until it is.
    pub fn rebuild(&mut self) {
        self.shown = self.count_shown();
        self.is_stale = (true, true);
        self.freshen();
    }

    /// True if filter and section let a tensor through.
    pub fn is_shown(&self, tensor: u32) -> bool {
        let section = self.checkpoint().tensors().get(tensor as usize).map(|e| e.section);
        let matched = self.matches.as_ref().is_none_or(|m| m.hits.binary_search(&tensor).is_ok());
        matched && (self.section.is_none() || section == self.section)
    }

    fn count_shown(&self) -> usize {
        let entries = self.checkpoint().tensors();
        let section = |at: u32| entries.get(at as usize).map(|e| e.section);
        match (&self.matches, self.section) {
            (None, None) => entries.len(),
            (Some(matches), None) => matches.hits.len(),
            (None, only) => entries.iter().filter(|e| Some(e.section) == only).count(),
            (Some(matches), only) => matches.hits.iter().filter(|at| section(**at) == only).count(),
        }
    }

    fn freshen(&mut self) {
        let layers = Arc::clone(&self.opened.layers);
        if self.view == View::Layers && std::mem::take(&mut self.is_stale.0) {
            self.tree.rebuild(&layers, self.matches.as_ref(), self.section);
        }
        if self.view == View::Tensors && std::mem::take(&mut self.is_stale.1) {
            self.table.rebuild(&layers, self.matches.as_ref(), self.section, &self.stats);
        }
    }

    /// Takes what a filter let through, and selects the best of it.
    pub fn set_matches(&mut self, matches: Option<Matches>) {
        let best = matches.as_ref().and_then(|m| m.best);
        self.matches = matches;
        self.rebuild();
        if let Some(best) = best {
            self.select(best);
        }
    }

    /// Selects a tensor in the view that is shown.
    pub fn select(&mut self, tensor: u32) {
        let layers = Arc::clone(&self.opened.layers);
        match self.view {
            View::Layers => {
                if let Some(node) = layers.node_of.get(tensor as usize) {
                    self.tree.select(&layers, *node);
                }
            }
            View::Tensors => self.table.select(tensor),
            _ => self.carried = Some(tensor),
        }
        self.detail = Scroll::default();
    }

    /// The selected tensor, if a tensor is selected.
    pub fn tensor(&self) -> Option<u32> {
        match self.view {
            View::Layers => self.layers().node(self.tree.selected()?)?.tensor,
            View::Tensors => self.table.selected(),
            _ => None,
        }
    }

    /// Shows another view. A tensor that was gone to in one is selected in the next that shows tensors.
    pub fn change_view(&mut self, view: View) {
        if view == self.view || view == View::Parts && self.checkpoint().shards().is_empty() {
            return;
        }
        let here = self.tensor();
        if here.is_some() && here != self.entered {
            self.carried = here;
        }
        self.view = view;
        self.detail = Scroll::default();
        if !matches!(view, View::Layers | View::Tensors) {
            return;
        }
        let carried = self.carried.take();
        if let (View::Layers, Some(tensor), None) = (view, carried, &self.matches) {
            self.reveal(tensor);
        }
        self.freshen();
        if let Some(tensor) = carried {
            self.select(tensor);
        }
        self.entered = self.tensor();
    }

    /// Opens what is above a tensor in the tree.
    pub fn reveal(&mut self, tensor: u32) {
        let layers = Arc::clone(&self.opened.layers);
        if let Some(node) = layers.node_of.get(tensor as usize) {
            self.tree.reveal(&layers, *node);
            self.is_stale.0 = true;
        }
    }

    /// What Enter does here, for the footer.
    pub fn open_label(&self) -> &'static str {
        match self.view {
            View::Layers => match self.tree.selected() {
                Some(at) if tree::has_children(self.layers(), at) => {
                    if self.tree.is_open(at) || self.matches.is_some() { "fold" } else { "unfold" }
                }
                Some(_) => "details",
                None => "",
            },
            View::Tensors => {
                if self.table.selected().is_some() {
                    "details"
                } else {
                    ""
                }
            }
            View::Metadata => match self.metadata.selected() {
                Some(row) if row.open => "fold",
                Some(_) => "unfold",
                None => "",
            },
            View::Parts => match self.parts.row() {
                Some(Row::Group(at)) if self.parts.is_open(at) => "fold",
                Some(Row::Group(_)) => "unfold",
                Some(Row::File(..)) => "open file",
                None => "",
            },
            View::Load | View::Diagnostics => "",
        }
    }
}
