//! A look at the numbers themselves: some of them in a row, and a picture of a matrix.

use crate::elements::{Elements, Scratch};
use crate::error::Result;
use crate::tensor::saturating_product;
use crate::work::Work;

/// Cells of a picture in each direction at most.
const GRID: u64 = 128;
/// Numbers read for a picture at most; of larger matrices, evenly spaced rows.
const READ: u64 = 4 << 20;
/// Numbers read at once.
const BLOCK: usize = 32 << 10;

/// Numbers in row-major order, from `start` on: at most `count`, fewer at the end.
///
/// # Errors
/// What reading finds.
pub fn values(elements: &Elements, start: u64, count: usize) -> Result<Vec<f64>> {
    let left = usize::try_from(elements.len().saturating_sub(start)).unwrap_or(usize::MAX);
    let mut out = vec![0.0; count.min(left)];
    elements.read(start, &mut out, &mut Scratch::default())?;
    Ok(out)
}

/// A matrix made small: each cell the mean of the finite numbers read of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Rows and columns of the matrix; of more dimensions, all but the first are columns.
    pub of: (u64, u64),
    /// Rows and columns of cells.
    pub grid: (usize, usize),
    /// Row by row; NaN where a block has no finite number.
    pub cells: Vec<f64>,
    /// Not every row was read.
    pub sampled: bool,
}

impl HeatMap {
    /// The picture of a tensor of this shape; `None` for fewer than two dimensions, or no numbers.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Cancelled`] when the work is not wanted any more, and what reading finds.
    pub fn of(elements: &Elements, shape: &[u64], work: &Work) -> Result<Option<Self>> {
        let mut scratch = Scratch::default();
        let read = |start, out: &mut [f64]| elements.read(start, out, &mut scratch);
        Self::of_numbers(elements.len(), shape, read, work)
    }

    /// The picture of `|b − a|`, element by element, of two tensors of this shape: each cell the mean of the finite
    /// differences read of a block. Magnitudes, as signed ones of noise would come to nothing in a mean. `None` as for
    /// [`HeatMap::of`], and when the two have not as many numbers.
    ///
    /// # Errors
    /// As [`HeatMap::of`].
    pub fn of_difference(a: &Elements, b: &Elements, shape: &[u64], work: &Work) -> Result<Option<Self>> {
        if a.len() != b.len() {
            return Ok(None);
        }
        let (mut scratch, mut other) = (Scratch::default(), vec![0.0; BLOCK]);
        let read = |start, out: &mut [f64]| {
            a.read(start, out, &mut scratch)?;
            let Some(other) = other.get_mut(..out.len()) else { return Ok(()) };
            b.read(start, other, &mut scratch)?;
            out.iter_mut().zip(other).for_each(|(x, y)| *x = (*y - *x).abs());
            Ok(())
        };
        Self::of_numbers(a.len(), shape, read, work)
    }

    /// The picture of so many numbers, which `read` gives from any place on, at most [`BLOCK`] at once.
    fn of_numbers(
        len: u64,
        shape: &[u64],
        mut read: impl FnMut(u64, &mut [f64]) -> Result<()>,
        work: &Work,
    ) -> Result<Option<Self>> {
        let (rows, columns) = match shape {
            [first, rest @ ..] if !rest.is_empty() => (*first, saturating_product(rest)),
            _ => return Ok(None),
        };
        if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(len) {
            return Ok(None);
        }
        let grid = (rows.min(GRID), columns.min(GRID));
        // How many rows of each band are read: all, or as many as the bound allows, but one at least.
        let most = (READ / columns.max(1) / grid.0).max(1);
        let mut map = Accumulate::new(grid, columns);
        let mut block = vec![0.0; BLOCK];
        for band in 0..grid.0 {
            let (from, end) = (band * rows / grid.0, (band + 1) * rows / grid.0);
            let step = (end - from).div_ceil(most).max(1);
            for row in (from..end).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
                map.row(&mut read, band, row, &mut block, work)?;
            }
        }
        let sampled = rows.div_ceil(grid.0) > most;
        let (height, width) = (grid.0 as usize, grid.1 as usize);
        Ok(Some(Self { of: (rows, columns), grid: (height, width), cells: map.means(), sampled }))
    }

    /// The largest magnitude of a cell; 0 where no cell has a number.
    pub fn largest(&self) -> f64 {
        self.cells.iter().filter(|x| x.is_finite()).fold(0.0, |most, x| most.max(x.abs()))
    }

    /// The cell at this part of the height and width, both from 0 up to 1.
    pub fn at(&self, down: f64, across: f64) -> f64 {
        let place = |part: f64, count: usize| ((part * count as f64) as usize).min(count.saturating_sub(1));
        let at = place(down, self.grid.0) * self.grid.1 + place(across, self.grid.1);
        self.cells.get(at).copied().unwrap_or(f64::NAN)
    }
}

