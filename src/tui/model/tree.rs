//! Which nodes of the layer tree are open, and the list of those one can see.
//!
//! The visible list is kept and only made again when something was opened, closed or filtered; drawing
//! takes a window out of it.

use super::cursor::Cursor;
use super::filter::Matches;
use super::layers::Layers;

/// Rows opened at the start, at most.
const OPENED_ROWS: usize = 40;

/// The state of the tree view.
#[derive(Debug, Default)]
pub struct Tree {
    open: Vec<bool>,
    /// Nodes that can be seen, in order.
    pub visible: Vec<u32>,
    /// Selected row and window.
    pub cursor: Cursor,
}

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
        let mut at = 0;
        while let Some(node) = layers.node(at) {
            if node.depth == 0 && section.is_some() && node.section != section {
                at = node.end;
                continue;
            }
            self.visible.push(at);
            at = if self.is_open(at) { at + 1 } else { node.end };
        }
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
        self.visible.extend((0..).zip(&seen).filter(|(_, seen)| **seen).map(|(at, _)| at));
    }

    /// The selected node.
    pub fn selected(&self) -> Option<u32> {
        self.visible.get(self.cursor.at).copied()
    }

    /// Selects a node, or the closest one above it that can be seen.
    pub fn select(&mut self, layers: &Layers, node: u32) {
        let mut at = Some(node);
        while let Some(here) = at {
            if let Ok(row) = self.visible.binary_search(&here) {
                self.cursor.at = row;
                return;
            }
            at = layers.node(here).and_then(|n| n.parent);
        }
        self.cursor.at =
            self.visible.partition_point(|v| *v < node).min(self.visible.len().saturating_sub(1));
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
