//! What the fleet's head offers beside order and groups: views saved under a name, the density, and the columns of the table.

use std::time::Duration;

use leptos::prelude::*;

use super::arrange::{Grouping, Order, Switch};
use crate::model::columns;
use crate::model::columns::{Column, toggled};
use crate::model::query::Query;
use crate::model::tone::Glyph;
use crate::model::views;
use crate::model::views::SavedView;
use crate::pages::context::App;
use crate::platform::density;
use crate::platform::history;
use crate::route::Route;
use crate::state::keep_views;
use crate::state::saved_views;
use crate::ui::Button;
use crate::ui::CopyButton;
use crate::ui::Icon;
use crate::ui::IconButton;
use crate::ui::Keyed;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// Who types on has not asked yet.
const PAUSE: Duration = Duration::from_millis(600);

/// A button, and what it opens.
#[component]
pub fn FleetTools() -> impl IntoView {
    let query = super::super::query(App::get());
    tell_results(query);
    let table = move || query.with(|query| query.table);
    view! {
        <button type="button" class="button" popovertarget="fleet-tools">
            <Icon glyph=Glyph::Bookmark />
            {tr!("Views")}
        </button>
        <Switch query=query />
        <Grouping query=query />
        <Order query=query />
        <div id="fleet-tools" class="popover" popover="auto" role="dialog" aria-label=tr!("Views")>
            <Saved query=query />
            <Density />
            <When cond=table>
                <Columns query=query />
            </When>
        </div>
    }
}

/// How many nodes a search or a filter leaves is told to who does not see them, once they pause.
fn tell_results(query: Memo<Query>) {
    let app = App::get();
    let narrowed = Memo::new(move |_| query.with(|query| (query.text.clone(), query.show.clone())));
    let asked = StoredValue::new(0_u32);
    Effect::new(move |before: Option<()>| {
        // A memo that nobody reads follows nothing: to track it alone would not do.
        narrowed.with(|_| ());
        if before.is_none() {
            return;
        }
        let this = asked.get_value().wrapping_add(1);
        asked.set_value(this);
        let tell = move || {
            if asked.try_get_value() == Some(this) {
                let found = untrack(|| app.live.chosen.nodes(|_| true)).len();
                app.announcer.say(if found == 0 { tr!("Nothing found") } else { tr!("1 result" | "{n} results" % found) });
            }
        };
        set_timeout(tell, PAUSE);
    });
}

/// Links with names.
#[component]
fn Saved(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let saved = RwSignal::new(saved_views());
    let keep = move |views: Vec<SavedView>| {
        keep_views(&views);
        saved.set(views);
    };
    let name = RwSignal::new(String::new());
    let add = move |()| {
        let href = Route::Fleet { query: query.get_untracked(), sheet: None }.href();
        keep(saved.with_untracked(|saved| views::with(saved, &name.get_untracked(), &href)));
        app.announcer.say(tr!("View saved"));
        name.set(String::new());
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        add(());
    };
    // Known by name and link, so that a view that was saved anew leads to where it leads now.
    let keys = Memo::new(move |_| saved.with(|saved| saved.iter().map(|view| format!("{}\t{}", view.name, view.href)).collect::<Vec<_>>()));
    let row = move |key: String| {
        let (name, href) = key.split_once('\t').map(|(name, href)| (name.to_owned(), href.to_owned())).unwrap_or_default();
        let link = format!("{}{href}", history::origin());
        let gone = name.clone();
        let remove = move |()| keep(saved.with_untracked(|saved| views::without(saved, &gone)));
        view! {
            <li class="saved-view">
                <a href=href>{name.clone()}</a>
                <CopyButton text=Signal::stored(link) name=tr!("Copy link to {}", name.clone()) said=tr!("Link copied") glyph=Glyph::Link />
                <IconButton glyph=Glyph::Trash name=tr!("Delete the view {}", name) small=true on_press=remove />
            </li>
        }
    };
    view! {
        <h2>{tr!("Saved views")}</h2>
        <When cond=move || saved.with(|saved| !saved.is_empty()) fallback=|| view! { <p class="muted hint">{tr!("None yet. A view is the filter, order, groups and columns that you see, under a name of yours, in this browser.")}</p> }>
            <ul class="stack">
                <Keyed keys=keys row=row />
            </ul>
        </When>
        <form class="saved-view" on:submit=submit>
            <input
                class="input"
                data-view-name
                aria-label=tr!("Name of this view")
                placeholder=tr!("Name of this view")
                maxlength="60"
                required
                autocomplete="off"
                prop:value=move || name.get()
                on:input=move |event| name.set(event_target_value(&event))
            />
            <Button label=tr!("Save") submit=true on_press=|()| () />
        </form>
    }
}

/// How close things stand; remembered by this browser.
#[component]
fn Density() -> impl IntoView {
    let compact = density::compact();
    let choose = |event| density::choose(event_target_checked(&event));
    view! {
        <label class="check-line">
            <input type="checkbox" prop:checked=move || compact.get() on:change=choose />
            {tr!("Compact")}
        </label>
    }
}

/// Which columns there are.
#[component]
fn Columns(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let chosen = Memo::new(move |_| query.with(columns::shown));
    let labels = app.live.fleet.label_keys();
    let all: Vec<Column> = Column::ALL.into_iter().chain(labels.into_iter().map(Column::Label)).collect();
    let choice = move |column: Column| {
        let (label, known) = (column.label(), column.clone());
        let checked = move || chosen.with(|chosen| chosen.contains(&known));
        let change = move |_| {
            let query = query.get_untracked();
            let columns = columns::words(&toggled(&columns::shown(&query), &column));
            super::super::show(app, Query { columns, ..query });
        };
        view! {
            <label class="check-line">
                <input type="checkbox" prop:checked=checked on:change=change />
                {label}
            </label>
        }
    };
    view! {
        <fieldset class="columns">
            <legend>{tr!("Columns")}</legend>
            {all.into_iter().map(choice).collect_view()}
        </fieldset>
    }
}
