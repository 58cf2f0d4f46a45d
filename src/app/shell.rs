//! The shell of somebody who is signed in: top bar, banner when what is shown is old, page, sheet.

use leptos::prelude::*;

use super::overlay::Overlays;
use super::rest::Part;
use super::rest::Rest;
use super::shortcuts;
use super::top_bar::TopBar;
use crate::model::engine::name;
use crate::model::format;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::fleet::FleetPage;
use crate::pages::not_found::NotFound;
use crate::route::Route;
use crate::state::Link;
use crate::ui::Banner;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// Which page is shown; a change of filters or of the node is that page's own business.
#[derive(Clone, Copy, PartialEq)]
enum Screen {
    Fleet,
    Node,
    Activity,
    Bulk,
    Sessions,
    NotFound,
}

/// Opens the event stream and shows the page of the route.
#[component]
pub fn Shell() -> impl IntoView {
    let app = App::get();
    let events = StoredValue::new_local(app.live.start());
    on_cleanup(move || {
        events.try_with_value(|events| events.close());
    });
    shortcuts::listen(app);
    Effect::new(move || {
        // In one breath: the second of two would take the place of the first.
        let said = app.live.said.get();
        if !said.is_empty() {
            app.announcer.say(said.join(". "));
        }
    });
    let overlays = Overlays::start();
    provide_context(overlays);
    let rest = Rest::start(app, overlays);
    let route = app.nav.route();
    let screen = Memo::new(move |_| match route.get() {
        Route::Fleet { .. } => Screen::Fleet,
        Route::Node { .. } => Screen::Node,
        Route::Activity(_) => Screen::Activity,
        Route::Bulk { .. } => Screen::Bulk,
        Route::Sessions { .. } => Screen::Sessions,
        // Signed in already: the sign-in page has nothing to offer.
        Route::SignIn => Screen::Fleet,
        Route::NotFound => Screen::NotFound,
    });
    let page = move || match screen.get() {
        Screen::Fleet => view! {
            {rest.show(Part::Banner)}
            <FleetPage table=move || rest.show(Part::Table) tools=move || rest.show(Part::Tools) />
            {rest.show(Part::Selection)}
        }
        .into_any(),
        Screen::Node => rest.show(Part::Node),
        Screen::Activity => rest.show(Part::Activity),
        Screen::Bulk => rest.show(Part::Bulk),
        Screen::Sessions => rest.show(Part::Sessions),
        Screen::NotFound => view! { <NotFound /> }.into_any(),
    };
    view! {
        <a class="skip-link" href="#main">
            {tr!("Skip to content")}
        </a>
        <TopBar />
        <main class="page" id="main" tabindex="-1">
            <StaleBanner />
            <EngineBanner />
            {move || page()}
        </main>
        {rest.show(Part::Sheets)}
        {rest.show(Part::Toasts)}
        {dynamic(move || overlays.0.get().map(|overlay| rest.show(Part::Over(overlay))))}
    }
}

/// What is shown is old: how old, and that it is being mended.
#[component]
fn StaleBanner() -> impl IntoView {
    let app = App::get();
    let link = Memo::new(move |_| app.live.connection.link());
    let text = move |since| {
        let age = move || format::age(since, app.clock.now());
        Signal::derive(move || tr!("What you see is {} old. Pitlane keeps trying to reconnect; actions may not arrive.", age()))
    };
    dynamic(move || match link.get() {
        Link::Stale(Some(since)) => Some(view! {
            <div class="stale" role="alert">
                <Banner tone=Tone::Offline glyph=Glyph::Power title=tr!("The connection to Pitlane is lost.") text=text(Some(since)) />
            </div>
        }),
        _ => None,
    })
}

/// Pitlane is there and the engine is not: reads go on with their age, new operations are refused.
#[component]
fn EngineBanner() -> impl IntoView {
    let app = App::get();
    let away = Memo::new(move |_| {
        app.live.fleet.info().with(|info| {
            let engine = info.as_ref().map(|info| info.engine.clone()).filter(|engine| !engine.reachable)?;
            Some((name(engine.kind), engine.message, engine.seen_at))
        })
    });
    dynamic(move || {
        away.get().map(|(name, message, seen_at)| {
            let text = Signal::derive(move || {
                let age = format::age(seen_at, app.clock.now());
                tr!("It last answered {} ago. New drains and activations are refused; what was accepted waits and is tried again.", age)
            });
            view! {
                <div role="alert">
                    <Banner tone=Tone::Offline glyph=Glyph::Warning title=tr!("{} does not answer.", name) said=message text=text />
                </div>
            }
        })
    })
}
