//! The bar that stands at the foot of the fleet page while anything is chosen: what, and what can be done with it.

use leptos::prelude::*;
use pitlane_api::{BULK_MAX, NodeId, NodeSource, OperationKind, Scheduling};

use super::follow::order;
use super::needs;
use crate::model::selection::Part;
use crate::model::selection::Selection;
use crate::pages::context::App;
use crate::platform::random;
use crate::platform::storage;
use crate::route::Action;
use crate::route::Many;
use crate::route::Which;
use crate::state::Press;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::When;
use crate::ui::view;
use crate::words::{number, tr};

/// How many are named; the rest is counted.
const NAMED: usize = 3;

/// What the bar knows of the chosen nodes.
#[derive(Clone, PartialEq, Default)]
struct Facts {
    count: usize,
    hidden: usize,
    names: Vec<String>,
    real: usize,
    simulated: usize,
    schedulable: usize,
    /// Shown by the filter, and whether all of these are chosen.
    shown: usize,
    all_shown: bool,
}

fn facts(app: App, selection: &Selection, shown: &[NodeId]) -> Facts {
    let mut facts = Facts {
        count: selection.len(),
        hidden: selection.hidden(shown),
        shown: shown.len(),
        all_shown: selection.part_of(shown) == Part::All,
        ..Facts::default()
    };
    for id in selection.in_order(shown) {
        let Some(row) = app.live.fleet.row(&id) else { continue };
        row.node.with(|node| {
            if facts.names.len() < NAMED {
                facts.names.push(node.name.clone());
            }
            match node.node_source {
                NodeSource::Simulated => facts.simulated += 1,
                _ => facts.real += 1,
            }
            facts.schedulable += usize::from(node.scheduling == Scheduling::Schedulable);
        });
    }
    facts
}

impl Facts {
    fn sentence(&self) -> String {
        match self.hidden {
            0 => tr!("{} selected", number(self.count)),
            hidden => tr!("{} selected, {} of them not shown", number(self.count), number(hidden)),
        }
    }

    fn named(&self) -> String {
        let names = self.names.join(", ");
        match self.count.saturating_sub(self.names.len()) {
            0 => names,
            more => tr!("{} and {} more", names, number(more)),
        }
    }

    fn is_mixed(&self) -> bool {
        self.real > 0 && self.simulated > 0
    }

    /// Why this cannot be asked for, whoever asks.
    fn why_not(&self, kind: OperationKind) -> Option<String> {
        if self.is_mixed() {
            return Some(tr!("Real and simulated nodes are not handled in one go."));
        }
        if self.count > BULK_MAX {
            return Some(tr!("At most {} nodes in one go.", number(BULK_MAX)));
        }
        match kind {
            OperationKind::Activate if self.schedulable == self.count => Some(tr!("All of these take placements already.")),
            OperationKind::Drain if self.schedulable == 0 => Some(tr!("All of these are in maintenance already.")),
            _ => None,
        }
    }
}

/// The bar.
#[component]
pub fn SelectionBar() -> impl IntoView {
    let app = App::get();
    let chosen = app.live.chosen;
    let any = Memo::new(move |_| chosen.any());
    view! {
        <When cond=move || any.get()>
            <Bar />
        </When>
    }
}

#[component]
fn Bar() -> impl IntoView {
    let app = App::get();
    let chosen = app.live.chosen;
    let facts = Memo::new(move |_| facts(app, &Selection::of(chosen.ids()), &order(chosen)));
    let sentence = Memo::new(move |_| facts.with(Facts::sentence));
    Effect::new(move || app.announcer.say(sentence.get()));
    let refused = move |kind| Signal::derive(move || app.live.session.why_not(needs(kind)).or_else(|| facts.with(|facts| facts.why_not(kind))));
    let open = move |action| {
        let ids = untrack(|| Selection::of(chosen.ids()).in_order(&order(chosen)));
        app.nav.open_many(Many { action, set: set(ids) });
    };
    let only = move |simulated| {
        let is = |id: &NodeId| app.live.fleet.peek(id).is_some_and(|node| (node.node_source == NodeSource::Simulated) == simulated);
        chosen.press(Press::Keep(untrack(|| chosen.ids()).into_iter().filter(|id| is(id)).collect()));
    };
    let mixed = Memo::new(move |_| facts.with(Facts::is_mixed));
    let more = Memo::new(move |_| facts.with(|facts| !facts.all_shown && facts.shown > 0));
    view! {
        <section class="selection-bar no-print" aria-label=tr!("Selection")>
            <p class="selection-what">
                <b>{move || sentence.get()}</b>
                <span class="muted">{move || facts.with(Facts::named)}</span>
            </p>
            <When cond=move || mixed.get()>
                <p class="selection-mixed">
                    {tr!("Real and simulated nodes are not handled in one go.")}
                    " "
                    <Button
                        label=Signal::derive(move || tr!("Keep the {} real", number(facts.with(|facts| facts.real))))
                        small=true
                        on_press=move |()| only(false)
                    />
                    " "
                    <Button
                        label=Signal::derive(move || tr!("Keep the {} simulated", number(facts.with(|facts| facts.simulated))))
                        small=true
                        on_press=move |()| only(true)
                    />
                </p>
            </When>
            <div class="selection-actions">
                <When cond=move || more.get()>
                    <Button
                        label=Signal::derive(move || tr!("Select all {} shown", number(facts.with(|facts| facts.shown))))
                        kind=Kind::Quiet
                        on_press=move |()| chosen.press(Press::Shown)
                    />
                </When>
                <Button label=tr!("Clear") kind=Kind::Quiet name=tr!("Clear the selection") on_press=move |()| {chosen.clear();} />
                <Button label=tr!("Activate…") name=tr!("Activate the selected nodes…") refused=refused(OperationKind::Activate) on_press=move |()| open(Action::Activate) />
                <Button
                    label=tr!("Drain…")
                    name=tr!("Drain the selected nodes…")
                    kind=Kind::Danger
                    refused=refused(OperationKind::Drain)
                    on_press=move |()| open(Action::Drain)
                />
            </div>
        </section>
    }
}

/// The set as it stands in the address, or a word for it where it is too long for one.
fn set(ids: Vec<NodeId>) -> Which {
    Which::listed(ids).unwrap_or_else(|ids| {
        let word: String = random::key().chars().take(12).collect();
        let kept = serde_json::to_string(&ids).is_ok_and(|list| storage::keep_for_tab(&key(&word), &list));
        if kept { Which::Kept(word) } else { Which::Listed(ids) }
    })
}

/// Where the tab keeps a set.
pub(super) fn key(word: &str) -> String {
    format!("pitlane.set.{word}")
}
