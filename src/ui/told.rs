//! What the server says, in the language of the page; what nobody translated says so of itself.

use leptos::prelude::*;
use pitlane_api::Words;

use super::view;
use crate::words;

/// A sentence. An engine's own words, and those of a newer server, are marked as English, and find their own direction.
#[component]
pub fn Told(words: Words) -> impl IntoView {
    let text = words::told(&words);
    if words::is_foreign(&words) { view! { <span lang="en" dir="auto">{text}</span> }.into_any() } else { text.into_any() }
}
