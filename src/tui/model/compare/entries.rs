//! The names as a tree: modules and what is in them, in the order a screen shows them.

use std::collections::hash_map::Entry::{Occupied, Vacant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::rows::Row;

/// Modules within modules; what is deeper keeps the rest of its name.
const DEEPEST: usize = 32;

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A module: the line behind everything in it.
    Module {
        /// The first entry that is not in it.
        end: u32,
        /// Which module it is, counted from 0.
        number: u32,
    },
    /// A name.
    Key(u32),
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it stands for.
    pub what: What,
    /// Modules around it.
    pub depth: u16,
    parent: Option<u32>,
    /// The row its label is a part of the name of, and the part.
    label: (u32, u32, u32),
}

impl Entry {
    /// The row of a name.
    pub fn key(&self) -> Option<u32> {
        match self.what {
            What::Key(row) => Some(row),
            What::Module { .. } => None,
        }
    }

    /// The number of a module.
    pub fn module(&self) -> Option<u32> {
        match self.what {
            What::Module { number, .. } => Some(number),
            What::Key(_) => None,
        }
    }

    /// The part of the name that is not said by the modules around it.
    pub fn label<'a>(&self, rows: &'a [Row]) -> &'a str {
        let (row, from, to) = self.label;
        rows.get(row as usize).and_then(|row| row.key.get(from as usize..to as usize)).unwrap_or_default()
    }

    /// The full name of it.
    pub fn path<'a>(&self, rows: &'a [Row]) -> &'a str {
        let (row, _, to) = self.label;
        rows.get(row as usize).and_then(|row| row.key.get(..to as usize)).unwrap_or_default()
    }
}

/// All lines, a module before what is in it.
#[derive(Debug, Default)]
pub struct Entries {
    lines: Vec<Entry>,
    modules: u32,
}

#[derive(Default)]
struct Node {
    children: Vec<Child>,
    /// A row below it, and where its own name ends in that row's.
    label: (u32, u32),
}

enum Child {
    Node(usize),
    Row(u32),
}

impl Entries {
    /// The tree of the rows' names. Modules come where their first name does.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut nodes = vec![Node::default()];
        let mut known: FxHashMap<(usize, &str), usize> = FxHashMap::default();
        for (row, at) in rows.iter().zip(0..) {
            let (mut node, mut from) = (0, 0);
            for (dot, _) in row.key.match_indices('.').take(DEEPEST) {
                let segment = row.key.get(from..dot).unwrap_or_default();
                let next = match known.entry((node, segment)) {
                    Occupied(found) => *found.get(),
                    Vacant(free) => {
                        let next = *free.insert(nodes.len());
                        nodes.push(Node { children: Vec::new(), label: (at, dot as u32) });
                        attach(&mut nodes, node, Child::Node(next));
                        next
                    }
                };
                (node, from) = (next, dot + 1);
            }
            attach(&mut nodes, node, Child::Row(at));
        }
        let mut entries = Self { lines: Vec::with_capacity(rows.len() + nodes.len()), modules: 0 };
        entries.emit(rows, &nodes, 0, (None, 0, 0));
        entries
    }

    /// Writes out what is in a node, whose own name ends before `from`.
    fn emit(
        &mut self,
        rows: &[Row],
        nodes: &[Node],
        at: usize,
        (parent, depth, from): (Option<u32>, u16, u32),
    ) {
        for child in nodes.get(at).map(|node| node.children.as_slice()).unwrap_or_default() {
            match child {
                Child::Row(row) => {
                    let to = rows.get(*row as usize).map_or(0, |row| row.key.len() as u32);
                    self.lines.push(Entry { what: What::Key(*row), depth, parent, label: (*row, from, to) });
                }
                Child::Node(node) => {
                    // A module with nothing but a module in it shares its line.
                    let mut node = *node;
                    while let Some([Child::Node(only)]) = nodes.get(node).map(|n| n.children.as_slice()) {
                        node = *only;
                    }
                    let Some((row, to)) = nodes.get(node).map(|node| node.label) else { continue };
                    let own = self.lines.len();
                    let number = self.modules;
                    self.modules += 1;
                    let what = What::Module { end: 0, number };
                    self.lines.push(Entry { what, depth, parent, label: (row, from, to) });
                    self.emit(rows, nodes, node, (Some(own as u32), depth + 1, to + 1));
                    let end = self.lines.len() as u32;
                    if let Some(entry) = self.lines.get_mut(own) {
                        entry.what = What::Module { end, number };
                    }
                }
            }
        }
    }

    /// A line.
    pub fn get(&self, at: u32) -> Option<&Entry> {
        self.lines.get(at as usize)
    }

    /// All lines.
    pub fn all(&self) -> &[Entry] {
        &self.lines
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines that stand for modules.
    pub fn modules(&self) -> impl Iterator<Item = u32> + '_ {
        self.lines.iter().zip(0..).filter(|(entry, _)| entry.key().is_none()).map(|(_, at)| at)
    }

    /// How many modules there are.
    pub fn module_count(&self) -> usize {
        self.modules as usize
    }

    /// The number of the module around a line.
    pub fn around(&self, entry: &Entry) -> Option<u32> {
        self.get(entry.parent?)?.module()
    }

    /// The modules around a line, innermost first.
    pub fn parents(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let parent = |at: u32| self.get(at).and_then(|entry| entry.parent);
        std::iter::successors(parent(at), move |at| parent(*at))
    }

    /// The lines to show: names that `shown` lets through, and the modules around them; what is in a folded one is
    /// left out. Ascending.
    pub fn visible(
        &self,
        flat: bool,
        folded: Option<&FxHashSet<u32>>,
        shown: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut visible = Vec::new();
        // Modules around the line of which none was written yet, and whether a folded one hides them.
        let mut waiting: Vec<(u32, bool)> = Vec::new();
        let mut hidden_until = 0;
        for (entry, at) in self.lines.iter().zip(0_u32..) {
            while waiting.last().is_some_and(|(module, _)| !self.is_in(*module, at)) {
                waiting.pop();
            }
            match entry.what {
                What::Module { end, .. } if !flat => {
                    let is_hidden = at < hidden_until;
                    waiting.push((at, is_hidden));
                    if !is_hidden && folded.is_some_and(|all| all.contains(&at)) {
                        hidden_until = end;
                    }
                }
                What::Key(row) if shown(row) => {
                    let modules = waiting.drain(..).filter(|(_, is_hidden)| !is_hidden);
                    visible.extend(modules.map(|(module, _)| module));
                    if at >= hidden_until {
                        visible.push(at);
                    }
                }
                What::Module { .. } | What::Key(_) => {}
            }
        }
        visible
    }

    fn is_in(&self, module: u32, at: u32) -> bool {
        matches!(self.get(module).map(|m| m.what), Some(What::Module { end, .. }) if at < end)
    }
}

