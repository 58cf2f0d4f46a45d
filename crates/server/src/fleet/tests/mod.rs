//! Stories of the fleet, on the real store and the real embedded engine. Only the clock is turned by hand, and the
//! engine can be told to go away, to hang before or after a write, or to answer nonsense.

mod activation;
mod agents;
mod away;
mod bulk;
mod crashes;
mod day;
mod double;
mod events;
mod expiry;
mod health;
mod outside;
mod pages;
mod plan;
mod races;
mod refusals;
mod removal;
mod report_size;
mod scale;
mod stress;
mod supervision;
mod unanswered;
mod world;
