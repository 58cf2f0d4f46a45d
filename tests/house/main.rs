//! The house rules: what docs/architecture.md says about folders, dependencies and conventions, held by reading the tree.
//!
//! Each rule is a pure function from files to findings, is run over the checkout, and is shown to fail on a bad sample, so
//! that a rule that has gone blind is noticed. Nothing here runs or links the code it reads.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a rule that cannot read the tree has failed")]

mod console;
mod dependencies;
mod hygiene;
mod style;
mod tasks;
mod tree;
mod words;
