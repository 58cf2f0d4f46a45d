//! The rules of maintenance, as pure functions.

mod revision;

pub use revision::revision;
