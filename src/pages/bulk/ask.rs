//! The sheet about many nodes: what it would mean for the whole set, one reason, and then one after another.

use leptos::prelude::*;
use pitlane_api::{BULK_MAX, OperationKind};

use super::ask_facts::Facts;
use super::ask_fields::Fields;
use super::ask_state::Ask;
use super::ask_state::Nodes;
use super::kind;
use super::needs;
use crate::model::bulk;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::actions::AskForm;
use crate::pages::actions::fleet_name;
use crate::pages::context::App;
use crate::pages::poll::every;
use crate::route::Many;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::Sheet;
use crate::ui::view;
use crate::words::{number, tr};

/// The checks of an activation move by themselves, so they are read again this often, in seconds.
const AGAIN_S: i64 = 5;

/// The sheet.
#[component]
pub fn AskSheet(many: Many) -> impl IntoView {
    let app = App::get();
    let kind = kind(many.action);
    let nodes = Nodes::of(app, &many.set);
    let count = nodes.as_ref().map_or(0, |nodes| nodes.ids.len());
    let fleet = fleet_name(app);
    let subtitle = move || match kind {
        OperationKind::Activate => tr!("{} · Makes those that are ready schedulable again. Nothing moves back by itself.", fleet()),
        _ => tr!("{} · Puts the nodes into maintenance. Can be undone with Activate.", fleet()),
    };
    let body = match nodes {
        None => view! { <Nothing text=tr!("This tab does not remember which nodes these were. Select them again.") /> }.into_any(),
        Some(nodes) if nodes.is_too_many() => {
            let text = tr!("These are {}; at most {} nodes are handled in one go.", number(nodes.ids.len()), number(BULK_MAX));
            view! { <Nothing text=text /> }.into_any()
        }
        Some(nodes) if nodes.ids.is_empty() => view! { <Nothing text=tr!("None of these nodes is in the fleet any more.") /> }.into_any(),
        Some(nodes) => {
            let gone = nodes.gone;
            view! { <Asked ask=Ask::new(app, &many, nodes.ids) gone=gone /> }.into_any()
        }
    };
    view! {
        <Sheet title=bulk::title(kind, count) subtitle=Signal::derive(subtitle) on_close=move |()| app.nav.close()>
            {body}
        </Sheet>
    }
}

#[component]
fn Nothing(#[prop(into)] text: String) -> impl IntoView {
    let app = App::get();
    view! {
        <div class="sheet-body">
            <Notice tone=Tone::Offline glyph=Glyph::Warning>
                <p>{text}</p>
            </Notice>
        </div>
        <footer class="sheet-foot">
            <Button label=tr!("Close") on_press=move |()| app.nav.close() />
        </footer>
    }
}

#[component]
fn Asked(ask: Ask, gone: usize) -> impl IntoView {
    if ask.kind == OperationKind::Activate {
        every(ask.asking.app, AGAIN_S, move || ask.preview.reload());
    }
    let ready = Memo::new(move |_| ask.preview.with(|load| load.data().map_or(0, |preview| bulk::ready(preview).count())));
    view! {
        <AskForm
            asking=ask.asking
            preview=ask.preview
            unread=tr!("What this would mean could not be read")
            label=Signal::derive(move || bulk::title(ask.kind, ready.get()))
            kind=if ask.kind == OperationKind::Activate { Kind::Primary } else { Kind::Danger }
            needs=needs(ask.kind)
            on_submit=move |()| ask.submit()
        >
            <Facts ask=ask gone=gone />
            <Fields ask=ask />
        </AskForm>
    }
}
