//! A button that asks once more before it ends a session, since that cannot be taken back.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{EndedSessions, OpenSessions};

use crate::api::ApiError;
use crate::pages::context::App;
use crate::platform::focus;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::dynamic;
use crate::ui::unique_id;
use crate::ui::view;
use crate::words::{Line, tr};

/// The button, and in its place the question with two answers once it was pressed. The focus goes along.
#[component]
pub fn AskFirst(
    label: String,
    /// The accessible name: which of several.
    name: String,
    question: String,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] on_yes: Callback<()>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let id = unique_id("ask");
    let turn = {
        let button = format!("[data-ask={id}] button");
        Callback::new(move |on: bool| {
            asking.set(on);
            let button = button.clone();
            request_animation_frame(move || {
                focus::focus_first(&button);
            });
        })
    };
    let inner = {
        let id = id.clone();
        move || {
            if !asking.get() {
                return view! { <Button label=label.clone() name=name.clone() small=true on_press=move |()| turn.run(true) /> };
            }
            view! {
                <div class="session-question" role="group" aria-labelledby=id.clone()>
                    <p class="hint" id=id.clone()>
                        {question.clone()}
                    </p>
                    <div class="notice-actions">
                        // First, and with the focus: a key that is held down must not answer.
                        <Button label=tr!("Cancel") small=true on_press=move |()| turn.run(false) />
                        <Button label=tr!("session" => "End") name=name.clone() kind=Kind::Danger small=true busy=busy on_press=on_yes />
                    </div>
                </div>
            }
        }
    };
    view! { <div class="no-print" data-ask=id>{dynamic(inner)}</div> }
}

/// Ends sessions, says how many, and reads the list again. What had the focus is gone then: it goes to the heading.
pub fn end(
    app: App,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Line>>,
    list: Remote<OpenSessions>,
    call: impl Future<Output = Result<EndedSessions, ApiError>> + 'static,
) {
    busy.set(true);
    problem.set(None);
    spawn_local(async move {
        let outcome = call.await;
        if busy.try_set(false).is_some() {
            return;
        }
        match outcome {
            Ok(EndedSessions { ended, .. }) => {
                app.announcer.say(tr!("1 session ended" | "{n} sessions ended" % ended));
                list.reload();
                focus::focus_first("main h1");
            }
            Err(error) if error.status() == Some(401) => app.live.session.ended(),
            Err(error) => {
                problem.set(Some(error.message()));
                // Somebody may have been faster.
                if error.status() == Some(404) {
                    list.reload();
                }
            }
        }
    });
}
