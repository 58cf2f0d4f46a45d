//! An address that leads nowhere.

use leptos::prelude::*;

use crate::platform::page;
use crate::route::Route;
use crate::ui::view;
use crate::words::tr;

/// Says so, and leads back.
#[component]
pub fn NotFound(#[prop(optional, into)] title: Option<String>, #[prop(optional, into)] text: Option<String>) -> impl IntoView {
    page::set_title(&tr!("Not found · Pitlane"));
    view! {
        <section class="empty">
            <h1 tabindex="-1">{title.unwrap_or_else(|| tr!("There is nothing here"))}</h1>
            <p class="muted">{text.unwrap_or_else(|| tr!("The address is wrong, or what it led to is gone."))}</p>
            <a class="button" href=Route::fleet().href()>
                {tr!("All nodes")}
            </a>
        </section>
    }
}
