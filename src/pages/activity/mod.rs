//! `/activity`: who did what, when, from where, and what changed outside. The node's page shows its own part of it.

mod feed;
mod filters;
mod log;
mod planned;

use leptos::prelude::*;
use pitlane_api::{ActivityKind, NodeId};

use self::feed::Feed;
use self::filters::Filters;
use self::filters::KindSelect;
use super::context::App;
use crate::api;
use crate::model::log_query::LogQuery;
use crate::platform::page;
use crate::platform::viewport;
use crate::route::Route;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::marked;
use crate::ui::view;
use crate::words::tr;

/// The page.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    page::set_title(&tr!("Activity · Pitlane"));
    let query = Memo::new(move |before: Option<&LogQuery>| match route.get() {
        Route::Activity(query) => query,
        _ => before.cloned().unwrap_or_default(),
    });
    let file = move |format: &'static str| move || query.with(|query| api::activity_file(query, format));
    view! {
        <div class="page-head">
            <div>
                <h1 tabindex="-1">{tr!("Activity")}</h1>
                <p class="muted">
                    {tr!("Who did what, when and from where, and what changed outside Pitlane.")}
                    " "
                    <a href=Route::Bulk { id: None }.href()>{tr!("Bulk operations")}</a>
                </p>
            </div>
            <div class="exports no-print" role="group" aria-label=tr!("Export what is shown, whole")>
                <a class="button" download href=file("csv")>
                    {tr!("Export CSV")}
                </a>
                <a class="button" download href=file("jsonl")>
                    {tr!("Export JSON lines")}
                </a>
            </div>
        </div>
        <planned::Planned />
        <Filters query=query />
        <section class="panel" aria-label=tr!("Activity log")>
            {dynamic(move || view! { <Log query=query.get() on_its_own=true /> })}
        </section>
    }
}

/// The log of one node, as a panel of its page: a look at what happened last, and the way to the rest of it.
#[component]
pub fn NodeLog(node: NodeId) -> impl IntoView {
    let kinds = RwSignal::new(Vec::<ActivityKind>::new());
    let node = StoredValue::new(node);
    let query = Memo::new(move |_| LogQuery { kinds: kinds.get(), ..LogQuery::of_node(&node.get_value()) });
    view! {
        <section class="panel" aria-label=tr!("Activity")>
            <div class="panel-head">
                <h2>{tr!("Activity")}</h2>
                <div class="panel-tools no-print">
                    <KindSelect kinds=kinds on_change=move |chosen| kinds.set(chosen) />
                    <a class="button" data-size="small" href=move || Route::Activity(query.get()).href()>
                        {tr!("Show all")}
                    </a>
                </div>
            </div>
            {dynamic(move || view! { <Log query=query.get() on_its_own=false /> })}
        </section>
    }
}

/// So far from the top, in pixels, somebody still looks at the newest entry.
const AT_THE_TOP: f64 = 8.0;

/// Fetched pages, oldest at the end, with what the stream brings on top. On its own page it is followed at the top of the page, and holds still
/// for whoever scrolled down to read, or pauses it.
#[component]
fn Log(query: LogQuery, on_its_own: bool) -> impl IntoView {
    let app = App::get();
    let with_node = query.node.0.is_empty();
    let everything = if on_its_own { query.is_all() } else { query == LogQuery::of_node(&query.node) };
    let none = match filters::several(app, &query.node) {
        true => tr!("Several nodes have “{}” in their names. Choose one of them.", query.node),
        false if everything => tr!("Nothing has happened yet."),
        false => tr!("Nothing matches."),
    };
    let paused = RwSignal::new(false);
    let scrolled = RwSignal::new(viewport::scrolled() > AT_THE_TOP);
    if on_its_own {
        viewport::on_scroll(move || {
            let _ = scrolled.try_set(viewport::scrolled() > AT_THE_TOP);
        });
    }
    let follow = Memo::new(move |_| !on_its_own || !(paused.get() || scrolled.get()));
    let feed = Feed::new(app, query, follow);
    let (entries, held, older, stage) = (feed.shown(), feed.held(), feed.has_older(), feed.stage());
    let how = move || if follow.get() { tr!("Newest first · live") } else { tr!("Newest first · held while you read") };
    let pause = move || if paused.get() { tr!("log" => "Follow") } else { tr!("log" => "Pause") };
    let news = move || tr!("1 new entry — show" | "{n} new entries — show" % held.get());
    dynamic(move || match stage.get() {
        None => view! { <Skeleton shape="line" count=5 /> }.into_any(),
        Some(Err((text, request))) => view! {
            <Problem title=tr!("The log could not be read") text=text reference=request.unwrap_or_default() on_retry=move |()| feed.again() />
        }
        .into_any(),
        Some(Ok(())) => view! {
            // Keeps its height, so that its button, in place of the words, does not move what is being read.
            <div class="log-news no-print" hidden=!on_its_own>
                <p class="muted hint" hidden=move || held.get().gt(&0)>
                    {how}
                </p>
                <div role="status">
                    <When cond=move || held.get().gt(&0)>
                        <Button label=Signal::derive(news) small=true on_press=move |()| feed.show_new() />
                    </When>
                </div>
                <Button label=Signal::derive(pause) small=true kind=Kind::Quiet on_press=move |()| paused.update(|paused| *paused = !*paused) />
            </div>
            <log::Entries entries=entries with_node=with_node none=none.clone() />
            {move || feed.problem.get().map(|error| view! { <p class="field-error" role="alert">{marked(error.message())}</p> })}
            <When cond=move || older.get()>
                <Button label=tr!("Older entries") small=true busy=feed.busy on_press=move |()| feed.fetch_older() />
            </When>
        }
        .into_any(),
    })
}
