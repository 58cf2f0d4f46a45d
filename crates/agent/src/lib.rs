//! What a node reports about itself.
//!
//! [`run`] is the agent on a real host. This crate knows nothing of the server: only `pitlane-api`, the host, Docker and Caddy.

mod agent;
pub mod client;
pub mod collect;
mod pace;
mod report;
mod settings;
mod state;

pub use agent::{VERSION, run};
pub use reqwest::Url;
pub use settings::{AgentSettings, DEFAULT_CADDY, DEFAULT_DOCKER, Service, StartError, default_state_dir};
