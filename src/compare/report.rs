//! A whole comparison: both sides, torch's verdict, what repairs it, and which values are then to be compared.

use super::keys::{self, Side};
use super::repairs::{self, Counts, Found};
use super::torch_rules::Verdict;
use crate::checkpoint::Checkpoint;
use crate::error::Result;
use crate::tensor::{DType, TensorId};

/// Stands for the name of the model's class, which a state dict does not record.
pub const CLASS: &str = "Net";

/// Two sides compared by names, shapes and dtypes.
#[derive(Debug, Clone)]
pub struct Report {
    /// The model's side.
    pub reference: Side,
    /// What is to be loaded into it.
    pub candidate: Side,
    /// What torch says of the candidate as it is.
    pub verdict: Verdict,
    /// What was found to repair and explain it.
    pub found: Found,
}

/// Tensors that go together, after the repairs.
#[derive(Debug, Clone)]
pub struct Match {
    /// Name in the reference.
    pub key: String,
    /// Dtype in the reference.
    pub reference_dtype: DType,
    /// Dtype in the candidate.
    pub candidate_dtype: DType,
    /// Both in their checkpoints, where the candidate's is there as it is (not computed by a repair).
    pub ids: Option<(TensorId, TensorId)>,
}

impl Report {
    /// Compares the sections named, or those that go together best.
    ///
    /// # Errors
    /// When a file holds no tensors, or no section of that name.
    pub fn of(
        reference: &Checkpoint,
        candidate: &Checkpoint,
        sections: (Option<&str>, Option<&str>),
    ) -> Result<Self> {
        let (reference, candidate) = keys::pair(reference, candidate, sections)?;
        Ok(Self::of_sides(reference, candidate))
    }

    /// Compares two sides.
    pub fn of_sides(reference: Side, candidate: Side) -> Self {
        let verdict = Verdict::of(&reference, &candidate);
        let found = repairs::find(&reference, &candidate);
        Self { reference, candidate, verdict, found }
    }

    /// How names go together before any repair.
    pub fn before(&self) -> Counts {
        Counts::of(&self.verdict)
    }

    /// How they do after the repairs.
    pub fn after(&self) -> Counts {
        Counts::of(&self.found.after)
    }

    /// The class torch's message names: the reference's own, or `class`, or [`CLASS`].
    pub fn class<'a>(&'a self, class: Option<&'a str>) -> &'a str {
        class.or(self.reference.class.as_deref()).unwrap_or(CLASS)
    }

    /// torch's message for the candidate as it is.
    pub fn message(&self, class: Option<&str>, strict: bool) -> String {
        self.verdict.message(&self.reference, &self.candidate, self.class(class), strict)
    }

    /// Tensors that go together after the repairs, in the reference's order.
    pub fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        let repaired = &self.found.repaired;
        self.found.after.matched.iter().filter_map(move |(a, b)| {
            let (a, b) = (self.reference.items.get(*a)?, repaired.items.get(*b)?);
            (a.is_tensor() && b.is_tensor()).then(|| Match {
                key: a.key().to_owned(),
                reference_dtype: a.tensor.dtype,
                candidate_dtype: b.tensor.dtype,
                ids: a.id.zip(b.id),
            })
        })
    }
}
