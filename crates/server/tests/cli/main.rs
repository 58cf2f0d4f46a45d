//! The commands, as a person or a script runs them: the real binary, against a real server on a port of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod against_a_server;
#[cfg(unix)]
mod data_directory;
mod documents;
mod without_a_server;
mod world;
