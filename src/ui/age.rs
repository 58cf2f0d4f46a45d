//! An age that ticks. The text is a leaf of its own on the shared clock, so a second costs one text node and no more.

use jiff::Timestamp;
use leptos::prelude::*;

use super::view;

use crate::model::format;
use crate::platform::{clock::Clock, locale};

/// `2 s`, `6 min`, or an em dash; the exact time on hover.
#[component]
pub fn Age(
    #[prop(into)] at: Signal<Option<Timestamp>>,
    /// Reads `6 min ago` and `in 2 h` instead.
    #[prop(optional)]
    relative: bool,
    /// The sentence that the age stands in, since other languages put it elsewhere.
    #[prop(optional, into)]
    sentence: Option<Sentence>,
) -> impl IntoView {
    let clock = expect_clock();
    let title = RwSignal::new(None::<String>);
    let is_sentence = sentence.is_some().then_some("");
    let text = move || {
        let age = match at.get() {
            Some(at) if relative => format::relative(at, clock.now()),
            at => format::age(at, clock.now()),
        };
        sentence.as_ref().map_or_else(|| age.clone(), |sentence| (sentence.0)(&age))
    };
    // Formatting in the browser's locale is slow, so it is done for the one that is looked at.
    let show_exact = move |_| title.set(at.get_untracked().map(locale::exact));
    view! {
        <time datetime=move || at.get().map(locale::iso) title=title data-sentence=is_sentence on:pointerenter=show_exact>
            {move || text()}
        </time>
    }
}

/// Puts an age into a sentence.
pub struct Sentence(Box<dyn Fn(&str) -> String + Send>);

impl<F: Fn(&str) -> String + Send + 'static> From<F> for Sentence {
    fn from(f: F) -> Self {
        Self(Box::new(f))
    }
}

/// The tab's clock from the context. Without one (in a component's own test) a new one starts.
pub fn expect_clock() -> Clock {
    use_context::<Clock>().unwrap_or_else(Clock::start)
}

/// A point in time within a sentence, with the exact one on hover.
#[component]
pub fn Instant(at: Timestamp) -> impl IntoView {
    view! {
        <time datetime=locale::iso(at) title=locale::exact(at)>
            {locale::short(at, expect_clock().now_untracked())}
        </time>
    }
}

/// A point in time in the browser's locale, with the full date on hover.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    view! {
        <time datetime=locale::iso(at) title=locale::exact(at)>
            {locale::time(at)}
        </time>
    }
}
