//! A drain that is planned: who wants what when, what they had seen, and what became of it.

use crate::{ErrorBody, Identity, NodeId, OperationId, Revision, Timestamp, Words};

/// How far ahead a drain may be planned, in days.
pub const PLAN_MAX_DAYS: i64 = 90;
/// How late a planned drain may begin, in seconds: a server or an engine that was away for longer has missed it.
pub const PLAN_LATE_MAX_S: i64 = 30 * 60;

words! {
    /// Where a planned drain stands.
    PlanState {
        /// Its time has not come.
        Waiting = "waiting",
        /// Its time has come; the message says what it waits for.
        Due = "due",
        /// A guard refused it when its time came. Nothing was drained; a person decides.
        Refused = "refused",
        /// It could not begin in time. Nothing was drained; a person decides.
        Missed = "missed",
        /// Its drain was accepted: the operation says how that goes.
        Started = "started",
        /// It was not needed any more: drained by hand before, in maintenance already, or gone.
        NotNeeded = "not_needed",
        /// A person cancelled or dismissed it.
        Cancelled = "cancelled",
    }
}

impl PlanState {
    /// Whether it is shown with its node: it may still begin, or a person has to decide.
    pub const fn is_open(self) -> bool {
        matches!(self, PlanState::Waiting | PlanState::Due | PlanState::Refused | PlanState::Missed)
    }

    /// Whether it may still begin by itself.
    pub const fn may_begin(self) -> bool {
        matches!(self, PlanState::Waiting | PlanState::Due)
    }
}

wire! {
    /// `POST /nodes/{id}/planned-drain`
    #[derive(Default)]
    pub struct PlanRequest {
        /// 3 to 500 characters.
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: String,
        /// When it shall begin: ahead, and at most 90 days.
        pub starts_at: Timestamp,
        /// When the node is expected back; must lie behind the beginning.
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// The stateful workloads the person was shown, by identity.
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// The person knows that the list could not be read in full.
        #[serde(default)]
        pub acknowledge_unread: bool,
        /// The person wants this although no other node takes placements then.
        #[serde(default)]
        pub allow_last_schedulable: bool,
    }
}

wire! {
    /// `PATCH /nodes/{id}/planned-drain`: what is absent stays as it is; `expected_back_at: null` clears it.
    #[derive(Default)]
    pub struct PlanPatch {
        /// 3 to 500 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: Option<String>,
        /// One that was refused or missed needs a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub starts_at: Option<Timestamp>,
        /// Outer `None`: unchanged. Inner `None`: no longer expected at a time.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::drain::double_option")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        pub expected_back_at: Option<Option<Timestamp>>,
        /// The stateful workloads the person was shown now, by identity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub seen_stateful: Option<Vec<Identity>>,
        /// The person knows that the list could not be read in full.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub acknowledge_unread: Option<bool>,
        /// The person wants this although no other node takes placements then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub allow_last_schedulable: Option<bool>,
    }
}

wire! {
    /// A drain that begins later, by itself, with every guard asked again at that moment. At most one of a node is open.
    pub struct PlannedDrain {
        /// Identifier.
        pub id: String,
        /// The node.
        pub node_id: NodeId,
        /// Its name when it was planned.
        pub node_name: String,
        /// Another one after every change; carried in `If-Match` by the next.
        pub revision: Revision,
        /// Where it stands.
        pub state: PlanState,
        /// Why.
        pub reason: String,
        /// When it begins, by the server's clock. At most half an hour later, then it is missed.
        pub starts_at: Timestamp,
        /// When the node is expected back.
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
        /// As in the request.
        #[serde(default)]
        pub seen_stateful: Vec<Identity>,
        /// As in the request.
        #[serde(default)]
        pub acknowledge_unread: bool,
        /// As in the request.
        #[serde(default)]
        pub allow_last_schedulable: bool,
        /// Who planned it, or changed it last: the drain is asked for in their name.
        pub by: String,
        /// Planned.
        pub created_at: Timestamp,
        /// Last change.
        pub updated_at: Timestamp,
        /// What it waits for, or what became of it, for a person.
        #[serde(default)]
        pub message: Option<Words>,
        /// The rule that refused it when its time had come.
        #[serde(default)]
        pub last_refusal: Option<ErrorBody>,
        /// Its drain, once that was accepted.
        #[serde(default)]
        pub operation_id: Option<OperationId>,
    }
}

wire! {
    /// `GET /planned-drains`
    pub struct PlannedDrains {
        /// Those that are open, the next one first.
        pub plans: Vec<PlannedDrain>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
