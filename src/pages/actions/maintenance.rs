//! Changing a maintenance: its reason, and when the node is expected back.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, MaintenancePatch, REASON_MAX};

use super::Subject;
use super::asking::field_error;
use super::fleet_name;
use super::signed_out::{SignInFirst, written_before};
use crate::api;
use crate::api::ApiError;
use crate::model::drain;
use crate::model::expected;
use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::locale;
use crate::ui::Alert;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Sheet;
use crate::ui::TextField;
use crate::ui::marked;
use crate::ui::view;
use crate::words::tr;

/// The sheet.
#[component]
pub fn MaintenanceSheet(subject: Subject) -> impl IntoView {
    let app = App::get();
    let record = subject.node.with_untracked(|node| node.maintenance.clone());
    let expected_now = record.as_ref().and_then(|record| record.expected_back_at);
    let was_reason = record.as_ref().and_then(|record| record.reason.clone()).unwrap_or_default();
    let was_field = expected_now.map(locale::field).unwrap_or_default();
    let revision = StoredValue::new(subject.node.with_untracked(|node| node.revision.clone()));

    let reason = RwSignal::new(written_before(app).unwrap_or_else(|| was_reason.clone()));
    let back = RwSignal::new(was_field.clone());
    let reason_error = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<ApiError>);
    let at_field = move |field: &'static str| problem.with(|problem| field_error(problem.as_ref()?, field));
    let busy = RwSignal::new(false);

    let extend = move |()| {
        let now = app.clock.now_untracked();
        let from = locale::parse_field(&back.get_untracked());
        if let Some(at) = expected::extended(from, now) {
            back.set(locale::field(at));
        }
    };
    let before = StoredValue::new((was_reason, was_field));
    let save = move || {
        let (was_reason, was_field) = before.get_value();
        let text = reason.get_untracked().trim().to_owned();
        let changed_reason = text != was_reason;
        if changed_reason && let Some(wrong) = drain::reason_problem(&text) {
            reason_error.set(Some(wrong.words().to_owned()));
            return focus::to_what_is_wrong();
        }
        reason_error.set(None);
        problem.set(None);
        let field = back.get_untracked();
        let patch =
            MaintenancePatch { reason: changed_reason.then_some(text), expected_back_at: (field != was_field).then(|| locale::parse_field(&field)) };
        busy.set(true);
        let id = subject.id.get_value();
        spawn_local(async move {
            let outcome = api::change_maintenance(&id, &revision.get_value(), &patch).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(()) => {
                    app.announcer.say(tr!("Maintenance changed"));
                    app.nav.close();
                }
                Err(error) => {
                    if let Some(node) = app.live.fleet.peek(&id) {
                        revision.set_value(node.revision);
                    }
                    problem.set(Some(error));
                    focus::to_what_is_wrong();
                }
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if app.live.session.why_not(Action::Drain).is_none() && !busy.get_untracked() {
            save();
        }
    };
    let fleet = fleet_name(app);
    view! {
        <Sheet
            title=Signal::derive(move || tr!("Change maintenance of {}", subject.name.get()))
            subtitle=Signal::derive(move || tr!("{} · Shows on the card, the node's page and in the activity log.", fleet()))
            on_close=move |()| app.nav.close()
        >
            <form class="sheet-form" novalidate on:submit=submit>
                <div class="sheet-body">
                    <TextField label=tr!("Reason") value=reason error=Signal::derive(move || reason_error.get().or_else(|| at_field(drain::REASON))) max=REASON_MAX autofocus=true />
                    <div class="extend">
                        <TextField
                            label=tr!("Expected back")
                            value=back
                            kind="datetime-local"
                            error=Signal::derive(move || at_field(drain::EXPECTED))
                        />
                        <Button label=tr!("Extend 1 h") on_press=extend />
                        <Button label=tr!("No time set") kind=Kind::Quiet on_press=move |()| back.set(String::new()) />
                    </div>
                    {move || {
                        let beside = problem.get().filter(|_| at_field(drain::REASON).is_none() && at_field(drain::EXPECTED).is_none());
                        beside.map(|problem| {
                            view! {
                                <Alert>
                                    <p>{marked(problem.message())}</p>
                                    <SignInFirst error=problem reason=reason />
                                </Alert>
                            }
                        })
                    }}
                </div>
                <footer class="sheet-foot">
                    <Button label=tr!("Cancel") on_press=move |()| app.nav.close() />
                    <Button
                        label=tr!("Save")
                        kind=Kind::Primary
                        submit=true
                        busy=busy
                        refused=Signal::derive(move || app.live.session.why_not(Action::Drain))
                        on_press=|()| ()
                    />
                </footer>
            </form>
        </Sheet>
    }
}
