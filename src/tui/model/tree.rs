//! Which nodes of the layer tree are open, and the list of those one can see.
//!
//! The visible list is kept and only made again when something was opened, closed or filtered; drawing
//! takes a window out of it.

use std::cmp::Reverse;

use super::cursor::Cursor;
use super::filter::Matches;
use super::layers::{Layers, Node};
use super::table::{Column, Order};

/// Rows opened at the start, at most.
const OPENED_ROWS: usize = 40;

/// The state of the tree view.
#[derive(Debug, Default)]
pub struct Tree {
    open: Vec<bool>,
    /// Nodes that can be seen, in order.
    pub visible: Vec<u32>,
    /// Order of what belongs to one node: by name, parameters or bytes.
    pub order: Order,
    /// Selected row and window.
    pub cursor: Cursor,
}

/// Columns the tree can be ordered by.
const COLUMNS: [Column; 3] = [Column::Name, Column::Parameters, Column::Bytes];

impl Tree {
    /// A tree opened as far as it fits a screen, level by level.
    pub fn new(layers: &Layers) -> Self {
        let mut tree = Self { open: vec![false; layers.nodes.len()], ..Self::default() };
        let mut level: Vec<u32> = Self::roots(layers);
        let mut rows = level.len();
        loop {
            let next: Vec<u32> = level.iter().flat_map(|at| children(layers, *at)).collect();
            rows += next.len();
            if next.is_empty() || rows > OPENED_ROWS {
                break;
            }
            for at in &level {
                tree.set_open(*at, true);
            }
            level = next;
        }
        // A lone root says little while it is closed.
        if let ([only], true) = (Self::roots(layers).as_slice(), layers.nodes.len() > 1) {
            tree.set_open(*only, true);
        }
        tree
    }

    fn roots(layers: &Layers) -> Vec<u32> {
        layers.siblings(0, layers.nodes.len() as u32)
    }

    fn set_open(&mut self, at: u32, open: bool) {
        if let Some(slot) = self.open.get_mut(at as usize) {
            *slot = open;
        }
    }

    /// Whether a node is open.
    pub fn is_open(&self, at: u32) -> bool {
        self.open.get(at as usize).copied().unwrap_or(false)
    }

    /// Makes the visible list again, and keeps the selected node selected: or, if it went out of sight, the
    /// closest node above it that did not.
    ///
    /// With `matches`, only tensors among them and the nodes above those are seen, all open. With `section`,
    /// only that section's.
    pub fn rebuild(&mut self, layers: &Layers, matches: Option<&Matches>, section: Option<u32>) {
        let selected = self.selected();
        self.visible.clear();
        match matches {
            Some(matches) => self.show_matches(layers, matches, section),
            None => self.show_open(layers, section),
        }
        if let Some(selected) = selected {
            self.select(layers, selected);
        }
    }

    fn show_open(&mut self, layers: &Layers, section: Option<u32>) {
        if self.order == Order::default() && section.is_none() {
            // The order of the nodes themselves: no need to look at siblings.
            let mut at = 0;
            while let Some(node) = layers.node(at) {
                self.visible.push(at);
                at = if self.is_open(at) { at + 1 } else { node.end };
            }
            return;
        }
        let of_section = |_, node: &Node| section.is_none() || node.depth > 0 || node.section == section;
        let mut stack = Vec::new();
        self.push(layers, &mut stack, (0, layers.nodes.len() as u32), of_section);
        while let Some(at) = stack.pop() {
            self.visible.push(at);
            if let Some(node) = layers.node(at).filter(|_| self.is_open(at)) {
                self.push(layers, &mut stack, (at + 1, node.end), of_section);
            }
        }
    }

    /// Pushes the siblings in a range of nodes, in the order chosen, the first of them on top.
    fn push(
        &self,
        layers: &Layers,
        stack: &mut Vec<u32>,
        (from, end): (u32, u32),
        keep: impl Fn(u32, &Node) -> bool,
    ) {
        let start = stack.len();
        let mut at = from;
        while let Some(node) = layers.node(at).filter(|_| at < end) {
            if keep(at, node) {
                stack.push(at);
            }
            at = node.end;
        }
        let Order { column, descending } = self.order;
        let number = |at: u32| {
            let Some(node) = layers.node(at) else { return (0, 0) };
            match column {
                Some(Column::Name) => (u64::from(node.name_rank), 0),
                Some(Column::Bytes) => (node.bytes, 0),
                Some(_) => (node.parameters, node.elements),
                None => (u64::from(at), 0),
            }
        };
        let siblings = stack.get_mut(start..).unwrap_or_default();
        // What is to come first goes last. Equal ones stay in the file's order.
        if descending && column.is_some() {
            siblings.sort_unstable_by_key(|at| (number(*at), Reverse(*at)));
        } else if descending {
            siblings.sort_unstable();
        } else {
            siblings.sort_unstable_by_key(|at| Reverse((number(*at), *at)));
        }
    }

