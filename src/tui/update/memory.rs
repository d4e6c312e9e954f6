//! When what is remembered has changed.

use super::super::action::{Action, Edit, Effect};
use super::super::model::{Model, memory};

/// A person did something. What jobs bring is seen by itself the next time.
pub(super) fn may_change(action: &Action) -> bool {
    matches!(
        action,
        Action::Run(..)
            | Action::Accept
            | Action::Edit(Edit::Delete)
            | Action::Cancel
            | Action::Click(..)
            | Action::Drag(..)
            | Action::Wheel(..)
            | Action::Answer(_)
            | Action::Opened(..)
    )
}

/// What is to be written down, if it is not what was written last.
pub(super) fn changed(model: &mut Model) -> Option<Effect> {
    if !model.memory.is_on {
        return None;
    }
    let (global, folder) = memory::kept(model);
    if global == model.memory.global && folder == model.memory.folder {
        return None;
    }
    (model.memory.global, model.memory.folder) = (global.clone(), folder.clone());
    Some(Effect::Remember(Box::new((global, folder))))
}
