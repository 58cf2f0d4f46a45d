//! Guarded removal, for admins.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, Override, REASON_MAX, Refusal, Words};

use super::Subject;
use super::fleet_name;
use super::remove_blockers::Blockers;
use crate::api;
use crate::model::drain;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::platform::focus;
use crate::route::Route;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::Sheet;
use crate::ui::TextField;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// What was refused, in words.
#[derive(Clone, PartialEq)]
struct Blocked {
    message: Line,
    blockers: Vec<Words>,
    overridable: bool,
}

/// The sheet.
#[component]
pub fn RemoveSheet(subject: Subject) -> impl IntoView {
    let app = App::get();
    let blocked = RwSignal::new(None::<Blocked>);
    let reason = RwSignal::new(String::new());
    let reason_error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let refused = Signal::derive(move || app.live.session.why_not(Action::Remove));

    let send = move |overridden: Option<Override>| {
        busy.set(true);
        let (id, name) = (subject.id.get_value(), subject.name.get_untracked());
        let revision = subject.node.with_untracked(|node| node.revision.clone());
        spawn_local(async move {
            let outcome = api::remove(&id, &revision, overridden).await;
            if outcome.is_ok() {
                app.toasts.show(Tone::Neutral, Glyph::Trash, tr!("{} was removed", name));
            }
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(()) => app.nav.go(Route::fleet()),
                Err(error) => blocked.set(Some(match error.refusal() {
                    Some(Refusal::DeletionBlocked { blockers, overridable }) => {
                        Blocked { message: tr!("It cannot be removed yet:").into(), blockers, overridable }
                    }
                    _ => Blocked { message: error.message(), blockers: Vec::new(), overridable: false },
                })),
            }
        });
    };
    let overridable = Memo::new(move |_| blocked.with(|blocked| blocked.as_ref().is_some_and(|blocked| blocked.overridable)));
    let override_ = move |()| {
        let text = reason.get_untracked();
        match drain::reason_problem(&text) {
            Some(wrong) => {
                reason_error.set(Some(wrong.words().to_owned()));
                focus::to_what_is_wrong();
            }
            None => send(Some(Override { reason: text.trim().to_owned() })),
        }
    };
    let fleet = fleet_name(app);
    view! {
        <Sheet
            title=Signal::derive(move || tr!("Remove {}", subject.name.get()))
            subtitle=Signal::derive(move || tr!("{} · Takes the node out of the fleet. The host itself is not touched.", fleet()))
            on_close=move |()| app.nav.close()
        >
            <div class="sheet-body">
                <p>
                    {tr!("Only a node in maintenance, offline or pending, with no workloads, can be removed. Its agent must enrol again to come back.")}
                </p>
                <Blockers subject=subject />
                {move || blocked.get().map(|blocked| view! {
                    <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                        <p>{marked(blocked.message)}</p>
                        <ul class="reasons">{blocked.blockers.into_iter().map(|text| view! { <li><Told words=text /></li> }).collect_view()}</ul>
                    </Notice>
                })}
                <When cond=move || overridable.get()>
                    <TextField
                        label=tr!("Reason for removing it all the same")
                        value=reason
                        error=Signal::derive(move || reason_error.get())
                        max=REASON_MAX
                    />
                    <Button label=tr!("Remove anyway") kind=Kind::Danger refused=refused busy=busy on_press=override_ />
                </When>
            </div>
            <footer class="sheet-foot">
                <Button label=tr!("Cancel") on_press=move |()| app.nav.close() />
                <Button label=tr!("Remove node") kind=Kind::Danger refused=refused busy=busy on_press=move |()| send(None) />
            </footer>
        </Sheet>
    }
}
