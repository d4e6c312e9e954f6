//! Where panes meet, and what moving a border there does.

use ratatui::layout::Rect;

use super::Layout;
use crate::tui::model::Pane;
use crate::tui::model::splits::{Split, Splits, fitted};

/// A border between two panes that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Border {
    /// Which.
    pub split: Split,
    /// Both panes.
    pub area: Rect,
    /// Cells of it that the pane before the border has.
    pub cells: u16,
}

impl Border {
    /// The area in the direction the border moves in: its first cell, and how many there are.
    fn extent(&self) -> (u16, u16) {
        if self.split.is_of_rows() { (self.area.y, self.area.height) } else { (self.area.x, self.area.width) }
    }

    /// How far a cell is from the first one behind the border, if it is on the border: the edges of both panes.
    pub fn off(&self, x: u16, y: u16) -> Option<i32> {
        let at = i32::from(self.extent().0 + self.cells);
        let off = i32::from(if self.split.is_of_rows() { y } else { x }) - at;
        (self.area.contains((x, y).into()) && matches!(off, -1 | 0)).then_some(off)
    }

    /// The share of the pane before it once the border is where the pointer took it.
    pub fn dragged(&self, x: u16, y: u16, off: i32) -> f64 {
        let pointer = i32::from(if self.split.is_of_rows() { y } else { x });
        self.share(pointer - off - i32::from(self.extent().0))
    }

    /// The share of the pane before it, moved by so many cells.
    pub fn moved(&self, by: i32) -> f64 {
        self.share(i32::from(self.cells).saturating_add(by))
    }

    fn share(&self, cells: i32) -> f64 {
        let total = self.extent().1;
        let cells = fitted(self.split, total, u16::try_from(cells.max(0)).unwrap_or(u16::MAX).min(total));
        f64::from(cells) / f64::from(total.max(1))
    }
}

/// Panes as they are placed one after the other, with the borders between them.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) panes: Vec<(Pane, Rect)>,
    pub(super) borders: Vec<Border>,
}

impl Placed {
    pub(super) fn only(pane: Pane, area: Rect) -> Self {
        Self { panes: vec![(pane, area)], borders: Vec::new() }
    }

    /// Cuts an area in two; `cells` are those of the first unless a person moved the border.
    pub(super) fn cut(&mut self, area: Rect, split: Split, splits: &Splits, cells: u16) -> (Rect, Rect) {
        let total = if split.is_of_rows() { area.height } else { area.width };
        let cells = splits.cells(split, total, cells.min(total));
        self.borders.push(Border { split, area, cells });
        if split.is_of_rows() {
            let below = Rect { y: area.y + cells, height: area.height - cells, ..area };
            (Rect { height: cells, ..area }, below)
        } else {
            let right = Rect { x: area.x + cells, width: area.width - cells, ..area };
            (Rect { width: cells, ..area }, right)
        }
    }
}

impl Layout {
    /// The border a cell is on, and how far it is from it.
    pub fn border_at(&self, x: u16, y: u16) -> Option<(Border, i32)> {
        self.borders.iter().find_map(|border| Some((*border, border.off(x, y)?)))
    }

    /// This border, where it can be moved now.
    pub fn border(&self, split: Split) -> Option<Border> {
        self.borders.iter().find(|border| border.split == split).copied()
    }

    /// The border that makes the focused pane larger or smaller, and whether that pane is before it. Curve and
    /// details of the first screen share a height: there it is the one between them.
    pub fn border_of(&self, pane: Pane) -> Option<(Border, bool)> {
        let (split, is_before) = match pane {
            Pane::Runs if self.border(Split::HomeColumns).is_some() => (Split::HomeColumns, true),
            Pane::Runs => (Split::CheckpointRuns, true),
            Pane::Curve => (Split::HomeRows, true),
            Pane::Facts => (Split::HomeRows, false),
            Pane::Body if self.border(Split::CheckpointDetail).is_none() => (Split::CheckpointRuns, false),
            Pane::Body => (Split::CheckpointDetail, true),
            Pane::Detail => (Split::CheckpointDetail, false),
            Pane::Keys => (Split::Compare, true),
            Pane::Difference => (Split::Compare, false),
            Pane::Table | Pane::Timeline => return None,
        };
        Some((self.border(split)?, is_before))
    }
}
