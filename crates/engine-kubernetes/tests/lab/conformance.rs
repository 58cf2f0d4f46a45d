//! The driver passes the suite that every driver passes.

use crate::{control::Lab, harness::Driven};

async fn harness() -> Result<Driven<'static>, String> {
    Ok(Driven::start(Lab::shared()).await)
}

pitlane_engine::conformance_tests!(harness().await, not_here: &["a_removed_node_is_gone"]);
