//! The embedded driver on records in memory passes the conformance suite.

use pitlane_engine_embedded::harness::{EmbeddedHarness, MemoryBackend};

async fn harness() -> EmbeddedHarness {
    EmbeddedHarness::start(MemoryBackend::default()).await.expect("the harness starts")
}

pitlane_engine::conformance_tests!(harness().await, not_here: &[]);
