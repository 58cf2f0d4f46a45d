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

/// The page. Table and tools come with the rest of the console (`src/app/rest.rs`); the page knows only where they stand.
#[component]
pub fn FleetPage(#[prop(optional, into)] table: ViewFn, #[prop(optional, into)] tools: ViewFn) -> impl IntoView {
    let app = App::get();
    let query = query(app);
    let loaded = app.live.fleet.loaded();
    let any = Memo::new(move |_| app.live.fleet.with_entries(|entries| entries.next().is_some()));
    let stale = Memo::new(move |_| matches!(app.live.connection.link(), Link::Stale(_)));
    page::set_title(&tr!("Nodes · Pitlane"));
    density::apply();

    let rows = Memo::new(move |_| query.with(|query| query.table));
    let head_tools = tools.run();
    let body = move || match (loaded.get(), any.get(), stale.get()) {
        (_, true, _) if rows.get() => table.run(),
        // The first nodes of a large fleet are shown while the others arrive.
        (_, true, _) => view! { <sections::Sections query=query /> }.into_any(),
        (true, false, _) => view! { <empty::NoNodes /> }.into_any(),
        (false, _, true) => view! {
            <Problem
                title=tr!("The fleet could not be read")
                text=tr!("The Pitlane server cannot be reached. Nodes are not affected by that. This page tries again by itself.")
                on_retry=move |()| page::reload()
            />
        }
        .into_any(),
        (false, ..) => view! {
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
