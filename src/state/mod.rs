//! Reactive stores. They fold what the API brings with functions of `model` and know nothing of screens.

mod connection;
mod fleet;
mod live;
mod remote;
mod selection;
mod session;
mod views;

pub use connection::*;
pub use fleet::*;
pub use live::*;
pub use remote::*;
pub use selection::*;
pub use session::*;
pub use views::*;
