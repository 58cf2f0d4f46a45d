//! The newest bulk operations, a line each.

use leptos::prelude::*;
use pitlane_api::BulkSummary;

use crate::model::bulk;
use crate::model::format;
use crate::pages::context::App;
use crate::platform::locale;
use crate::route::Route;
use crate::ui::Badge;
use crate::ui::view;
use crate::words::tr;

/// The list. It moves by itself.
#[component]
pub fn List() -> impl IntoView {
    let app = App::get();
    let lines = Memo::new(move |_| app.live.bulk.with(|lines| lines.newest().cloned().collect::<Vec<BulkSummary>>()));
    let none =
        move || lines.with(Vec::is_empty).then(|| view! { <p class="muted">{tr!("No node was drained or activated together with others yet.")}</p> });
    let rows = move || lines.get().into_iter().map(|line| view! { <Line line=line /> }).collect_view();
    view! {
        <div class="page-head">
            <div>
                <h1 tabindex="-1">{tr!("Bulk operations")}</h1>
                <p class="muted">{tr!("Many nodes drained or activated in one go, newest first.")}</p>
            </div>
        </div>
        <section class="panel" aria-label=tr!("Bulk operations")>
            {move || none()}
            <ul class="bulk-list">{move || rows()}</ul>
        </section>
    }
}

#[component]
fn Line(line: BulkSummary) -> impl IntoView {
    let now = App::get().clock.now_untracked();
    let title = format!("{} · {}", bulk::title(line.kind, line.total as usize), bulk::done_of(&line));
    let reason = line.reason.map(|reason| format!(" · {}", tr!("“{}”", reason)));
    let by = format!("{} · {}", line.requested_by, format::relative(line.created_at, now));
    view! {
        <li>
            <Badge mark=bulk::mark(line.state) />
            <div>
                <a href=Route::Bulk { id: Some(line.id) }.href()>{title}</a>
                <p class="muted">
                    <time datetime=locale::iso(line.created_at) title=locale::exact(line.created_at)>
                        {by}
                    </time>
                    {reason}
                </p>
            </div>
        </li>
    }
}
