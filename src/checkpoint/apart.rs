//! Taking a checkpoint apart again, for one that becomes part of another.

use super::{Checkpoint, Parts};

impl Checkpoint {
    /// What its reader handed over. What was derived from it is dropped.
    pub(crate) fn take_apart(self) -> Parts {
        self.parts
    }
}
