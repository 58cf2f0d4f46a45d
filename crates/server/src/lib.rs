//! The control plane of Pitlane.

pub mod assets;
pub mod cli;
pub mod descriptors;
pub mod fleet;
pub mod http;
mod plain;
mod scrub;
mod secret;
mod sessions;
pub mod settings;
pub mod store;
