//! The sheet of keys and settings: everything the keyboard does, and what this browser remembers of how a person likes the console.

use leptos::prelude::*;

use super::overlay::Overlay;
use super::overlay::Overlays;
use crate::pages::context::App;
use crate::platform::density;
use crate::platform::focus;
use crate::platform::preferences;
use crate::platform::storage;
use crate::platform::theme;
use crate::platform::theme::Theme;
use crate::route::Route;
use crate::state::saved_views;
use crate::ui::CheckField;
use crate::ui::LanguageMenu;
use crate::ui::SelectField;
use crate::ui::Sheet;
use crate::ui::view;
use crate::words::tr;

/// What the tab remembers while the page is loaded again in another language.
const COMES_BACK: &str = "pitlane.settings";

/// Opens the sheet again, once, where it was open when another language was chosen in it.
pub fn come_back(overlays: Overlays) {
    if storage::of_tab(COMES_BACK).is_some_and(|word| !word.is_empty()) {
        overlays.open(Overlay::Settings);
    }
}

/// The sheet.
#[component]
pub fn SettingsSheet(overlays: Overlays) -> impl IntoView {
    if storage::of_tab(COMES_BACK).is_some_and(|word| !word.is_empty()) {
        storage::keep_for_tab(COMES_BACK, "");
        request_animation_frame(|| {
            focus::focus_first("[data-language] select");
        });
    }
    let who = use_context::<App>().and_then(|app| untrack(|| app.live.session.name()));
    let chosen = RwSignal::new(theme::chosen().as_str().to_owned());
    let still = RwSignal::new(preferences::is_still());
    let plain_keys = RwSignal::new(preferences::has_plain_keys());
    Effect::new(move |before: Option<()>| {
        let word = chosen.get();
        if before.is_some() {
            Theme::ALL.into_iter().filter(|theme| theme.as_str() == word).for_each(theme::choose);
        }
    });
    Effect::new(move |before: Option<()>| {
        let still = still.get();
        if before.is_some() {
            preferences::be_still(still);
        }
    });
    Effect::new(move |before: Option<()>| {
        let on = plain_keys.get();
        if before.is_some() {
            preferences::use_plain_keys(on);
        }
    });
    let compact = RwSignal::new(density::compact().get_untracked());
    Effect::new(move |before: Option<()>| {
        let compact = compact.get();
        if before.is_some() {
            density::choose(compact);
        }
    });
    let themes = Theme::ALL.into_iter().map(|theme| (theme.as_str().to_owned(), theme_name(theme))).collect();
    let rows = |keys: Vec<(&'static [&'static str], String)>| {
        keys.into_iter()
            .map(|(keys, what)| {
                let keys = keys.iter().map(|key| view! { <kbd class="kbd">{*key}</kbd> " " }).collect_view();
                view! {
                    <dt>{keys}</dt>
                    <dd>{what}</dd>
                }
            })
            .collect_view()
    };
    view! {
        <Sheet
            title=tr!("Keys and settings")
            subtitle=tr!("Remembered in this browser, for nobody else.")
            on_close=move |()| overlays.close()
        >
            <div class="sheet-body">
                <section class="sheet-part" aria-label=tr!("Settings")>
                    // Every word changes with the language, so the page is loaded again: this sheet comes back with it.
                    <div class="field" data-language on:change=move |_| {
                        storage::keep_for_tab(COMES_BACK, "1");
                    }>
                        <span class="field-label" aria-hidden="true">
                            {tr!("Language")}
                        </span>
                        <LanguageMenu wide=true />
                        <span class="muted hint" aria-hidden="true">
                            {tr!("The page is loaded again in the language you choose.")}
                        </span>
                    </div>
                    {who.map(|who| view! {
                        <p class="muted">
                            {tr!("Signed in as {}", who)}
                            " · "
                            <a href=Route::sessions().href() on:click=move |_| overlays.close()>{tr!("Sessions")}</a>
                        </p>
                    })}
                    <SelectField label=tr!("Theme") options=themes value=chosen />
                    <CheckField label=tr!("Let cards and rows stand close") value=compact />
                    <CheckField label=tr!("Let nothing move, whatever the system says") value=still />
                    <CheckField label=tr!("Keys without Ctrl do something") value=plain_keys />
                </section>
                <SavedViews overlays=overlays />
                <section class="sheet-part" aria-label=tr!("Everywhere")>
                    <h3>{tr!("Everywhere")}</h3>
                    <dl class="keys">{rows(everywhere())}</dl>
                </section>
                <section class="sheet-part" aria-label=tr!("On the node with the focus")>
                    <h3>{tr!("On the node with the focus")}</h3>
                    <dl class="keys">{rows(on_a_node())}</dl>
                </section>
                <section class="sheet-part" aria-label=tr!("Choosing nodes")>
                    <h3>{tr!("Choosing nodes")}</h3>
                    <dl class="keys">{rows(choosing())}</dl>
                </section>
            </div>
        </Sheet>
    }
}

/// Links to the views that this browser keeps.
#[component]
fn SavedViews(overlays: Overlays) -> impl IntoView {
    let views = saved_views();
    let none = views.is_empty().then(|| view! { <p class="muted hint">{tr!("None yet. They are saved under “Views” on the page of nodes.")}</p> });
    let links = views
        .into_iter()
        .map(|view| {
            view! {
                <li>
                    <a href=view.href on:click=move |_| overlays.close()>
                        {view.name}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="sheet-part" aria-label=tr!("Saved views")>
            <h3>{tr!("Saved views")}</h3>
            {none}
            <ul class="stack">{links}</ul>
        </section>
    }
}

fn theme_name(theme: Theme) -> String {
    match theme {
        Theme::System => tr!("theme" => "As the system"),
        Theme::Light => tr!("theme" => "Light"),
        Theme::Dark => tr!("theme" => "Dark"),
    }
}

/// The key that leads to the search field.
const SEARCH: &str = "\u{2f}";

type Keys = Vec<(&'static [&'static str], String)>;

fn everywhere() -> Keys {
    vec![
        (&["Ctrl", "K"], tr!("Find a node or a command (⌘ K on a Mac)")),
        (&[SEARCH], tr!("Search nodes")),
        (&["g", "n"], tr!("Go to nodes")),
        (&["g", "a"], tr!("Go to activity")),
        (&["?"], tr!("Keys and settings")),
        (&["Esc"], tr!("Close what is open")),
    ]
}

fn on_a_node() -> Keys {
    vec![
        (&["←", "→", "↑", "↓"], tr!("The node before or after")),
        (&["Enter"], tr!("Open its page")),
        (&["d"], tr!("Drain it")),
        (&["a"], tr!("Activate it")),
        (&["s"], tr!("Copy its link")),
    ]
}

fn choosing() -> Keys {
    vec![
        (&["x"], tr!("Select the node with the focus, or let go of it")),
        (&["Shift", "x"], tr!("Select all from the last one to it")),
        (&["Shift", "← → ↑ ↓"], tr!("Select the next node too")),
        (&["Esc"], tr!("Let go of all")),
    ]
}
