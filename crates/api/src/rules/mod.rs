//! The rules of maintenance, as pure functions.
//!
//! The server enforces them, the console explains with them. Nothing here reads a clock, a store or an engine:
//! what a rule needs comes in as an argument, so that every rule can be tested with every history.

mod activation;
mod bulk;
mod capacity;
mod clear;
mod deletion;
mod drain;
mod fields;
mod health;
mod operation;
mod placement;
mod plan;
pub mod report_bounds;
mod revision;
mod share;
mod signals;
mod stateful;
mod upgrade;

pub use activation::{ActivationInput, Settle, activation_checks, check_activation, is_clean};
pub use bulk::{
    BulkNext, bulk_may_begin, bulk_next, bulk_refused, bulk_resumed, bulk_settled, bulk_summary, bulk_summary_of, can_resume, check_bulk_capacity,
    check_bulk_nodes, check_bulk_request, takes_the_last,
};
pub use capacity::{Realm, capacity, capacity_without};
pub use clear::{ClearInput, LIST_MAX_AGE_S, clear_for_work};
pub use deletion::{DeletionInput, check_deletion};
pub use drain::{DrainInput, check_drain, compare_stateful, drain_preview};
pub use fields::{FieldError, check_expected_back, check_reason};
pub use health::{HealthInput, drain_pending, health, health_words, heartbeat_state, status, takes_placements};
pub use operation::{Decision, EngineView, OperationEventKind, decide, transition};
pub use placement::place;
pub use plan::{PlanNext, check_plan, check_plan_times, drain_of, patch_needs_guards, plan_changed, plan_latest, plan_next, planned};
pub use revision::revision;
pub use share::{SHARE_MAX_DAYS, check_lifetime, share_has_served, shared_status};
pub use signals::{clock_off, signal_name, signals_from_report};
pub use stateful::{AGENT_VOLUME, mount_holds_data, volume_lives, workload_from_container};
pub use upgrade::{Upgrade, UpgradeStep, upgrade};
