//! The root: what every page may use, the shell around them, and which page is shown.

mod commands;
mod overlay;
mod palette;
mod rest;
mod select_keys;
mod settings;
mod shell;
mod shortcuts;
mod top_bar;

use leptos::prelude::*;

use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::sign_in::SignIn;
use crate::platform::clock::Clock;
use crate::platform::page;
use crate::route::Route;
use crate::state::Who;
use crate::ui::LiveRegion;
use crate::ui::Problem;
use crate::ui::view;
use crate::words::{Line, tr};

/// The console. `missing` is the language that was wanted, where its words did not arrive.
pub fn root(missing: Option<String>) -> AnyView {
    provide_context(Clock::start());
    let app = App::start();
    if let Some(name) = missing {
        // In English, necessarily.
        app.toasts.show(
            Tone::Degraded,
            Glyph::Warning,
            tr!("{} could not be loaded, so the console speaks English. Load the page again to try once more.", name),
        );
    }
    provide_context(app);
    provide_context(app.announcer);

    let who = app.live.session.who();
    // Somebody with a fresh link need not be asked who they are.
    if app.nav.route().get_untracked() == Route::SignIn {
        app.live.session.nobody();
    } else {
        app.live.session.ask();
    }

    // The shell stays while the session is renewed, so only the kind of answer matters here.
    let stage = Memo::new(move |_| match who.get() {
        Who::Asking => Stage::Asking,
        Who::Nobody => Stage::Nobody,
        Who::Somebody(_) => Stage::Somebody,
        Who::Failed(error) => Stage::Failed(error.message()),
    });
    let body = move || match stage.get() {
        Stage::Somebody => view! { <shell::Shell /> }.into_any(),
        Stage::Nobody => view! {
            <top_bar::PlainBar />
            <main class="page" id="main">
                <SignIn />
            </main>
        }
        .into_any(),
        Stage::Asking => ().into_any(),
        Stage::Failed(text) => view! {
            <top_bar::PlainBar />
            <main class="page" id="main">
                <Problem title=tr!("Pitlane cannot be reached") text=text on_retry=move |()| app.live.session.ask() />
            </main>
        }
        .into_any(),
    };
    // Until the server said who is there, the page's own skeleton stands.
    Effect::new(move |_| {
        if stage.get() != Stage::Asking {
            page::clear_boot();
        }
    });
    view! {
        {move || body()}
        <LiveRegion announcer=app.announcer />
    }
}

#[derive(Clone, PartialEq)]
enum Stage {
    Asking,
    Nobody,
    Somebody,
    Failed(Line),
}
