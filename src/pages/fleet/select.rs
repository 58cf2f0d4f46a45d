//! The boxes that choose nodes: one on each card and row, one for a group. What is chosen is `state`'s.

use leptos::{ev, prelude::*};
use pitlane_api::NodeId;

use crate::model::selection::Part;
use crate::pages::context::App;
use crate::state::Press;
use crate::ui::view;
use crate::words::tr;

/// Chooses one node; with shift everything from the last one to it.
#[component]
pub fn SelectBox(#[prop(into)] id: Signal<NodeId>, #[prop(into)] name: Signal<String>) -> impl IntoView {
    let chosen = App::get().live.chosen;
    let checked = Memo::new(move |_| id.with(|id| chosen.contains(id)));
    view! {
        <button
            type="button"
            class="select no-print"
            role="checkbox"
            aria-checked=move || if checked.get() { "true" } else { "false" }
            aria-label=move || tr!("Select {}", name.get())
            on:click=move |event: ev::MouseEvent| {
                let id = id.get_untracked();
                chosen.press(if event.shift_key() { Press::Range(id) } else { Press::One(id) });
            }
        ></button>
    }
}

/// Chooses a group of nodes by its key, or lets go of it.
#[component]
pub fn SelectGroup(group: String, #[prop(into)] name: Signal<String>) -> impl IntoView {
    let chosen = App::get().live.chosen;
    let group = StoredValue::new(group);
    let part = Memo::new(move |_| group.with_value(|group| chosen.part_of(group)));
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
            aria-label=move || tr!("Select all of {}", name.get())
            on:click=move |_| chosen.press(Press::Group(group.get_value()))
        ></button>
    }
}
