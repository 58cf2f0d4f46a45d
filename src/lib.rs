//! The console of Pitlane. `model` and `route` are pure and compile everywhere; the rest needs a browser.

pub mod model;
pub mod route;

#[cfg(target_arch = "wasm32")]
pub mod platform;
#[cfg(target_arch = "wasm32")]
pub mod ui;
