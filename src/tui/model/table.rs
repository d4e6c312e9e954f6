//! The flat table of tensors: an order of their indices, made again only when sorting or filtering changes.

use super::cursor::Cursor;
use super::filter::Matches;
use super::layers::Layers;
use super::stats::{Statistics, mean_magnitude};

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Name in its section.
    Name,
    /// Element type.
    DType,
    /// Shape.
    Shape,
    /// Elements.
    Parameters,
    /// Bytes.
    Bytes,
    /// Other names on the same bytes.
    Shared,
    /// Mean of the elements.
    Mean,
    /// Their standard deviation.
    Std,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The part that is 0.
    Zeros,
    /// Elements that are not finite.
    Nan,
    /// Mean of the magnitudes.
    Magnitude,
    /// The largest singular value.
    SpectralNorm,
    /// How many directions carry the norm.
    StableRank,
    /// How many carry the singular values.
    EffectiveRank,
    /// Exponent of the tail of the spectrum.
    Alpha,
}

impl Column {
    /// All columns, left to right.
    pub const ALL: [Self; 17] = [
        Self::Name,
        Self::DType,
        Self::Shape,
        Self::Parameters,
        Self::Bytes,
        Self::Shared,
        Self::Mean,
        Self::Std,
        Self::Min,
        Self::Max,
        Self::Zeros,
        Self::Nan,
        Self::Magnitude,
        Self::SpectralNorm,
        Self::StableRank,
        Self::EffectiveRank,
        Self::Alpha,
    ];

    /// Heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::DType => "dtype",
            Self::Shape => "shape",
            Self::Parameters => "elements",
            Self::Bytes => "bytes",
            Self::Shared => "shared",
            Self::Mean => "mean",
            Self::Std => "std",
            Self::Min => "min",
            Self::Max => "max",
            Self::Zeros => "zeros",
            Self::Nan => "nan",
            Self::Magnitude => "|w|",
            Self::SpectralNorm => "spectral",
            Self::StableRank => "stable rk",
            Self::EffectiveRank => "eff rank",
            Self::Alpha => "alpha",
        }
    }

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|c| *c == self).unwrap_or(0);
        Self::ALL.get((at + 1) % Self::ALL.len()).copied().unwrap_or(Self::Name)
    }
}

/// By what the rows are ordered. `None` is the order of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Order {
    /// The column, if not the file's order.
    pub column: Option<Column>,
    /// Largest first.
    pub descending: bool,
}

impl Order {
    /// The next column after this one; numbers start with the largest. Those of statistics and of
    /// spectra only if any are known.
    #[must_use]
    pub fn next(self, with_statistics: bool, with_spectra: bool) -> Self {
        match self.column {
            None => Self::by(Column::Name),
            Some(Column::Shared) if !with_statistics && with_spectra => Self::by(Column::SpectralNorm),
            Some(Column::Shared) if !with_statistics => Self::default(),
            Some(Column::Magnitude) if !with_spectra => Self::default(),
            Some(Column::Alpha) => Self::default(),
            Some(column) => Self::by(column.next()),
        }
    }

    /// Ordered by `column`, the way one would want to see it first.
    pub fn by(column: Column) -> Self {
        let descending = !matches!(column, Column::Name | Column::DType | Column::Shape | Column::Min);
        Self { column: Some(column), descending }
    }
}

/// The state of the table view.
#[derive(Debug, Default)]
pub struct Table {
    /// Tensors in the order shown.
    pub rows: Vec<u32>,
    /// Order of the rows.
    pub order: Order,
    /// Selected row and window.
    pub cursor: Cursor,
}

impl Table {
    /// Makes the rows again and keeps the selected tensor selected while it is among them.
    pub fn rebuild(
        &mut self,
        layers: &Layers,
        matches: Option<&Matches>,
        section: Option<u32>,
        stats: &Statistics,
    ) {
        let selected = self.selected();
        let all = layers.checkpoint().tensors();
        let fits = |at: &u32| section.is_none() || all.get(*at as usize).map(|e| e.section) == section;
        self.rows.clear();
        match matches {
            Some(matches) => self.rows.extend(matches.hits.iter().copied().filter(fits)),
            None => self.rows.extend((0..all.len() as u32).filter(fits)),
        }
        self.sort(layers, stats);
        if let Some(row) = selected.and_then(|s| self.rows.iter().position(|r| *r == s)) {
            self.cursor.at = row;
        }
    }

    fn sort(&mut self, layers: &Layers, stats: &Statistics) {
        let Some(column) = self.order.column else {
            if self.order.descending {
                self.rows.reverse();
            }
            return;
        };
        self.sort_by_name(layers);
        if column == Column::Name {
            if self.order.descending {
                self.rows.reverse();
            }
            return;
        }
        // Equal numbers stay in natural order, whichever way the numbers run.
        let turn = if self.order.descending { u64::MAX } else { 0 };
        let key = |at: &u32| (number(layers, stats, *at, column).map_or(u64::MAX, |n| n ^ turn), *at);
        let mut keyed: Vec<(u64, u32)> = self.rows.iter().map(key).collect();
        keyed.sort_by_key(|k| k.0);
        self.rows.clear();
        self.rows.extend(keyed.iter().map(|k| k.1));
    }

    /// Puts the rows in natural order: those of the known order of all tensors that are among them.
    fn sort_by_name(&mut self, layers: &Layers) {
        let mut among = vec![false; layers.by_name.len()];
        for row in &self.rows {
            if let Some(flag) = among.get_mut(*row as usize) {
                *flag = true;
            }
        }
        self.rows.clear();
        let is_among = |at: &&u32| among.get(**at as usize).copied().unwrap_or(false);
        self.rows.extend(layers.by_name.iter().filter(is_among));
    }

    /// The selected tensor.
    pub fn selected(&self) -> Option<u32> {
        self.rows.get(self.cursor.at).copied()
    }

    /// Selects a tensor, if it is among the rows.
    pub fn select(&mut self, tensor: u32) {
        if let Some(row) = self.rows.iter().position(|r| *r == tensor) {
            self.cursor.at = row;
        }
    }
}

/// What a numeric column sorts by; `None`, which comes last, where it is not known.
fn number(layers: &Layers, stats: &Statistics, at: u32, column: Column) -> Option<u64> {
    let entry = layers.entry(at)?;
    let meta = layers.checkpoint().meta(entry);
    let known = || stats.stats(at);
    Some(match column {
        Column::DType => meta.dtype.rank(),
        Column::Bytes => meta.nbytes(),
        Column::Shared => layers.shared.get(at as usize).copied().unwrap_or(0).into(),
        Column::Shape => layers.shape_rank.get(at as usize).copied().unwrap_or(0).into(),
        Column::Parameters | Column::Name => meta.numel(),
        Column::Nan => known()?.nan.saturating_add(known()?.inf),
        Column::Mean => ordered(known()?.mean()?),
        Column::Std => ordered(known()?.std()?),
        Column::Min => ordered(known()?.min()?),
        Column::Max => ordered(known()?.max()?),
        Column::Zeros => ordered(known()?.zero_share()?),
        Column::Magnitude => ordered(mean_magnitude(known()?)?),
        Column::SpectralNorm | Column::StableRank | Column::EffectiveRank | Column::Alpha => {
            ordered(stats.spectra.number(at, column)?)
        }
    })
}

/// Integers in the order of the numbers.
fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
