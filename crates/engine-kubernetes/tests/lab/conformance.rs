//! The driver passes the suite that every driver passes.

use crate::{control::Lab, harness::Driven};

pitlane_engine::conformance_tests!(Driven::start(Lab::shared()).await, not_here: &["a_removed_node_is_gone"]);
