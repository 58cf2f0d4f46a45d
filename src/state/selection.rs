//! What is chosen on the fleet page, and the order in which it shows its nodes, which ranges follow.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::FleetStore;
use crate::model::group::Group;
use crate::model::selection::Part;
use crate::model::selection::Selection;

/// In the context, made at the root. It outlives the page, so that a look at a node or a filter lets go of nothing.
#[derive(Clone, Copy)]
pub struct Chosen {
    selection: RwSignal<Selection>,
    /// What the page shows. It is read only while something is chosen: thousands of nodes move every second.
    shown: RwSignal<Option<Memo<Vec<Group>>>>,
}

impl Chosen {
    /// Nothing.
    pub fn new() -> Self {
        Self { selection: RwSignal::new(Selection::default()), shown: RwSignal::new(None) }
    }

    /// The page shows these.
    pub fn shows(self, groups: Memo<Vec<Group>>) {
        self.shown.set(Some(groups));
    }

    /// The nodes of the groups that `of` says yes to, from the top.
    fn nodes(self, of: impl Fn(&Group) -> bool) -> Vec<NodeId> {
        let ids =
            |groups: &Vec<Group>| groups.iter().filter(|group| of(group)).flat_map(|group| &group.members).map(|node| node.id.clone()).collect();
        // The page may have been left: then it shows nothing.
        self.shown.get().and_then(|groups| groups.try_with(ids)).unwrap_or_default()
    }

    /// What is on the page, without what is folded up.
    fn order(self) -> Vec<NodeId> {
        self.nodes(|group| group.open)
    }

    /// Reads the selection beside what is shown, and is read again when either changes.
    pub fn with<T>(self, read: impl FnOnce(&Selection, &[NodeId]) -> T) -> T {
        let order = self.order();
        self.selection.with(|selection| read(selection, &order))
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

    /// How much of a group is chosen; reactive.
    pub fn part_of(self, group: &str) -> Part {
        if !self.any() {
            return Part::None;
        }
        let ids = self.nodes(|other| other.key == group);
        self.selection.with(|selection| selection.part_of(&ids))
    }

    /// Presses or releases one; with `range` everything from the last one to it.
    pub fn press(self, id: &NodeId, range: bool) {
        let order = if range { untrack(|| self.order()) } else { Vec::new() };
        self.selection.update(|selection| if range { selection.extend(&order, id) } else { selection.toggle(id) });
    }

    /// Presses or releases a group, folded up or not.
    pub fn press_group(self, group: &str) {
        let ids = untrack(|| self.nodes(|other| other.key == group));
        self.selection.update(|selection| selection.toggle_all(&ids));
    }

    /// Chooses everything that the page shows.
    pub fn press_shown(self) {
        let ids = untrack(|| self.order());
        self.selection.update(|selection| selection.toggle_all(&ids));
    }

    /// Keeps those that `stays` says yes to.
    pub fn keep(self, stays: impl Fn(&NodeId) -> bool) {
        self.selection.update(|selection| selection.keep(stays));
    }

    /// Lets go of everything; whether there was anything.
    pub fn clear(self) -> bool {
        let any = untrack(|| self.any());
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
