//! The Kubernetes driver: takes nodes out of the scheduler and puts them back (`spec.unschedulable`), keeps the
//! maintenance record on the Node as an annotation, and reads what runs there.
//!
//! What it reads is followed live (nodes, leases, pods, claims, volumes, disruption budgets), with only the fields that
//! are used. What it writes is one patch of a Node that tests what was decided about, and an Event that tells of it. It
//! never evicts, and never touches another field of a Node.
//!
//! It must not know: operations, activity, the store, HTTP of the control plane, or other drivers.

mod access;
mod before;
mod changes;
mod commands;
mod driver;
mod fate;
mod fit;
mod follow;
mod kinds;
mod lives;
mod node;
mod objects;
mod pod;
mod quantity;
mod selector;
mod words;
mod world;
mod write;

pub use access::Access;
pub use driver::{KubernetesEngine, Settings};
pub use node::MAINTENANCE_ANNOTATION;
