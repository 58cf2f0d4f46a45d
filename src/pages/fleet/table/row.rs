//! A node's row. A heartbeat reaches only its age and its figures.

use leptos::prelude::*;

use super::cell::cell;
use crate::model::card::Face;
use crate::model::columns::Column;
use crate::model::tone::Tone;
use crate::pages::actions::MainButton;
use crate::pages::fleet::seat::Seat;
use crate::pages::fleet::select::SelectBox;
use crate::route::Route;
use crate::ui::view;

/// The node that sits there. `index` counts the heading too, whether the rows before this one are in the document or not.
#[component]
pub fn NodeRow(seat: Seat, index: Signal<String>, columns: Memo<Vec<Column>>) -> impl IntoView {
    let Seat { id, row } = seat;
    let face = Memo::new(move |_| row.get().node.with(Face::of));
    let name = move || face.with(|face| face.name.clone());
    let action = Memo::new(move |_| face.with(|face| face.action));
    let cells = move || {
        columns
            .get()
            .into_iter()
            .map(|column| {
                let word = column.word();
                view! { <td data-col=word>{cell(column, row, face)}</td> }
            })
            .collect_view()
    };
    view! {
        <tr
            data-node=move || id.get().0
            data-edge=move || face.with(|face| face.edge.map(Tone::as_str))
            aria-rowindex=move || index.get()
        >
            <th scope="row" title=name>
                <div class="row-name">
                    <SelectBox id=id name=Signal::derive(name) />
                    <a class="card-name" href=move || id.with(|id| Route::node(id).href())>
                        {name}
                    </a>
                </div>
            </th>
            {cells}
            <td class="row-actions no-print">
                <MainButton id=id action=action />
            </td>
        </tr>
    }
}
