//! An address that leads nowhere.

use leptos::prelude::*;

use crate::platform::page;
use crate::route::Route;
use crate::ui::view;

/// Says so, and leads back.
#[component]
pub fn NotFound(#[prop(optional, into)] title: Option<String>, #[prop(optional, into)] text: Option<String>) -> impl IntoView {
    page::set_title("Not found · Pitlane");
    view! {
        <section class="empty">
            <h1 tabindex="-1">{title.unwrap_or_else(|| "There is nothing here".into())}</h1>
            <p class="muted">{text.unwrap_or_else(|| "The address is wrong, or what it led to is gone.".into())}</p>
            <a class="button" href=Route::fleet().href()>
                "All nodes"
            </a>
        </section>
    }
}
