//! The cards: real nodes first, and simulated ones under a heading of their own; in groups where that is asked for.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::card::NodeCard;
use super::cells;
use super::empty::NothingFound;
use super::head::CapacityLine;
use super::listing::{Bound, Listing};
use super::select::SelectGroup;
use crate::model::content::{Section, is_gap};
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
    let listing = Listing::start(app, query, Shape { columns, gap: 16, row: 270, head: 56 }, Bound(PRINTED));
    let total = Memo::new(move |_| listing.content.with(|content| content.total));
    let after = move || listing.content.with(|content| format!("{}px", content.after));
    let section = move |key: String| view! { <OneSection listing=listing key=key /> };
    let loaded = app.live.fleet.loaded();
    view! {
        <PrintNote total=total bound=PRINTED />
        <div class="listing" node_ref=listing.root()>
            <Keyed keys=listing.keys() row=section />
            <div aria-hidden="true" style:height=after></div>
        </div>
        {dynamic(move || match (total.get(), loaded.get()) {
            (0, true) => view! { <NothingFound query=query /> },
            (0, false) => view! { <div class="cards" aria-busy="true"><Skeleton shape="card" count=8 /></div> },
            _ => ().into_any(),
        })}
    }
}

/// What is printed is less than what there is: said on the paper.
#[component]
pub fn PrintNote(total: Memo<usize>, bound: usize) -> impl IntoView {
    let text = move || (total.get() > bound).then(|| tr!("The first {} of {} nodes are printed.", number(bound), number(total.get())));
    view! { <p class="print-only">{text}</p> }
}

#[component]
fn OneSection(listing: Listing, key: String) -> impl IntoView {
    let section = listing.section(key);
    let part = move |read: fn(&Section) -> String| Memo::new(move |_| section.with(|section| section.as_ref().map(read).unwrap_or_default()));
    let before = part(|section| format!("{}px", section.before));
    let label = part(|section| match &section.name {
        Some(name) if section.simulated => tr!("{}, simulated", name),
        Some(name) => name.clone(),
        None if section.simulated => tr!("Simulated nodes"),
        None => tr!("Nodes of this fleet"),
    });
    let keys = cells::cells(section);
    let any = Memo::new(move |_| keys.with(|keys| !keys.is_empty()));
    view! {
        <div aria-hidden="true" style:height=move || before.get()></div>
        <section aria-label=move || label.get()>
            <SectionHead section=section label=label />
            <When cond=move || any.get()>
                <div class="cards" role="feed" aria-label=move || label.get()>
                    <Keyed keys=keys row=move |key| cell(section, key) />
                </div>
            </When>
        </section>
    }
}

fn cell(section: Memo<Option<Section>>, key: String) -> AnyView {
    let place = cells::cell(section, key.clone());
    if is_gap(&key) {
        return view! { <div class="gap" aria-hidden="true" style:height=move || format!("{}px", place.get().0)></div> };
    }
    let id = NodeId(key);
    let count = Memo::new(move |_| section.with(|section| section.as_ref().map(|section| section.count).unwrap_or_default()));
    let place = Signal::derive(move || (place.get().1, count.get()));
    App::get().live.fleet.row_untracked(&id).map(|row| view! { <NodeCard id=id row=row place=place /> }).into_any()
}

#[component]
fn SectionHead(section: Memo<Option<Section>>, label: Memo<String>) -> impl IntoView {
    let app = App::get();
    // What kind of heading it is does not change while it stands.
    let known = section.get_untracked();
    let simulated = known.as_ref().is_some_and(|section| section.simulated);
    let grouped = known.is_some_and(|section| section.name.is_some());
    if !grouped && !simulated {
        return view! { <h2 class="visually-hidden">{move || label.get()}</h2> };
    }
    let key = section.with_untracked(|section| section.as_ref().map(|section| section.key.clone())).unwrap_or_default();
    if !grouped {
        let fleet_has_real = Memo::new(move |_| app.live.fleet.counts(app.clock.now_untracked()).total.real > 0);
        return view! {
            <div class="section-head">
                <SelectGroup group=key name=label />
                <h2>{move || label.get()}</h2>
                <p class="muted">{tr!("Played by pitlane demo. They count for nothing above.")}</p>
                <When cond=move || fleet_has_real.get()>
                    <CapacityLine simulated=true />
                </When>
            </div>
        };
    }
    view! { <GroupHead section=section simulated=simulated key=key label=label /> }
}

/// The heading of a group: folds it up, and says what it adds up to.
#[component]
fn GroupHead(section: Memo<Option<Section>>, simulated: bool, key: String, label: Memo<String>) -> impl IntoView {
    let app = App::get();
    let read = move |read: fn(&Section) -> String| Memo::new(move |_| section.with(|section| section.as_ref().map(read).unwrap_or_default()));
    let name = read(|section| section.name.clone().unwrap_or_default());
    let sentence = read(|section| section.sentence.clone());
    let open = Memo::new(move |_| section.with(|section| section.as_ref().is_some_and(|section| section.open)));
    let fold = move |_| {
        if let Some(section) = section.get_untracked() {
            super::change(app, |query| query.folded(&section.key));
        }
    };
    view! {
        <div class="section-head group-head">
            <SelectGroup group=key name=label />
            <h2>
                <button type="button" class="fold" aria-expanded=move || if open.get() { "true" } else { "false" } on:click=fold>
                    {move || name.get()}
                </button>
            </h2>
            {simulated.then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })}
            <p class="muted">{move || sentence.get()}</p>
        </div>
    }
}
