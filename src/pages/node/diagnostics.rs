//! What somebody who is to help needs, to be copied or saved: plain text, made by the server. It is shown before it is copied, and what people
//! wrote is in it only where it was chosen.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::DiagnosticsPart;

use super::Shared;
use crate::api;
use crate::platform::clipboard;
use crate::state::{Load, Remote};
use crate::ui::Alert;
use crate::ui::Button;
use crate::ui::FilterCheck;
use crate::ui::Kind;
use crate::ui::Sheet;
use crate::ui::marked;
use crate::ui::view;
use crate::words::tr;

/// The panel, with what leads to the sheet.
#[component]
pub fn Diagnostics(shared: Shared) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <section class="panel no-print" aria-label=tr!("Diagnostics")>
            <h2>{tr!("Diagnostics")}</h2>
            <p class="muted">
                {tr!("Versions, health and signals, thresholds, the operation, checks, counts and the last activity as plain text, for whoever is to help. It is shown before it is copied.")}
            </p>
            <div class="notice-actions">
                <Button label=tr!("Show diagnostics…") small=true on_press=move |()| open.set(true) />
            </div>
            {move || open.get().then(|| view! { <DiagnosticsSheet shared=shared open=open /> })}
        </section>
    }
}

/// The text, what is to be in it, and what can be done with it.
#[component]
fn DiagnosticsSheet(shared: Shared, open: RwSignal<bool>) -> impl IntoView {
    let app = shared.app;
    let include = RwSignal::new(Vec::<DiagnosticsPart>::new());
    let text = Remote::new(move || {
        let (id, include) = (shared.id.get_value(), include.get_untracked());
        async move { api::diagnostics(&id, &include).await }
    });
    // What is shown is what was chosen: an older text is not copied while the new one is on its way.
    let awaited = RwSignal::new(true);
    Effect::new(move |_| text.with(|load| awaited.set(matches!(load, Load::Loading))));
    let choose = move |part: DiagnosticsPart, chosen: bool| {
        include.update(|include| {
            include.retain(|known| *known != part);
            if chosen {
                include.push(part);
            }
        });
        awaited.set(true);
        text.reload();
    };
    let cannot_copy = RwSignal::new(false);
    let copy = move |()| {
        let Some(shown) = text.peek() else { return };
        spawn_local(async move {
            let copied = clipboard::copy(&shown).await;
            if cannot_copy.try_set(!copied).is_none() && copied {
                app.announcer.say(tr!("Diagnostics copied"));
            }
        });
    };
    let waits = Signal::derive(move || awaited.get() || text.with(|load| load.data().is_none()));
    let address = move || shared.id.with_value(|id| include.with(|include| api::diagnostics_address(id, include)));
    let file = move || format!("pitlane-{}.txt", shared.face.with(|face| face.name.clone()));
    let check = move |part: DiagnosticsPart, label: String| {
        let value = Signal::derive(move || include.with(|include| include.contains(&part)));
        view! { <FilterCheck label=label value=value on_change=move |chosen| choose(part, chosen) /> }
    };
    view! {
        <Sheet
            title=Signal::derive(move || tr!("Diagnostics of {}", shared.face.with(|face| face.name.clone())))
            subtitle=tr!("Read it before you hand it on: no search finds every secret.")
            on_close=move |()| open.set(false)
        >
            <div class="sheet-body">
                <fieldset class="diagnostics-parts">
                    <legend>{tr!("What people wrote is left out, unless you choose it:")}</legend>
                    {check(DiagnosticsPart::Reasons, tr!("Reasons"))}
                    {check(DiagnosticsPart::Labels, tr!("Values of labels"))}
                    {check(DiagnosticsPart::Activity, tr!("Names and texts in the activity log"))}
                </fieldset>
                {move || {
                    text.with(|load| load.error().map(|error| error.message())).map(|problem| {
                        view! {
                            <Alert>
                                <p>{marked(problem)}</p>
                            </Alert>
                        }
                    })
                }}
                {move || {
                    cannot_copy.get().then(|| {
                        view! {
                            <Alert>
                                <p>{tr!("This browser does not let pages copy. Copy it from here:")}</p>
                            </Alert>
                        }
                    })
                }}
                <textarea
                    class="input mono"
                    dir="ltr"
                    readonly
                    rows="20"
                    aria-label=tr!("Text of the diagnostics")
                    aria-busy=move || waits.get().then_some("true")
                    prop:value=move || text.with(|load| load.data().cloned().unwrap_or_default())
                ></textarea>
            </div>
            <footer class="sheet-foot">
                <a class="button" href=address download=file>
                    {tr!("Download")}
                </a>
                <Button label=tr!("Copy diagnostics") kind=Kind::Primary busy=waits on_press=copy />
            </footer>
        </Sheet>
    }
}
