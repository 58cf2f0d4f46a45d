//! What everybody on the fleet page should know of: a bulk operation that is under way, or stopped and waiting for a person.

use leptos::prelude::*;
use pitlane_api::{BulkState, BulkSummary};

use crate::model::bulk;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::route::Route;
use crate::ui::Banner;
use crate::ui::Keyed;
use crate::ui::view;
use crate::words::tr;

/// How many have a banner of their own; the list has the others.
const MOST: usize = 3;

/// The banners, newest first.
#[component]
pub fn BulkBanner() -> impl IntoView {
    let app = App::get();
    let open = Memo::new(move |_| app.live.bulk.with(bulk::Lines::open));
    let keys = Signal::derive(move || open.with(|open| open.iter().take(MOST).map(|line| line.id.clone()).collect()));
    let row = move |id: String| {
        let line = Memo::new(move |before: Option<&Option<BulkSummary>>| {
            open.with(|open| open.iter().find(|line| line.id == id).cloned()).or_else(|| before.cloned().flatten())
        });
        line.with_untracked(Option::is_some).then(|| view! { <One line=line /> }).into_any()
    };
    let more = move || {
        let more = open.with(|open| open.len().saturating_sub(MOST));
        (more > 0).then(|| view! { <a href=Route::Bulk { id: None }.href()>{tr!("1 more bulk operation" | "{n} more bulk operations" % more)}</a> })
    };
    view! {
        <Keyed keys=keys row=row />
        {move || more()}
    }
}

#[component]
fn One(line: Memo<Option<BulkSummary>>) -> impl IntoView {
    let app = App::get();
    let read = move |read: fn(&BulkSummary) -> String| move || line.with(|line| line.as_ref().map(read).unwrap_or_default());
    let title = move |line: &BulkSummary| match line.state {
        BulkState::Stopped => tr!("{} stopped: {}", bulk::name(line.kind, &line.requested_by), bulk::done_of(line)),
        BulkState::Aborting => tr!("{} is being aborted: {}", bulk::name(line.kind, &line.requested_by), bulk::done_of(line)),
        _ => tr!("{}: {}", bulk::name(line.kind, &line.requested_by), bulk::done_of(line)),
    };
    let text = |line: &BulkSummary| {
        let reason = line.reason.as_ref().map(|reason| tr!("“{}”", reason)).unwrap_or_default();
        match line.state {
            BulkState::Stopped => [reason, tr!("A node was refused or failed. No other was begun after it.")]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            _ => reason,
        }
    };
    let stopped = Memo::new(move |_| line.with(|line| line.as_ref().is_some_and(|line| line.state == BulkState::Stopped)));
    Effect::new(move || {
        if stopped.get() {
            app.announcer.say(untrack(read(title)));
        }
    });
    let href = line.with_untracked(|line| line.as_ref().map(|line| Route::Bulk { id: Some(line.id.clone()) }.href()));
    move || {
        let mark = if stopped.get() { bulk::mark(BulkState::Stopped) } else { bulk::mark(BulkState::Running) };
        let tone = if stopped.get() { Tone::Offline } else { Tone::Pending };
        let href = href.clone();
        view! {
            <div class="no-print">
                <Banner tone=tone glyph=mark.glyph title=Signal::derive(read(title)) text=Signal::derive(read(text))>
                    <a class="button" href=href>
                        {tr!("Show")}
                    </a>
                </Banner>
            </div>
        }
    }
}
