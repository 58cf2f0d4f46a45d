//! Real agents and the simulated fleet against the real server: the binary, its database, its HTTP. Nothing stands in
//! for anything.
#![expect(clippy::unwrap_used, reason = "helpers of tests may end a test by a panic, as the tests themselves")]

mod demo;
mod pitlane;
mod real;
