//! Two checkpoints side by side: would one load into the other's model, what stands in the way, what repairs it.
//!
//! The reference is the model's side: what `model.load_state_dict(candidate)` would say is said in torch's own
//! words. Names and shapes are compared without reading an element; values are compared apart, in [`values`].

pub mod keys;
pub mod plan;
pub mod repairs;
pub mod report;
pub mod timeline;
pub mod torch_rules;
pub mod values;
