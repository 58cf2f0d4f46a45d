//! The control plane of Pitlane.

pub mod store;
