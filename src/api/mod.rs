//! The only module that does HTTP. Knows the contract and nothing of what is done with it.

mod calls;
mod client;
mod error;
mod events;

pub use calls::*;
pub use error::*;
pub use events::*;
