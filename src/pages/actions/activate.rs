//! The activate sheet: every check, the countdown of the settle window, and the override with its reason.

use leptos::prelude::*;
use pitlane_api::{Action, ActivateRequest, ActivationChecks, REASON_MAX};

use super::Subject;
use super::activate_state::ActivateState;
use super::checks::CheckList;
use super::fleet_name;
use super::operation::OperationProgress;
use crate::api::ApiError;
use crate::model::checks;
use crate::model::format;
use crate::model::operation;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::poll::every;
use crate::platform::focus;
use crate::state::Load;
use crate::ui::Button;
use crate::ui::Commands;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::Sheet;
use crate::ui::Skeleton;
use crate::ui::TextField;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::marked;
use crate::ui::view;
use crate::words::tr;

/// The checks are read again this often while the sheet is open, in seconds.
const AGAIN_S: i64 = 5;

/// The sheet. Once accepted it shows the operation until the engine confirmed it.
#[component]
pub fn ActivateSheet(subject: Subject) -> impl IntoView {
    let app = App::get();
    let state = ActivateState::new(app, subject);
    every(app, AGAIN_S, move || {
        if state.sent.with_untracked(Option::is_none) {
            state.checks.reload();
        }
    });
    let fleet = fleet_name(app);
    let refused = Signal::derive(move || app.live.session.why_not(Action::Activate));
    let accepted = Memo::new(move |_| state.sent.with(Option::is_some));
    view! {
        <Sheet
            title=Signal::derive(move || tr!("Activate {}", subject.name.get()))
            subtitle=Signal::derive(move || tr!("{} · Makes the node schedulable again. Nothing moves back by itself.", fleet()))
            on_close=move |()| app.nav.close()
        >
            <div class="sheet-body">
                <When cond=move || accepted.get() fallback=move || view! { <Asking state=state refused=refused /> }>
                    <Accepted state=state />
                </When>
            </div>
            <footer class="sheet-foot" data-next=move || accepted.get().then_some("")>
                <When
                    cond=move || accepted.get()
                    fallback=move || {
                        view! {
                            <Button label=tr!("Cancel") on_press=move |()| app.nav.close() />
                            <Button
                                label=tr!("Activate")
                                kind=Kind::Primary
                                busy=state.busy
                                refused=refused
                                on_press=move |()| state.send(ActivateRequest::default())
                            />
                        }
                    }
                >
                    <Button label=tr!("Close") kind=Kind::Primary on_press=move |()| app.nav.close() />
                </When>
            </footer>
        </Sheet>
    }
}

#[component]
fn Accepted(state: ActivateState) -> impl IntoView {
    let node = state.subject.node;
    focus::to_what_is_next();
    dynamic(move || {
        state.sent.get().map(|sent| {
            let shown = Signal::derive(move || {
                let known = state.app.live.fleet.operation(&sent.id).unwrap_or_else(|| sent.clone());
                node.with(|node| operation::as_shown(&known, node))
            });
            view! { <OperationProgress operation=shown /> }
        })
    })
}

#[component]
fn Asking(state: ActivateState, refused: Signal<Option<String>>) -> impl IntoView {
    let list = move || {
        state.checks.with(|load| match load {
            Load::Loading => view! { <Skeleton shape="line" count=6 /> }.into_any(),
            Load::Failed(error, None) => view! {
                <Problem title=tr!("The checks could not be read") text=error.message() on_retry=move |()| state.checks.reload() />
            }
            .into_any(),
            Load::Ready(checks) | Load::Failed(_, Some(checks)) => view! { <Checks checks=checks.clone() /> }.into_any(),
        })
    };
    let blocked = Memo::new(move |_| state.checks.with(|load| load.data().is_some_and(|checks| !checks.clean)));
    let commands = Memo::new(move |_| state.checks.with(|load| load.data().map(|c| c.commands.clone()).unwrap_or_default()));
    view! {
        {move || list()}
        {move || {
            state.problem.with(|problem| problem.as_ref().map(ApiError::message)).map(|text| {
                view! {
                    <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                        <p>
                            <b>{tr!("Not activated.")} " "</b>
                            {marked(text)}
                        </p>
                    </Notice>
                }
            })
        }}
        <When cond=move || blocked.get()>
            <section class="override" aria-label=tr!("Override")>
                <h3>{tr!("Activate although checks are blocked")}</h3>
                <p class="muted">{tr!("The scheduler will place workloads here at once. The activity log keeps your name and reason.")}</p>
                <TextField
                    label=tr!("Reason for the override")
                    value=state.reason
                    error=Signal::derive(move || state.reason_error.get())
                    max=REASON_MAX
                />
                <Button label=tr!("Activate anyway") kind=Kind::Danger refused=refused busy=state.busy on_press=move |()| state.override_() />
            </section>
        </When>
        <details class="equivalent">
            <summary>{tr!("The same from a terminal")}</summary>
            {move || view! { <Commands commands=commands.get() /> }}
        </details>
    }
}

#[component]
fn Checks(checks: ActivationChecks) -> impl IntoView {
    let clock = App::get().clock;
    let notice = checks.notice.clone();
    let all = StoredValue::new(checks.clone());
    let countdown = move || all.with_value(|all| checks::countdown(all, clock.now()));
    view! {
        {notice.map(|text| view! {
            <Notice tone=Tone::Maintenance glyph=Glyph::Info>
                <p><Told words=text /> " " {tr!("Activate anyway?")}</p>
            </Notice>
        })}
        <CheckList checks=checks />
        {move || countdown().map(|left| view! {
            <Notice tone=Tone::Pending glyph=Glyph::Clock>
                <p>{tr!("Everything is clean. Ready in {}, if it stays so.", format::duration(left))}</p>
            </Notice>
        })}
    }
}
