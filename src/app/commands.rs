//! What the palette can do, apart from how it is found.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::overlay::Overlay;
use super::overlay::Overlays;
use crate::model::palette::Verb;
use crate::model::views::SavedView;
use crate::pages::actions::activate;
use crate::pages::context::App;
use crate::platform::density;
use crate::platform::focus;
use crate::platform::language;
use crate::platform::preferences;
use crate::platform::theme;
use crate::platform::theme::Theme;
use crate::route::Action;
use crate::route::Route;
use crate::state::saved_views;
use crate::words::tr;

/// What belongs to no node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Nodes,
    Activity,
    Sessions,
    Search,
    View(SavedView),
    /// Keeps what the fleet page shows.
    SaveView,
    Theme(Theme),
    Compact(bool),
    Still(bool),
    Speak(language::Language),
    Settings,
    SignOut,
}

impl Command {
    /// Those that make sense now, in the order of the list.
    pub fn all(app: App) -> Vec<Self> {
        let theme = theme::chosen();
        let current = language::current();
        let mut all = vec![Self::Nodes, Self::Activity, Self::Sessions, Self::Search];
        all.extend(saved_views().into_iter().map(Self::View));
        if app.nav.route().with_untracked(|route| matches!(route, Route::Fleet { .. })) {
            all.push(Self::SaveView);
        }
        all.extend(Theme::ALL.into_iter().filter(|other| *other != theme).map(Self::Theme));
        all.push(Self::Compact(!density::compact().get_untracked()));
        all.push(Self::Still(!preferences::is_still()));
        all.extend(language::all().into_iter().filter(|language| language.code != current).map(Self::Speak));
        all.extend([Self::Settings, Self::SignOut]);
        all
    }

    /// The line in the list.
    pub fn label(&self) -> String {
        match self {
            Self::Nodes => tr!("Go to nodes"),
            Self::Activity => tr!("Go to activity"),
            Self::Sessions => tr!("Go to sessions"),
            Self::Search => tr!("Search nodes"),
            Self::View(view) => tr!("Go to view {}", view.name),
            Self::SaveView => tr!("Save this view…"),
            Self::Compact(true) => tr!("Let things stand close"),
            Self::Compact(false) => tr!("Let things stand comfortably"),
            Self::Theme(Theme::System) => tr!("Use the system's theme"),
            Self::Theme(Theme::Light) => tr!("Use the light theme"),
            Self::Theme(Theme::Dark) => tr!("Use the dark theme"),
            Self::Still(true) => tr!("Let nothing move"),
            Self::Still(false) => tr!("Let things move"),
            Self::Speak(language) => tr!("Change the language to {}", language.name),
            Self::Settings => tr!("Keys and settings"),
            Self::SignOut => tr!("Sign out"),
        }
    }

    /// Does it.
    pub fn run(self, app: App, overlays: Overlays) {
        match self {
            Self::Nodes => app.nav.go(Route::fleet()),
            Self::Activity => app.nav.go(Route::activity()),
            Self::Sessions => app.nav.go(Route::sessions()),
            Self::Search => afterwards(|| {
                focus::focus_first("[data-search]");
            }),
            Self::View(view) => app.nav.go(Route::read(&view.href)),
            Self::SaveView => afterwards(|| {
                focus::press("[popovertarget=fleet-tools]");
                focus::focus_first("[data-view-name]");
            }),
            Self::Compact(compact) => density::choose(compact),
            Self::Theme(theme) => theme::choose(theme),
            Self::Still(still) => preferences::be_still(still),
            Self::Speak(language) => language::choose(&language.code),
            Self::Settings => request_animation_frame(move || {
                overlays.open(Overlay::Settings);
            }),
            Self::SignOut => app.live.session.sign_out(),
        }
    }
}

/// After the palette has given the focus back.
fn afterwards(f: impl FnOnce() + 'static) {
    request_animation_frame(|| request_animation_frame(f));
}

/// A verb by itself, which is what a person types before the node.
pub fn verb(verb: Verb) -> String {
    match verb {
        Verb::Open => tr!("Open"),
        Verb::Drain => tr!("Drain"),
        Verb::Activate => tr!("Activate"),
        Verb::Share => tr!("Share"),
        Verb::Plan | Verb::Replan => tr!("what a person types, the verb first" => "Plan a drain of"),
    }
}

/// Does something with a node, by the same ways as its buttons.
pub fn act(app: App, verb: Verb, id: NodeId) {
    match verb {
        Verb::Open => app.nav.go(Route::node(&id)),
        Verb::Drain => app.nav.open(Action::Drain, &id),
        Verb::Share => app.nav.open(Action::Share, &id),
        Verb::Plan | Verb::Replan => app.nav.open(Action::Plan, &id),
        Verb::Activate => activate(app, id, RwSignal::new(false)),
    }
}
