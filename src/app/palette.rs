//! The command palette: every node and every command by a few letters. What may not be done is there too, and says why.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::commands;
use super::commands::Command;
use super::overlay::Overlays;
use crate::model::palette;
use crate::model::palette::Hit;
use crate::model::palette::Subject;
use crate::model::palette::Verb;
use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::focus::Remembered;
use crate::ui::LiveRegion;
use crate::ui::dynamic;
use crate::ui::unique_id;
use crate::ui::view;
use crate::words::tr;

/// One line, ready to be shown.
#[derive(Clone, PartialEq)]
struct Line {
    hit: Hit,
    label: String,
    refused: Option<String>,
}

/// The palette: a field that is a combobox, over the list it narrows.
#[component]
pub fn Palette(overlays: Overlays) -> impl IntoView {
    let app = App::get();
    let dialog = NodeRef::<html::Dialog>::new();
    let before = Remembered::now();
    Effect::new(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || before.restore());

    let all = StoredValue::new(Command::all(app));
    let nodes = StoredValue::new(untrack(|| subjects(app)));
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let lines = Memo::new(move |_| {
        let labels: Vec<String> = all.with_value(|all| all.iter().map(Command::label).collect());
        let hits = typed.with(|typed| nodes.with_value(|nodes| palette::find(typed, &labels, &verbs(), nodes)));
        hits.into_iter().map(|hit| Line { label: label(&hit, &labels), refused: refused(app, &hit), hit }).collect::<Vec<_>>()
    });
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let run = move |line: Line| {
        if let Some(why) = line.refused {
            return app.announcer.say(why);
        }
        // Closed first, so that what is run may open something else.
        close();
        match line.hit {
            Hit::Command(place) => {
                if let Some(command) = all.with_value(|all| all.get(place).cloned()) {
                    command.run(app, overlays);
                }
            }
            Hit::Node(verb, id, _) => commands::act(app, verb, id),
        }
    };
    let list = unique_id("palette");
    let option = {
        let list = list.clone();
        move |place: usize| format!("{list}-{place}")
    };
    let key = move |event: ev::KeyboardEvent| {
        let last = lines.with_untracked(Vec::len).saturating_sub(1);
        let now = at.get_untracked();
        let to = match event.key().as_str() {
            "ArrowDown" => {
                if now >= last {
                    0
                } else {
                    now + 1
                }
            }
            "ArrowUp" => {
                if now == 0 {
                    last
                } else {
                    now - 1
                }
            }
            "PageDown" => (now + 10).min(last),
            "PageUp" => now.saturating_sub(10),
            "Enter" => {
                event.prevent_default();
                if let Some(line) = lines.with_untracked(|lines| lines.get(now).cloned()) {
                    run(line);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        at.set(to);
        request_animation_frame(|| focus::show("[role=option][aria-selected=true]"));
    };
    let rows = {
        let option = option.clone();
        move || {
            lines
                .get()
                .into_iter()
                .enumerate()
                .map(|(place, line)| {
                    let (label, why) = (line.label.clone(), line.refused.clone());
                    let is_refused = why.is_some().then_some("true");
                    view! {
                        <li
                            id=option(place)
                            role="option"
                            aria-selected=move || if at.get() == place { "true" } else { "false" }
                            aria-disabled=is_refused
                            on:click=move |_| run(line.clone())
                            on:pointermove=move |_| at.set(place)
                        >
                            <bdi>{label}</bdi>
                            {why.map(|why| view! { <span class="muted">{why}</span> })}
                        </li>
                    }
                })
                .collect_view()
        }
    };
    let count = move || lines.with(|lines| if lines.is_empty() { tr!("Nothing found") } else { tr!("1 result" | "{n} results" % lines.len()) });
    let beside = move |event: ev::MouseEvent| {
        if event.target().is_some() && event.target() == event.current_target() {
            close();
        }
    };
    let controls = list.clone();
    view! {
        <dialog
            class="dialog palette"
            node_ref=dialog
            aria-label=tr!("Command palette")
            on:close=move |_| overlays.close()
            on:mousedown=beside
        >
            <input
                class="input"
                type="text"
                role="combobox"
                aria-label=tr!("Find a node or a command")
                aria-expanded="true"
                aria-autocomplete="list"
                aria-controls=controls
                aria-activedescendant=move || lines.with(|lines| !lines.is_empty()).then(|| option(at.get()))
                placeholder=tr!("A node, or what to do: drain edge-fra")
                autocomplete="off"
                spellcheck="false"
                autofocus
                prop:value=move || typed.get()
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    at.set(0);
                }
                on:keydown=key
            />
            <p class="visually-hidden" role="status">
                {move || count()}
            </p>
            <ul role="listbox" id=list aria-label=tr!("Results")>
                {dynamic(rows)}
            </ul>
            <LiveRegion announcer=app.announcer />
            {move || lines.with(Vec::is_empty).then(|| view! { <p class="muted" aria-hidden="true">{tr!("Nothing found")}</p> })}
        </dialog>
    }
}

/// Every node, as it is now.
fn subjects(app: App) -> Vec<Subject> {
    let ids: Vec<_> = app.live.fleet.with_entries(|entries| entries.map(|entry| entry.id.clone()).collect());
    ids.iter().filter_map(|id| app.live.fleet.row_untracked(id)).map(|row| row.node.with_untracked(Subject::of)).collect()
}

fn verbs() -> Vec<(Verb, String)> {
    Verb::ALL.into_iter().map(|verb| (verb, commands::verb(verb))).collect()
}

fn label(hit: &Hit, labels: &[String]) -> String {
    match hit {
        Hit::Command(place) => labels.get(*place).cloned().unwrap_or_default(),
        Hit::Node(Verb::Open, _, name) => tr!("Open {}", name),
        Hit::Node(Verb::Drain, _, name) => tr!("Drain {}", name),
        Hit::Node(Verb::Activate, _, name) => tr!("Activate {}", name),
        Hit::Node(Verb::Share, _, name) => tr!("Share {}", name),
        Hit::Node(Verb::Plan, _, name) => tr!("Plan a drain of {}…", name),
        Hit::Node(Verb::Replan, _, name) => tr!("Change the planned drain of {}", name),
    }
}

/// Why this person may not.
fn refused(app: App, hit: &Hit) -> Option<String> {
    let needs = match hit {
        Hit::Node(Verb::Drain | Verb::Plan | Verb::Replan, ..) => pitlane_api::Action::Drain,
        Hit::Node(Verb::Activate, ..) => pitlane_api::Action::Activate,
        _ => return None,
    };
    app.live.session.why_not(needs)
}
