//! Name, badges, and what can be done.

use leptos::prelude::*;
use pitlane_api::Action as Needs;

use super::Shared;
use crate::model::card;
use crate::model::engine;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::MainButton;
use crate::route::Action;
use crate::route::Route;
use crate::ui::Badge;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Tag;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// The head of the page.
#[component]
pub fn Header(shared: Shared) -> impl IntoView {
    let app = shared.app;
    let badges = move || shared.node.with(|node| card::badges(node, true));
    let name = move || shared.face.with(|face| face.name.clone());
    let action = Memo::new(move |_| shared.face.with(|face| face.action));
    let open = move |action: Action| app.nav.open(action, &shared.id.get_value());
    let why_not = move |needs: Needs| Signal::derive(move || app.live.session.why_not(needs));
    // Where the engine is the one that knows its nodes, Pitlane says so instead of hiding the button.
    let not_removable = Signal::derive(move || {
        let engine = app
            .live
            .fleet
            .info()
            .with(|info| info.as_ref().filter(|info| !info.engine.capabilities.remove).map(|info| engine::name(info.engine.kind)));
        engine
            .map(|engine| tr!("{engine} does not let Pitlane remove nodes: remove it there.", engine))
            .or_else(|| app.live.session.why_not(Needs::Remove))
    });
    view! {
        <nav class="crumbs" aria-label=tr!("Breadcrumb")>
            <a href=Route::fleet().href()>{tr!("Nodes")}</a>
            " / "
            <span aria-current="page">{move || name()}</span>
        </nav>
        <div class="node-head" data-node=shared.id.with_value(|id| id.0.clone())>
            <h1 class="node-name" tabindex="-1">
                {move || name()}
            </h1>
            <div class="node-badges">
                {move || badges().into_iter().map(|mark| view! { <Badge mark=mark /> }).collect_view()}
                {move || {
                    shared.face.with(|face| face.simulated).then(|| view! { <Tag tone=Tone::Neutral word=tr!("simulated") /> })
                }}
            </div>
            <div class="node-actions no-print">
                <Button label=tr!("Remove…") kind=Kind::Quiet refused=not_removable on_press=move |()| open(Action::Remove) />
                <When cond=move || shared.maintenance.get()>
                    <Button
                        label=tr!("Change…")
                        name=tr!("Change maintenance…")
                        icon=Glyph::Pencil
                        refused=why_not(Needs::Drain)
                        on_press=move |()| open(Action::Maintenance)
                    />
                </When>
                <Button label=tr!("Share status…") icon=Glyph::Link on_press=move |()| open(Action::Share) />
                <MainButton id=Signal::stored(shared.id.get_value()) action=action />
            </div>
        </div>
    }
}
