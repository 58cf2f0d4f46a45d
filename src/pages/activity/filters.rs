//! What narrows the log. All of it stands in the URL, and each choice is an entry in the history.

use leptos::prelude::*;
use pitlane_api::{ActivityKind, NodeId};

use crate::model::log_kinds;
use crate::model::log_kinds::Group;
use crate::model::log_query;
use crate::model::log_query::LogQuery;
use crate::pages::context::App;
use crate::platform::locale;
use crate::route::Route;
use crate::ui::Button;
use crate::ui::Choices;
use crate::ui::FilterSelect;
use crate::ui::FilterText;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// How many names are offered while somebody types.
const MEANT: usize = 20;

/// The first nodes whose names fit.
fn first(app: App, most: usize, fits: impl Fn(&String) -> bool) -> Vec<(NodeId, String)> {
    let name = |id: &NodeId| app.live.fleet.row_untracked(id).map(|row| row.node.with_untracked(|node| node.name.clone()));
    untrack(|| {
        let ids: Vec<NodeId> = app.live.fleet.with_entries(|entries| entries.map(|entry| entry.id.clone()).collect());
        ids.into_iter().filter_map(|id| Some((name(&id).filter(|name| fits(name))?, id))).map(|(name, id)| (id, name)).take(most).collect()
    })
}

/// Whether a name has it in it, however it is written.
fn has(part: &str) -> impl Fn(&String) -> bool + use<> {
    let part = part.to_lowercase();
    move |name| name.to_lowercase().contains(&part)
}

/// The node that somebody means: its whole name, or a part that no other has.
fn node_of(app: App, name: &str) -> Option<NodeId> {
    let whole = || first(app, 1, |known| known == name).into_iter().next();
    let only = || <[_; 1]>::try_from(first(app, 2, has(name))).ok().map(|[one]| one);
    if name.is_empty() { None } else { whole().or_else(only).map(|(id, _)| id) }
}

/// Whether what stands in place of a node's id is a part of several names.
pub fn several(app: App, node: &NodeId) -> bool {
    !node.0.is_empty() && app.live.fleet.row_untracked(node).is_none() && first(app, 2, has(&node.0)).len() > 1
}

/// The row of filters.
#[component]
pub fn Filters(query: Memo<LogQuery>) -> impl IntoView {
    let app = App::get();
    let narrow = move |change: &dyn Fn(&mut LogQuery)| {
        let mut next = query.get_untracked();
        change(&mut next);
        let next = next.readable();
        if query.with_untracked(|now| *now != next) {
            app.nav.push(Route::Activity(next));
        }
    };
    // A node's name where it is known; of one that is gone the id that its entries carry.
    let node = Signal::derive(move || {
        let id = query.with(|query| query.node.clone());
        app.live.fleet.row(&id).map_or(id.0, |row| row.node.with(|node| node.name.clone()))
    });
    let named = move |name: String| {
        let name = name.trim();
        let found = node_of(app, name);
        narrow(&|query| query.node = found.clone().unwrap_or_else(|| NodeId(name.to_owned())));
    };
    let meant = move |typed: String| first(app, MEANT, has(&typed)).into_iter().map(|(_, name)| name).collect();
    let of_kinds = move |kinds: Vec<ActivityKind>| narrow(&|query| query.kinds = kinds.clone());
    let field_of = |text: &str| log_query::time(text).map(locale::field).unwrap_or_default();
    let time_of = |value: String| locale::parse_field(&value).map(locale::iso).unwrap_or_default();
    view! {
        <div class="filters no-print" role="search" aria-label=tr!("Narrow the log")>
            <FilterText label=tr!("Node") value=node on_change=named suggest=Callback::new(meant) />
            <FilterText
                label=tr!("Who")
                value=Signal::derive(move || query.with(|query| query.actor.clone()))
                on_change=move |actor: String| narrow(&|query| query.actor = actor.trim().to_owned())
            />
            <KindSelect
                kinds=Signal::derive(move || query.with(|query| query.kinds.clone()))
                on_change=of_kinds
            />
            <FilterText
                label=tr!("From")
                kind="datetime-local"
                value=Signal::derive(move || query.with(|query| field_of(&query.since)))
                on_change=move |value: String| narrow(&|query| query.since = time_of(value.clone()))
            />
            <FilterText
                label=tr!("Until")
                kind="datetime-local"
                value=Signal::derive(move || query.with(|query| field_of(&query.until)))
                on_change=move |value: String| narrow(&|query| query.until = time_of(value.clone()))
            />
            <When cond=move || query.with(|query| !query.is_all())>
                <Button label=tr!("Clear filters") on_press=move |()| app.nav.push(Route::activity()) />
            </When>
        </div>
    }
}

/// What kinds of entries; groups, and each kind of them.
#[component]
pub fn KindSelect(#[prop(into)] kinds: Signal<Vec<ActivityKind>>, #[prop(into)] on_change: Callback<Vec<ActivityKind>>) -> impl IntoView {
    let choices = Memo::new(move |_| kinds.with(|kinds| choices(kinds)));
    let value = Signal::derive(move || kinds.with(|kinds| log_kinds::word(kinds.iter().copied())));
    view! { <FilterSelect label=tr!("What") choices=choices value=value on_change=move |word: String| on_change.run(log_kinds::from_word(&word)) /> }
}

/// A link may name kinds that no entry of the menu stands for; then there is one more.
fn choices(chosen: &[ActivityKind]) -> Vec<Choices> {
    let everything = (String::new(), vec![(String::new(), tr!("Everything"))]);
    let groups = Group::ALL.into_iter().map(|group| {
        let kinds: Vec<ActivityKind> = group.kinds().collect();
        let all = (kinds.len() > 1).then(|| (log_kinds::word(kinds.iter().copied()), tr!("{}: all", group.label())));
        let each = kinds.iter().map(|kind| (kind.as_str().to_owned(), log_kinds::label(*kind)));
        (group.label(), all.into_iter().chain(each).collect())
    });
    let mut choices: Vec<Choices> = std::iter::once(everything).chain(groups).collect();
    let word = log_kinds::word(chosen.iter().copied());
    if !choices.iter().any(|(_, group)| group.iter().any(|(value, _)| *value == word)) {
        let words = chosen.iter().map(|kind| log_kinds::label(*kind)).collect::<Vec<_>>().join(", ");
        choices.push((String::new(), vec![(word, words)]));
    }
    choices
}
