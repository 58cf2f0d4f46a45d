//! What the server says, in the language of the page; what nobody translated says so of itself.

use leptos::prelude::*;
use pitlane_api::Words;

use super::view;
use crate::words;

/// A sentence. An engine's own words, and those of a newer server, are marked as English, and whatever is not ours finds its own direction.
#[component]
pub fn Told(
    words: Words,
    /// Stands as a sentence among others: what a driver says begins small and ends without a stop.
    #[prop(optional)]
    sentence: bool,
) -> impl IntoView {
    let text = words::told(&words);
    let text = if sentence { words::sentence(&text) } else { text };
    if !words::is_foreign(&words) {
        return text.into_any();
    }
    // A name or a figure is of no language.
    let is_word = |word: &&str| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    let english = text.split_whitespace().filter(is_word).count() > 1;
    view! { <span lang=english.then_some("en") dir="auto">{text}</span> }.into_any()
}
