//! A chip that is pressed or not.

use leptos::prelude::*;

use super::view;

/// A filter.
#[component]
pub fn Chip(#[prop(into)] pressed: Signal<bool>, #[prop(into)] on_press: Callback<()>, children: Children) -> impl IntoView {
    view! {
        <button
            type="button"
            class="chip"
            aria-pressed=move || if pressed.get() { "true" } else { "false" }
            on:click=move |_| on_press.run(())
        >
            {children()}
        </button>
    }
}
