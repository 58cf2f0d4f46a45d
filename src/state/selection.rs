//! What is chosen on the fleet page, and the order in which it shows its nodes, which ranges follow.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::FleetStore;
use crate::model::selection::Part;
use crate::model::selection::Selection;

/// In the context, made at the root. It outlives the page, so that a look at a node or a filter lets go of nothing.
#[derive(Clone, Copy)]
pub struct Chosen {
    selection: RwSignal<Selection>,
    shown: RwSignal<Vec<NodeId>>,
}

impl Chosen {
    /// Nothing.
    pub fn new() -> Self {
        Self { selection: RwSignal::new(Selection::default()), shown: RwSignal::new(Vec::new()) }
    }

    /// The page shows these, from the top.
    pub fn shows(self, ids: Vec<NodeId>) {
        self.shown.set(ids);
    }

    /// Reads both, and is read again when either changes.
    pub fn with<T>(self, read: impl FnOnce(&Selection, &[NodeId]) -> T) -> T {
        self.selection.with(|selection| self.shown.with(|shown| read(selection, shown)))
    }

    /// The same, once.
    pub fn with_untracked<T>(self, read: impl FnOnce(&Selection, &[NodeId]) -> T) -> T {
        untrack(|| self.with(read))
    }

    /// Whether anything is chosen. Make a memo of it where much depends on it.
    pub fn any(self) -> bool {
        self.selection.with(|selection| !selection.is_empty())
    }

    /// Whether this one is chosen; reactive.
    pub fn contains(self, id: &NodeId) -> bool {
        self.selection.with(|selection| selection.contains(id))
    }

    /// How many of these are chosen; reactive.
    pub fn part_of(self, ids: &[NodeId]) -> Part {
        self.selection.with(|selection| selection.part_of(ids))
    }

    /// Presses or releases one; with `range` everything from the last one to it.
    pub fn press(self, id: &NodeId, range: bool) {
        self.selection.update(|selection| match range {
            true => self.shown.with_untracked(|shown| selection.extend(shown, id)),
            false => selection.toggle(id),
        });
    }

    /// Presses or releases a group.
    pub fn press_all(self, ids: &[NodeId]) {
        self.selection.update(|selection| selection.toggle_all(ids));
    }

    /// Chooses everything that the page shows.
    pub fn press_shown(self) {
        self.shown.with_untracked(|shown| self.press_all(shown));
    }

    /// Keeps those that `stays` says yes to.
    pub fn keep(self, stays: impl Fn(&NodeId) -> bool) {
        self.selection.update(|selection| selection.keep(stays));
    }

    /// Lets go of everything; whether there was anything.
    pub fn clear(self) -> bool {
        let any = self.selection.with_untracked(|selection| !selection.is_empty());
        if any {
            self.selection.update(Selection::clear);
        }
        any
    }

    /// Nodes that go from the fleet go from here too.
    pub fn follow(self, fleet: FleetStore) {
        Effect::new(move |_| {
            let gone = self.selection.with(|selection| !selection.is_empty() && selection.ids().any(|id| fleet.row(id).is_none()));
            if gone {
                self.keep(|id| fleet.row_untracked(id).is_some());
            }
        });
    }
}

impl Default for Chosen {
    fn default() -> Self {
        Self::new()
    }
}
