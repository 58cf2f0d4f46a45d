//! Buttons that are refused, sheets and where the focus goes, the strip of beats.

use leptos::prelude::*;
use pitlane_console::model::tone::Tone;
use pitlane_console::ui::{Beats, Button, Problem, Sheet, TextField};
use pitlane_console::words::Line;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, focused, settle};

#[wasm_bindgen_test]
async fn a_refused_button_says_why_and_does_nothing() {
    let pressed = RwSignal::new(0);
    let why = RwSignal::new(Some("Needs the operator role; you are signed in as viewer.".to_owned()));
    let stage = Stage::mount(move || view! { <Button label="Drain" refused=why on_press=move |()| pressed.update(|n| *n += 1) /> }).await;
    let button = stage.find("button");
    button.click();
    assert_eq!(pressed.get_untracked(), 0);
    assert_eq!(button.get_attribute("aria-disabled").as_deref(), Some("true"));
    let described = button.get_attribute("aria-describedby").unwrap();
    assert_eq!(stage.find(&format!("[id='{described}']")).text_content().as_deref(), Some("Needs the operator role; you are signed in as viewer."));
    button.focus().unwrap();
    assert!(focused(&button), "it can be reached, so that its reason can be read");

    why.set(None);
    settle().await;
    button.click();
    assert_eq!((pressed.get_untracked(), button.get_attribute("aria-disabled")), (1, None));
}

#[wasm_bindgen_test]
async fn a_sheet_takes_the_focus_and_gives_it_back() {
    let open = RwSignal::new(false);
    let stage = Stage::mount(move || {
        view! {
            <Button label="Open" on_press=move |()| open.set(true) />
            <Show when=move || open.get()>
                <Sheet title="Drain edge-fra-01" subtitle="prod-eu" on_close=move |()| open.set(false)>
                    <input />
                </Sheet>
            </Show>
        }
    })
    .await;
    let button = stage.find("button");
    button.focus().unwrap();
    button.click();
    settle().await;
    let dialog = stage.find("dialog");
    assert!(dialog.has_attribute("open"));
    assert_eq!(dialog.get_attribute("aria-label").as_deref(), Some("Drain edge-fra-01"));
    assert!(dialog.contains(document().active_element().as_deref()), "the focus is inside");

    stage.find("dialog [aria-label='Close']").click();
    settle().await;
    assert!(stage.maybe("dialog").is_none());
    assert!(focused(&button), "the focus is back");
}

#[wasm_bindgen_test]
async fn a_sheet_that_its_page_takes_away_gives_the_focus_back_too() {
    let open = RwSignal::new(false);
    let stage = Stage::mount(move || {
        view! {
            <Button label="Open" on_press=move |()| open.set(true) />
            <Show when=move || open.get()>
                <Sheet title="Activate" subtitle="" on_close=|()| ()>
                    <input />
                </Sheet>
            </Show>
        }
    })
    .await;
    let button = stage.find("button");
    button.focus().unwrap();
    button.click();
    settle().await;
    // The back button of the browser.
    open.set(false);
    settle().await;
    assert!(focused(&button));
}

#[wasm_bindgen_test]
async fn what_is_wrong_with_a_field_is_tied_to_it() {
    let (value, error) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let stage = Stage::mount(move || view! { <TextField label="Reason" value=value error=Signal::derive(move || error.get()) /> }).await;
    let input = stage.find("input");
    assert_eq!(input.get_attribute("aria-invalid"), None);
    error.set(Some("Say why.".into()));
    settle().await;
    let note = input.get_attribute("aria-describedby").unwrap();
    assert_eq!(stage.find(&format!("[id='{note}']")).text_content().as_deref(), Some("Say why."));
    assert_eq!(input.get_attribute("aria-invalid").as_deref(), Some("true"));
}

#[wasm_bindgen_test]
async fn what_nobody_translated_says_so_where_a_problem_is_told() {
    let text = Line { text: "the admission webhook refuses".into(), foreign: true };
    let stage = Stage::mount(move || view! { <Problem title="Nicht lesbar" text=text on_retry=|()| () /> }).await;
    let said = stage.find("[lang=en]");
    assert_eq!((said.text_content().as_deref(), said.get_attribute("dir").as_deref()), (Some("the admission webhook refuses"), Some("auto")));
    let ours = Stage::mount(|| view! { <Problem title="Nicht lesbar" text="Der Server antwortet nicht.".to_owned() on_retry=|()| () /> }).await;
    assert!(ours.maybe("[lang]").is_none());
}

#[wasm_bindgen_test]
async fn the_strip_always_has_thirty_places() {
    let recent = RwSignal::new(vec![100u8; 3]);
    let stage = Stage::mount(move || view! { <Beats recent=recent tone=Tone::Healthy /> }).await;
    let places = || stage.find_path().matches('M').count();
    assert_eq!(places(), 30);
    recent.set(vec![0; 60]);
    settle().await;
    assert_eq!(places(), 30);
}

impl Stage {
    fn find_path(&self) -> String {
        self.all("path").first().and_then(|path| path.get_attribute("d")).unwrap_or_default()
    }
}
