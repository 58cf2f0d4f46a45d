//! What went wrong between the driver and the API server, in words a person can act on, and as what the caller can do
//! about it.

use std::{io::ErrorKind, time::Duration};

use kube::{client::AuthError, config::KubeconfigError, core::Status};
use pitlane_api::{Words, say};
use pitlane_engine::Error;

/// What the driver was about to do: a verb and a resource, as RBAC calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doing {
    pub verb: &'static str,
    pub resource: &'static str,
}

/// From the client's error. `retry_after`: what the API server said last when it asked to slow down.
pub(crate) fn engine_error(error: &kube::Error, doing: Doing, retry_after: Option<Duration>) -> Error {
    match error {
        kube::Error::Api(status) => from_status(status, doing, retry_after),
        kube::Error::Auth(error) => Error::Refused(auth(error)),
        kube::Error::InferKubeconfig(error) => Error::Refused(kubeconfig(error)),
        kube::Error::SerdeError(_) => {
            Error::unreachable(say!("the answer to {} {} is not what a Kubernetes API server sends", doing.verb, doing.resource))
        }
        error => match cause::<AuthError>(error) {
            Some(error) => Error::Refused(auth(error)),
            None => Error::unreachable(wire(error)),
        },
    }
}

/// What is wrong on the way to the API server. Libraries say it in words of their own, layer by layer; what a person can
/// act on is at the bottom.
fn wire(error: &kube::Error) -> Words {
    if let Some(error) = cause::<rustls::Error>(error) {
        return say!("the API server's certificate or TLS is not accepted: {}", error.to_string());
    }
    let Some(error) = cause::<std::io::Error>(error) else {
        return say!("the API server does not answer: {}", chain(error));
    };
    // TLS wraps what it does not accept into an input error.
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return say!("the API server's certificate or TLS is not accepted: {}", error.to_string());
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => say!("nothing listens where the API server should: the connection is refused"),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof | ErrorKind::NotConnected => {
            say!("the connection to the API server broke off")
        }
        ErrorKind::TimedOut => say!("the API server cannot be reached: the connection timed out"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => say!("the API server cannot be reached: there is no way to its network"),
        _ => say!("the API server cannot be reached: {}", error.to_string()),
    }
}

/// From what the API server says, also in the middle of a watch.
pub(crate) fn from_status(status: &Status, doing: Doing, retry_after: Option<Duration>) -> Error {
    let Doing { verb, resource } = doing;
    match status.code {
        401 => Error::Refused(say!("the credentials are not valid, or have expired: sign in to the cluster again, or renew the kubeconfig or token")),
        403 => Error::Refused(say!("the right to {} {} is missing: {}", verb, resource, &status.message)),
        404 => Error::NotFound(format!("{resource}: {}", status.message)),
        409 => Error::Conflict,
        code @ (429 | 500..=599) => {
            let said = status.details.as_ref().map(|details| u64::from(details.retry_after_seconds)).filter(|seconds| *seconds > 0);
            let retry_after = said.map(Duration::from_secs).or(retry_after);
            let message = match code {
                429 => say!("the API server is asked too much and wants Pitlane to slow down (429)"),
                _ => say!("the API server could not {} {} ({}): {}", verb, resource, u64::from(code), &status.message),
            };
            Error::Unreachable { message, retry_after }
        }
        code => Error::Refused(say!("the API server would not {} {} ({}): {}", verb, resource, u64::from(code), &status.message)),
    }
}

/// What is wrong with a kubeconfig.
pub(crate) fn kubeconfig(error: &KubeconfigError) -> Words {
    match error {
        KubeconfigError::CurrentContextNotSet => say!("the kubeconfig names no current context: choose one with --kube-context"),
        KubeconfigError::LoadContext(name) => say!("the kubeconfig has no context {}", name),
        KubeconfigError::LoadClusterOfContext(name) => say!("the kubeconfig has no cluster {}, which the context names", name),
        KubeconfigError::ReadConfig(error, path) => say!("the kubeconfig {} cannot be read: {}", path.display().to_string(), error.to_string()),
        error => say!("the kubeconfig cannot be used: {}", chain(error)),
    }
}

