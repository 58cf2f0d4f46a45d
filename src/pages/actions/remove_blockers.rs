//! What stands in the way of a removal, before anybody presses: by the very rule that the server asks.

use leptos::prelude::*;
use pitlane_api::rules;
use pitlane_api::rules::DeletionInput;
use pitlane_api::{Health, Refusal, Words, WorkloadList};

use super::Subject;
use crate::api;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::poll::every;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Notice;
use crate::ui::Skeleton;
use crate::ui::Told;
use crate::ui::view;
use crate::words::tr;

/// Read again while the sheet is open, because what is in the way goes away elsewhere.
const AGAIN_S: i64 = 5;

/// The blockers, each in a sentence, or that there is none.
#[component]
pub fn Blockers(subject: Subject) -> impl IntoView {
    let app = App::get();
    let workloads = Remote::new(move || {
        let id = subject.id.get_value();
        async move { api::workloads(&id).await }
    });
    every(app, AGAIN_S, move || workloads.reload());
    // `None` while the workloads are being read.
    let blockers = Memo::new(move |_| {
        workloads.with(|load| match load {
            Load::Loading => None,
            // What was read before is not what is there now.
            Load::Failed(..) => Some(blockers(subject, None)),
            Load::Ready(list) => Some(blockers(subject, Some(list))),
        })
    });
    let body = move || match blockers.get() {
        None => view! { <Skeleton shape="line" count=2 /> },
        Some(blockers) if blockers.is_empty() => view! {
            <Notice tone=Tone::Healthy glyph=Glyph::Check>
                <p>{tr!("Nothing stands in the way.")}</p>
            </Notice>
        },
        Some(blockers) => {
            let each = blockers.into_iter().map(|text| view! { <li><Told words=text /></li> }).collect_view();
            view! {
                <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                    <p><b>{tr!("What stands in the way:")}</b></p>
                    <ul class="reasons">{each}</ul>
                </Notice>
            }
        }
    };
    view! { <div role="status" aria-label=tr!("What stands in the way")>{move || body()}</div> }
}

fn blockers(subject: Subject, list: Option<&WorkloadList>) -> Vec<Words> {
    subject.node.with(|node| {
        // Of a node that never sent a heartbeat nothing was left unread; the server knows it by the same.
        let list = list.filter(|_| node.health != Health::Pending || node.last_heartbeat_at.is_some());
        let input = DeletionInput { health: node.health, scheduling: node.scheduling, operation: node.operation.as_ref(), list, overridden: false };
        match rules::check_deletion(&input) {
            Err(Refusal::DeletionBlocked { blockers, .. }) => blockers,
            _ => Vec::new(),
        }
    })
}
