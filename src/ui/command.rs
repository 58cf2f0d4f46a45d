//! Texts to copy: the same thing from a terminal, for the day the console is down, and addresses to hand out.

use leptos::prelude::*;

use super::view;

use super::CopyButton;
use crate::words::tr;

/// Commands with a button each that copies them.
#[component]
pub fn Commands(commands: Vec<String>) -> impl IntoView {
    let rows = commands
        .into_iter()
        .map(|command| {
            let text = command.clone();
            view! {
                <li class="command">
                    <code>{command}</code>
                    <CopyButton text=text name=tr!("Copy the command") said=tr!("Command copied") />
                </li>
            }
        })
        .collect_view();
    view! { <ul class="commands">{rows}</ul> }
}

/// A text of one line under its name, with a button that copies it.
#[component]
pub fn CopyLine(#[prop(into)] title: String, #[prop(into)] text: String) -> impl IntoView {
    let copied = text.clone();
    view! {
        <div class="copy-line">
            <p class="field-label">{title.clone()}</p>
            <div class="command">
                <code>{text}</code>
                <CopyButton text=copied name=tr!("Copy: {}", title) said=tr!("Copied") />
            </div>
        </div>
    }
}
