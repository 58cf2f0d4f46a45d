//! What can go wrong between the console and the server, by what a person can do about it.

use pitlane_api::{ErrorBody, Refusal, Words};

use crate::words::{Line, tr};

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiError {
    /// The server could not be reached at all.
    Offline,
    /// No answer within the time that is allowed.
    Timeout,
    /// An answer that cannot be read: another server, or a proxy's page.
    Decode,
    /// The server said no, and why.
    Refused(Box<Refused>),
}

/// The server's no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The HTTP status code.
    pub status: u16,
    /// For a person.
    pub message: Words,
    /// What belongs to it. Read by those who show it, all of whom come with the rest of the console: reading it costs some kilobytes of program.
    pub error: Option<ErrorBody>,
    /// The field that is wrong, for a 422.
    pub field: Option<String>,
    /// Stands in the server's log too.
    pub request_id: Option<String>,
}

impl Refused {
    /// From the `error` of an envelope.
    pub fn new(status: u16, message: Words, error: Option<ErrorBody>, request_id: Option<String>) -> Self {
        let field = error.as_ref().and_then(|error| error.details.get("field")).and_then(|field| field.as_str()).map(str::to_owned);
        Self { status, message, error, field, request_id }
    }
}

impl ApiError {
    /// One or two sentences for a person: what is the matter and what can be done.
    pub fn message(&self) -> Line {
        let ours = match self {
            Self::Offline => tr!("The Pitlane server cannot be reached. Nodes are not affected by that."),
            Self::Timeout => tr!("The server took too long to answer. What was asked for may still happen: look at the node before asking again."),
            Self::Decode => tr!("The answer could not be understood. Load the page again; the server may be a newer one."),
            Self::Refused(refused) => return Line::from(&refused.message),
        };
        ours.into()
    }

    /// The rule that said no, for a 409 that this version knows.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refused) => refused.error.as_ref().and_then(Refusal::from_body),
            _ => None,
        }
    }

    /// Whether a rule said no.
    pub fn is_rule(&self) -> bool {
        self.status() == Some(409)
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refused) => Some(refused.status),
            _ => None,
        }
    }

    /// To be quoted when asking for help.
    pub fn request_id(&self) -> Option<String> {
        match self {
            Self::Refused(refused) => refused.request_id.clone(),
            _ => None,
        }
    }

    /// Whether nobody knows if the server took the request, so that the very same one may be sent again.
    pub fn is_unanswered(&self) -> bool {
        matches!(self, Self::Offline | Self::Timeout)
    }
}
