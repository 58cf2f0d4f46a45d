//! The activity log: who did what, when, from where, and what changed outside.

use crate::{NodeId, OperationId, Timestamp, Words};

/// The [`ActivityEntry::origin`] of what was done by a command on the server's own machine.
pub const TERMINAL: &str = "this machine's terminal";

words! {
    /// Who acted.
    ActorKind {
        /// Somebody signed in.
        Person = "person",
        /// A script with a token.
        Token = "token",
        /// An agent.
        Agent = "agent",
        /// Pitlane itself.
        System = "system",
        /// Somebody or something, not through Pitlane.
        Outside = "outside",
    }
}

words! {
    /// What happened.
    ActivityKind {
        /// A drain was accepted.
        DrainRequested = "drain_requested",
        /// The engine confirmed a drain.
        Drained = "drained",
        /// An activation was accepted.
        ActivateRequested = "activate_requested",
        /// The engine confirmed an activation.
        Activated = "activated",
        /// An operation failed.
        OperationFailed = "operation_failed",
        /// A person stopped an operation.
        OperationAborted = "operation_aborted",
        /// An operation was picked up again after a restart of the server.
        OperationResumed = "operation_resumed",
        /// Reason or expected time was changed.
        MaintenanceChanged = "maintenance_changed",
        /// Scheduling was changed outside Pitlane.
        ChangedOutside = "changed_outside",
        /// A node enrolled.
        NodeEnrolled = "node_enrolled",
        /// A node was removed.
        NodeRemoved = "node_removed",
        /// The heartbeat stopped.
        HeartbeatLost = "heartbeat_lost",
        /// The heartbeat is clean again.
        HeartbeatBack = "heartbeat_back",
        /// The node's health changed.
        HealthChanged = "health_changed",
        /// The agent's version changed.
        AgentUpdated = "agent_updated",
        /// The host booted anew.
        Rebooted = "rebooted",
        /// The engine stopped answering.
        EngineLost = "engine_lost",
        /// The engine answers again.
        EngineBack = "engine_back",
        /// Somebody signed in.
        SignedIn = "signed_in",
        /// Somebody signed out, or sessions were ended before their time.
        SessionEnded = "session_ended",
        /// A token was made or revoked.
        TokenChanged = "token_changed",
        /// A public link was made, was revoked, or has served.
        LinkChanged = "link_changed",
        /// A bulk operation was asked for, went on, or ended.
        BulkChanged = "bulk_changed",
        /// A drain was planned for later.
        DrainPlanned = "drain_planned",
        /// A planned drain was changed.
        PlanChanged = "plan_changed",
        /// A planned drain was cancelled or dismissed.
        PlanCancelled = "plan_cancelled",
        /// The time of a planned drain had come, and it was accepted.
        PlanStarted = "plan_started",
        /// A guard refused a planned drain when its time had come.
        PlanRefused = "plan_refused",
        /// A planned drain could not begin in time.
        PlanMissed = "plan_missed",
        /// A planned drain was not needed any more.
        PlanEnded = "plan_ended",
        /// A node was not back when it was expected.
        Overdue = "overdue",
    }
}

wire! {
    /// One entry. Entries are never changed.
    #[derive(Eq)]
    pub struct ActivityEntry {
        /// Grows by every entry.
        pub id: i64,
        /// By the server's clock.
        pub at: Timestamp,
        /// What happened.
        pub kind: ActivityKind,
        /// Who acted.
        pub actor_kind: ActorKind,
        /// Their name.
        #[serde(default)]
        pub actor: Option<String>,
        /// Where the request came from: an address, or `this machine's terminal`.
        #[serde(default)]
        pub origin: Option<String>,
        /// The node, where there is one.
        #[serde(default)]
        pub node_id: Option<NodeId>,
        /// Its name at that time.
        #[serde(default)]
        pub node_name: Option<String>,
        /// The operation, where there is one.
        #[serde(default)]
        pub operation_id: Option<OperationId>,
        /// One sentence for a person, without the actor's name.
        pub message: Words,
        /// The reason that was given.
        #[serde(default)]
        pub reason: Option<String>,
    }
}

wire! {
    /// `GET /activity`
    pub struct ActivityPage {
        /// Newest first.
        pub entries: Vec<ActivityEntry>,
        /// Pass as `cursor` for older ones.
        #[serde(default)]
        pub next_cursor: Option<String>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