fn attach(nodes: &mut [Node], to: usize, child: Child) {
    if let Some(node) = nodes.get_mut(to) {
        node.children.push(child);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Kind;
    use super::*;

    fn rows(keys: &[&str]) -> Vec<Row> {
        let row = |key: &&str| Row { key: (*key).into(), kind: Kind::Both, a: None, b: None, pair: None };
        keys.iter().map(row).collect()
    }

    fn lines(rows: &[Row], entries: &Entries, visible: &[u32]) -> Vec<String> {
        let line = |at: &u32| {
            let entry = entries.get(*at).unwrap();
            format!("{}{}", " ".repeat(entry.depth.into()), entry.label(rows))
        };
        visible.iter().map(line).collect()
    }

    #[test]
    fn modules_gather_their_names_and_share_lines_with_their_only_module() {
        let rows =
            rows(&["net.body.fc.weight", "head.bias", "net.body.fc.bias", "net.body.bn.weight", "scale"]);
        let entries = Entries::of(&rows);
        let all = entries.visible(false, None, |_| true);
        assert_eq!(
            lines(&rows, &entries, &all),
            ["net.body", " fc", "  weight", "  bias", " bn", "  weight", "head", " bias", "scale"]
        );
        assert_eq!(entries.get(1).unwrap().path(&rows), "net.body.fc");
        assert_eq!(entries.parents(2).collect::<Vec<_>>(), [1, 0]);
        let some = entries.visible(false, None, |row| row == 3 || row == 4);
        assert_eq!(lines(&rows, &entries, &some), ["net.body", " bn", "  weight", "scale"]);
    }

    #[test]
    fn what_is_folded_hides_what_is_in_it_and_is_itself_shown() {
        let rows = rows(&["a.x.w", "a.y.w", "b.w"]);
        let entries = Entries::of(&rows);
        let fold = |all: &[u32]| all.iter().copied().collect::<FxHashSet<u32>>();
        let visible = |folded: &[u32]| entries.visible(false, Some(&fold(folded)), |_| true);
        assert_eq!(lines(&rows, &entries, &visible(&[0])), ["a", "b", " w"]);
        assert_eq!(lines(&rows, &entries, &visible(&[1])), ["a", " x", " y", "  w", "b", " w"]);
        assert_eq!(lines(&rows, &entries, &visible(&[0, 1, 5])), ["a", "b"]);
        let inside = entries.visible(false, Some(&fold(&[0])), |row| row == 1);
        assert_eq!(lines(&rows, &entries, &inside), ["a"], "a module with something to show in it");
        assert_eq!(entries.visible(true, None, |_| true).len(), 3);
    }

    #[test]
    fn names_of_any_depth_and_none() {
        let deep = ".".repeat(5_000);
        let rows = rows(&[&deep, "", "a", "a.b"]);
        let entries = Entries::of(&rows);
        assert_eq!(entries.visible(true, None, |_| true).len(), 4);
        assert_eq!(entries.modules().count(), 2, "the deep one shares a line");
    }
}