fn auth(error: &AuthError) -> Words {
    match error {
        AuthError::AuthExecStart(error) => say!("the credential plugin that the kubeconfig names cannot be started: {}", error.to_string()),
        AuthError::AuthExecRun { cmd, out } => {
            let words = String::from_utf8_lossy(&out.stderr);
            let words: String = words.trim().chars().filter(|c| !c.is_control() || *c == '\n').collect();
            let last = words.lines().last().map_or_else(|| say!("it says nothing"), Words::plain);
            say!("the credential plugin {} failed ({}): {}", program(cmd), out.status.to_string(), last)
        }
        AuthError::ReadTokenFile(error, path) => say!("the token in {} cannot be read: {}", path.display().to_string(), error.to_string()),
        error => say!("the credentials of the kubeconfig cannot be used: {}", chain(error)),
    }
}

/// An error as it was kept, in words.
pub(crate) fn of(error: &Error) -> Words {
    match error {
        Error::Unreachable { message, .. } | Error::Refused(message) => message.clone(),
        other => Words::plain(other.to_string()),
    }
}

/// The program of a command as the client's error shows it, `NAME="value" "program" "argument"`, without what was passed
/// to it: that may be a secret.
fn program(command: &str) -> &str {
    let start = if command.starts_with('"') { Some(1) } else { command.find(" \"").map(|at| at + 2) };
    start.and_then(|start| command.get(start..)).and_then(|rest| rest.split('"').next()).unwrap_or("of the kubeconfig")
}

fn cause<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error with its causes, each of them once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        next = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOING: Doing = Doing { verb: "list", resource: "pods" };

    fn said(code: u16, message: &str) -> Error {
        engine_error(&kube::Error::Api(Status::failure(message, "").with_code(code).boxed()), DOING, Some(Duration::from_secs(7)))
    }

    #[test]
    fn what_the_caller_can_do_about_it() {
        let Error::Refused(words) = said(403, "User \"x\" cannot list resource \"pods\"") else { panic!("a missing right is refused") };
        assert!(words.contains("the right to list pods is missing"), "{words}");
        let Error::Refused(words) = said(401, "Unauthorized") else { panic!("expired credentials are refused") };
        assert!(words.contains("expired"), "{words}");
        assert_eq!(said(409, ""), Error::Conflict);
        let Error::Unreachable { retry_after, message } = said(429, "") else { panic!("to slow down is to try again") };
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
        assert!(message.contains("slow down"), "{message}");
        assert!(said(503, "etcd has no leader").is_transient());
    }

    #[test]
    fn the_way_to_the_server_in_words_of_this_house() {
        let said = |kind: ErrorKind, words: &str| {
            let inner = std::io::Error::new(kind, words.to_owned());
            let error = kube::Error::Service(Box::new(inner));
            let Error::Unreachable { message, .. } = engine_error(&error, DOING, None) else { panic!("it is tried again") };
            message
        };
        assert_eq!(said(ErrorKind::UnexpectedEof, "see https://example.org/manual"), "the connection to the API server broke off");
        assert!(said(ErrorKind::ConnectionRefused, "os error 111").contains("the connection is refused"));
        assert!(said(ErrorKind::Other, "failed to lookup address").ends_with("failed to lookup address"), "a name that is not found");
    }

    #[test]
    fn a_plugin_that_fails_is_named_without_what_was_passed_to_it() {
        let out = std::process::Command::new("sh").args(["-c", "echo 'token has expired, run: sso login' >&2; exit 3"]).output().unwrap();
        let error = kube::Error::Auth(AuthError::AuthExecRun {
            cmd: "INFO=\"{\\\"a\\\": \\\"b\\\"}\" \"cloud-cli\" \"get-token\" \"--secret=s3cr3t\"".into(),
            out: Box::new(out),
        });
        let Error::Refused(words) = engine_error(&error, DOING, None) else { panic!("refused") };
        assert!(words.contains("the credential plugin cloud-cli failed") && words.contains("sso login"), "{words}");
        assert!(!words.contains("s3cr3t"), "{words}");
    }
}
