//! What somebody who is to help needs, to be copied or saved: plain text, made by the server, without secrets.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Shared;
use crate::api;
use crate::platform::clipboard;
use crate::ui::Button;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The panel.
#[component]
pub fn Diagnostics(shared: Shared) -> impl IntoView {
    let app = shared.app;
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Line>);
    // Shown where the browser does not let pages copy.
    let by_hand = RwSignal::new(None::<String>);
    let copy = move |()| {
        busy.set(true);
        let id = shared.id.get_value();
        spawn_local(async move {
            let outcome = api::diagnostics(&id).await;
            let copied = match &outcome {
                Ok(text) => clipboard::copy(text).await,
                Err(_) => false,
            };
            if busy.try_set(false).is_some() {
                return;
            }
            problem.set(None);
            by_hand.set(None);
            match outcome {
                Ok(_) if copied => app.announcer.say(tr!("Diagnostics copied")),
                Ok(text) => by_hand.set(Some(text)),
                Err(error) => problem.set(Some(error.message())),
            }
        });
    };
    let address = shared.id.with_value(api::diagnostics_address);
    let file = move || format!("pitlane-{}.txt", shared.face.with(|face| face.name.clone()));
    view! {
        <section class="panel no-print" aria-label=tr!("Diagnostics")>
            <h2>{tr!("Diagnostics")}</h2>
            <p class="muted">
                {tr!("Versions, health and signals, thresholds, the operation, checks, counts and the last activity as plain text. No secrets, no names or addresses of people.")}
            </p>
            <div class="notice-actions">
                <Button label=tr!("Copy diagnostics") small=true busy=busy on_press=copy />
                <a class="button" data-size="small" href=address download=file>
                    {tr!("Download")}
                </a>
            </div>
            {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
            {move || {
                by_hand.get().map(|text| {
                    view! {
                        <label class="filter-label">
                            {tr!("This browser does not let pages copy. Copy it from here:")}
                            <textarea class="input mono" readonly rows="8" prop:value=text></textarea>
                        </label>
                    }
                })
            }}
        </section>
    }
}
