//! The 32-bit weights of ZeRO, cut into one partition for each rank, read as if they were whole.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::Shapes;
use super::names::Rank;
use crate::error::{Error, ErrorKind, Result};
use crate::format::folders::compose::Composer;
use crate::format::folders::lazy;
use crate::limits::Limits;
use crate::source::assembled::{Concat, Lazy};
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{DType, saturating_product};
use crate::value::Value;

/// Bytes of an element: the weights are float32.
const WIDTH: u64 = 4;

/// How the weights are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Stages 1 and 2: each group is one flat vector, cut into equal parts.
    Two,
    /// Stage 3: each parameter is cut into equal parts.
    Three,
}

/// A file of one rank.
struct File {
    path: PathBuf,
    source: Arc<dyn ReadAt>,
}

/// The partitions of one model-parallel rank; their files are opened when the first value is read.
pub(super) struct Partition {
    files: Vec<File>,
    stage: Stage,
    groups: Vec<Shapes>,
    limits: Limits,
    found: OnceLock<Result<Flat, String>>,
}

/// What the files hold.
struct Flat {
    /// Stage 2: the flat vector of each group; stage 3: of each rank.
    vectors: Vec<Arc<dyn ReadAt>>,
    /// Elements between a parameter and the next, by group (stage 2).
    paddings: Option<Vec<Vec<u64>>>,
}

impl Partition {
    pub(super) fn new(composer: &Composer<'_>, rank: &Rank, stage: Stage, groups: Vec<Shapes>) -> Self {
        let file = |name: &String| {
            let source: Arc<dyn ReadAt> = match composer.folder.file(name) {
                Ok(file) => Arc::new(file),
                Err(_) => Arc::new(Vec::new()),
            };
            File { path: composer.folder.path.join(name), source }
        };
        let files = rank.optim.iter().map(|(_, name)| file(name)).collect();
        Self { files, stage, groups, limits: composer.limits.clone(), found: OnceLock::new() }
    }

    fn flat(&self) -> Result<&Flat> {
        let found = self.found.get_or_init(|| self.load().map_err(|e| e.to_string()));
        found.as_ref().map_err(|reason| Error::new(ErrorKind::StorageMissing, reason.clone()))
    }

    fn load(&self) -> Result<Flat> {
        let mut ranks: Vec<Vec<Arc<dyn ReadAt>>> = Vec::new();
        let mut paddings = None;
        for (at, file) in self.files.iter().enumerate() {
            let checkpoint = lazy::open(Arc::clone(&file.source), &file.path, &self.limits)?;
            let tree = checkpoint.tree();
            let state = tree.get(tree.root(), "optimizer_state_dict");
            let key =
                if self.stage == Stage::Two { "single_partition_of_fp32_groups" } else { "fp32_flat_groups" };
            let list = state.and_then(|s| tree.get(s, key)).ok_or_else(|| {
                Error::new(ErrorKind::Header, format!("no {key} in it: not an optimizer file of ZeRO"))
                    .in_file(&file.path)
            })?;
            let vectors = tree
                .items(list)
                .iter()
                .map(|value| lazy::elements(&checkpoint, DType::Float32, |_| Some(*value)));
            ranks.push(vectors.collect::<Result<_>>().map_err(|e| e.in_file(&file.path))?);
            if at == 0 {
                let numbers = |value: &Value| -> Vec<u64> {
                    tree.items(*value).iter().filter_map(|v| u64::try_from(tree.as_int(*v)?).ok()).collect()
                };
                let held = state.and_then(|s| tree.get(s, "param_alignment_paddings"));
                paddings =
                    held.filter(|v| *v != Value::None).map(|v| tree.items(v).iter().map(numbers).collect());
            }
        }
        let flat = match self.stage {
            Stage::Two => Flat { vectors: across(&ranks), paddings },
            Stage::Three => Flat {
                vectors: ranks
                    .into_iter()
                    .map(|groups| Arc::new(Concat::new(groups)) as Arc<dyn ReadAt>)
                    .collect(),
                paddings: None,
            },
        };
        self.check(&flat)?;
        Ok(flat)
    }

