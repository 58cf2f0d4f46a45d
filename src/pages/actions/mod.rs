//! What can be done to a node, wherever it is shown: the main button, the sheets, and operations on their way.

mod activate;
mod activate_state;
mod ask_form;
mod asking;
mod checks;
mod drain;
mod drain_facts;
mod drain_fields;
mod drain_plan;
mod drain_state;
mod drain_taken;
mod drain_when;
mod host;
mod main_button;
mod maintenance;
mod operation;
mod remove;
mod remove_blockers;
mod send;
mod share;
mod share_links;
mod signed_out;
mod stays;

pub use ask_form::*;
pub use asking::*;
pub use checks::*;
pub use host::*;
pub use main_button::*;
pub use operation::*;
pub use stays::*;
