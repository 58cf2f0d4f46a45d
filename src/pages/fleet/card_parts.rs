//! The lines of a card, from the heartbeat to the notices.

use leptos::prelude::*;
use pitlane_api::HeartbeatState;

use crate::model::card::Face;
use crate::model::card::MaintenanceWords;
use crate::model::card::Notice;
use crate::model::fold::Pulse;
use crate::model::format;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::ui;
use crate::ui::Age;
use crate::ui::Beats;
use crate::ui::Dot;
use crate::ui::Icon;
use crate::ui::Meter;
use crate::ui::Tag;
use crate::ui::view;
use crate::words::tr;

/// Dot, age and strip.
#[component]
pub fn Heartbeat(face: Memo<Face>, pulse: Signal<ArcRwSignal<Pulse>>) -> impl IntoView {
    let tone = Signal::derive(move || face.with(|face| face.heartbeat.tone));
    let at = Memo::new(move |_| pulse.get().with(|pulse| pulse.at));
    let recent = Memo::new(move |_| pulse.get().with(|pulse| pulse.recent.clone()));
    let word = move || match face.with(|face| face.heartbeat.state) {
        HeartbeatState::NotReported => Some(tr!("heartbeat" => "not reported")),
        HeartbeatState::Late => Some(tr!("heartbeat" => "late")),
        _ => None,
    };
    view! {
        <div class="card-heartbeat">
            <Dot tone=tone halo=true />
            <span>
                {tr!("Heartbeat")} " "
                <b>
                    <Age at=at />
                </b>
                {move || word().map(|word| view! { <span class="muted">" " {word}</span> })}
            </span>
            <Beats recent=recent tone=tone />
        </div>
    }
}

/// CPU, memory, disk. Unknown where the node does not report.
#[component]
pub fn Meters(face: Memo<Face>, pulse: Signal<ArcRwSignal<Pulse>>) -> impl IntoView {
    let known = move || face.with(|face| face.meters_known);
    let cpu = Memo::new(move |_| pulse.get().with(|pulse| pulse.cpu_percent).filter(|_| known()));
    let memory =
        Memo::new(move |_| format::share(pulse.get().with(|pulse| pulse.memory_used), face.with(|face| face.memory_total)).filter(|_| known()));
    let disk = Memo::new(move |_| face.with(|face| face.disk_percent).filter(|_| known()));
    view! {
        <div class="card-meters">
            <Meter label=tr!("CPU") value=cpu bad=false />
            <Meter label=tr!("Memory") value=memory bad=Signal::derive(move || face.with(|face| face.memory_bad)) />
            <Meter label=tr!("Disk") value=disk bad=Signal::derive(move || face.with(|face| face.disk_bad)) />
        </div>
    }
}

/// Docker, Caddy, conditions that are bad; the agent's version at the right.
#[component]
pub fn Signals(face: Memo<Face>) -> impl IntoView {
    let rows = move || {
        face.with(|face| face.signals.clone())
            .into_iter()
            .map(|signal| {
                let title = signal.title.clone();
                view! {
                    <li class="signal" data-tone=signal.tone.as_str() title=title>
                        <Icon glyph=signal.glyph />
                        <span aria-hidden="true">{signal.name}</span>
                        <span class="visually-hidden">{signal.title}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let version = move || {
        let (version, update) = face.with(|face| (face.version.clone(), face.update.clone()));
        view! {
            <span class="mono">{version.unwrap_or_else(|| tr!("agent {}", format::UNKNOWN))}</span>
            {update.map(|to| view! { <Tag tone=Tone::Pending word=tr!("update") title=tr!("Update to {}", to) /> })}
        }
    };
    view! {
        <div class="card-signals">
            <ul>{move || rows()}</ul>
            <span class="card-version">{move || version()}</span>
        </div>
    }
}

/// `In maintenance 2 h 14 min · back in 1 h · on-call · “Kernel 6.12 reboot”`. A long reason is cut, so it stands last; its title is the whole of it.
#[component]
pub fn MaintenanceLine(words: MaintenanceWords) -> impl IntoView {
    let clock = App::get().clock;
    let since = words.since;
    let rest = if words.rest.is_empty() { String::new() } else { format!(" · {}", words.rest) };
    let whole = words.rest;
    let back = words.expected_back_at.map(|at| {
        let overdue = move || at < clock.now();
        let text = move || {
            let now = clock.now();
            if at < now { tr!("overdue {}", format::age(Some(at), now)) } else { tr!("back {}", format::relative(at, now)) }
        };
        view! {
            " · "
            <span class="expected" data-overdue=move || overdue().then_some("")>{move || text()}</span>
        }
    });
    view! {
        <p class="card-maintenance" title=whole>
            <Icon glyph=Glyph::Clock />
            <span>
                {tr!("In maintenance")} " "
                {since.map(|at| view! { <Age at=Signal::stored(Some(at)) /> })}
                {back}
                {rest}
            </span>
        </p>
    }
}

/// A box with a sentence, and an age in it where it has one.
#[component]
pub fn NoticeBox(notice: Notice) -> impl IntoView {
    let since = notice.since.map(|since| view! { <Age at=Signal::stored(Some(since.at)) sentence=move |age: &str| since.sentence(age) /> " " });
    view! {
        <ui::Notice tone=notice.tone glyph=notice.glyph>
            <p>
                {notice.strong.map(|strong| view! { <b>{strong}</b> " " })}
                {since}
                {notice.text}
            </p>
        </ui::Notice>
    }
}
