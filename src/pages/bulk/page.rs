//! `/bulk` and `/bulk/{id}`.

use leptos::prelude::*;

use super::list::List;
use super::one::One;
use crate::pages::context::App;
use crate::platform::page;
use crate::route::Route;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// The page. Another one of them is another page.
#[component]
pub fn BulkPage() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    page::set_title(&tr!("Bulk operations · Pitlane"));
    let id = Memo::new(move |before: Option<&Option<String>>| match route.get() {
        Route::Bulk { id } => id,
        _ => before.cloned().flatten(),
    });
    dynamic(move || match id.get() {
        Some(id) => view! { <One id=id /> }.into_any(),
        None => view! { <List /> }.into_any(),
    })
}
