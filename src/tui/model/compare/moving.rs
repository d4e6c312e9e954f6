//! Which lines are shown, and moving among them.

use std::cmp::Ordering;

use super::rows::{Mark, Row};
use super::{CompareView, Order};

impl CompareView {
    /// Makes the lines anew; the selection stays where it can.
    pub(super) fn refresh(&mut self) {
        let selected = self.selected();
        let Some(listed) = self.listed() else { return };
        let shown = |row: u32| {
            let differs = |row| listed.rows.get(row as usize).is_some_and(|r| self.mark(r).is_difference());
            self.is_matched(row) && (!self.only_differences || differs(row))
        };
        let folded = if self.pattern.is_empty() { Some(&self.folded) } else { None };
        let mut visible = listed.entries.visible(self.is_flat(), folded, shown);
        if self.is_by_change() {
            let mut keyed: Vec<(u8, f64, u32)> = visible.into_iter().map(|at| self.change(at)).collect();
            keyed.sort_by(|a, b| {
                let larger = b.1.partial_cmp(&a.1).unwrap_or(Ordering::Equal);
                a.0.cmp(&b.0).then(larger).then(a.2.cmp(&b.2))
            });
            visible = keyed.into_iter().map(|(_, _, at)| at).collect();
        }
        self.visible = visible;
        self.reselect(selected);
    }

    /// A list of full names instead of a tree.
    pub fn is_flat(&self) -> bool {
        self.order != Order::Tree
    }

    /// The order is that of the differences.
    pub fn is_by_change(&self) -> bool {
        self.order == Order::Change
    }

    fn is_matched(&self, row: u32) -> bool {
        self.matched.as_ref().is_none_or(|all| all.contains(&row))
    }

    /// What an entry is ordered by: what is there on one side only or of another shape, then by the relative change,
    /// infinite ones first; then what was not compared, and what is equal.
    fn change(&self, entry: u32) -> (u8, f64, u32) {
        let row = self.row_at(entry);
        let rank = match row.map_or(Mark::Open, |row| self.mark(row)) {
            Mark::Differs => 0,
            Mark::Missing => 1,
            Mark::Unexpected => 2,
            Mark::Unread => 3,
            Mark::Values => 4,
            Mark::Open => 5,
            Mark::Filled => 6,
            Mark::Equal => 7,
        };
        let of = |row: &Row| self.values_of(row)?.as_ref().ok().map(|diff| diff.relative_l2);
        let relative = row.and_then(of).unwrap_or(0.0);
        (rank, if relative.is_nan() { f64::INFINITY } else { relative }, entry)
    }

    /// Selects an entry; where it is hidden, the last one before it that is shown.
    fn reselect(&mut self, entry: Option<u32>) {
        let Some(entry) = entry else { return };
        self.cursor.at = if self.is_by_change() {
            self.visible.iter().position(|at| *at == entry).unwrap_or(self.cursor.at)
        } else {
            self.visible.partition_point(|at| *at <= entry).saturating_sub(1)
        };
    }

    /// Only what differs, or all names.
    pub fn toggle_only_differences(&mut self) {
        self.only_differences = !self.only_differences;
        self.refresh();
    }

    /// A list, or a tree.
    pub fn toggle_flat(&mut self) {
        self.order = if self.is_flat() { Order::Tree } else { Order::List };
        self.refresh();
    }

    /// A list that begins with what differs most, or in the order of the names.
    pub fn toggle_order(&mut self) {
        self.order = if self.is_by_change() { Order::List } else { Order::Change };
        self.refresh();
        if self.is_by_change() {
            self.cursor.at = 0;
        }
    }

    /// Folds or unfolds the selected module.
    pub fn toggle(&mut self) {
        let Some(entry) = self.selected().filter(|_| self.row().is_none()) else { return };
        if !self.folded.remove(&entry) {
            self.folded.insert(entry);
        }
        self.refresh();
    }

    /// Folds everything, or nothing.
    pub fn fold_all(&mut self, fold: bool) {
        self.folded.clear();
        if let Some(listed) = self.data.as_ref().filter(|_| fold).and(self.listed()) {
            let all: Vec<u32> = listed.entries.modules().collect();
            self.folded.extend(all);
        }
        self.refresh();
    }

    /// Folds the selected module, or goes to the one the line is in.
    pub fn go_left(&mut self) {
        let Some(entry) = self.selected() else { return };
        if self.row().is_none() && !self.is_folded(entry) && self.pattern.is_empty() {
            self.folded.insert(entry);
            self.refresh();
        } else if !self.is_flat() {
            let parent = self.listed().and_then(|listed| listed.entries.parents(entry).next());
            self.reselect(parent);
        }
    }

    /// Unfolds the selected module, or goes into it.
    pub fn go_right(&mut self) {
        let Some(entry) = self.selected().filter(|_| self.row().is_none()) else { return };
        if self.is_folded(entry) {
            self.folded.remove(&entry);
            self.refresh();
        } else {
            self.cursor.at += 1;
        }
    }

    /// Goes to the next (or previous) name that differs, unfolding what hides it; false when there is none.
    pub fn next_difference(&mut self, forward: bool) -> bool {
        if self.is_flat() {
            let differs = |row: &Row| self.mark(row).is_difference();
            let found = self.next_line(forward, differs);
            self.cursor.at = found.unwrap_or(self.cursor.at);
            return found.is_some();
        }
        let Some(listed) = self.listed() else { return false };
        let differs = |at: u32| {
            let row = listed.entries.get(at).and_then(super::entries::Entry::key);
            row.is_some_and(|row| self.is_matched(row))
                && self.row_at(at).is_some_and(|row| self.mark(row).is_difference())
        };
        let (here, len) = (self.selected().unwrap_or(0), listed.entries.len() as u32);
        let found = if forward {
            (here + 1..len).chain(0..len.min(here + 1)).find(|at| differs(*at))
        } else {
            (0..here).rev().chain((here..len).rev()).find(|at| differs(*at))
        };
        let Some(found) = found else { return false };
        let parents: Vec<u32> = listed.entries.parents(found).collect();
        let before = self.folded.len();
        for entry in &parents {
            self.folded.remove(entry);
        }
        if self.folded.len() != before {
            self.refresh();
        }
        self.reselect(Some(found));
        true
    }

    /// Goes to the next (or previous) line that is a name.
    pub fn next_key(&mut self, forward: bool) {
        self.cursor.at = self.next_line(forward, |_| true).unwrap_or(self.cursor.at);
    }

    /// The next (or previous) line whose row is wanted, round the end; the same one where there is no other.
    fn next_line(&self, forward: bool, wanted: impl Fn(&Row) -> bool) -> Option<usize> {
        let (here, len) = (self.cursor.at, self.visible.len());
        let is_wanted =
            |at: &usize| self.visible.get(*at).is_some_and(|entry| self.row_at(*entry).is_some_and(&wanted));
        if forward {
            (here + 1..len).chain(0..len.min(here + 1)).find(is_wanted)
        } else {
            (0..here).rev().chain((here..len).rev()).find(is_wanted)
        }
    }

    /// Names as they are, or as the repairs leave them. The selection stays on the name.
    pub fn toggle_after(&mut self) {
        let key = self.row().map(|row| row.key.clone());
        self.after = !self.after;
        self.folded.clear();
        self.rebuild();
        let Some(listed) = self.listed() else { return };
        let found = listed.rows.iter().zip(0..).find(|(row, _)| key.as_deref() == Some(&*row.key));
        let place = found.and_then(|(_, at)| listed.place(at));
        self.reselect(place);
    }
}
