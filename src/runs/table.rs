//! Runs side by side: their hyperparameters as columns, those that differ told from those that do not.

use rustc_hash::FxHashMap;

use super::Run;
use crate::sorting::Sort as _;

/// Columns at most.
const COLUMNS: usize = 512;

/// One hyperparameter over all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the files have it; [`crate::text::shown`] it.
    pub name: String,
    /// The value in each run, in the order of the runs; `None` where a run does not say.
    pub values: Vec<Option<String>>,
    /// Two runs have different values, or one has none where another has one.
    pub differs: bool,
}

/// The hyperparameters of several runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Those that differ between runs first, each group in the order the runs name them.
    pub columns: Vec<Column>,
}

impl Table {
    /// Compares `runs`. Cheap: to be made again whenever the runs change.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Self {
        let runs: Vec<&Run> = runs.into_iter().collect();
        let mut columns: Vec<Column> = Vec::new();
        let mut index: FxHashMap<&str, usize> = FxHashMap::default();
        for (at, run) in runs.iter().enumerate() {
            for (name, value) in run.hyperparameters.iter() {
                let slot = match index.get(name.as_str()) {
                    Some(slot) => *slot,
                    None if columns.len() < COLUMNS => {
                        index.insert(name, columns.len());
                        columns.push(Column {
                            name: name.clone(),
                            values: vec![None; runs.len()],
                            differs: false,
                        });
                        columns.len() - 1
                    }
                    None => continue,
                };
                if let Some(cell) = columns.get_mut(slot).and_then(|c| c.values.get_mut(at)) {
                    cell.get_or_insert_with(|| value.clone());
                }
            }
        }
        // A run that tells no settings at all says nothing about how they differ.
        let told: Vec<bool> = runs.iter().map(|run| !run.hyperparameters.is_empty()).collect();
        for column in &mut columns {
            let mut values = column.values.iter().zip(&told).filter(|(_, told)| **told).map(|(v, _)| v);
            let first = values.next();
            column.differs = values.any(|value| Some(value) != first);
        }
        columns.in_order_of(|column| !column.differs);
        Self { columns }
    }

    /// The columns in which runs differ.
    pub fn differing(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.differs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::testing::run;

    fn with(settings: &[(&str, &str)]) -> Run {
        let lines: Vec<_> = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Run { hyperparameters: lines.into(), ..run(Vec::new()) }
    }

    #[test]
    fn what_differs_comes_first() {
        let runs = [
            with(&[("seed", "1"), ("lr", "0.1"), ("amp", "True")]),
            with(&[]),
            with(&[("lr", "0.2"), ("seed", "1")]),
        ];
        let table = Table::of(&runs);
        let names: Vec<_> = table.columns.iter().map(|c| (c.name.as_str(), c.differs)).collect();
        assert_eq!(names, [("lr", true), ("amp", true), ("seed", false)]);
        assert_eq!(table.columns[0].values, [Some("0.1".to_owned()), None, Some("0.2".to_owned())]);
        assert_eq!(table.differing().count(), 2);
        assert!(Table::of(&runs[..1]).differing().next().is_none());
    }
}
