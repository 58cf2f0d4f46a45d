//! Which nodes are chosen, to do something to many of them at once. Knows neither the order of the screen nor which nodes there are:
//! both are arguments.

use std::collections::BTreeSet;

use pitlane_api::NodeId;

/// The chosen ones. A filter that hides one of them does not let go of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    chosen: BTreeSet<NodeId>,
    /// Where a range begins: the last one that was pressed by itself.
    anchor: Option<NodeId>,
    /// What the last range brought. Another range from the same anchor takes these back first, so that a range can shrink.
    stretched: BTreeSet<NodeId>,
}

/// How many of some nodes are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    None,
    Some,
    All,
}

impl Selection {
    /// These, without a place where a range would begin.
    pub fn of(ids: Vec<NodeId>) -> Self {
        Self { chosen: ids.into_iter().collect(), ..Self::default() }
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// How many are chosen.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether this one is chosen.
    pub fn contains(&self, id: &NodeId) -> bool {
        self.chosen.contains(id)
    }

    /// The chosen ones, in no order that means anything.
    pub fn ids(&self) -> impl Iterator<Item = &NodeId> {
        self.chosen.iter()
    }

    /// Presses or releases one.
    pub fn toggle(&mut self, id: &NodeId) {
        if !self.chosen.remove(id) {
            self.chosen.insert(id.clone());
        }
        self.begin_at(id);
    }

    /// Chooses everything from the last one that was pressed to this one, in the order of the screen. Where that one is not
    /// on the screen any more, only this one.
    pub fn extend(&mut self, shown: &[NodeId], to: &NodeId) {
        let place = |id: &NodeId| shown.iter().position(|other| other == id);
        let ends = self.anchor.as_ref().and_then(place).zip(place(to));
        let Some((from, to)) = ends else {
            self.chosen.insert(to.clone());
            return self.begin_at(to);
        };
        let before = std::mem::take(&mut self.stretched);
        // Only what can be seen is taken back.
        for id in shown.iter().filter(|id| before.contains(*id)) {
            self.chosen.remove(id);
        }
        for id in shown.iter().skip(from.min(to)).take(from.abs_diff(to) + 1) {
            if self.chosen.insert(id.clone()) {
                self.stretched.insert(id.clone());
            }
        }
    }

    fn begin_at(&mut self, id: &NodeId) {
        self.anchor = Some(id.clone());
        self.stretched.clear();
    }

    /// How many of these are chosen.
    pub fn part_of(&self, ids: &[NodeId]) -> Part {
        match ids.iter().filter(|id| self.contains(id)).count() {
            0 => Part::None,
            n if n == ids.len() => Part::All,
            _ => Part::Some,
        }
    }

    /// Chooses all of these; where they are chosen already, lets go of them.
    pub fn toggle_all(&mut self, ids: &[NodeId]) {
        if self.part_of(ids) == Part::All {
            for id in ids {
                self.chosen.remove(id);
            }
        } else {
            self.chosen.extend(ids.iter().cloned());
        }
        self.anchor = None;
        self.stretched.clear();
    }

    /// Lets go of whatever `stays` says no to: nodes that are gone, or those of the other kind.
    pub fn keep(&mut self, stays: impl Fn(&NodeId) -> bool) {
        self.chosen.retain(&stays);
        self.stretched.retain(&stays);
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The chosen ones as the screen shows them from the top, and after these the ones it does not show.
    pub fn in_order(&self, shown: &[NodeId]) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = shown.iter().filter(|id| self.contains(id)).cloned().collect();
        let on_screen: BTreeSet<NodeId> = ids.iter().cloned().collect();
        ids.extend(self.chosen.iter().filter(|id| !on_screen.contains(*id)).cloned());
        ids
    }

    /// How many of the chosen ones a filter hides.
    pub fn hidden(&self, shown: &[NodeId]) -> usize {
        let on_screen = shown.iter().filter(|id| self.contains(id)).count();
        self.len().saturating_sub(on_screen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(names: &[&str]) -> Vec<NodeId> {
        names.iter().map(|name| NodeId::from(*name)).collect()
    }

    fn chosen(selection: &Selection) -> Vec<&str> {
        selection.chosen.iter().map(NodeId::as_str).collect()
    }

    #[test]
    fn a_range_follows_the_screen_and_can_shrink() {
        let shown = ids(&["d", "c", "b", "a", "e"]);
        let mut selection = Selection::default();
        selection.toggle(&"e".into());
        selection.toggle(&"c".into());
        selection.extend(&shown, &"a".into());
        assert_eq!(chosen(&selection), ["a", "b", "c", "e"]);
        selection.extend(&shown, &"b".into());
        assert_eq!(chosen(&selection), ["b", "c", "e"], "the range shrank; what was chosen before it stays");
        selection.extend(&shown, &"d".into());
        assert_eq!(chosen(&selection), ["c", "d", "e"], "and turned around its beginning");
    }

    #[test]
    fn a_range_without_a_beginning_is_one_node() {
        let mut selection = Selection::default();
        selection.extend(&ids(&["a", "b"]), &"b".into());
        assert_eq!(chosen(&selection), ["b"]);
        // What it began at is filtered away now.
        selection.extend(&ids(&["c", "d"]), &"d".into());
        assert_eq!(chosen(&selection), ["b", "d"]);
        selection.extend(&ids(&["c", "d"]), &"c".into());
        assert_eq!(chosen(&selection), ["b", "c", "d"]);
    }

    #[test]
    fn a_filter_lets_go_of_nothing_and_a_node_that_goes_does() {
        let mut selection = Selection::default();
        selection.toggle_all(&ids(&["a", "b", "c"]));
        let filtered = ids(&["c", "a", "x"]);
        assert_eq!((selection.len(), selection.hidden(&filtered)), (3, 1));
        assert_eq!(selection.in_order(&filtered), ids(&["c", "a", "b"]));
        selection.keep(|id| id.as_str() != "b");
        assert_eq!((selection.len(), selection.hidden(&filtered)), (2, 0));
    }

    #[test]
    fn a_group_is_pressed_as_a_whole() {
        let group = ids(&["a", "b"]);
        let mut selection = Selection::default();
        selection.toggle(&"a".into());
        assert_eq!(selection.part_of(&group), Part::Some);
        selection.toggle_all(&group);
        assert_eq!(selection.part_of(&group), Part::All);
        selection.toggle_all(&group);
        assert_eq!(selection.part_of(&group), Part::None);
    }

    #[derive(Debug, Clone)]
    enum Press {
        Toggle(usize),
        Extend(usize),
        All,
        Gone(usize),
        Filter(u8),
    }

    fn press() -> impl Strategy<Value = Press> {
        prop_oneof![
            4 => (0..8_usize).prop_map(Press::Toggle),
            4 => (0..8_usize).prop_map(Press::Extend),
            1 => Just(Press::All),
            1 => (0..8_usize).prop_map(Press::Gone),
            1 => any::<u8>().prop_map(Press::Filter),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_pressed_only_nodes_that_were_seen_are_chosen(presses in prop::collection::vec(press(), 0..40)) {
            let mut there: Vec<NodeId> = (0..8).map(|n| NodeId(format!("n{n}"))).collect();
            let mut shown = there.clone();
            let mut selection = Selection::default();
            for press in presses {
                let at = |n: usize, shown: &[NodeId]| shown.get(n % shown.len().max(1)).cloned();
                let hidden_before: Vec<NodeId> = selection.chosen.iter().filter(|id| !shown.contains(id)).cloned().collect();
                match press {
                    Press::Toggle(n) => {
                        if let Some(id) = at(n, &shown) {
                            let was = selection.contains(&id);
                            selection.toggle(&id);
                            prop_assert_eq!(selection.contains(&id), !was);
                        }
                    }
                    Press::Extend(n) => {
                        if let Some(id) = at(n, &shown) {
                            selection.extend(&shown, &id);
                            prop_assert!(selection.contains(&id), "the end of a range is in it");
                        }
                    }
                    Press::All => selection.toggle_all(&shown),
                    Press::Gone(n) => {
                        if let Some(id) = at(n, &there) {
                            there.retain(|other| *other != id);
                            shown.retain(|other| *other != id);
                            selection.keep(|id| there.contains(id));
                        }
                    }
                    Press::Filter(mask) => {
                        shown = there.iter().enumerate().filter(|(n, _)| mask & (1 << (n % 8)) != 0).map(|(_, id)| id.clone()).collect();
                        prop_assert!(hidden_before.iter().all(|id| selection.contains(id)), "a filter lets go of nothing");
                    }
                }
                prop_assert!(selection.chosen.iter().all(|id| there.contains(id)));
                let order = selection.in_order(&shown);
                prop_assert_eq!(order.len(), selection.len());
                prop_assert_eq!(order.iter().cloned().collect::<BTreeSet<_>>(), selection.chosen.clone());
                prop_assert!(selection.hidden(&shown) <= selection.len());
            }
        }
    }
}
