//! `/nodes`: every node as a card.

mod card;
mod card_foot;
pub(crate) mod card_parts;
mod chips;
mod empty;
mod head;
mod listing;
mod plan_line;
mod seat;
mod sections;
mod select;
pub mod table;
mod text;

pub use card_parts::NoticeBox;
pub use plan_line::PlanLine;

use leptos::prelude::*;

use super::context::App;
use crate::model::query::Query;
use crate::platform::density;
use crate::platform::page;
use crate::route::Route;
use crate::state::Link;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::view;
use crate::words::tr;

// What the page shows. Numbers, since a memo of a type of its own is a kilobyte of program.
const TABLE: usize = 0;
const CARDS: usize = 1;
const NO_NODES: usize = 2;
const UNREACHABLE: usize = 3;
const NOT_YET: usize = 4;

/// The page. Table and tools come with the rest of the console (`src/app/rest.rs`); the page knows only where they stand.
#[component]
pub fn FleetPage(#[prop(optional, into)] table: ViewFn, #[prop(optional, into)] tools: ViewFn) -> impl IntoView {
    let app = App::get();
    let query = query(app);
    page::set_title(&tr!("Nodes · Pitlane"));
    density::apply();

    // The kind of thing that is shown: while that stays, what is shown stays too, and with it the focus.
    let shown = Memo::new(move |_| {
        // The first nodes of a large fleet are shown while the others arrive.
        match app.live.fleet.with_entries(|entries| entries.next().is_some()) {
            true if query.with(|query| query.table) => TABLE,
            true => CARDS,
            false if app.live.fleet.loaded().get() => NO_NODES,
            false if matches!(app.live.connection.link(), Link::Stale(_)) => UNREACHABLE,
            false => NOT_YET,
        }
    });
    let head_tools = tools.run();
    let body = move || match shown.get() {
        TABLE => table.run(),
        CARDS => view! { <sections::Sections query=query /> }.into_any(),
        NO_NODES => view! { <empty::NoNodes /> }.into_any(),
        UNREACHABLE => view! {
            <Problem
                title=tr!("The fleet could not be read")
                text=tr!("The Pitlane server cannot be reached. Nodes are not affected by that. This page tries again by itself.")
                on_retry=move |()| page::reload()
            />
        }
        .into_any(),
        _ => view! {
            <div class="cards" aria-busy="true">
                <Skeleton shape="card" count=8 />
            </div>
        }
        .into_any(),
    };
    view! {
        <head::Head query=query tools=head_tools />
        <chips::Chips query=query />
        {move || body()}
    }
}

/// The filter and order that stand in the URL.
fn query(app: App) -> Memo<Query> {
    let route = app.nav.route();
    Memo::new(move |before: Option<&Query>| match route.get() {
        Route::Fleet { query, .. } => query,
        _ => before.cloned().unwrap_or_default(),
    })
}

/// The same selection, looked at in another way: what is folded up makes no entry in the history.
fn change(app: App, f: impl FnOnce(&Query) -> Query) {
    if let Route::Fleet { query, sheet } = app.nav.route().get_untracked() {
        app.nav.replace(Route::Fleet { query: f(&query), sheet });
    }
}

/// Shows another selection of the same fleet. The back button leads to the one before.
fn show(app: App, query: Query) {
    app.nav.push(Route::Fleet { query, sheet: None });
}
