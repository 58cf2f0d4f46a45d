//! The contract of Pitlane: what goes over the wire, and the rules of maintenance as pure functions.
//!
//! The server enforces these rules and the console explains itself with the very same functions, so that the
//! two can never disagree about why something was refused. This crate therefore knows nothing of HTTP, of a
//! store, of an engine's client or of a clock: times come in as arguments. It compiles to wasm and native.
//!
//! Compatibility: unknown fields are ignored, and an enum value from a newer server becomes `Unknown`, so that
//! an older console or agent keeps working beside a newer control plane.

#[macro_use]
mod macros;

mod activation;
mod activity;
mod agent;
mod bulk;
mod diagnostics;
mod drain;
mod envelope;
mod event;
mod fleet;
mod id;
mod identity;
mod node;
mod operation;
mod placement;
mod plan;
mod read;
mod refusal;
mod session;
mod share;
mod words;
mod workload;

pub mod rules;

pub use activation::*;
pub use activity::*;
pub use agent::*;
pub use bulk::*;
pub use diagnostics::*;
pub use drain::*;
pub use envelope::*;
pub use event::*;
pub use fleet::*;
pub use id::*;
pub use identity::*;
pub use jiff::Timestamp;
pub use node::*;
pub use operation::*;
pub use placement::*;
pub use plan::*;
pub use read::{Read, read_json};
pub use refusal::*;
pub use session::*;
pub use share::*;
pub use words::{Arg, Glossary, Said, TIME, Words, from_json, to_json};
pub use workload::*;

/// The base path of every call of this contract.
pub const BASE_PATH: &str = "/api/v1";

/// Whole seconds from `earlier` to `later`; zero when `later` is not later.
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.as_second().saturating_sub(earlier.as_second())).unwrap_or(0)
}
