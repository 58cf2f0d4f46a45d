//! What the console thinks, apart from how it shows it: filters, formats, what a card says, how events fold.
//!
//! Pure and natively tested. Nothing here knows leptos, the browser, HTTP or the clock: the time is an argument.

pub mod activity;
pub mod attention;
pub mod bulk;
pub mod card;
pub mod charts;
pub mod checks;
pub mod columns;
pub mod content;
pub mod counts;
pub mod drain;
pub mod engine;
pub mod entry;
pub mod expected;
pub mod fold;
pub mod format;
pub mod group;
pub mod log_kinds;
pub mod log_query;
pub mod operation;
pub mod palette;
pub mod plan;
pub mod query;
pub mod role;
pub mod selection;
pub mod share;
pub mod sort;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod tone;
pub mod upgrade;
pub mod views;
pub mod window;
pub mod workloads;
