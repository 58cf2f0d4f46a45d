//! Lines of the log.

use leptos::prelude::*;
use pitlane_api::{ActivityEntry, TERMINAL};

use crate::model::activity;
use crate::pages::context::App;
use crate::platform::locale;
use crate::route::Route;
use crate::ui::Dated;
use crate::ui::Dot;
use crate::ui::Keyed;
use crate::ui::view;
use crate::words::tr;

/// One line each, newest first. `none`: what is said where there is none.
#[component]
pub fn Entries(entries: Memo<Vec<ActivityEntry>>, with_node: bool, #[prop(into)] none: String) -> impl IntoView {
    let keys = Signal::derive(move || entries.with(|entries| entries.iter().map(|entry| entry.id.to_string()).collect()));
    let row = move |key: String| {
        let id: i64 = key.parse().unwrap_or(0);
        let entry = entries.with_untracked(|entries| {
            let at = entries.binary_search_by(|entry| id.cmp(&entry.id)).ok()?;
            entries.get(at).cloned()
        });
        entry.map(|entry| view! { <Line entry=entry with_node=with_node /> }).into_any()
    };
    let none = move || entries.with(Vec::is_empty).then(|| view! { <p class="muted">{none.clone()}</p> });
    view! {
        {move || none()}
        <ul class="log">
            <Keyed keys=keys row=row />
        </ul>
    }
}

#[component]
fn Line(entry: ActivityEntry, with_node: bool) -> impl IntoView {
    let now = App::get().clock.now_untracked();
    let today = locale::day(entry.at) == locale::day(now);
    let when = if today { locale::time(entry.at) } else { locale::short(entry.at, now) };
    let actor = activity::actor(&entry).map(|actor| view! { <b>{actor.to_owned()}</b> " " });
    let tone = activity::tone(entry.kind);
    let reason = entry.reason.map(|reason| view! { " " <bdi>{tr!("“{}”", reason)}</bdi> });
    let node = entry.node_id.zip(entry.node_name).filter(|_| with_node).map(|(id, name)| {
        view! {
            <a class="log-node" href=Route::node(&id).href()>
                {name}
            </a>
            " "
        }
    });
    let origin = entry.origin.map(|origin| {
        if origin == TERMINAL {
            view! { <span class="muted">" " {tr!("this machine's terminal")}</span> }
        } else {
            view! { <span class="muted mono">" " {origin}</span> }
        }
    });
    view! {
        <li>
            <time datetime=locale::iso(entry.at) title=locale::exact(entry.at)>
                {when}
            </time>
            <span class="log-text">
                <Dot tone=tone />
                <span>{node} {actor} <Dated words=entry.message /> {reason} {origin}</span>
            </span>
        </li>
    }
}
