//! What is chosen on the fleet page, and what was pressed. What a press makes of the selection is worked out in the later part of the
//! program (`pages::bulk`), so that a first visit does not download it.

use leptos::prelude::*;
use pitlane_api::NodeId;

use crate::model::group::Group;
use crate::model::selection::Part;

/// What was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    One(NodeId),
    /// Everything from the last one to this.
    Range(NodeId),
    /// A group, by its key.
    Group(String),
    /// Everything that the page shows.
    Shown,
    /// Only these of the chosen ones stay.
    Keep(Vec<NodeId>),
    Clear,
}

/// In the context, made at the root. It outlives the page, so that a look at a node or a filter lets go of nothing.
#[derive(Clone, Copy)]
pub struct Chosen {
    /// Sorted.
    chosen: RwSignal<Vec<NodeId>>,
    /// Not taken into account yet.
    presses: RwSignal<Vec<Press>>,
    /// What the page shows. It is read only while something is chosen: thousands of nodes move every second.
    shown: RwSignal<Option<Memo<Vec<Group>>>>,
}

impl Chosen {
    /// Nothing.
    pub fn new() -> Self {
        Self { chosen: RwSignal::new(Vec::new()), presses: RwSignal::new(Vec::new()), shown: RwSignal::new(None) }
    }

    /// The page shows these.
    pub fn shows(self, groups: Memo<Vec<Group>>) {
        self.shown.set(Some(groups));
    }

    /// How many nodes the page shows, in the document or not; reactive. A page that was left shows none.
    pub fn shown_count(self) -> usize {
        let count = |groups: &Vec<Group>| groups.iter().map(|group| group.members.len()).sum();
        self.shown.get().and_then(|groups| groups.try_with(count)).unwrap_or_default()
    }

    /// Takes a press in.
    pub fn press(self, press: Press) {
        self.presses.update(|presses| presses.push(press));
    }

    /// Lets go of everything; whether there was anything.
    pub fn clear(self) -> bool {
        let any = untrack(|| self.any());
        if any {
            self.press(Press::Clear);
        }
        any
    }

    /// Whether anything is chosen. Make a memo of it where much depends on it.
    pub fn any(self) -> bool {
        self.chosen.with(|chosen| !chosen.is_empty())
    }

    /// Whether anything is chosen, or about to be.
    pub fn is_wanted(self) -> bool {
        self.any() || self.presses.with(|presses| !presses.is_empty())
    }

    /// Whether this one is chosen; reactive.
    pub fn contains(self, id: &NodeId) -> bool {
        self.chosen.with(|chosen| chosen.binary_search(id).is_ok())
    }

    /// How much of a group is chosen; reactive.
    pub fn part_of(self, key: &str) -> Part {
        if !self.any() {
            return Part::None;
        }
        let count = |groups: &Vec<Group>| {
            let group = groups.iter().find(|group| group.key == key)?;
            let chosen = self.chosen.with(|chosen| group.members.iter().filter(|node| chosen.binary_search(&node.id).is_ok()).count());
            Some((chosen, group.members.len()))
        };
        match self.shown.get().and_then(|groups| groups.try_with(count)).flatten() {
            None | Some((0, _)) => Part::None,
            Some((chosen, all)) if chosen == all => Part::All,
            Some(_) => Part::Some,
        }
    }

    /// The nodes of the groups that `of` says yes to, from the top; reactive. A page that was left shows none.
    pub fn nodes(self, of: impl Fn(&Group) -> bool) -> Vec<NodeId> {
        let ids =
            |groups: &Vec<Group>| groups.iter().filter(|group| of(group)).flat_map(|group| &group.members).map(|node| node.id.clone()).collect();
        self.shown.get().and_then(|groups| groups.try_with(ids)).unwrap_or_default()
    }

    /// All that are chosen; reactive.
    pub fn ids(self) -> Vec<NodeId> {
        self.chosen.get()
    }

    /// Takes what was pressed since the last time; reactive.
    pub fn take(self) -> Vec<Press> {
        let presses = self.presses.get();
        if !presses.is_empty() {
            self.presses.set(Vec::new());
        }
        presses
    }

    /// These are chosen now.
    pub fn set(self, mut ids: Vec<NodeId>) {
        ids.sort_unstable();
        self.chosen.set(ids);
    }
}

impl Default for Chosen {
    fn default() -> Self {
        Self::new()
    }
}
