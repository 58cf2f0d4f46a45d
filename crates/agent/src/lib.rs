//! What a node reports about itself, and a fleet that plays at being nodes.
//!
//! [`run`] is the agent on a real host; [`demo::run`] is many simulated ones. Both speak the same protocol to the same
//! calls of the control plane. This crate knows nothing of the server: only `pitlane-api`, the host, Docker and Caddy.

mod agent;
pub mod client;
pub mod collect;
pub mod demo;
mod fit;
mod pace;
mod report;
mod settings;
mod state;

pub use agent::{VERSION, run};
pub use demo::DemoSettings;
pub use reqwest::Url;
pub use settings::{AgentSettings, DEFAULT_CADDY, DEFAULT_DOCKER, Service, StartError, default_state_dir};
