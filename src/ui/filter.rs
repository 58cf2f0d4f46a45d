//! Fields that narrow down what is shown. Their values stand somewhere else, in the URL most likely: a field shows what it is given and
//! says what a person chose.

use leptos::prelude::*;

use super::unique_id;
use super::view;

/// A line of text, or a time. Said once the person leaves it or presses Enter.
#[component]
pub fn FilterText(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
    #[prop(optional)] kind: Option<&'static str>,
    /// What could be meant by what was typed so far.
    #[prop(optional, into)]
    suggest: Option<Callback<String, Vec<String>>>,
) -> impl IntoView {
    let (id, list) = (unique_id("filter"), unique_id("meant"));
    let meant = RwSignal::new(Vec::<String>::new());
    let listed = suggest.map(|_| list.clone());
    let options = move || meant.get().into_iter().map(|word| view! { <option value=word></option> }).collect_view();
    let typed = move |text: String| {
        if let Some(suggest) = suggest {
            meant.set(suggest.run(text));
        }
    };
    view! {
        <div class="filter">
            <label class="filter-label" for=id.clone()>
                {label}
            </label>
            <input
                class="input"
                id=id
                type=kind.unwrap_or("text")
                autocomplete="off"
                spellcheck="false"
                list=listed
                prop:value=move || value.get()
                on:focus=move |event| typed(event_target_value(&event))
                on:input=move |event| typed(event_target_value(&event))
                on:change=move |event| on_change.run(event_target_value(&event))
            />
            {suggest.map(|_| view! { <datalist id=list>{move || options()}</datalist> })}
        </div>
    }
}

/// Choices under one heading; without a heading where it is empty. Each choice is a value and its words.
pub type Choices = (String, Vec<(String, String)>);

/// One of a list.
#[component]
pub fn FilterSelect(
    #[prop(into)] label: String,
    #[prop(into)] choices: Signal<Vec<Choices>>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
) -> impl IntoView {
    let id = unique_id("filter");
    let option = move |(word, label): (String, String)| {
        let this = word.clone();
        view! {
            <option value=word selected=move || value.with(|value| *value == this)>
                {label}
            </option>
        }
    };
    let groups = move || {
        let group = |(heading, choices): Choices| {
            let options = choices.into_iter().map(option).collect_view();
            if heading.is_empty() {
                options.into_any()
            } else {
                view! { <optgroup label=heading>{options}</optgroup> }
            }
        };
        choices.get().into_iter().map(group).collect_view()
    };
    view! {
        <div class="filter">
            <label class="filter-label" for=id.clone()>
                {label}
            </label>
            <select class="input" id=id prop:value=move || value.get() on:change=move |event| on_change.run(event_target_value(&event))>
                {move || groups()}
            </select>
        </div>
    }
}

/// A line of text that narrows while it is typed.
#[component]
pub fn SearchField(#[prop(into)] label: String, #[prop(into)] value: Signal<String>, #[prop(into)] on_input: Callback<String>) -> impl IntoView {
    let id = unique_id("filter");
    view! {
        <div class="filter">
            <label class="filter-label" for=id.clone()>
                {label}
            </label>
            <input
                class="input"
                id=id
                type="search"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || value.get()
                on:input=move |event| on_input.run(event_target_value(&event))
            />
        </div>
    }
}

/// A box to tick.
#[component]
pub fn FilterCheck(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<bool>,
    #[prop(into)] on_change: Callback<bool>,
    /// That it is not ticked is what keeps a request back.
    #[prop(optional, into)]
    wrong: Signal<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || value.get()
                aria-invalid=move || (wrong.get() && !value.get()).then_some("true")
                on:change=move |event| on_change.run(event_target_checked(&event))
            />
            <span>{move || label.get()}</span>
        </label>
    }
}
