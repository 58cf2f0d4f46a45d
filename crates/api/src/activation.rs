//! Activation: its checks, and when a node is clear for destructive work.

use crate::{NodeId, Revision, Timestamp, Words};

words! {
    /// What an activation check looks at.
    CheckKind {
        /// The heartbeat is fresh.
        Heartbeat = "heartbeat",
        /// Everything has been clean for the settle window.
        Settled = "settled",
        /// A readiness signal, named in `name`.
        Signal = "signal",
        /// No operation stands in the way.
        Operation = "operation",
        /// The engine can be reached.
        Engine = "engine",
    }
}

words! {
    /// What a check found.
    CheckOutcome {
        /// Good.
        Ok = "ok",
        /// Stands in the way.
        Blocked = "blocked",
        /// Cannot be read on this engine, or informs only.
        NotRequired = "not_required",
    }
}

wire! {
    /// One check.
    #[derive(Eq)]
    pub struct Check {
        /// What it looks at.
        pub kind: CheckKind,
        /// The words on the screen: "Heartbeat fresh", "Docker".
        pub name: Words,
        /// What it found.
        pub outcome: CheckOutcome,
        /// For a person: "3 s ago", "60 of 60 s".
        pub detail: Words,
    }
}

wire! {
    /// `GET /nodes/{id}/activation-checks`
    #[derive(Eq)]
    pub struct ActivationChecks {
        /// The node.
        pub node_id: NodeId,
        /// The revision this was read at.
        pub revision: Revision,
        /// By the server's clock.
        pub read_at: Timestamp,
        /// Every check, in the order of the screen.
        pub checks: Vec<Check>,
        /// How long everything must have been clean, in seconds.
        pub settle_window_s: u64,
        /// How long it has been clean, in seconds, at most the window.
        pub settled_for_s: u64,
        /// No check is blocked.
        pub clean: bool,
        /// Good to know before a click: "drained 20 minutes ago by on-call".
        #[serde(default)]
        pub notice: Option<Words>,
        /// For the day Pitlane is down: the same thing from a terminal.
        #[serde(default)]
        pub commands: Vec<String>,
    }
}

wire! {
    /// Why the checks are overridden.
    #[derive(Eq)]
    pub struct Override {
        /// 3 to 500 characters; kept in the activity log.
        #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 500))]
        pub reason: String,
    }
}

wire! {
    /// `POST /nodes/{id}/activate`
    #[derive(Default, Eq)]
    pub struct ActivateRequest {
        /// Activate although checks are blocked.
        #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
        pub override_: Option<Override>,
    }
}

wire! {
    /// Whether the host can be wiped without losing data.
    #[derive(Eq)]
    pub struct ClearForWork {
        /// Only when everything was read and nothing is left.
        pub clear: bool,
        /// Why not, for a person.
        #[serde(default)]
        pub because: Vec<Words>,
        /// What was not read.
        #[serde(default)]
        pub not_read: Vec<Words>,
    }
}
