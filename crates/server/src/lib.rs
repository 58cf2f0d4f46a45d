//! The control plane of Pitlane.

pub mod fleet;
pub mod store;
