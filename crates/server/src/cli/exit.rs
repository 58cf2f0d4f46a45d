//! How a command ends when it does not succeed.

use std::process::ExitCode;

use super::text;
use crate::settings::Wrong;

/// A rule or a right stands in the way, or something needs attention.
pub const REFUSED: u8 = 1;
/// The command line or a setting is wrong.
pub const USAGE: u8 = 2;
/// The server cannot be reached.
pub const UNREACHABLE: u8 = 3;
/// `--wait` gave up.
pub const TIMED_OUT: u8 = 4;
/// The operation failed, or something on this machine did.
pub const FAILED: u8 = 5;

/// Why a command did not succeed, for a person, and its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// For a person.
    pub message: String,
}

impl Failure {
    /// With this exit code.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(REFUSED, message)
    }

    /// Something on this machine failed.
    pub fn here(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    /// Says it and gives back the exit code.
    pub fn report(self) -> ExitCode {
        eprintln!("pitlane: {}", text::plain(&self.message));
        ExitCode::from(self.code)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::new(USAGE, wrong.0)
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        Self::here(error.to_string())
    }
}
