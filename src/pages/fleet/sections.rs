//! The cards: real nodes first, and simulated ones under a heading of their own; in groups where that is asked for.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::card::NodeCard;
use super::empty::NothingFound;
use super::head::CapacityLine;
use super::listing::{Listing, height};
use crate::model::content::{Cell, Section, is_gap};
use crate::model::query::Query;
use crate::model::tone::Tone;
use crate::model::window::Shape;
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
    let listing = Listing::start(app, query, Shape { columns, gap: 16, row: 270, head: 58 }, PRINTED);
    let section = move |key: String| view! { <OneSection listing=listing key=key /> };
    view! {
        <PrintNote listing=listing bound=PRINTED />
        <div class="listing" node_ref=listing.root()>
            <Keyed keys=listing.keys() row=section />
            <div aria-hidden="true" style:height=move || listing.read(|content| height(content.after))></div>
        </div>
        <Nothing listing=listing query=query />
    }
}

/// What stands in place of an empty list: that nothing matches, or that not all of the fleet is here yet.
#[component]
pub fn Nothing(listing: Listing, query: Memo<Query>) -> impl IntoView {
    let loaded = App::get().live.fleet.loaded();
    let empty = Memo::new(move |_| listing.read(|content| content.total == 0));
    dynamic(move || match (empty.get(), loaded.get()) {
        (true, true) => view! { <NothingFound query=query /> },
        (true, false) => view! { <div class="cards" aria-busy="true"><Skeleton shape="card" count=8 /></div> },
        _ => ().into_any(),
    })
}

/// What is printed is less than what there is: said on the paper.
#[component]
pub fn PrintNote(listing: Listing, bound: usize) -> impl IntoView {
    let total = move || listing.read(|content| content.total);
    let text = move || (total() > bound).then(|| tr!("The first {} of {} nodes are printed.", number(bound), number(total())));
    view! { <p class="print-only">{text}</p> }
}

#[component]
fn OneSection(listing: Listing, key: String) -> impl IntoView {
    let keys = listing.cells(key.clone());
    let any = Memo::new(move |_| keys.with(|keys| !keys.is_empty()));
    let (before, labelled, named, celled, headed) = (key.clone(), key.clone(), key.clone(), key.clone(), key);
    let before = move || listing.section(&before, |section| height(section.before));
    let label = move || listing.section(&labelled, label);
    let name = move || listing.section(&named, self::label);
    let cell = move |key: String| cell(listing, celled.clone(), key);
    view! {
        <div aria-hidden="true" style:height=before></div>
        <section aria-label=label>
            <SectionHead listing=listing key=headed />
            <When cond=move || any.get()>
                <div class="cards" role="feed" aria-label=name.clone()>
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

fn cell(listing: Listing, section: String, key: String) -> AnyView {
    if is_gap(&key) {
        let px = move || listing.cell(&section, &key, |cell, _| height(cell.px()));
        return view! { <div class="gap" aria-hidden="true" style:height=px></div> };
    }
    let id = NodeId(key.clone());
    let place = Signal::derive(move || {
        let place = |cell: &Cell, section: &Section| (cell.place().0, section.count);
        listing.cell(&section, &key, place).unwrap_or_default()
    });
    App::get().live.fleet.row_untracked(&id).map(|row| view! { <NodeCard id=id row=row place=place /> }).into_any()
}

#[component]
fn SectionHead(listing: Listing, key: String) -> impl IntoView {
    let app = App::get();
    // What kind of heading it is does not change while it stands.
    let (grouped, simulated) = untrack(|| listing.section(&key, |section| (section.name.is_some(), section.simulated))).unwrap_or_default();
    let named = key.clone();
    let name = move || listing.section(&named, label);
    match (grouped, simulated) {
        (false, false) => view! { <h2 class="visually-hidden">{name}</h2> },
        (false, true) => {
            let fleet_has_real = move || app.live.fleet.counts(app.clock.now_untracked()).total.real > 0;
            view! {
                <div class="section-head">
                    <h2>{name}</h2>
                    <p class="muted">{tr!("Played by pitlane demo. They count for nothing above.")}</p>
                    <When cond=fleet_has_real>
                        <CapacityLine simulated=true />
                    </When>
                </div>
            }
        }
        (true, _) => view! {
            <div class="section-head">
                <h2>
                    <Fold listing=listing key=key.clone() />
                </h2>
                {simulated.then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })}
                <p class="muted">{move || listing.section(&key, |section| section.sentence.clone())}</p>
            </div>
        },
    }
}

/// The name of a group; pressed, it folds the group up or down.
#[component]
pub fn Fold(listing: Listing, key: String) -> impl IntoView {
    let app = App::get();
    let (named, opened) = (key.clone(), key.clone());
    let name = move || listing.section(&named, |section| section.name.clone());
    let open = move || if listing.section(&opened, |section| section.open) == Some(true) { "true" } else { "false" };
    let fold = move |_| super::change(app, |query| query.folded(&key));
    view! {
        <button type="button" class="fold" aria-expanded=open on:click=fold>
            {name}
        </button>
    }
}
