//! Chips that filter, with live counts. Real and simulated nodes are counted apart.

use leptos::prelude::*;

use super::head::CapacityLine;
use super::show;
use crate::model::counts::Pair;
use crate::model::query::Facet;
use crate::model::query::Query;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::ui::Chip;
use crate::ui::Dot;
use crate::ui::Icon;
use crate::ui::Keyed;
use crate::ui::view;
use crate::words::{number, tr};

/// The row of chips with the capacity of the fleet.
#[component]
pub fn Chips(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let minute = Memo::new(move |_| app.clock.now().as_second() / 20);
    let counts = Memo::new(move |_| {
        minute.get();
        let now = app.clock.now_untracked();
        app.live.fleet.counts(now)
    });
    let both = Memo::new(move |_| counts.with(|counts| counts.total.real > 0 && counts.total.simulated > 0));
    let only_simulated = Memo::new(move |_| counts.with(|counts| counts.total.real == 0));

    // Which chips there are changes seldom; the numbers in them change in place.
    let shown = Memo::new(move |_| {
        let pressed = query.with(|query| query.show.clone());
        Facet::ALL
            .into_iter()
            .filter(|facet| {
                let always = matches!(facet, Facet::Healthy | Facet::Maintenance | Facet::Degraded | Facet::Offline);
                always || pressed.contains(facet) || counts.with(|counts| !counts.facet(*facet).is_zero())
            })
            .map(|facet| facet.as_str().to_owned())
            .collect::<Vec<_>>()
    });
    let chip = move |key: String| {
        let chip = |facet: Facet| {
            view! {
                <Chip
                    pressed=Signal::derive(move || query.with(|query| query.show.contains(&facet)))
                    on_press=move |()| show(app, query.with_untracked(|query| query.toggled(facet)))
                >
                    <Picture facet=facet />
                    {label(facet)}
                    <Number pair=Signal::derive(move || counts.with(|counts| counts.facet(facet))) both=both />
                </Chip>
            }
        };
        Facet::from_word(&key).map(chip).into_any()
    };
    let all = move |()| show(app, Query { show: Vec::new(), ..query.get_untracked() });
    view! {
        <div class="chips-row">
            <div class="chips" role="group" aria-label=tr!("Filter by state")>
                <Chip pressed=Signal::derive(move || query.with(|query| query.show.is_empty())) on_press=all>
                    {tr!("All")}
                    <Number pair=Signal::derive(move || counts.with(|counts| counts.total)) both=both />
                </Chip>
                <Keyed keys=shown row=chip />
            </div>
            {move || view! { <CapacityLine simulated=only_simulated.get() /> }}
        </div>
    }
}

#[component]
fn Number(#[prop(into)] pair: Signal<Pair>, both: Memo<bool>) -> impl IntoView {
    let eye = move || {
        let pair = pair.get();
        let simulated = (pair.simulated > 0).then(|| format!("+{}", number(pair.simulated)));
        if both.get() { (number(pair.real), simulated) } else { (number(pair.real + pair.simulated), None) }
    };
    view! {
        <b aria-hidden="true">{move || eye().0}</b>
        {move || eye().1.map(|more| view! { <span class="chip-more" aria-hidden="true" title=tr!("simulated")>{more}</span> })}
        <span class="visually-hidden">{move || pair.get().spoken(both.get())}</span>
    }
}

#[component]
fn Picture(facet: Facet) -> impl IntoView {
    match tone(facet) {
        Some(tone) => view! { <Dot tone=tone /> }.into_any(),
        None if facet == Facet::Stateful => view! { <Icon glyph=Glyph::Database /> }.into_any(),
        None if facet == Facet::Update => view! { <Icon glyph=Glyph::Refresh /> }.into_any(),
        None => view! { <Icon glyph=Glyph::Clock /> }.into_any(),
    }
}

const fn tone(facet: Facet) -> Option<Tone> {
    match facet {
        Facet::Healthy => Some(Tone::Healthy),
        Facet::Maintenance => Some(Tone::Maintenance),
        Facet::Degraded => Some(Tone::Degraded),
        Facet::Offline | Facet::Failed => Some(Tone::Offline),
        Facet::Pending => Some(Tone::Pending),
        Facet::Stateful | Facet::Overdue | Facet::Update | Facet::Planned => None,
    }
}

fn label(facet: Facet) -> String {
    match facet {
        Facet::Healthy => tr!("Healthy"),
        Facet::Maintenance => tr!("Maintenance"),
        Facet::Degraded => tr!("Degraded"),
        Facet::Offline => tr!("Offline"),
        Facet::Pending => tr!("Pending"),
        Facet::Failed => tr!("Failed"),
        Facet::Stateful => tr!("Stateful"),
        Facet::Overdue => tr!("Overdue"),
        Facet::Update => tr!("Update"),
        Facet::Planned => tr!("Planned"),
    }
}
