//! What the server says, in the language of the page; what nobody translated says so of itself.

use leptos::prelude::*;
use pitlane_api::Words;

use super::{Instant, view};
use crate::model::log_query;
use crate::words::{self, Line};

/// A sentence. An engine's own words, and those of a newer server, are marked as English, and whatever is not ours finds its own direction.
#[component]
pub fn Told(
    words: Words,
    /// Stands as a sentence among others: what a driver says begins small and ends without a stop.
    #[prop(optional)]
    sentence: bool,
) -> impl IntoView {
    let mut line = Line::from(&words);
    if sentence {
        line.text = words::sentence(&line.text);
    }
    marked(line)
}

/// What stands around a time while a sentence is put together. No text has it: the server strips what controls.
const MARK: char = '\u{1}';

/// The same with the times in it as the reader's place writes them, the exact ones on hover.
#[component]
pub fn Dated(words: Words) -> impl IntoView {
    let foreign = words::is_foreign(&words);
    let text = words::told_around(&words, &format!("{MARK}{{}}{MARK}"));
    // Every other part is a time.
    let part = |(at, part): (usize, &str)| match log_query::time(part) {
        Some(time) if at % 2 == 1 => view! { <Instant at=time /> },
        _ => marked(Line { text: part.to_owned(), foreign }),
    };
    text.split(MARK).enumerate().map(part).collect_view()
}

/// A line, marked as [`Told`] does.
pub fn marked(line: Line) -> AnyView {
    if !line.foreign {
        return line.text.into_any();
    }
    // A name or a figure is of no language.
    let is_word = |word: &&str| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    let english = line.text.split_whitespace().filter(is_word).count() > 1;
    view! { <span lang=english.then_some("en") dir="auto">{line.text}</span> }.into_any()
}
