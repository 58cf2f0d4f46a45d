//! The embedded engine: Pitlane itself keeps which node is in maintenance, and places workloads.
//!
//! It is a real driver, certified by the same conformance suite as the others, so that nothing between the click
//! and the store is a mock. It has three sources: [`Records`], where hosts and their maintenance are kept (the
//! server's store implements it, [`MemoryRecords`] is for tests and for fleets that need not survive a restart);
//! [`Reports`], what agents said last; and the rules of [`pitlane_api::rules`].
//!
//! It must not know: which database is behind [`Records`], operations, activity, or how agents are spoken to.

mod driver;
#[cfg(feature = "testing")]
pub mod harness;
mod memory;
mod records;
mod watch;
mod workloads;

pub use driver::{EmbeddedEngine, Settings, commands};
pub use memory::MemoryRecords;
pub use pitlane_engine::Reports;
pub use records::{Changes, Records, StoredNode};
