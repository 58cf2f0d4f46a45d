//! The same thing from a terminal, to copy: for the day the console is down.

use leptos::prelude::*;

use super::view;

use super::CopyButton;

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
                    <CopyButton text=text name="Copy the command" said="Command copied" />
                </li>
            }
        })
        .collect_view();
    view! { <ul class="commands">{rows}</ul> }
}
