//! What the server says, in the language of the page; what nobody translated says so of itself.

use jiff::Timestamp;
use leptos::prelude::*;
use pitlane_api::Words;

use super::{Instant, view};
use crate::platform::locale;
use crate::words::{self, Line};

/// What stands around a time while a sentence is put together. No text has it: the server strips what controls.
const MARK: char = '\u{1}';

/// A sentence. An engine's own words, and those of a newer server, are marked as English, and whatever is not ours finds its own direction.
/// A time in it is the reader's, with the exact one on hover.
#[component]
pub fn Told(
    words: Words,
    /// Stands as a sentence among others: what a driver says begins small and ends without a stop.
    #[prop(optional)]
    sentence: bool,
) -> impl IntoView {
    let text = words::told_with(&words, Some(|at| format!("{MARK}{}{MARK}", locale::iso(at))));
    let text = if sentence { words::sentence(&text) } else { text };
    let foreign = words::is_foreign(&words);
    if !text.contains(MARK) {
        return marked(Line { text, foreign });
    }
    // Every other part is a time.
    let part = |(at, part): (usize, &str)| match part.parse::<Timestamp>() {
        Ok(time) if at % 2 == 1 => view! { <Instant at=time /> },
        _ => marked(Line { text: part.to_owned(), foreign }),
    };
    text.split(MARK).enumerate().map(part).collect_view().into_any()
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
