//! The agent against what it meets in the world: a real Docker engine, a real Caddy, and control planes that answer badly.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may end a test by a panic, as the tests themselves")]

mod caddy;
mod docker;
mod lab;
mod plane;
mod protocol;
