//! The views that this browser keeps under names.

use crate::model::views;
use crate::model::views::SavedView;
use crate::platform::storage;

const KEY: &str = "pitlane.views";

/// All of them, by name.
pub fn saved_views() -> Vec<SavedView> {
    views::read(&storage::get(KEY).unwrap_or_default())
}

/// Keeps these and no others.
pub fn keep_views(views: &[SavedView]) {
    storage::set(KEY, &views::write(views));
}
