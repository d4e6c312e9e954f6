//! Which nodes of the layer tree are open, and the list of those one can see.
//!
//! The visible list is kept and only made again when something was opened, closed or filtered; drawing
//! takes a window out of it.

use super::cursor::Cursor;
use super::filter::Matches;
use super::layers::Layers;
use super::table::{Column, Order};
use crate::text::natural;

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
        siblings(layers, 0, layers.nodes.len() as u32)
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
        let of_section =
            |at: &u32| section.is_none() || layers.node(*at).is_some_and(|n| n.section == section);
        let mut stack = self.ordered(layers, Self::roots(layers));
        stack.retain(of_section);
        while let Some(at) = stack.pop() {
            self.visible.push(at);
            if self.is_open(at) {
                stack.extend(self.ordered(layers, children(layers, at)));
            }
        }
    }

    /// What belongs to one node in the order chosen, the first of it last: ready for a stack.
    fn ordered(&self, layers: &Layers, mut nodes: Vec<u32>) -> Vec<u32> {
        let node = |at: &u32| layers.node(*at);
        match self.order.column {
            Some(Column::Name) => {
                let name = |at: &u32| node(at).map_or("", |n| layers.name(n));
                nodes.sort_by(|a, b| natural::compare(name(a), name(b)));
            }
            Some(Column::Bytes) => nodes.sort_by_key(|at| node(at).map(|n| n.bytes)),
            Some(_) => nodes.sort_by_key(|at| node(at).map(|n| (n.parameters, n.elements))),
            None => {}
        }
        // Reversed for the stack, unless the largest are wanted first.
        if !self.order.descending {
            nodes.reverse();
        }
        nodes
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
        let is_seen = |at: &u32| seen.get(*at as usize).copied().unwrap_or(false);
        let mut stack = self.ordered(layers, Self::roots(layers));
        stack.retain(is_seen);
        while let Some(at) = stack.pop() {
            self.visible.push(at);
            let mut below = children(layers, at);
            below.retain(is_seen);
            stack.extend(self.ordered(layers, below));
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
    layers.node(at).map(|node| siblings(layers, at + 1, node.end)).unwrap_or_default()
}

fn siblings(layers: &Layers, from: u32, end: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(node) = layers.node(at).filter(|_| at < end) {
        found.push(at);
        at = node.end;
    }
    found
}
