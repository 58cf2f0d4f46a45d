//! Nothing to show: because there is nothing yet, or because a filter hides it.

use leptos::prelude::*;

use super::show;
use crate::model::query::Query;
use crate::model::tone::Glyph;
use crate::pages::context::App;
use crate::platform::history;
use crate::ui::Button;
use crate::ui::Commands;
use crate::ui::Icon;
use crate::ui::view;
use crate::words::tr;

/// No node has enrolled yet: how to enrol one.
#[component]
pub fn NoNodes() -> impl IntoView {
    let server = history::origin();
    let commands = vec!["pitlane token enroll".to_owned(), format!("PITLANE_SERVER={server} PITLANE_TOKEN=<the token> pitlane agent")];
    let demo = format!("pitlane demo --server {server} --token \"$(pitlane token enroll --multi-use)\"");
    view! {
        <section class="empty">
            <h2>{tr!("No nodes yet")}</h2>
            <p class="muted">{tr!("Make an enrolment token where this server runs, then start the agent with it on each node:")}</p>
            <Commands commands=commands />
            <p class="muted">{tr!("The node shows up here with its first heartbeat. To look around first, play a fleet where this server runs:")}</p>
            <Commands commands=vec![demo] />
        </section>
    }
}

/// The filter hides every node.
#[component]
pub fn NothingFound(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    view! {
        <section class="empty" role="status">
            <Icon glyph=Glyph::Search />
            <h2>{tr!("No node matches")}</h2>
            <p class="muted">{tr!("Search looks at names, regions, addresses, versions, labels and reasons.")}</p>
            <Button label=tr!("Show all nodes") on_press=move |()| show(app, query.get_untracked().all()) />
        </section>
    }
}
