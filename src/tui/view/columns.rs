//! Columns of a table: which of them fit, and where.

use crate::sorting::Sort as _;
use ratatui::layout::Rect;

/// A column at the right of the first one, which takes what the others leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<T> {
    /// What it shows.
    pub what: T,
    /// Cells it takes, without the gap before it.
    pub width: u16,
    /// Columns with a smaller number are kept longer when space runs out.
    pub rank: u8,
}

/// Cells between columns.
pub const GAP: u16 = 2;

/// The columns that fit into `width` beside a first one of at least `first` cells, in their order, and the
/// cells that leaves for the first one.
pub fn fitting<T: Copy>(columns: &[Column<T>], width: u16, first: u16) -> (u16, Vec<Column<T>>) {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.in_order_of(|at| columns.get(*at).map(|c| c.rank));
    let mut left = width;
    let mut kept = Vec::new();
    for at in by_rank {
        let Some(column) = columns.get(at) else { continue };
        let needed = column.width + GAP;
        // The first that does not fit ends it: a wide column is not replaced by narrow unimportant ones.
        if left < first + needed {
            break;
        }
        left -= needed;
        kept.push(at);
    }
    kept.sort_unstable();
    (left, kept.into_iter().filter_map(|at| columns.get(at).copied()).collect())
}

/// Where each column is in a line whose first column takes `first` cells.
pub fn placed<T>(line: Rect, first: u16, columns: &[Column<T>]) -> impl Iterator<Item = (Rect, &Column<T>)> {
    let mut x = line.x + first;
    columns.iter().map(move |column| {
        let area = Rect { x: x + GAP, width: column.width, height: 1, ..line };
        x += GAP + column.width;
        (area, column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_goes_first() {
        let column = |what, width, rank| Column { what, width, rank };
        let columns = [column('s', 10, 2), column('e', 6, 0), column('m', 8, 1)];
        let fit = |width| {
            let (first, kept) = fitting(&columns, width, 10);
            (first, kept.iter().map(|c| c.what).collect::<String>())
        };
        assert_eq!(fit(60), (30, "sem".to_owned()));
        assert_eq!(fit(35), (17, "em".to_owned()));
        assert_eq!(fit(20), (12, "e".to_owned()));
        assert_eq!(fit(5), (5, String::new()));
    }
}
