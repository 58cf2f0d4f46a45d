//! The cards or rows of one section, and the gaps between them, by their keys.

use leptos::prelude::*;

use crate::model::content::{Cell, Section};

/// The keys of a section's cells, and one cell by its key.
pub fn cells(section: Memo<Option<Section>>) -> Memo<Vec<String>> {
    Memo::new(move |_| section.with(|section| section.as_ref().map(|section| section.cells.iter().map(Cell::key).collect()).unwrap_or_default()))
}

/// A cell by its key: the height of a gap, or the place of a member among its group.
pub fn cell(section: Memo<Option<Section>>, key: String) -> Memo<(u32, usize)> {
    Memo::new(move |before: Option<&(u32, usize)>| {
        let found = section.with(|section| section.as_ref()?.cells.iter().find(|cell| cell.key() == key).cloned());
        match found {
            Some(Cell::Gap { px, .. }) => (px, 0),
            Some(Cell::Member { position, .. }) => (0, position),
            None => before.copied().unwrap_or_default(),
        }
    })
}
