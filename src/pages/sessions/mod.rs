//! `/sessions`: where one is signed in, and where everybody is for an admin; and the end of it.

mod ask_first;
mod one;

use leptos::prelude::*;
use pitlane_api::{Action, OpenSessions};

use self::ask_first::AskFirst;
use self::one::One;
use super::context::App;
use crate::api;
use crate::platform::focus;
use crate::platform::page;
use crate::route::Route;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::dynamic;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, number, tr};

/// Rows in the document, at most. The command line lists all.
const SHOWN: usize = 200;

/// The page. Whose sessions it shows stands in the address.
#[component]
pub fn SessionsPage() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    page::set_title(&tr!("Sessions · Pitlane"));
    let everyone = Memo::new(move |before: Option<&bool>| match route.get() {
        Route::Sessions { everyone } => everyone,
        _ => before.copied().unwrap_or_default(),
    });
    dynamic(move || view! { <Sessions everyone=everyone.get() /> })
}

#[component]
fn Sessions(everyone: bool) -> impl IntoView {
    let app = App::get();
    let list = Remote::new(move || api::sessions(everyone));
    let what = if everyone {
        tr!("Where everybody is signed in.")
    } else {
        tr!("Where you are signed in. End what you do not recognise, or no longer use.")
    };
    let body = move || match list.get() {
        Load::Loading => view! { <Skeleton shape="line" count=4 /> }.into_any(),
        Load::Failed(error, None) => failed(app, list, &error),
        Load::Failed(error, Some(open)) => view! {
            <p class="field-error" role="alert">{marked(error.message())}</p>
            {rows(open, list, everyone)}
        }
        .into_any(),
        Load::Ready(open) => rows(open, list, everyone),
    };
    view! {
        <div class="page-head">
            <div>
                <h1 tabindex="-1">{tr!("Sessions")}</h1>
                <p class="muted">{what}</p>
            </div>
            <Whose everyone=everyone />
        </div>
        <section class="panel" aria-label=tr!("Sessions") aria-busy=move || list.with(|load| matches!(load, Load::Loading)).then_some("true")>
            <EndOthers list=list everyone=everyone />
            {move || body()}
        </section>
    }
}

fn failed(app: App, list: Remote<OpenSessions>, error: &api::ApiError) -> AnyView {
    if error.status() == Some(401) {
        app.live.session.ended();
    }
    let request = error.request_id().unwrap_or_default();
    view! { <Problem title=tr!("The sessions could not be read") text=error.message() reference=request on_retry=move |()| list.reload() /> }
        .into_any()
}

fn rows(open: OpenSessions, list: Remote<OpenSessions>, everyone: bool) -> AnyView {
    let more = (open.sessions.len() > SHOWN).then(|| {
        view! { <p class="muted hint">{tr!("The newest {} of {} are shown. `pitlane session list` shows all.", number(SHOWN), number(open.sessions.len()))}</p> }
    });
    let rows = open.sessions.into_iter().take(SHOWN).map(|session| view! { <One session=session list=list everyone=everyone /> }).collect_view();
    view! {
        <ul class="session-list">{rows}</ul>
        {more}
    }
    .into_any()
}

/// One's own, or everybody's: for an admin.
#[component]
fn Whose(everyone: bool) -> impl IntoView {
    let app = App::get();
    let may = Memo::new(move |_| app.live.session.why_not(Action::ManageSessions).is_none());
    let choice = move |word: String, this: bool| {
        view! {
            <button
                type="button"
                class="button"
                data-kind="quiet"
                aria-pressed=if this == everyone { "true" } else { "false" }
                on:click=move |_| {
                    app.nav.push(Route::Sessions { everyone: this });
                    // The page is made anew, and with it this button.
                    request_animation_frame(|| {
                        focus::focus_first("[data-whose] [aria-pressed=true]");
                    });
                }
            >
                {word}
            </button>
        }
    };
    dynamic(move || {
        may.get().then(|| {
            view! {
                <div class="switch no-print" role="group" aria-label=tr!("Whose sessions") data-whose>
                    {choice(tr!("sessions" => "Yours"), false)}
                    {choice(tr!("sessions" => "Everybody's"), true)}
                </div>
            }
        })
    })
}

/// All but this one, in one go.
#[component]
fn EndOthers(list: Remote<OpenSessions>, everyone: bool) -> impl IntoView {
    let app = App::get();
    let problem = RwSignal::new(None::<Line>);
    let busy = RwSignal::new(false);
    let others = Memo::new(move |_| list.with(|load| load.data().map_or(0, |open| open.sessions.iter().filter(|session| !session.current).count())));
    let known = Memo::new(move |_| list.with(|load| load.data().is_some()));
    let end = move |()| ask_first::end(app, busy, problem, list, async move { api::end_sessions(everyone).await });
    dynamic(move || match (known.get(), others.get()) {
        (false, _) => ().into_any(),
        (true, 0) if everyone => view! { <p class="muted">{tr!("Nobody else is signed in.")}</p> },
        (true, 0) => view! { <p class="muted">{tr!("You are signed in nowhere else.")}</p> },
        (true, _) => {
            let question = if everyone {
                tr!("Everybody else has to sign in again, and sign-in links that are not used yet work no more. Tokens stay valid.")
            } else {
                tr!("You have to sign in again everywhere else.")
            };
            let label = tr!("End all but this one");
            view! {
                <div class="session-all no-print">
                    {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
                    <AskFirst label=label.clone() name=label question=question busy=busy on_yes=end />
                </div>
            }
        }
    })
}
