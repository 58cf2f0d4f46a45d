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
use crate::route::Route;
use crate::ui::Button;
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
            {dynamic(move || view! { <Log query=query.get() hold=true /> })}
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
            {dynamic(move || view! { <Log query=query.get() hold=false /> })}
        </section>
    }
}

/// Fetched pages, oldest at the end, with what the stream brings on top.
#[component]
fn Log(query: LogQuery, hold: bool) -> impl IntoView {
    let with_node = query.node.0.is_empty();
    let narrowed = query != LogQuery { node: query.node.clone(), ..LogQuery::default() };
    let none = if narrowed { tr!("Nothing matches.") } else { tr!("Nothing has happened yet.") };
    let feed = Feed::new(App::get(), query, hold);
    let (entries, held, older, stage) = (feed.shown(), feed.held(), feed.has_older(), feed.stage());
    let news = move || tr!("1 new entry — show" | "{n} new entries — show" % held.get());
    dynamic(move || match stage.get() {
        None => view! { <Skeleton shape="line" count=5 /> }.into_any(),
        Some(Err((text, request))) => view! {
            <Problem title=tr!("The log could not be read") text=text reference=request.unwrap_or_default() on_retry=move |()| feed.again() />
        }
        .into_any(),
        Some(Ok(())) => view! {
            // Keeps its height, so that its button does not move what is being read.
            <div class="log-news no-print" hidden=!hold>
                <p class="muted hint">{tr!("Newest first")}</p>
                <div role="status">
                    <When cond=move || held.get().gt(&0)>
                        <Button label=Signal::derive(news) small=true on_press=move |()| feed.show_new() />
                    </When>
                </div>
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
