//! One session: with what, from where, since when, and its end.

use leptos::prelude::*;
use pitlane_api::{OpenSession, OpenSessions, SignedInWith};

use super::ask_first::{self, AskFirst};
use crate::api;
use crate::model::role;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::state::Remote;
use crate::ui::Age;
use crate::ui::Button;
use crate::ui::Tag;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The row. Whose it is stands in it where everybody's are listed.
#[component]
pub fn One(session: OpenSession, list: Remote<OpenSessions>, everyone: bool) -> impl IntoView {
    let app = App::get();
    let problem = RwSignal::new(None::<Line>);
    let busy = RwSignal::new(false);
    let known = session.browser.is_some();
    let browser = session.browser.unwrap_or_else(|| tr!("Browser not known"));
    let who = everyone.then(|| view! { <p class="session-who"><bdi>{session.name.clone()}</bdi> " · " {role::name(session.role)}</p> });
    let from = match &session.origin {
        Some(origin) => view! { <span class="mono">{origin.clone()}</span> },
        None => view! { <span>{tr!("Address not known")}</span> },
    };
    let with_token = session.signed_in_with == SignedInWith::Token;
    let signed_in = move |age: &str| if with_token { tr!("signed in with a token {}", age) } else { tr!("signed in with a link {}", age) };
    let used = match session.last_used_at {
        Some(at) => view! { <Age at=Some(at) relative=true sentence=|age: &str| tr!("last used {}", age) /> },
        None => view! { <span>{tr!("last use not known")}</span> },
    };
    let ends = |age: &str| tr!("ends {}", age);
    let name = match &session.origin {
        Some(origin) => tr!("End the session of {}, {}, {}", session.name, browser, origin),
        None => tr!("End the session of {}, {}", session.name, browser),
    };
    let id = StoredValue::new(session.id);
    let end = move |()| ask_first::end(app, busy, problem, list, async move { api::end_session(&id.get_value()).await });
    let action = if session.current {
        view! { <Button label=tr!("Sign out") small=true on_press=move |()| app.live.session.sign_out() /> }
    } else {
        view! {
            <AskFirst label=tr!("session" => "End") name=name question=tr!("Its open pages are signed out at once.") busy=busy on_yes=end />
        }
    };
    view! {
        <li>
            <div class="session-what">
                <div>
                    {who}
                    <p class="session-browser" class:muted=!known>
                        <bdi>{browser}</bdi>
                        " "
                        {session.current.then(|| view! { <Tag tone=Tone::Healthy word=tr!("This session") /> })}
                    </p>
                </div>
                <p class="muted">
                    {from}
                    " · "
                    <Age at=Some(session.created_at) relative=true sentence=signed_in />
                </p>
                <p class="muted">
                    {used}
                    " · "
                    <Age at=Some(session.expires_at) relative=true sentence=ends />
                </p>
                {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
            </div>
            {action}
        </li>
    }
}
