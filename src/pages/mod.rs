//! The screens, a folder per route, and what they share: navigation, the sheets of actions, the log.

pub mod actions;
pub mod activity;
pub mod bulk;
pub mod context;
pub mod fleet;
pub mod nav;
pub mod node;
pub mod not_found;
pub mod poll;
pub mod sessions;
pub mod sign_in;
