//! The browser: the only module that names web_sys. Nothing here knows nodes, routes or the API.
//!
//! Everything answers with an `Option` or does nothing where the browser says no: a console must not fall over because
//! storage is switched off.

pub mod abort;
pub mod clipboard;
pub mod clock;
pub mod density;
pub mod early;
pub mod event_source;
pub mod focus;
pub mod history;
pub mod keys;
pub mod language;
pub mod locale;
pub mod looks;
pub mod page;
pub mod piece;
pub mod pointer;
pub mod preferences;
pub mod random;
pub mod storage;
pub mod theme;
pub mod viewport;
