//! What the console thinks, apart from how it shows it: filters, formats, what a card says, how events fold.
//!
//! Pure and natively tested. Nothing here knows leptos, the browser, HTTP or the clock: the time is an argument.

pub mod activity;
pub mod card;
pub mod checks;
pub mod counts;
pub mod drain;
pub mod expected;
pub mod fold;
pub mod format;
pub mod operation;
pub mod palette;
pub mod query;
pub mod role;
pub mod share;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod tone;
