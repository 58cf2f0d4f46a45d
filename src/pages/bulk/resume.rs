//! Going on with a bulk operation that was stopped or aborted: what stopped it, what is new since it was asked for, and what is left out.

use leptos::prelude::*;
use pitlane_api::{BulkItem, BulkOperation, Words};

use super::needs;
use super::resume_state::Resuming;
use crate::model::drain;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::StaysTable;
use crate::pages::context::App;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::CheckField;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::Told;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The panel.
#[component]
pub fn Resume(bulk: Remote<BulkOperation>, now: Memo<Option<BulkOperation>>) -> impl IntoView {
    let app = App::get();
    let state = Resuming::new(app, bulk, now);
    let refused = Signal::derive(move || now.with(|bulk| bulk.as_ref().and_then(|bulk| app.live.session.why_not(needs(bulk.kind)))));
    #[derive(Clone, PartialEq)]
    enum Stage {
        Loading,
        Ready,
        Failed(Line),
    }
    let stage = Memo::new(move |_| {
        state.preview.with(|load| match load {
            Load::Loading => Stage::Loading,
            Load::Failed(error, None) => Stage::Failed(error.message()),
            _ => Stage::Ready,
        })
    });
    let body = move || match stage.get() {
        Stage::Loading => view! { <Skeleton shape="line" count=3 /> }.into_any(),
        Stage::Failed(text) => view! {
            <Problem title=tr!("The nodes that are left could not be read") text=text on_retry=move |()| state.read_again() />
        }
        .into_any(),
        Stage::Ready => view! { <New state=state /> }.into_any(),
    };
    let wrong = move || state.missing.get().map(Line::from).or_else(|| state.problem.get());
    view! {
        <section class="panel bulk-resume" aria-label=tr!("Go on")>
            <h2>{tr!("Go on")}</h2>
            <Stuck state=state />
            {move || body()}
            {move || {
                wrong().map(|text| {
                    view! {
                        <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                            <p>
                                <b>{tr!("Not resumed.")}</b>
                                " "
                                {marked(text)}
                            </p>
                        </Notice>
                    }
                })
            }}
            <div class="notice-actions no-print">
                <Button label=tr!("Resume") kind=Kind::Primary refused=refused busy=state.busy on_press=move |()| state.submit() />
                <Button label=tr!("Read again") kind=Kind::Quiet on_press=move |()| state.read_again() />
            </div>
        </section>
    }
}

/// What stopped it, each with the choice to leave it out.
#[component]
fn Stuck(state: Resuming) -> impl IntoView {
    let stuck = Memo::new(move |_| state.stuck());
    let one = move |item: BulkItem| {
        let out = RwSignal::new(state.skip.with_untracked(|skip| skip.contains(&item.node_id)));
        let id = item.node_id.clone();
        Effect::new(move || state.leave_out(&id, out.get()));
        view! {
            <li>
                <p>
                    <b>{item.node_name.clone()}</b>
                    ": "
                    {item.message.map_or_else(|| tr!("It was aborted.").into_any(), |why| view! { <Told words=why /> }.into_any())}
                </p>
                <CheckField label=tr!("Leave {} out.", item.node_name.clone()) value=out />
            </li>
        }
    };
    dynamic(move || {
        let stuck = stuck.get();
        let text = if stuck.is_empty() {
            tr!("The nodes that were not begun are done next.")
        } else {
            tr!("What stopped it is tried again, unless it is left out. What is done is not done again.")
        };
        view! {
            <p class="muted">{text}</p>
            <ul class="bulk-stuck">{stuck.into_iter().map(one).collect_view()}</ul>
        }
    })
}

/// What is there now and was not seen when it was asked for, and what stands in the way.
#[component]
fn New(state: Resuming) -> impl IntoView {
    let look = Memo::new(move |_| state.look());
    let held = Signal::derive(move || state.missing.with(Option::is_some));
    let changed = Memo::new(move |_| look.with(|look| !look.changed.is_empty()));
    let unread = Memo::new(move |_| look.with(|look| !look.unread.is_empty()));
    let tables = move || {
        look.with(|look| look.changed.clone())
            .into_iter()
            .map(|changed| {
                let gone = match &changed.refusal {
                    pitlane_api::Refusal::StatefulWorkloadsChanged { gone, .. } if !gone.is_empty() => {
                        let names: Vec<String> = gone.iter().map(drain::readable).collect();
                        Some(view! { <p>{tr!("No longer here: {}.", names.join(", "))}</p> })
                    }
                    _ => None,
                };
                let name = changed.node.node_name;
                view! {
                    <div class="bulk-stays">
                        <h3>{name.clone()}</h3>
                        {gone}
                        <StaysTable workloads=changed.node.stateful refusal=Some(changed.refusal) node=name />
                    </div>
                }
            })
            .collect_view()
    };
    let lines = move || {
        let unread = look.with(|look| look.unread.clone()).into_iter().map(|node| (node.node_name, Words::in_line(node.not_read)));
        let blocked = look.with(|look| look.blocked.clone()).into_iter().map(|node| (node.node_name, node.blocked.unwrap_or_default()));
        let rows: Vec<_> = unread.chain(blocked).map(|(name, why)| view! { <li><b>{name}</b> ": " <Told words=why /></li> }).collect();
        (!rows.is_empty()).then(|| {
            view! {
                <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                    <ul class="reasons">{rows}</ul>
                </Notice>
            }
        })
    };
    view! {
        <When cond=move || changed.get()>
            <p class="muted">{tr!("What stays now and was not seen when it was asked for, by node:")}</p>
        </When>
        {move || tables()}
        {move || lines()}
        <When cond=move || changed.get()>
            <CheckField label=tr!("I have seen what is new, and that it stays and is not moved.") value=state.understood wrong=held />
        </When>
        <When cond=move || unread.get()>
            <CheckField label=tr!("I know that not every workload could be read, and go on all the same.") value=state.unread wrong=held />
        </When>
    }
}
