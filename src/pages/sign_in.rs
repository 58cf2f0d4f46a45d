//! Signing in: with the code of a one-time link, or with a token.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::SessionRequest;

use super::context::App;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::platform::history;
use crate::platform::page;
use crate::route::Route;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::TextField;
use crate::ui::When;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The page. A code behind `#` is taken out of the address bar and used at once.
#[component]
pub fn SignIn() -> impl IntoView {
    let app = App::get();
    let token = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<Line>);
    let busy = RwSignal::new(false);
    page::set_title(&tr!("Sign in · Pitlane"));

    let send = move |request: SessionRequest| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let outcome = app.live.session.sign_in(request).await;
            let _ = busy.try_set(false);
            match outcome {
                Ok(()) => {
                    // Back to what was asked for, or to the fleet.
                    if app.nav.route().get_untracked() == Route::SignIn {
                        app.nav.replace(Route::fleet());
                    }
                }
                Err(error) => {
                    let _ = problem.try_set(Some(error.message()));
                }
            }
        });
    };
    if app.nav.route().get_untracked() == Route::SignIn
        && let Some(code) = history::take_hash()
    {
        send(SessionRequest { code: Some(code), token: None });
    }
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = token.get_untracked().trim().to_owned();
        if text.is_empty() {
            problem.set(Some(tr!("Paste a token first.").into()));
        } else {
            send(SessionRequest { code: None, token: Some(text) });
        }
    };
    view! {
        <section class="sign-in">
            <h1 tabindex="-1">{tr!("Sign in to Pitlane")}</h1>
            <When cond=move || app.live.session.is_over() && problem.with(Option::is_none)>
                <Notice tone=Tone::Pending glyph=Glyph::SignOut alert=true>
                    <p>{tr!("Your session has ended. Sign in to go on.")}</p>
                </Notice>
            </When>
            <When cond=move || busy.get()>
                <p role="status" class="muted">{tr!("Signing in…")}</p>
            </When>
            {move || {
                problem.get().map(|text| {
                    view! {
                        <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                            <p>{marked(text)}</p>
                        </Notice>
                    }
                })
            }}
            <p class="muted">
                {tr!("Open the link that the server printed when it started. It works once, for ten minutes. For a new one, run this where the server runs:")}
            </p>
            <pre class="command">
                <code>"pitlane sign-in-link"</code>
            </pre>
            <form class="stack" novalidate on:submit=submit>
                <TextField
                    label=tr!("Or with a token")
                    value=token
                    secret=true
                    hint=tr!("From: pitlane token create --role viewer, operator or admin")
                />
                <Button label=tr!("Sign in") kind=Kind::Primary submit=true busy=busy on_press=|()| () />
            </form>
        </section>
    }
}
