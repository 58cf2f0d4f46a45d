//! Fields of a form, each with its label, a hint and what is wrong with it.

use leptos::prelude::*;

use super::FilterCheck;
use super::unique_id;
use super::view;

/// A line of text, or a time.
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] kind: Option<&'static str>,
    #[prop(optional)] autofocus: bool,
    /// Shown as dots. Not a password field: a browser must not offer to keep a token.
    #[prop(optional)]
    secret: bool,
    #[prop(optional)] max: Option<usize>,
) -> impl IntoView {
    let (id, note) = (unique_id("field"), unique_id("note"));
    let described = {
        let (note, hinted) = (note.clone(), hint.is_some());
        move || (hinted || error.with(Option::is_some)).then(|| note.clone())
    };
    let below = move || match error.get() {
        Some(error) => Some(view! { <span class="field-error" id=note.clone()>{error}</span> }.into_any()),
        None => hint.clone().map(|hint| view! { <span class="field-hint" id=note.clone()>{hint}</span> }.into_any()),
    };
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            <input
                class="input"
                id=id
                type=kind.unwrap_or("text")
                autocomplete="off"
                autofocus=autofocus
                spellcheck=secret.then_some("false")
                data-secret=secret.then_some("")
                maxlength=max.map(|n| n.to_string())
                placeholder=placeholder
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
            {move || below()}
        </div>
    }
}

/// One of a few.
#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    /// Value and words of each.
    options: Vec<(String, String)>,
    value: RwSignal<String>,
) -> impl IntoView {
    let id = unique_id("field");
    let options = options
        .into_iter()
        .map(|(word, label)| {
            let this = word.clone();
            view! {
                <option value=word selected=move || value.with(|value| *value == this)>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            <select class="input" id=id on:change=move |event| value.set(event_target_value(&event))>
                {options}
            </select>
        </div>
    }
}

/// A box to tick, with a whole sentence beside it.
#[component]
pub fn CheckField(
    #[prop(into)] label: Signal<String>,
    value: RwSignal<bool>,
    /// It is what keeps a request back.
    #[prop(optional, into)]
    wrong: Signal<bool>,
) -> impl IntoView {
    view! { <FilterCheck label=label value=value wrong=wrong on_change=move |on| value.set(on) /> }
}
