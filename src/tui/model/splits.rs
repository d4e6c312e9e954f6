//! Where panes meet: for each border that can be moved, the share of the room the pane before it has.
//!
//! Shares, not cells: they hold at any size of the screen. What was never moved is where [`super::super::layout`]
//! puts it by itself.

/// A border that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// First screen: the runs, and the curve and details beside them.
    HomeColumns,
    /// First screen: the curve, and the details below it.
    HomeRows,
    /// Opened checkpoint: the runs, and its view.
    CheckpointRuns,
    /// Opened checkpoint: its view, and the details.
    CheckpointDetail,
    /// Comparison: the names, and what is known of one.
    Compare,
}

impl Split {
    /// All of them, in the order their shares are remembered in.
    pub const ALL: [Self; 5] =
        [Self::HomeColumns, Self::HomeRows, Self::CheckpointRuns, Self::CheckpointDetail, Self::Compare];

    /// What its share is remembered under.
    pub fn id(self) -> &'static str {
        match self {
            Self::HomeColumns => "home-columns",
            Self::HomeRows => "home-rows",
            Self::CheckpointRuns => "checkpoint-runs",
            Self::CheckpointDetail => "checkpoint-details",
            Self::Compare => "compare",
        }
    }

    /// Cells the pane before it needs to draw anything of use, and the one behind it.
    pub fn least(self) -> (u16, u16) {
        match self {
            Self::HomeColumns => (30, 26),
            Self::HomeRows => (6, 4),
            Self::CheckpointRuns => (18, 60),
            Self::CheckpointDetail => (34, 24),
            Self::Compare => (30, 26),
        }
    }

    /// The panes are one above the other.
    pub fn is_of_rows(self) -> bool {
        self == Self::HomeRows
    }
}

/// The share of the pane before each border.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Splits {
    shares: [Option<f64>; 5],
}

impl Splits {
    /// Its share, if it was moved.
    pub fn share(&self, split: Split) -> Option<f64> {
        self.shares.get(split as usize).copied().flatten()
    }

    /// Gives it a share, or lets it go back to where it is by itself. What is no share is none.
    pub fn set(&mut self, split: Split, share: Option<f64>) {
        if let Some(slot) = self.shares.get_mut(split as usize) {
            *slot = share.filter(|share| (0.0..=1.0).contains(share));
        }
    }

    /// Cells of `total` before the border, which is at `otherwise` unless it was moved. Both sides keep what they
    /// need where there is enough for both.
    pub fn cells(&self, split: Split, total: u16, otherwise: u16) -> u16 {
        let Some(share) = self.share(split) else { return otherwise };
        fitted(split, total, (share * f64::from(total)).round() as u16)
    }
}

/// `cells` before the border, or as many as leave both sides what they need.
pub fn fitted(split: Split, total: u16, cells: u16) -> u16 {
    let (before, behind) = split.least();
    let least = before.min(total / 2);
    let most = total.saturating_sub(behind.min(total / 2));
    cells.clamp(least, most.max(least))
}

/// The border the mouse took hold of, and how far from its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grip {
    /// The border.
    pub split: Split,
    /// Cells from the border to the pointer.
    pub off: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_holds_at_any_size_and_leaves_both_sides_something() {
        let mut splits = Splits::default();
        assert_eq!(splits.cells(Split::HomeColumns, 100, 55), 55, "by itself");
        splits.set(Split::HomeColumns, Some(0.4));
        assert_eq!(splits.cells(Split::HomeColumns, 100, 55), 40);
        assert_eq!(splits.cells(Split::HomeColumns, 200, 110), 80);
        for total in 0..400 {
            for share in [0.0, 0.3, 1.0] {
                splits.set(Split::HomeColumns, Some(share));
                let cells = splits.cells(Split::HomeColumns, total, 0);
                assert!(cells <= total);
                // Where half is enough for either.
                if total >= 60 {
                    assert!((30..=total - 26).contains(&cells), "{share} of {total}: {cells}");
                }
            }
        }
        splits.set(Split::HomeColumns, Some(f64::NAN));
        assert_eq!(splits.share(Split::HomeColumns), None, "a share that is none");
    }

    #[test]
    fn every_cell_can_be_stored_and_comes_back() {
        let mut splits = Splits::default();
        for total in [80_u16, 119, 333, 1_000] {
            for cells in 30..total - 26 {
                splits.set(Split::Compare, Some(f64::from(cells) / f64::from(total)));
                assert_eq!(splits.cells(Split::Compare, total, 0), cells);
            }
        }
    }
}
