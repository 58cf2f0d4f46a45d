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
        /// See and end other people's sessions.
        ManageSessions = "manage_sessions",
    }
}

impl Action {
    /// The least role that may do it.
    pub const fn needs(self) -> Role {
        match self {
            Action::Read => Role::Viewer,
            Action::Drain | Action::Activate | Action::Share | Action::Place => Role::Operator,
            Action::Remove | Action::ManageTokens | Action::ManageLinks | Action::ManageSessions | Action::Unknown => Role::Admin,
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

words! {
    /// What a session was opened with.
    SignedInWith {
        /// A one-time sign-in link.
        Link = "link",
        /// A token.
        Token = "token",
    }
}

wire! {
    /// Somebody who is signed in, somewhere: one session, without its secret.
    #[derive(Eq)]
    pub struct OpenSession {
        /// Names it, to end it. Not its secret.
        pub id: String,
        /// Whose it is.
        pub name: String,
        /// Their role.
        pub role: Role,
        /// What it was opened with.
        pub signed_in_with: SignedInWith,
        /// The id of the token it was opened with; revoking that token ends the session.
        #[serde(default)]
        pub token_id: Option<String>,
        /// The address it was opened from. Absent: not known.
        #[serde(default)]
        pub origin: Option<String>,
        /// The browser and system it was opened with, as it named itself. Absent: not known.
        #[serde(default)]
        pub browser: Option<String>,
        /// Signed in.
        pub created_at: Timestamp,
        /// Last request, or open page, noted once a minute. Absent: not known.
        #[serde(default)]
        pub last_used_at: Option<Timestamp>,
        /// It ends then by itself.
        pub expires_at: Timestamp,
        /// Whether this answer was asked for with it.
        pub current: bool,
        /// Whether it is the caller's own: opened with the same token, or by a sign-in link for the same name.
        pub own: bool,
    }
}

wire! {
    /// `GET /sessions`
    #[derive(Eq)]
    pub struct OpenSessions {
        /// Those that are open, newest first.
        pub sessions: Vec<OpenSession>,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}

wire! {
    /// `DELETE /sessions`
    #[derive(Eq)]
    pub struct EndedSessions {
        /// How many sessions were ended.
        pub ended: u32,
        /// By the server's clock.
        pub server_time: Timestamp,
    }
}
