//! The fleet as a table: the same nodes, groups and order as the cards, in chosen columns. It comes with the rest of the console.

mod arrange;
mod cell;
mod row;
mod tools;

pub use tools::FleetTools;

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::listing::Listing;
use super::seat::Seat;
use super::sections::{Fold, Nothing, PrintNote, label};
use super::select::SelectGroup;
use super::text::height;
use crate::model::columns;
use crate::model::columns::Column;
use crate::model::content::is_gap;
use crate::model::query::Query;
use crate::model::sort::Sort;
use crate::model::tone::Tone;
use crate::model::window::{PX, Shape};
use crate::pages::context::App;
use crate::ui::Keyed;
use crate::ui::Tag;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// More rows than this are not printed.
const PRINTED: usize = 2_000;

/// All rows.
#[component]
pub fn FleetTable() -> impl IntoView {
    let app = App::get();
    let query = super::query(app);
    let columns = Memo::new(move |_| query.with(columns::shown));
    let listing = Listing::start(app, query, Shape { columns: 1, gap: 0, row: 43 * PX, head: 44 * PX }, PRINTED);
    let count = listing.text(|content| (content.total + 1).to_string());
    let after = listing.text(|content| height(content.after));
    let wide = Memo::new(move |_| columns.with(|columns| columns.len() + 2).to_string());
    let section = move |key: String| view! { <OneSection listing=listing key=key columns=columns wide=wide /> };
    let head = move || {
        let column = |column: Column| view! { <Heading query=query sort=column.sort() label=column.label() word=column.word() /> };
        columns.get().into_iter().map(column).collect_view()
    };
    view! {
        <PrintNote listing=listing bound=PRINTED />
        <div class="table-frame" node_ref=listing.root()>
            <table class="nodes" aria-rowcount=move || count.get() aria-label=tr!("Nodes")>
                <thead>
                    <tr aria-rowindex="1">
                        <Heading query=query sort=Some(Sort::Name) label=tr!("Name") word=Sort::Name.as_str().to_owned() />
                        {head}
                        <td class="no-print"></td>
                    </tr>
                </thead>
                <Keyed keys=listing.keys() row=section />
                <tbody aria-hidden="true">
                    <tr>
                        <td class="gap-cell" colspan=move || wide.get() style:height=move || after.get()></td>
                    </tr>
                </tbody>
            </table>
        </div>
        <Nothing listing=listing query=query />
    }
}

/// The heading of a column; pressed, it sorts.
#[component]
fn Heading(query: Memo<Query>, sort: Option<Sort>, label: String, word: String) -> impl IntoView {
    let app = App::get();
    let Some(sort) = sort else {
        return view! { <th scope="col" data-col=word>{label}</th> };
    };
    let state = Memo::new(move |_| query.with(|query| (query.sort == sort).then_some(query.reversed)));
    // What the first press brings is what a person looks for: the fullest disk, the first name.
    let aria = move || state.get().map(|reversed| if reversed != descends(sort) { "descending" } else { "ascending" });
    let press = move |_| super::show(app, query.with_untracked(|query| query.sorted(sort)));
    view! {
        <th scope="col" data-col=word aria-sort=aria>
            <button type="button" class="sort" on:click=press>
                {label}
            </button>
        </th>
    }
}

/// Orders that begin with the most.
const fn descends(sort: Sort) -> bool {
    matches!(sort, Sort::Cpu | Sort::Memory | Sort::Disk | Sort::Workloads | Sort::Stateful)
}

#[component]
fn OneSection(listing: Listing, key: String, columns: Memo<Vec<Column>>, wide: Memo<String>) -> impl IntoView {
    let fleet = App::get().live.fleet;
    let keys = listing.cells(key.clone());
    let before = listing.section_text(&key, |section| height(section.before));
    let spaced = move || before.with(|before| before != "0px" && !before.is_empty());
    let sentence = listing.section_text(&key, |section| section.sentence.clone());
    let (grouped, simulated) = untrack(|| listing.kind(&key));
    let celled = key.clone();
    let head = (grouped || simulated).then(|| {
        let label = listing.section_text(&key, label);
        let select = view! { <SelectGroup group=key.clone() name=label /> };
        let name = match grouped {
            true => view! { <Fold listing=listing key=key /> },
            false => view! { <b>{tr!("Simulated nodes")}</b> },
        };
        view! {
            <tr class="group-row">
                <th scope="rowgroup" colspan=move || wide.get()>
                    {select}
                    {name}
                    {(grouped && simulated).then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })}
                    <span class="muted">{move || sentence.get()}</span>
                </th>
            </tr>
        }
    });
    let one = move |key: String| {
        if is_gap(&key) {
            let px = listing.cell_text(&celled, &key, |cell, _| height(cell.length()));
            return view! {
                <tr aria-hidden="true">
                    <td class="gap-cell" colspan=move || wide.get() style:height=move || px.get()></td>
                </tr>
            };
        }
        let index = listing.cell_text(&celled, &key, |cell, _| (cell.place().1 + 2).to_string());
        let id = NodeId(key);
        fleet.row_untracked(&id).map(|row| view! { <row::NodeRow seat=Seat::of(id, row) index=index columns=columns /> }).into_any()
    };
    view! {
        <When cond=spaced>
            <tbody aria-hidden="true">
                <tr>
                    <td class="gap-cell" colspan=move || wide.get() style:height=move || before.get()></td>
                </tr>
            </tbody>
        </When>
        <tbody>
            {head}
            <Keyed keys=keys row=one />
        </tbody>
    }
}
