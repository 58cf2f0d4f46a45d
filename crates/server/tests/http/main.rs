//! Requests in process: the real router, the real SQLite store, the real fleet on the embedded engine.

mod changes;
mod console;
mod events;
mod health;
mod openapi;
mod requests;
mod serving;
mod sign_in;
mod world;
