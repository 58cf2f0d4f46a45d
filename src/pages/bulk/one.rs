//! One bulk operation, as it goes: what was asked for, how far it is, each node, and the ways to end it or to go on.

use leptos::prelude::*;
use pitlane_api::{BulkOperation, BulkState};

use super::abort::Abort;
use super::items::Items;
use super::resume::Resume;
use crate::api;
use crate::model::bulk;
use crate::model::format;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::not_found::NotFound;
use crate::platform::focus;
use crate::platform::locale;
use crate::route::Route;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Badge;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::{Line, number, tr};

/// The page of one.
#[component]
pub fn One(id: String) -> impl IntoView {
    let app = App::get();
    let id = StoredValue::new(id);
    let bulk = Remote::new(move || {
        let id = id.get_value();
        async move { api::bulk_operation(&id).await }
    });
    // The stream says that it moved; the whole is read then. After a gap in the stream it is read in any case.
    let moved =
        Memo::new(move |_| (app.live.snapshots.get(), id.with_value(|id| app.live.bulk.with(|lines| lines.get(id).map(|line| line.updated_at)))));
    Effect::new(move |before: Option<()>| {
        // A memo that nobody reads follows nothing: to track it alone would not do.
        moved.get();
        if before.is_some() {
            bulk.reload();
        }
    });
    #[derive(Clone, PartialEq)]
    enum Stage {
        Loading,
        Ready,
        Gone,
        Failed(Line, Option<String>),
    }
    let stage = Memo::new(move |_| {
        bulk.with(|load| match load {
            Load::Loading => Stage::Loading,
            Load::Failed(error, None) if error.status() == Some(404) => Stage::Gone,
            Load::Failed(error, None) => Stage::Failed(error.message(), error.request_id()),
            _ => Stage::Ready,
        })
    });
    dynamic(move || {
        match stage.get() {
        Stage::Loading => view! {
            <div class="stack" aria-busy="true">
                <h1 class="visually-hidden" tabindex="-1">{tr!("Bulk operations")}</h1>
                <Skeleton shape="title" />
                <Skeleton shape="panel" count=2 />
            </div>
        }
        .into_any(),
        Stage::Gone => {
            view! { <NotFound title=tr!("No such bulk operation") text=tr!("It was never there, or it is so old that it was cleared away.") /> }.into_any()
        }
        Stage::Failed(text, request) => view! {
            <Problem title=tr!("The bulk operation could not be read") text=text reference=request.unwrap_or_default() on_retry=move |()| bulk.reload() />
        }
        .into_any(),
        Stage::Ready => view! { <Shown bulk=bulk /> }.into_any(),
    }
    })
}

#[component]
fn Shown(bulk: Remote<BulkOperation>) -> impl IntoView {
    let now = Memo::new(move |before: Option<&Option<BulkOperation>>| bulk.with(|load| load.data().cloned()).or_else(|| before.cloned().flatten()));
    let read = move |read: fn(&BulkOperation) -> String| move || now.with(|bulk| bulk.as_ref().map(read).unwrap_or_default());
    let state = Memo::new(move |_| now.with(|bulk| bulk.as_ref().map_or(BulkState::Unknown, |bulk| bulk.state)));
    focus::to_the_heading();
    let waiting = move || now.with(|bulk| bulk.as_ref().and_then(|bulk| bulk.waiting_for.clone()));
    let resumable = Memo::new(move |_| matches!(state.get(), BulkState::Stopped | BulkState::Aborted));
    view! {
        <nav class="crumbs" aria-label=tr!("Breadcrumb")>
            <a href=Route::fleet().href()>{tr!("Nodes")}</a>
            " / "
            <a href=Route::Bulk { id: None }.href()>{tr!("Bulk operations")}</a>
        </nav>
        <div class="node-head">
            <h1 class="node-name" tabindex="-1">
                {move || read(|bulk| bulk::title(bulk.kind, bulk.items.len()))()}
            </h1>
            <div class="node-badges">{move || view! { <Badge mark=bulk::mark(state.get()) /> }}</div>
            <div class="node-actions no-print">
                <Abort bulk=bulk now=now state=state />
            </div>
        </div>
        <p class="muted">{move || about(now)}</p>
        <p class="bulk-headline" role="status">
            {move || read(bulk::headline)()}
        </p>
        <Bar now=now />
        {move || {
            waiting().map(|why| {
                view! {
                    <Notice tone=Tone::Pending glyph=Glyph::Clock>
                        <p>
                            <b>{tr!("Waiting.")}</b>
                            " "
                            <Told words=why />
                        </p>
                    </Notice>
                }
            })
        }}
        <When cond=move || resumable.get()>
            <Resume bulk=bulk now=now />
        </When>
        <Items now=now />
    }
}

/// `on-call · 16:02 · “Kernel 6.12 reboot” · back in 2 h · 2 at a time`
fn about(now: Memo<Option<BulkOperation>>) -> impl IntoView {
    let clock = App::get().clock;
    now.with(|bulk| {
        bulk.as_ref().map(|bulk| {
            let at = clock.now_untracked();
            let reason = bulk.reason.as_ref().map(|reason| format!(" · {}", tr!("“{}”", reason)));
            let back = bulk.expected_back_at.map(|back| format!(" · {}", tr!("expected back {}", format::relative(back, at))));
            let pace = if bulk.at_once > 1 { tr!("{} at a time", number(bulk.at_once)) } else { tr!("one after another") };
            view! {
                {bulk.requested_by.clone()}
                " · "
                <time datetime=locale::iso(bulk.created_at) title=locale::exact(bulk.created_at)>
                    {locale::short(bulk.created_at, at)}
                </time>
                {reason}
                {back}
                " · "
                {pace}
            }
        })
    })
}

/// How far it is, for the eye; the headline says it in words.
#[component]
fn Bar(now: Memo<Option<BulkOperation>>) -> impl IntoView {
    let parts = Memo::new(move |_| {
        now.with(|bulk| {
            let line = bulk.as_ref().map(pitlane_api::rules::bulk_summary)?;
            let share = |n: u32| format::share(Some(n.into()), Some(line.total.into())).unwrap_or(0.0);
            Some((share(line.done), share(line.stopped)))
        })
    });
    let width = move |of: fn((f64, f64)) -> f64| move || format!("{}%", format::tenths(parts.get().map_or(0.0, of)));
    view! {
        <span class="bulk-bar" aria-hidden="true">
            <span data-tone="healthy" style:width=width(|parts| parts.0)></span>
            <span data-tone="offline" style:width=width(|parts| parts.1)></span>
        </span>
    }
}
