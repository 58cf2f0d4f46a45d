//! The console of Pitlane. `model` and `route` are pure and compile everywhere; the rest needs a browser.

pub mod model;
pub mod route;
