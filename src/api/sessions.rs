//! The calls about who is signed in.

use pitlane_api::{EndedSessions, OpenSessions};

use super::{Answer, calls::segment, client::Call};

fn all(everyone: bool) -> String {
    format!("/sessions{}", if everyone { "?everyone=true" } else { "" })
}

/// One's own open sessions, or everybody's.
pub async fn sessions(everyone: bool) -> Answer<OpenSessions> {
    Call::get(all(everyone)).data().await
}

/// Ends one.
pub async fn end_session(id: &str) -> Answer<EndedSessions> {
    Call::delete(format!("/sessions/{}", segment(id))).data().await
}

/// Ends all but this one.
pub async fn end_sessions(everyone: bool) -> Answer<EndedSessions> {
    Call::delete(all(everyone)).data().await
}
