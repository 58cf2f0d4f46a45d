//! Public links to one node's status: what makes one, what is told of one, and the little that it shows.

use crate::{Health, HeartbeatState, NodeId, Scheduling, Status, Timestamp};

words! {
    /// How long a public link works.
    ShareLifetime {
        /// An hour.
        Hour = "1h",
        /// A day.
        Day = "1d",
        /// A week.
        Week = "7d",
        /// Until the node takes placements again, and 90 days at most.
        UntilActivated = "until_activated",
    }
}

wire! {
    /// `POST /nodes/{id}/share-links`
    #[derive(Eq)]
    pub struct ShareRequest {
        /// How long it works.
        pub lifetime: ShareLifetime,
    }
}

wire! {
    /// A public link, without its secret.
    #[derive(Eq)]
    pub struct ShareLink {
        /// Names it, to revoke it. Not its secret.
        pub id: String,
        /// The node it shows.
        pub node_id: NodeId,
        /// As it was asked for.
        pub lifetime: ShareLifetime,
        /// Who made it.
        pub created_by: String,
        /// When.
        pub created_at: Timestamp,
        /// It does not work from then on, whatever happens.
        pub expires_at: Timestamp,
    }
}

wire! {
    /// A link that was made just now. Its secret is told this once and kept as a hash.
    #[derive(Eq)]
    pub struct MadeShareLink {
        /// As it is listed.
        pub link: ShareLink,
        /// What is handed out.
        pub url: String,
    }
}

wire! {
    /// `GET /nodes/{id}/share-links`
    #[derive(Eq)]
    pub struct ShareLinks {
        /// Those that work, newest first.
        pub links: Vec<ShareLink>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// What a public link tells of a maintenance.
    #[derive(Eq)]
    pub struct SharedMaintenance {
        /// Why.
        #[serde(default)]
        pub reason: Option<String>,
        /// Since when.
        #[serde(default)]
        pub since: Option<Timestamp>,
        /// When the node is expected back.
        #[serde(default)]
        pub expected_back_at: Option<Timestamp>,
    }
}

wire! {
    /// `GET /shared/{token}`: one node's status and nothing else. No person, address, label or workload.
    #[derive(Eq)]
    pub struct SharedStatus {
        /// The node's name.
        pub name: String,
        /// Both axes in one word.
        pub status: Status,
        /// First axis.
        pub health: Health,
        /// Second axis.
        pub scheduling: Scheduling,
        /// Why, since when and until when, while it is in maintenance.
        #[serde(default)]
        pub maintenance: Option<SharedMaintenance>,
        /// How old the last sign of life is.
        pub heartbeat: HeartbeatState,
        /// The last sign of life, by the server's clock.
        #[serde(default)]
        pub last_heartbeat_at: Option<Timestamp>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
