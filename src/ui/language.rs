//! Which language the console speaks.

use leptos::prelude::*;

use super::view;

use crate::platform::language;
use crate::words::tr;

/// A menu of all languages, each in its own words. The page is loaded again in the one that is chosen.
#[component]
pub fn LanguageMenu(
    /// For a form; else for a bar.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let current = language::current();
    let options = language::all()
        .into_iter()
        .map(|language| {
            let selected = language.code == current;
            view! {
                <option value=language.code.clone() lang=language.code selected=selected>
                    {language.name}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class=if wide { "input" } else { "button" }
            aria-label=tr!("Language")
            title=tr!("The page is loaded again in the language you choose.")
            on:change=move |event| language::choose(&event_target_value(&event))
        >
            {options}
        </select>
    }
}
