//! Requests in process: the real router, the real SQLite store, the real fleet on the embedded engine.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod activity;
mod bulk;
mod changes;
mod console;
mod events;
mod health;
mod hostile;
mod openapi;
mod plans;
mod requests;
mod serving;
mod sessions;
mod shared;
mod sign_in;
mod silence;
mod world;
