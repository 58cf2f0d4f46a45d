//! The embedded driver on records in memory passes the conformance suite.

use pitlane_engine_embedded::harness::{EmbeddedHarness, MemoryBackend};

pitlane_engine::conformance_tests!(EmbeddedHarness::start(MemoryBackend::default()).await, not_here: &[]);
