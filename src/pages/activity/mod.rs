//! `/activity`: who did what, when, from where, and what changed outside. The node's page shows its own part of it.

mod log;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{ActivityEntry, NodeId};

use super::context::App;
use crate::api;
use crate::api::ApiError;
use crate::model::activity;
use crate::platform::page;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;

/// The page.
#[component]
pub fn ActivityPage() -> impl IntoView {
    page::set_title("Activity · Pitlane");
    view! {
        <div class="page-head">
            <div>
                <h1 tabindex="-1">"Activity"</h1>
                <p class="muted">"Who did what, when and from where, and what changed outside Pitlane."</p>
            </div>
        </div>
        <section class="panel" aria-label="Activity log">
            <Log node=None />
        </section>
    }
}

/// The log of one node.
#[component]
pub fn NodeLog(node: NodeId) -> impl IntoView {
    view! { <Log node=Some(node) /> }
}

/// Fetched pages, oldest at the end, with what the stream brings on top.
#[component]
fn Log(node: Option<NodeId>) -> impl IntoView {
    let app = App::get();
    let node = StoredValue::new(node);
    let first = Remote::new(move || {
        let node = node.get_value();
        async move { api::activity(node.as_ref(), None).await }
    });
    let older = RwSignal::new(Vec::<ActivityEntry>::new());
    // `None`: as the first page says.
    let cursor = RwSignal::new(None::<Option<String>>);
    let problem = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);

    let next = Memo::new(move |_| cursor.get().unwrap_or_else(|| first.with(|load| load.data().and_then(|page| page.next_cursor.clone()))));
    let entries = Memo::new(move |_| {
        let mut fetched = first.with(|load| load.data().map(|page| page.entries.clone()).unwrap_or_default());
        older.with(|older| fetched.extend(older.iter().cloned()));
        let of_this = |entry: &&ActivityEntry| node.with_value(|node| node.is_none() || entry.node_id == *node);
        let live: Vec<ActivityEntry> = app.live.activity.with(|live| live.iter().filter(of_this).cloned().collect());
        activity::merged(&fetched, &live)
    });
    let more = move |()| {
        let Some(at) = next.get_untracked() else { return };
        busy.set(true);
        let node = node.get_value();
        spawn_local(async move {
            let outcome = api::activity(node.as_ref(), Some(&at)).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(page) => {
                    problem.set(None);
                    older.update(|older| older.extend(page.entries));
                    cursor.set(Some(page.next_cursor));
                }
                Err(error) => problem.set(Some(error)),
            }
        });
    };
    let with_node = node.with_value(Option::is_none);
    let stage = Memo::new(move |_| {
        first.with(|load| match load {
            Load::Loading => None,
            Load::Failed(error, None) => Some(Err((error.message(), error.request_id()))),
            _ => Some(Ok(())),
        })
    });
    dynamic(move || match stage.get() {
        None => view! { <Skeleton shape="line" count=5 /> }.into_any(),
        Some(Err((text, request))) => view! {
            <Problem title="The log could not be read" text=text reference=request.unwrap_or_default() on_retry=move |()| first.reload() />
        }
        .into_any(),
        Some(Ok(())) => view! {
            <log::Entries entries=entries with_node=with_node />
            {move || problem.get().map(|error| view! { <p class="field-error" role="alert">{error.message()}</p> })}
            <When cond=move || next.with(Option::is_some)>
                <Button label="Older entries" small=true busy=busy on_press=more />
            </When>
        }
        .into_any(),
    })
}