struct Accumulate {
    grid: (u64, u64),
    columns: u64,
    sums: Vec<(f64, u64)>,
}

impl Accumulate {
    fn new(grid: (u64, u64), columns: u64) -> Self {
        Self { grid, columns, sums: vec![(0.0, 0); (grid.0 * grid.1) as usize] }
    }

    fn row(
        &mut self,
        read: &mut impl FnMut(u64, &mut [f64]) -> Result<()>,
        band: u64,
        row: u64,
        block: &mut [f64],
        work: &Work,
    ) -> Result<()> {
        let mut column = 0;
        while column < self.columns {
            work.cancel.check()?;
            let len = (self.columns - column).min(BLOCK as u64);
            let Some(part) = block.get_mut(..len as usize) else { return Ok(()) };
            read(row * self.columns + column, part)?;
            for (x, at) in part.iter().zip(column..).filter(|(x, _)| x.is_finite()) {
                let cell = band * self.grid.1
                    + (u128::from(at) * u128::from(self.grid.1) / u128::from(self.columns)) as u64;
                if let Some((sum, count)) = self.sums.get_mut(cell as usize) {
                    *sum += x;
                    *count += 1;
                }
            }
            column += len;
        }
        Ok(())
    }

    fn means(self) -> Vec<f64> {
        self.sums
            .into_iter()
            .map(|(sum, count)| if count == 0 { f64::NAN } else { sum / count as f64 })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the values are exact
mod tests {
    use super::*;
    use crate::training::testing::checkpoint;
    use serde_json::json;

    #[test]
    fn a_matrix_made_small() {
        let values: Vec<f64> = (0..300 * 4).map(|i| f64::from(i / 4)).collect();
        let checkpoint = checkpoint(&json!({"w": {"$tensor": values, "shape": [300, 4]}}));
        let entry = &checkpoint.tensors()[0];
        let elements = Elements::open(&checkpoint, checkpoint.meta(entry)).unwrap();
        let map = HeatMap::of(&elements, &[300, 4], &Work::default()).unwrap().unwrap();
        assert_eq!((map.of, map.grid, map.sampled), ((300, 4), (128, 4), false));
        assert_eq!((map.at(0.0, 0.0), map.at(1.0, 0.5)), (0.5, 298.0));
        assert_eq!(HeatMap::of(&elements, &[1_200], &Work::default()).unwrap(), None);
        assert_eq!(super::values(&elements, 1_198, 10).unwrap(), [299.0, 299.0]);
    }

    #[test]
    fn the_difference_of_two_matrices_is_a_picture_of_magnitudes() {
        let tensor = |values: [f64; 6]| json!({"w": {"$tensor": values.to_vec(), "shape": [2, 3]}});
        // JSON has no infinities, but numbers that are too large for a float32.
        let a = checkpoint(&tensor([0.0, 1.0, 2.0, 3.0, 4.0, 1e300]));
        let b = checkpoint(&tensor([0.0, -1.0, 2.5, 3.0, 4.0, 5.0]));
        let open = |c: &crate::checkpoint::Checkpoint| Elements::open(c, c.meta(&c.tensors()[0])).unwrap();
        let map = HeatMap::of_difference(&open(&a), &open(&b), &[2, 3], &Work::default()).unwrap().unwrap();
        assert_eq!(map.cells[..5], [0.0, 2.0, 0.5, 0.0, 0.0]);
        assert!(map.cells[5].is_nan(), "not a number on one side");
        let flat = HeatMap::of_difference(&open(&a), &open(&b), &[6], &Work::default()).unwrap();
        assert_eq!(flat, None);
    }
}