    /// The checks `zero_to_fp32` makes: all that is there belongs to a parameter, or is padding.
    fn check(&self, flat: &Flat) -> Result<()> {
        let world = self.files.len() as u64;
        let refuse = |want: u64, held: u64| {
            let text = format!("the parameters take {want} elements and the partitions hold {held}");
            Err(Error::new(ErrorKind::TensorBounds, text))
        };
        match self.stage {
            Stage::Two => {
                for (at, vector) in flat.vectors.iter().enumerate() {
                    let count = self.groups.get(at).map_or(0, Vec::len);
                    let (want, held) = (self.offset(flat, at, count)?, vector.len() / WIDTH);
                    let align = |n: u64| n.checked_next_multiple_of(2 * world.max(1));
                    if align(want) != align(held) {
                        return refuse(want, held);
                    }
                }
            }
            Stage::Three => {
                let want = total(self.groups.iter().flatten().map(|(_, shape)| part(shape, world)));
                if let Some(short) = flat.vectors.iter().find(|v| v.len() / WIDTH != want) {
                    return refuse(want.saturating_mul(world), (short.len() / WIDTH).saturating_mul(world));
                }
            }
        }
        Ok(())
    }

    /// First element of parameter `at` in the flat vector of its group (stage 2).
    fn offset(&self, flat: &Flat, group: usize, at: usize) -> Result<u64> {
        let shapes = self.groups.get(group).and_then(|shapes| shapes.get(..at)).unwrap_or_default();
        let elements = total(shapes.iter().map(|(_, shape)| saturating_product(shape)));
        let Some(paddings) = &flat.paddings else { return Ok(elements) };
        let own = paddings.get(group).filter(|own| own.len() == self.groups.get(group).map_or(0, Vec::len));
        let own = own.ok_or_else(|| {
            Error::new(
                ErrorKind::Header,
                format!("the alignment paddings of group {group} do not fit its parameters"),
            )
        })?;
        Ok(elements.saturating_add(total(own.iter().take(at).copied())))
    }
}

/// The vectors of each group over all ranks, one behind the other.
fn across(ranks: &[Vec<Arc<dyn ReadAt>>]) -> Vec<Arc<dyn ReadAt>> {
    let groups = ranks.first().map_or(0, Vec::len);
    let of = |group: usize| -> Arc<dyn ReadAt> {
        Arc::new(Concat::new(ranks.iter().filter_map(|vectors| vectors.get(group).cloned()).collect()))
    };
    (0..groups).map(of).collect()
}

/// A sum of numbers from a file.
fn total(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// Elements of a parameter in each rank's partition.
fn part(shape: &[u64], world: u64) -> u64 {
    saturating_product(shape).div_ceil(world.max(1))
}

/// The elements of parameter `at` of `group`, found when they are read.
pub(super) fn parameter(
    partition: &Arc<Partition>,
    group: usize,
    at: usize,
    shape: &[u64],
) -> Arc<dyn ReadAt> {
    let len = saturating_product(shape).saturating_mul(WIDTH);
    let (partition, shape) = (Arc::clone(partition), shape.to_vec());
    let find = move || -> Result<Arc<dyn ReadAt>> {
        let flat = partition.flat()?;
        match partition.stage {
            Stage::Two => {
                let offset = partition.offset(flat, group, at)?;
                let vector = flat.vectors.get(group).ok_or_else(|| {
                    Error::new(ErrorKind::StorageMissing, format!("the ranks hold no group {group}"))
                })?;
                Ok(Arc::new(RangeSource::new(Arc::clone(vector), offset.saturating_mul(WIDTH), len)))
            }
            Stage::Three => {
                let world = partition.files.len() as u64;
                let before = partition.groups.iter().take(group).flatten();
                let before = before.chain(partition.groups.get(group).into_iter().flatten().take(at));
                let offset = total(before.map(|(_, shape)| part(shape, world)));
                let size = part(&shape, world).saturating_mul(WIDTH);
                let pieces = flat.vectors.iter().map(|vector| {
                    Arc::new(RangeSource::new(Arc::clone(vector), offset.saturating_mul(WIDTH), size))
                        as Arc<dyn ReadAt>
                });
                Ok(Arc::new(RangeSource::new(Arc::new(Concat::new(pieces.collect())), 0, len)))
            }
        }
    };
    Arc::new(Lazy::new(len, find))
}
