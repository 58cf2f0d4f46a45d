//! The cards: real nodes first, and simulated ones under a heading of their own; in groups where that is asked for.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::empty::NothingFound;
use super::head::CapacityLine;
use super::listing::Listing;
use super::seat::Cards;
use super::select::SelectGroup;
use super::text::height;
use crate::model::content::{Section, is_gap};
use crate::model::query::Query;
use crate::model::tone::Tone;
use crate::model::window::{PX, Shape};
use crate::pages::context::App;
use crate::platform::viewport;
use crate::ui::Keyed;
use crate::ui::Skeleton;
use crate::ui::Tag;
use crate::ui::When;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::{number, tr};

/// More cards than this are not printed: the table prints more, and a selection less.
const PRINTED: usize = 400;

/// All cards.
#[component]
pub fn Sections(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let columns = usize::try_from(viewport::width() / 326).unwrap_or(1).max(1);
    let listing = Listing::start(app, query, Shape { columns, gap: 16 * PX, row: 270 * PX, head: 58 * PX }, PRINTED);
    let after = listing.text(|content| height(content.after));
    let section = move |key: String| view! { <OneSection listing=listing key=key /> };
    view! {
        <PrintNote listing=listing bound=PRINTED />
        <div class="listing" node_ref=listing.root()>
            <Keyed keys=listing.keys() row=section />
            <div aria-hidden="true" style:height=move || after.get()></div>
        </div>
        <Nothing listing=listing query=query />
    }
}

/// What stands in place of an empty list: that nothing matches, or that not all of the fleet is here yet.
#[component]
pub fn Nothing(listing: Listing, query: Memo<Query>) -> impl IntoView {
    let loaded = App::get().live.fleet.loaded();
    let empty = Memo::new(move |_| listing.total() == 0);
    dynamic(move || match (empty.get(), loaded.get()) {
        (true, true) => view! { <NothingFound query=query /> },
        (true, false) => view! { <div class="cards" aria-busy="true"><Skeleton shape="card" count=8 /></div> },
        _ => ().into_any(),
    })
}

/// What is printed is less than what there is: said on the paper.
#[component]
pub fn PrintNote(listing: Listing, bound: usize) -> impl IntoView {
    let text = move || {
        let total = listing.total();
        if total > bound { tr!("The first {} of {} nodes are printed.", number(bound), number(total)) } else { String::new() }
    };
    view! { <p class="print-only">{text}</p> }
}

#[component]
fn OneSection(listing: Listing, key: String) -> impl IntoView {
    let keys = listing.cells(key.clone());
    let any = Memo::new(move |_| keys.with(|keys| !keys.is_empty()));
    let before = listing.section_text(&key, |section| height(section.before));
    let label = listing.section_text(&key, label);
    let celled = key.clone();
    let cards = Cards::of(listing, &key);
    let cell = move |key: String| cell(listing, cards, &celled, key);
    view! {
        <div aria-hidden="true" style:height=move || before.get()></div>
        <section aria-label=move || label.get()>
            <SectionHead listing=listing key=key label=label />
            <When cond=move || any.get()>
                <div class="cards" role="feed" aria-label=move || label.get()>
                    <Keyed keys=keys row=cell.clone() />
                </div>
            </When>
        </section>
    }
}

/// What a section is called.
pub fn label(section: &Section) -> String {
    match &section.name {
        Some(name) if section.simulated => tr!("{}, simulated", name),
        Some(name) => name.clone(),
        None if section.simulated => tr!("Simulated nodes"),
        None => tr!("Nodes of this fleet"),
    }
}

fn cell(listing: Listing, cards: Cards, section: &str, key: String) -> AnyView {
    if is_gap(&key) {
        let px = listing.cell_text(section, &key, |cell, _| height(cell.length()));
        return view! { <div class="gap" aria-hidden="true" style:height=move || px.get()></div> };
    }
    cards.place(NodeId(key))
}

#[component]
fn SectionHead(listing: Listing, key: String, label: Signal<String>) -> impl IntoView {
    let app = App::get();
    // What kind of heading it is does not change while it stands.
    match untrack(|| listing.kind(&key)) {
        (false, false) => view! { <h2 class="visually-hidden">{move || label.get()}</h2> },
        (false, true) => {
            let fleet_has_real = move || app.live.fleet.counts(app.clock.now_untracked()).total.real > 0;
            view! {
                <div class="section-head">
                    <SelectGroup group=key name=label />
                    <h2>{move || label.get()}</h2>
                    <p class="muted">{tr!("Played by pitlane demo. They count for nothing above.")}</p>
                    <When cond=fleet_has_real>
                        <CapacityLine simulated=true />
                    </When>
                </div>
            }
        }
        (true, simulated) => {
            let sentence = listing.section_text(&key, |section| section.sentence.clone());
            view! {
                <div class="section-head">
                    <SelectGroup group=key.clone() name=label />
                    <h2>
                        <Fold listing=listing key=key />
                    </h2>
                    {simulated.then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })}
                    <p class="muted">{move || sentence.get()}</p>
                </div>
            }
        }
    }
}

/// The name of a group; pressed, it folds the group up or down.
#[component]
pub fn Fold(listing: Listing, key: String) -> impl IntoView {
    let app = App::get();
    let name = listing.section_text(&key, |section| section.name.clone().unwrap_or_default());
    let open = listing.section_text(&key, |section| section.open.to_string());
    let fold = move |_| super::change(app, |query| query.folded(&key));
    view! {
        <button type="button" class="fold" aria-expanded=move || open.get() on:click=fold>
            {move || name.get()}
        </button>
    }
}
