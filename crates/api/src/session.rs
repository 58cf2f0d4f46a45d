//! Who is signed in, and what they may do.

use crate::{Timestamp, Words, say};

words! {
    /// What somebody may do. Each includes the one before.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Drains, activates, shares.
        Operator = "operator",
        /// Removes nodes, manages tokens.
        Admin = "admin",
    }
}

words! {
    /// Something that needs a role.
    Action {
        /// Look.
        Read = "read",
        /// Drain, abort, retry, change a maintenance.
        Drain = "drain",
        /// Activate, with or without override.
        Activate = "activate",
        /// Make links.
        Share = "share",
        /// Ask where a workload would be placed.
        Place = "place",
        /// Remove a node.
        Remove = "remove",
        /// Make and revoke tokens.
        ManageTokens = "manage_tokens",
        /// Revoke other people's public links.
        ManageLinks = "manage_links",
    }
}

impl Action {
    /// The least role that may do it.
    pub const fn needs(self) -> Role {
        match self {
            Action::Read => Role::Viewer,
            Action::Drain | Action::Activate | Action::Share | Action::Place => Role::Operator,
            Action::Remove | Action::ManageTokens | Action::ManageLinks | Action::Unknown => Role::Admin,
        }
    }
}

impl Role {
    /// Whether this role may do `action`. An unknown role may do nothing.
    pub fn may(self, action: Action) -> bool {
        self != Role::Unknown && self >= action.needs()
    }

    /// Why this role may not do `action`, for a person; `None` where it may.
    pub fn why_not(self, action: Action) -> Option<Words> {
        (!self.may(action)).then(|| say!("Needs the {} role; you are signed in as {}.", action.needs().as_str(), self.as_str()))
    }
}

wire! {
    /// `POST /session`: the code of a one-time link, or a token.
    #[derive(Default, Eq)]
    pub struct SessionRequest {
        /// From the link `/sign-in#<code>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub code: Option<String>,
        /// From `pitlane token create`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub token: Option<String>,
    }
}

wire! {
    /// `GET /session`
    #[derive(Eq)]
    pub struct Session {
        /// Their name.
        pub name: String,
        /// Their role.
        pub role: Role,
        /// What they may do.
        pub may: Vec<Action>,
        /// When they must sign in again.
        #[serde(default)]
        pub expires_at: Option<Timestamp>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
