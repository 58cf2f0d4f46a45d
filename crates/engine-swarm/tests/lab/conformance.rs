//! The suite every driver passes, on a real swarm. Nothing of it is left out.

use crate::harness::OnTheLab;

pitlane_engine::conformance_tests!(Ok::<_, String>(OnTheLab::start().await), not_here: &[]);
