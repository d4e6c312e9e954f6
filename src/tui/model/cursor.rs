//! Where one is in a list, and which part of it is in the window.

use super::super::commands::Command;

/// Rows kept visible above and below the cursor while scrolling.
const MARGIN: usize = 2;

/// The selected row and the first visible one. [`Cursor::settle`] keeps both inside the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Selected row.
    pub at: usize,
    /// First row in the window.
    pub first: usize,
}

impl Cursor {
    /// Moves by a motion command; false when `command` is none. `len` rows, `page` of them visible.
    pub fn moved(&mut self, command: Command, count: Option<usize>, len: usize, page: usize) -> bool {
        let times = count.unwrap_or(1);
        let last = len.saturating_sub(1);
        let page = page.max(1);
        let half = page.div_ceil(2);
        self.at = match command {
            Command::Down => self.at.saturating_add(times),
            Command::Up => self.at.saturating_sub(times),
            Command::PageDown => self.at.saturating_add(page.saturating_mul(times)),
            Command::PageUp => self.at.saturating_sub(page.saturating_mul(times)),
            Command::HalfDown => self.at.saturating_add(half.saturating_mul(times)),
            Command::HalfUp => self.at.saturating_sub(half.saturating_mul(times)),
            Command::Top => count.map_or(0, |n| n.saturating_sub(1)),
            Command::Bottom => count.map_or(last, |n| n.saturating_sub(1)),
            _ => return false,
        }
        .min(last);
        true
    }

    /// Scrolls the window by `rows` and takes the cursor along only when it would fall out.
    pub fn scrolled(&mut self, rows: isize, len: usize, height: usize) {
        let most = len.saturating_sub(height);
        self.first = self.first.saturating_add_signed(rows).min(most);
        // As far from the edges as settling wants it, so that settling does not scroll back.
        let margin = MARGIN.min(height.saturating_sub(1) / 2);
        let lowest = if self.first == 0 { 0 } else { self.first + margin };
        let highest = if self.first == most { len } else { self.first + height - margin };
        let highest = highest.saturating_sub(1).min(len.saturating_sub(1));
        self.at = self.at.clamp(lowest.min(highest), highest);
    }

    /// Keeps the cursor in the list and in the window.
    pub fn settle(&mut self, len: usize, height: usize) {
        self.at = self.at.min(len.saturating_sub(1));
        let margin = MARGIN.min(height.saturating_sub(1) / 2);
        let lowest = (self.at + margin + 1).min(len).saturating_sub(height);
        let highest = self.at.saturating_sub(margin);
        self.first = self.first.max(lowest).min(highest).min(len.saturating_sub(height));
    }

    /// The rows of the window.
    pub fn window(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        let first = self.first.min(len);
        first..first.saturating_add(height).min(len)
    }
}

/// The place `by` further on in a ring of `len` places; 0 when there are none.
pub fn stepped(at: usize, by: isize, len: usize) -> usize {
    let Some(last) = len.checked_sub(1) else { return 0 };
    let steps = by.unsigned_abs() % len;
    (at.min(last) + if by < 0 { len - steps } else { steps }) % len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(commands: &[(Command, Option<usize>)]) -> Cursor {
        let mut cursor = Cursor::default();
        for (command, count) in commands {
            assert!(cursor.moved(*command, *count, 100, 10));
            cursor.settle(100, 10);
        }
        cursor
    }

    #[test]
    fn motions_with_counts() {
        assert_eq!(after(&[(Command::Down, Some(12))]), Cursor { at: 12, first: 5 });
        assert_eq!(after(&[(Command::Bottom, None)]), Cursor { at: 99, first: 90 });
        assert_eq!(after(&[(Command::Bottom, None), (Command::Top, None)]), Cursor { at: 0, first: 0 });
        assert_eq!(after(&[(Command::Top, Some(40))]).at, 39);
        assert_eq!(after(&[(Command::HalfDown, None), (Command::PageDown, Some(2))]).at, 25);
        assert_eq!(after(&[(Command::Up, Some(usize::MAX))]).at, 0);
    }

    #[test]
    fn nothing_goes_wrong_in_empty_lists_and_windows() {
        let mut cursor = Cursor { at: 7, first: 3 };
        cursor.settle(0, 0);
        assert_eq!(cursor, Cursor { at: 0, first: 0 });
        assert!(cursor.moved(Command::Bottom, None, 0, 0));
        cursor.scrolled(5, 0, 0);
        assert_eq!(cursor.window(0, 0), 0..0);
        cursor.settle(3, 0);
        assert_eq!(cursor.window(3, 0).len(), 0);
    }

    #[test]
    fn rings_go_round_both_ways() {
        let steps = [(0, 1), (4, 1), (0, -1), (2, -7), (2, 5), (9, 0)];
        assert_eq!(steps.map(|(at, by)| stepped(at, by, 5)), [1, 0, 4, 0, 2, 4]);
        assert_eq!(stepped(3, 1, 0), 0);
    }

    #[test]
    fn the_wheel_scrolls_and_takes_the_cursor_along() {
        let mut cursor = Cursor::default();
        cursor.scrolled(3, 100, 10);
        assert_eq!(cursor, Cursor { at: 5, first: 3 });
        cursor.settle(100, 10);
        assert_eq!(cursor, Cursor { at: 5, first: 3 });
        cursor.scrolled(-9, 100, 10);
        assert_eq!(cursor, Cursor { at: 5, first: 0 });
        cursor.scrolled(900, 100, 10);
        cursor.settle(100, 10);
        assert_eq!(cursor, Cursor { at: 92, first: 90 });
    }
}
