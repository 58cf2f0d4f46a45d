//! What must not be overlooked: stateful workloads that still run, or that the host is clear for destructive work.

use leptos::prelude::*;
use pitlane_api::{ClearForWork, WorkloadList};

use super::Shared;
use crate::api;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::fleet::NoticeBox;
use crate::pages::poll::every;
use crate::platform::focus;
use crate::state::Remote;
use crate::ui::Banner;
use crate::ui::Button;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::told;
use crate::words::tr;

/// Clear is said only of what was read just now, in seconds. The rule allows 30.
const AGAIN_S: i64 = 10;

/// One banner in maintenance, and the notices of the card otherwise.
#[component]
pub fn Banners(shared: Shared) -> impl IntoView {
    let notices = Memo::new(move |_| if shared.maintenance.get() { Vec::new() } else { shared.face.with(|face| face.notices.clone()) });
    view! {
        <When cond=move || shared.maintenance.get()>
            <MaintenanceBanner shared=shared />
        </When>
        {move || notices.get().into_iter().map(|notice| view! { <NoticeBox notice=notice /> }).collect_view()}
    }
}

#[component]
fn MaintenanceBanner(shared: Shared) -> impl IntoView {
    let clear = Remote::new(move || {
        let id = shared.id.get_value();
        async move { api::clear_for_work(&id).await }
    });
    every(shared.app, AGAIN_S, move || clear.reload());
    let stateful = Memo::new(move |_| shared.workloads.with(|load| load.data().map(|list: &WorkloadList| list.running_stateful().count())));
    // A failed reading is no reading: what was clear a minute ago is not called clear now.
    let verdict = Memo::new(move |_| clear.with(|load| if load.error().is_some() { None } else { load.data().cloned() }));
    let kind = Memo::new(move |_| match (verdict.get(), stateful.get()) {
        (Some(ClearForWork { clear: true, .. }), _) => Kind::Clear,
        (_, Some(n)) if n > 0 => Kind::Stateful(n),
        (Some(_), _) => Kind::NotClear,
        (None, _) if clear.with(|load| load.error().is_some()) => Kind::NotRead,
        _ => Kind::Reading,
    });
    let why = Signal::derive(move || verdict.with(|verdict| verdict.as_ref().map(why).unwrap_or_default()));
    let show = move |()| {
        focus::focus_first("[data-workloads]");
    };
    dynamic(move || match kind.get() {
        Kind::Clear => view! {
            <Banner
                tone=Tone::Healthy
                glyph=Glyph::Check
                title=tr!("Clear for destructive work.")
                text=tr!("In maintenance, and everything was read: no stateful workload, running or stopped, and no volume is left on this node.")
            />
        }
        .into_any(),
        Kind::Stateful(n) => view! {
            <Banner
                tone=Tone::Maintenance
                glyph=Glyph::Database
                stripes=true
                title=still_running(n)
                text=tr!("Maintenance stopped new placements only. Not clear for destructive host work.")
            >
                <Button label=tr!("Show them") on_press=show />
            </Banner>
        }
        .into_any(),
        Kind::NotClear => view! {
            <Banner tone=Tone::Maintenance glyph=Glyph::Database stripes=true title=tr!("Not clear for destructive host work.") text=why />
        }
        .into_any(),
        Kind::NotRead => view! {
            <Banner
                tone=Tone::Maintenance
                glyph=Glyph::Warning
                stripes=true
                title=tr!("Not clear for destructive host work.")
                text=tr!("What is on this node could not be read just now.")
            />
        }
        .into_any(),
        Kind::Reading => view! {
            <Banner
                tone=Tone::Maintenance
                glyph=Glyph::Wrench
                stripes=true
                title=tr!("In maintenance.")
                text=tr!("Reading whether the host is clear for destructive work…")
            />
        }
        .into_any(),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Reading,
    Clear,
    Stateful(usize),
    NotClear,
    NotRead,
}

fn still_running(n: usize) -> String {
    tr!("1 stateful workload is still running on this node." | "{n} stateful workloads are still running on this node." % n)
}

fn why(verdict: &ClearForWork) -> String {
    let mut parts: Vec<String> = verdict.because.iter().map(told).collect();
    if !verdict.not_read.is_empty() {
        parts.push(tr!("Not read: {}", verdict.not_read.iter().map(told).collect::<Vec<_>>().join(" ")));
    }
    parts.join(" ")
}
