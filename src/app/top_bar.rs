//! The top bar: mark, fleet, connection, search, theme, who.

use leptos::prelude::*;

use super::overlay::Overlay;
use super::overlay::Overlays;
use crate::model::content::FEW;
use crate::model::engine;
use crate::model::format;
use crate::model::query::Query;
use crate::model::role;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::platform::focus;
use crate::platform::keys;
use crate::platform::theme;
use crate::platform::theme::Theme;
use crate::route::Route;
use crate::state::Link;
use crate::state::Who;
use crate::ui::Dot;
use crate::ui::Icon;
use crate::ui::IconButton;
use crate::ui::LanguageMenu;
use crate::ui::Tag;
use crate::ui::view;
use crate::words::tr;

/// The bar of somebody who is signed in.
#[component]
pub fn TopBar() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    let fleet = Memo::new(move |_| {
        app.live.fleet.info().with(|info| info.as_ref().map(|info| (engine::name(info.engine.kind), info.name.clone(), info.production)))
    });
    let overlays = use_context::<Overlays>();
    let open = move |overlay: Overlay| {
        if let Some(overlays) = overlays {
            overlays.open(overlay);
        }
    };
    let current = move |screen: fn(&Route) -> bool| move || route.with(screen).then_some("page");
    view! {
        <header class="top-bar no-print">
            <Mark />
            <p class="top-fleet">
                {move || fleet.get().map(|(engine, name, production)| view! {
                    <span class="top-engine">{engine} " · "</span>
                    <span class="top-name" title=name>{name.clone()}</span>
                    {production.then(|| view! { <Tag tone=Tone::Offline word=tr!("production") /> })}
                })}
            </p>
            <ConnectionState />
            <nav class="top-nav" aria-label=tr!("Pages")>
                <a href=Route::fleet().href() aria-current=current(|route| matches!(route, Route::Fleet { .. } | Route::Node { .. }))>
                    {tr!("Nodes")}
                </a>
                <a href=Route::activity().href() aria-current=current(|route| matches!(route, Route::Activity(_)))>
                    {tr!("Activity")}
                </a>
            </nav>
            <Search />
            <IconButton glyph=Glyph::Command name=tr!("Command palette") on_press=move |()| open(Overlay::Palette) />
            <IconButton glyph=Glyph::Sliders name=tr!("Keys and settings") on_press=move |()| open(Overlay::Settings) />
            <WhoAmI />
        </header>
    }
}

/// The bar of somebody who is not.
#[component]
pub fn PlainBar() -> impl IntoView {
    view! {
        <header class="top-bar no-print">
            <Mark />
            <span class="top-space"></span>
            <LanguageMenu />
            <ThemeButton />
        </header>
    }
}

#[component]
fn Mark() -> impl IntoView {
    view! {
        <a class="mark" href=Route::fleet().href() aria-label=tr!("Pitlane, all nodes")>
            <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d="M9 4 4 20M15 4l5 16" />
                <path class="boot-lane" d="M12 5v3M12 10.500v3M12 16v3" />
            </svg>
            <span>"Pitlane"</span>
        </a>
    }
}

/// Live, reconnecting, or stale since.
#[component]
fn ConnectionState() -> impl IntoView {
    let app = App::get();
    let link = Memo::new(move |_| app.live.connection.link());
    let tone = Signal::derive(move || match link.get() {
        Link::Live => Tone::Healthy,
        Link::Connecting => Tone::Pending,
        Link::Reconnecting => Tone::Degraded,
        Link::Stale(_) => Tone::Offline,
    });
    // The age in it is for the eye; what is announced is the change of state alone.
    let word = move || match link.get() {
        Link::Live => tr!("connection" => "Live"),
        Link::Connecting => tr!("connection" => "Connecting"),
        Link::Reconnecting => tr!("connection" => "Reconnecting"),
        Link::Stale(_) => tr!("connection" => "Stale"),
    };
    let since = move || match link.get() {
        Link::Stale(Some(since)) => tr!("connection stale" => " since {}", format::age(Some(since), app.clock.now())),
        _ => String::new(),
    };
    view! {
        <p class="top-link">
            <Dot tone=tone halo=true />
            <span role="status" aria-label=tr!("Connection")>{word}</span>
            <span class="muted">{move || since()}</span>
        </p>
    }
}

/// Writes into the URL as it is typed; from another page it leads to the fleet. Where not every node stands in the document, the browser's
/// own search would miss some: Ctrl F leads here instead, and says so once. From here it is the browser's again.
#[component]
fn Search() -> impl IntoView {
    let app = App::get();
    let route = app.nav.route();
    let text = Memo::new(move |_| match route.get() {
        Route::Fleet { query, .. } => query.text,
        _ => String::new(),
    });
    let typed = move |event| {
        let text = event_target_value(&event);
        match route.get_untracked() {
            Route::Fleet { query, sheet } => app.nav.replace(Route::Fleet { query: Query { text, ..query }, sheet }),
            // A new entry, without moving the focus out of the field that is being typed into.
            _ => app.nav.search(text),
        }
    };
    let hint = RwSignal::new(false);
    let hinted = StoredValue::new(false);
    keys::on_chord(move |key| {
        let leads = key == "f" && untrack(|| app.live.chosen.shown_count()) > FEW && focus::around("data-search").is_none();
        if leads {
            focus::focus_first("[data-search]");
            focus::select_field();
            let _ = hint.try_set(hinted.try_update_value(|hinted| !std::mem::replace(hinted, true)) == Some(true));
        }
        leads
    });
    view! {
        <search class="top-search">
            <Icon glyph=Glyph::Search />
            <input
                type="search"
                class="input"
                aria-label=tr!("Search nodes")
                placeholder=tr!("Search nodes, regions, labels")
                autocomplete="off"
                spellcheck="false"
                data-search
                aria-describedby=move || hint.get().then_some("search-hint")
                on:blur=move |_| hint.set(false)
                prop:value=move || text.get()
                on:input=typed
            />
            <kbd class="kbd" aria-hidden="true">{'/'}</kbd>
            {move || hint.get().then(|| view! {
                <p class="search-hint" id="search-hint">
                    {tr!("Finds every node. The browser's own search finds only those near the screen: press the same keys again for it.")}
                </p>
            })}
        </search>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let dark = theme::dark();
    let dark = Signal::derive(move || dark.get());
    let toggle = move |()| theme::choose(if dark.get_untracked() { Theme::Light } else { Theme::Dark });
    view! {
        <IconButton
            glyph=Signal::derive(move || if dark.get() { Glyph::Sun } else { Glyph::Moon })
            name=Signal::derive(move || if dark.get() { tr!("Switch to the light theme") } else { tr!("Switch to the dark theme") })
            on_press=toggle
        />
    }
}

#[component]
fn WhoAmI() -> impl IntoView {
    let app = App::get();
    let (session, route) = (app.live.session, app.nav.route());
    let here = Memo::new(move |_| route.with(|route| matches!(route, Route::Sessions { .. })));
    let who = Memo::new(move |_| match session.who().get() {
        Who::Somebody(session) => Some(format!("{} · {}", session.name, role::name(session.role))),
        _ => None,
    });
    view! {
        // On a small screen both stand in the settings alone.
        <div class="top-more">
            <ThemeButton />
            <a class="who" href=Route::sessions().href() title=tr!("Where you are signed in") aria-current=move || here.get().then_some("page")>
                {move || who.get()}
            </a>
        </div>
        <IconButton glyph=Glyph::SignOut name=tr!("Sign out") on_press=move |()| session.sign_out() />
    }
}