    /// The next order.
    pub fn next_order(&mut self) {
        let next = match self.order.column {
            None => COLUMNS.first(),
            Some(column) => COLUMNS.iter().skip_while(|c| **c != column).nth(1),
        };
        self.order = next.map_or(Order::default(), |column| Order::by(*column));
    }

    fn show_matches(&mut self, layers: &Layers, matches: &Matches, section: Option<u32>) {
        let mut seen = vec![false; layers.nodes.len()];
        for hit in &matches.hits {
            if section.is_some() && layers.entry(*hit).map(|e| e.section) != section {
                continue;
            }
            let mut at = layers.node_of.get(*hit as usize).copied();
            while let Some(here) = at {
                match seen.get_mut(here as usize) {
                    Some(flag) if !*flag => *flag = true,
                    _ => break,
                }
                at = layers.node(here).and_then(|n| n.parent);
            }
        }
        if self.order == Order::default() {
            self.visible.extend((0..).zip(&seen).filter(|(_, seen)| **seen).map(|(at, _)| at));
            return;
        }
        let is_seen = |at: u32, _: &Node| seen.get(at as usize).copied().unwrap_or(false);
        let mut stack = Vec::new();
        self.push(layers, &mut stack, (0, layers.nodes.len() as u32), is_seen);
        while let Some(at) = stack.pop() {
            self.visible.push(at);
            if let Some(node) = layers.node(at) {
                self.push(layers, &mut stack, (at + 1, node.end), is_seen);
            }
        }
    }

    /// The selected node.
    pub fn selected(&self) -> Option<u32> {
        self.visible.get(self.cursor.at).copied()
    }

    /// Selects a node, or the closest one above it that can be seen.
    pub fn select(&mut self, layers: &Layers, node: u32) {
        let mut at = Some(node);
        while let Some(here) = at {
            if let Some(row) = self.visible.iter().position(|v| *v == here) {
                self.cursor.at = row;
                return;
            }
            at = layers.node(here).and_then(|n| n.parent);
        }
        self.cursor.at = self.cursor.at.min(self.visible.len().saturating_sub(1));
    }

    /// Opens everything above a node, so that it can be seen.
    pub fn reveal(&mut self, layers: &Layers, node: u32) {
        let mut at = layers.node(node).and_then(|n| n.parent);
        while let Some(here) = at {
            self.set_open(here, true);
            at = layers.node(here).and_then(|n| n.parent);
        }
    }

    /// Opens or closes the selected node; false when it has nothing below.
    pub fn toggle(&mut self, layers: &Layers) -> bool {
        let Some(at) = self.selected().filter(|at| has_children(layers, *at)) else { return false };
        self.set_open(at, !self.is_open(at));
        true
    }

    /// Closes the selected node, or goes to the one it belongs to. True when the visible list changed.
    pub fn go_left(&mut self, layers: &Layers) -> bool {
        let Some(at) = self.selected() else { return false };
        if self.is_open(at) && has_children(layers, at) {
            self.set_open(at, false);
            return true;
        }
        if let Some(parent) = layers.node(at).and_then(|n| n.parent) {
            self.select(layers, parent);
        }
        false
    }

    /// Opens the selected node, or goes to the first one below it. True when the visible list changed.
    pub fn go_right(&mut self, layers: &Layers) -> bool {
        let Some(at) = self.selected().filter(|at| has_children(layers, *at)) else { return false };
        if self.is_open(at) {
            self.cursor.at += 1;
            return false;
        }
        self.set_open(at, true);
        true
    }

    /// Opens or closes everything.
    pub fn set_all(&mut self, open: bool) {
        self.open.fill(open);
    }
}

/// True when there are nodes below.
pub fn has_children(layers: &Layers, at: u32) -> bool {
    layers.node(at).is_some_and(|n| n.end > at + 1)
}

fn children(layers: &Layers, at: u32) -> Vec<u32> {
    layers.node(at).map(|node| layers.siblings(at + 1, node.end)).unwrap_or_default()
}
