//! The boxes that choose nodes: one on each card and row, one for a group. What is chosen is `state`'s.

use leptos::{ev, prelude::*};
use pitlane_api::NodeId;

use crate::model::selection::Part;
use crate::pages::context::App;
use crate::ui::view;
use crate::words::tr;

/// Chooses one node; with shift everything from the last one to it.
#[component]
pub fn SelectBox(id: StoredValue<NodeId>, #[prop(into)] name: Signal<String>) -> impl IntoView {
    let chosen = App::get().live.chosen;
    let checked = Memo::new(move |_| id.with_value(|id| chosen.contains(id)));
    view! {
        <button
            type="button"
            class="select no-print"
            role="checkbox"
            aria-checked=move || if checked.get() { "true" } else { "false" }
            aria-label=move || tr!("Select {}", name.get())
            on:click=move |event: ev::MouseEvent| id.with_value(|id| chosen.press(id, event.shift_key()))
        ></button>
    }
}

/// Chooses a group of nodes, or lets go of it.
#[component]
pub fn SelectGroup(#[prop(into)] ids: Signal<Vec<NodeId>>, #[prop(into)] name: Signal<String>) -> impl IntoView {
    let chosen = App::get().live.chosen;
    let part = Memo::new(move |_| ids.with(|ids| chosen.part_of(ids)));
    let word = move || match part.get() {
        Part::All => "true",
        Part::Some => "mixed",
        Part::None => "false",
    };
    view! {
        <button
            type="button"
            class="select no-print"
            role="checkbox"
            aria-checked=word
            aria-label=move || name.get()
            on:click=move |_| ids.with_untracked(|ids| chosen.press_all(ids))
        ></button>
    }
}
