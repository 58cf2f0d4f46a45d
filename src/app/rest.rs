//! What a first visit does not need: the page of a node, the activity log and every sheet. They are cut out of the program when it is
//! built (`scripts/console.sh`), fetched as soon as the fleet is on the screen and the browser has nothing else to do, and from then
//! on need no server: who drains a node at three in the morning does not wait for a download.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_split_helpers::SplitLoaderError;

use super::overlay::Overlay;
use super::overlay::Overlays;
use super::palette::Palette;
use super::settings::SettingsSheet;
use super::settings::come_back;
use crate::model::query::Query;
use crate::pages::actions::SheetHost;
use crate::pages::activity::ActivityPage;
use crate::pages::bulk::BulkBanner;
use crate::pages::bulk::BulkPage;
use crate::pages::bulk::SelectionBar;
use crate::pages::context::App;
use crate::pages::fleet::table::FleetTable;
use crate::pages::fleet::table::FleetTools;
use crate::pages::node::NodePage;
use crate::pages::sessions::SessionsPage;
use crate::platform::looks;
use crate::platform::page;
use crate::route::Route;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::ToastStack;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// What can be shown once it is here.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Node,
    Activity,
    Bulk,
    Sessions,
    /// What everybody should know of on the fleet page.
    Banner,
    /// What can be done with the chosen nodes.
    Selection,
    Sheets,
    /// What happened elsewhere.
    Toasts,
    /// The fleet as rows.
    Table,
    /// What the fleet's head offers beside order and groups.
    Tools,
    /// The palette, or the sheet of settings.
    Over(Overlay),
}

type Make = fn(Part) -> AnyView;

/// The cut: all that only `make` reaches lies on the other side.
#[cfg(cut)]
#[wasm_split_helpers::wasm_split(rest, fallible)]
fn bring() -> Result<Make, SplitLoaderError> {
    Ok(make)
}

/// Where nothing cuts, under `trunk serve` and in the component tests, all of it is here from the start.
#[cfg(not(cut))]
async fn bring() -> Result<Make, SplitLoaderError> {
    Ok(make)
}

fn make(part: Part) -> AnyView {
    match part {
        Part::Node => view! { <NodePage /> },
        Part::Activity => view! { <ActivityPage /> },
        Part::Bulk => view! { <BulkPage /> },
        Part::Sessions => view! { <SessionsPage /> },
        Part::Banner => view! { <BulkBanner /> },
        Part::Selection => view! { <SelectionBar /> },
        Part::Sheets => {
            if let Some(overlays) = use_context::<Overlays>() {
                come_back(overlays);
            }
            view! { <SheetHost /> }
        }
        Part::Toasts => view! { <ToastStack toasts=App::get().toasts /> },
        Part::Table => view! { <FleetTable /> },
        Part::Tools => view! { <FleetTools /> },
        Part::Over(overlay) => over(overlay),
    }
}

fn over(overlay: Overlay) -> AnyView {
    let Some(overlays) = use_context::<Overlays>() else { return ().into_any() };
    match overlay {
        Overlay::Palette => view! { <Palette overlays=overlays /> },
        Overlay::Settings => view! { <SettingsSheet overlays=overlays /> },
    }
}

#[derive(Clone, Copy)]
enum State {
    OnItsWay,
    Here(Make),
    Missing,
}

/// The rest of the console, whether it is here yet or not.
#[derive(Clone, Copy)]
pub struct Rest {
    state: RwSignal<State>,
    asked: StoredValue<bool>,
    failures: StoredValue<u32>,
}

impl Rest {
    /// Fetches it when the route asks for it, else once the fleet is painted.
    pub fn start(app: App, overlays: Overlays) -> Self {
        let rest = Self { state: RwSignal::new(State::OnItsWay), asked: StoredValue::new(false), failures: StoredValue::new(0) };
        let route = app.nav.route();
        let wanted = Memo::new(move |_| route.with(is_needed) || app.live.chosen.is_wanted() || overlays.0.get().is_some());
        let loaded = app.live.fleet.loaded();
        Effect::new(move |_| {
            if wanted.get() {
                rest.fetch();
            }
        });
        Effect::new(move |_| {
            if loaded.get() {
                page::when_idle(move || rest.fetch_early());
            }
        });
        rest
    }

    /// Nobody waits for it yet. Where it was asked for already and failed, asking again is the person's decision.
    fn fetch_early(self) {
        if self.asked.try_get_value() == Some(false) {
            self.fetch();
        }
    }

    fn fetch(self) {
        if matches!(self.state.try_get_untracked(), Some(State::Here(_)) | None) {
            return;
        }
        self.asked.set_value(true);
        let _ = self.state.try_set(State::OnItsWay);
        spawn_local(async move {
            let looks = looks::fetch();
            let state = match (bring().await, looks.came().await) {
                (Ok(make), true) => State::Here(make),
                _ => State::Missing,
            };
            if matches!(state, State::Missing) {
                let _ = self.failures.try_update_value(|failures| *failures += 1);
            }
            let _ = self.state.try_set(state);
        });
    }

    /// The part, or what stands in its place until it is here.
    pub fn show(self, part: Part) -> AnyView {
        dynamic(move || match (self.state.get(), part) {
            (State::Here(make), part) => make(part),
            (_, Part::Banner | Part::Toasts)
            | (State::OnItsWay, Part::Sheets | Part::Selection | Part::Tools | Part::Over(_))
            | (State::Missing, Part::Tools) => ().into_any(),
            (State::Missing, Part::Selection) if !App::get().live.chosen.is_wanted() => ().into_any(),
            (State::OnItsWay, _) => view! {
                <div class="stack" aria-busy="true">
                    <Skeleton shape="title" />
                    <Skeleton shape="panel" count=3 />
                </div>
            },
            // Said once: where a page is missing too, the page says it.
            (State::Missing, Part::Sheets) if !matches!(App::get().nav.route().get(), Route::Fleet { sheet: Some(_), .. }) => ().into_any(),
            (State::Missing, _) => view! {
                <Problem
                    title=tr!("A part of the console did not arrive")
                    text=tr!("Pitlane cannot be reached, or was updated since this page was loaded. Nodes are not affected by that.")
                    on_retry=move |()| self.again()
                />
            },
        })
    }

    /// What a new version took away does not come back by asking for it: then the whole page is loaded anew.
    fn again(self) {
        if self.failures.get_value() > 1 { page::reload() } else { self.fetch() }
    }
}

/// Whether the route shows anything but the fleet.
fn is_needed(route: &Route) -> bool {
    !matches!(route, Route::Fleet { sheet: None, query: Query { table: false, .. } } | Route::SignIn | Route::NotFound)
}
