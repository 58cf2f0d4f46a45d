//! Many nodes in one go: the bar of what is chosen, the sheet with what it would mean, the page of one that is under way, and the list.

mod abort;
mod ask;
mod ask_facts;
mod ask_fields;
mod ask_nodes;
mod ask_state;
mod banner;
mod bar;
mod follow;
mod items;
mod list;
mod one;
mod page;
mod resume;
mod resume_state;

pub use ask::AskSheet;
pub use banner::BulkBanner;
pub use bar::SelectionBar;
pub use follow::follow;
pub use page::BulkPage;

use pitlane_api::OperationKind;

use crate::route::Action;

/// The role's word for what a kind needs.
const fn needs(kind: OperationKind) -> pitlane_api::Action {
    match kind {
        OperationKind::Activate => pitlane_api::Action::Activate,
        _ => pitlane_api::Action::Drain,
    }
}

/// What a sheet of this action asks for.
const fn kind(action: Action) -> OperationKind {
    match action {
        Action::Activate => OperationKind::Activate,
        _ => OperationKind::Drain,
    }
}
