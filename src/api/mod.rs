//! The only module that does HTTP. Knows the contract and nothing of what is done with it.

mod bulk;
mod calls;
mod client;
mod error;
mod events;
mod sessions;

pub use bulk::*;
pub use calls::*;
pub use error::*;
pub use events::*;
pub use sessions::*;

/// What a call brings.
type Answer<T> = Result<T, ApiError>;
