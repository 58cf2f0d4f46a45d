//! What Docker answered, as what the caller can do about it.

use std::error::Error as _;

use bollard::errors::Error as Docker;
use pitlane_api::{Words, say};
use pitlane_engine::Error;

/// The oldest API with everything that is used here; engine 20.10 speaks it.
pub(crate) const OLDEST_API: (usize, usize) = (1, 41);

/// What to do about an error of the client.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The object was changed in between: read again, write again.
    OutOfSequence,
    /// No such object.
    NotFound,
    /// For the caller.
    Error(Error),
}

/// Reads an error of the client. `endpoint`: where it came from, for a person.
pub(crate) fn read(error: Docker, endpoint: &str) -> Answer {
    match error {
        Docker::DockerResponseServerError { status_code, message } => from_status(status_code, message.trim(), endpoint),
        Docker::RequestTimeoutError => unreachable(say!("{} does not answer in time", endpoint)),
        Docker::SocketNotFoundError(path) => unreachable(say!("there is no Docker socket at {}", path.to_string())),
        Docker::CertPathError { path } | Docker::CertParseError { path } => {
            unreachable(say!("the certificate file {} cannot be read", path.display().to_string()))
        }
        Docker::CertMultipleKeys { path, .. } => unreachable(say!("{} must hold exactly one key", path.display().to_string())),
        error => from_transport(&error, endpoint),
    }
}

fn unreachable(message: Words) -> Answer {
    Answer::Error(Error::unreachable(message))
}

fn refused(message: Words) -> Answer {
    Answer::Error(Error::Refused(message))
}

fn from_status(status: u16, message: &str, endpoint: &str) -> Answer {
    let says = |words: &str| message.contains(words);
    if says("update out of sequence") {
        return Answer::OutOfSequence;
    }
    if says("does not have a leader") {
        return unreachable(say!("the swarm has no leader: too few of its managers are online"));
    }
    if says("Worker nodes can't be used") {
        return unreachable(say!("{} is a worker: Pitlane needs the address of a manager", endpoint));
    }
    if says("Manager is being prepared") {
        return unreachable(say!("the manager at {} is starting, or has no connection to the others", endpoint));
    }
    if says("This node is not a swarm manager") || says("This node is not part of a swarm") {
        return unreachable(say!("{} is not part of a swarm: Pitlane needs the address of a manager", endpoint));
    }
    if says("Swarm is encrypted") {
        return unreachable(say!("the manager at {} is locked and waits for `docker swarm unlock`", endpoint));
    }
    if says("client version") && (says("too new") || says("too old")) {
        return unreachable(too_different(message, endpoint));
    }
    match status {
        404 => Answer::NotFound,
        401 | 403 => refused(say!("{} refuses: {}", endpoint, message)),
        400..500 => refused(say!("Docker refuses: {}", message)),
        // Inside the 500s Swarm also says what will not get better by waiting.
        _ if says("code = FailedPrecondition") || says("code = InvalidArgument") => refused(say!("Swarm refuses: {}", plain(message))),
        _ => unreachable(say!("Docker answers {}: {}", u64::from(status), plain(message))),
    }
}

/// What Swarm wraps in its own protocol's words.
fn plain(message: &str) -> &str {
    message.split_once(" desc = ").map_or(message, |(_, rest)| rest)
}

/// The engine's API does not reach ours.
pub(crate) fn too_different(message: &str, endpoint: &str) -> Words {
    say!(
        "the Docker engine at {} is too old or too new: Pitlane needs API {}.{} (engine 20.10) or newer; it says: {}",
        endpoint,
        OLDEST_API.0,
        OLDEST_API.1,
        message
    )
}

/// Whatever keeps Pitlane from the engine is "away" with its words, certificates too: the fleet shows what it knew, and
/// what was accepted waits until somebody has put it right.
///
/// Errors of connections carry what matters at the end of a chain of causes.
fn from_transport(error: &Docker, endpoint: &str) -> Answer {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    let all = words.join(": ");
    let last = words.last().map(String::as_str).unwrap_or_default();
    let lower = all.to_lowercase();
    if lower.contains("received fatal alert") || lower.contains("certificaterequired") {
        return unreachable(say!("{} refuses Pitlane's certificate: {}", endpoint, last));
    }
    if lower.contains("invalid peer certificate") {
        return unreachable(say!("the certificate of {} cannot be trusted: {}", endpoint, last));
    }
    unreachable(say!("{} does not answer: {}", endpoint, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_status(status: u16, message: &str) -> Answer {
        read(Docker::DockerResponseServerError { status_code: status, message: message.into() }, "tcp://m:2376")
    }

    #[test]
    fn what_real_managers_say_is_told_apart() {
        let transient = |status, message: &str| matches!(read_status(status, message), Answer::Error(Error::Unreachable { .. }));
        assert!(matches!(read_status(500, "rpc error: code = Unknown desc = update out of sequence"), Answer::OutOfSequence));
        assert!(matches!(read_status(404, "node nope not found"), Answer::NotFound));
        assert!(transient(503, "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state."));
        assert!(transient(500, "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online."));
        assert!(transient(503, "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster."));
        assert!(transient(500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"));
        let Answer::Error(Error::Refused(words)) =
            read_status(500, "rpc error: code = FailedPrecondition desc = node n2 is not down and can't be removed")
        else {
            panic!("waiting does not help here");
        };
        assert_eq!(words, "Swarm refuses: node n2 is not down and can't be removed");
        let Answer::Error(Error::Unreachable { message: words, .. }) =
            read_status(400, "client version 1.53 is too new. Maximum supported API version is 1.40")
        else {
            panic!("an old engine is said, and looked at again: it may be updated");
        };
        assert!(words.contains("20.10"), "{words}");
    }
}
