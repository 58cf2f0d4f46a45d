//! The driver for Docker Swarm.
//!
//! Pitlane's drain is Swarm's `pause`, never Swarm's `drain`, which shuts tasks down and starts them elsewhere with
//! new, empty volumes. The maintenance record lives in node labels below [`record::PREFIX`], written in one update
//! together with the availability, so that several servers see the same thing; other labels are never touched.
//!
//! Swarm tells of changes to nodes and services by `/events`; tasks have no events and are polled, the more rarely
//! the longer nothing changes. What agents report (containers started by hand, the volumes that really are there) is
//! added to what the manager knows.
//!
//! It must not know: operations, activity, HTTP of the control plane, other drivers. The manager is the truth: what
//! is kept in memory here are counts, sums and what receivers were told last, never what a node's scheduling is.

mod client;
mod commands;
mod constraints;
mod driver;
mod endpoint;
mod error;
mod fate;
mod mirror;
mod node;
mod notes;
mod record;
mod summary;
mod task;
mod workloads;

pub use driver::{Settings, SwarmEngine};
pub use endpoint::{Endpoint, Tls};
