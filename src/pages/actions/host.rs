//! Shows the sheet that stands in the URL.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::activate::ActivateSheet;
use super::drain::DrainSheet;
use super::maintenance::MaintenanceSheet;
use super::remove::RemoveSheet;
use super::share::ShareSheet;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::bulk::AskSheet;
use crate::pages::bulk::follow;
use crate::pages::context::App;
use crate::route::Action;
use crate::route::Over;
use crate::state::Row;
use crate::ui::Notice;
use crate::ui::Sheet;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// One sheet, over whatever page is below. It waits for the fleet, so that every sheet can rely on its node.
#[component]
pub fn SheetHost() -> impl IntoView {
    let app = App::get();
    follow(app);
    let route = app.nav.route();
    let open = Memo::new(move |_| route.with(|route| route.sheet()).filter(|_| app.live.fleet.loaded().get()));
    dynamic(move || {
        open.get().map(|over| match over {
            Over::One(action, id) => match app.live.fleet.row_untracked(&id) {
                Some(row) => sheet(action, id, row),
                None => view! { <NoSuchNode id=id /> }.into_any(),
            },
            Over::Many(many) => view! { <AskSheet many=many /> }.into_any(),
        })
    })
}

fn sheet(action: Action, id: NodeId, row: Row) -> AnyView {
    let subject = Subject::new(id, row);
    match action {
        Action::Drain => view! { <DrainSheet subject=subject /> }.into_any(),
        Action::Plan => view! { <DrainSheet subject=subject later=true /> }.into_any(),
        Action::Activate => view! { <ActivateSheet subject=subject /> }.into_any(),
        Action::Maintenance => view! { <MaintenanceSheet subject=subject /> }.into_any(),
        Action::Share => view! { <ShareSheet subject=subject /> }.into_any(),
        Action::Remove => view! { <RemoveSheet subject=subject /> }.into_any(),
    }
}

/// The node that a sheet is about.
#[derive(Clone, Copy)]
pub struct Subject {
    pub id: StoredValue<NodeId>,
    pub node: Signal<pitlane_api::Node>,
    pub name: Signal<String>,
}

impl Subject {
    fn new(id: NodeId, row: Row) -> Self {
        let node = Signal::derive(move || row.node.get());
        let name = Memo::new(move |_| node.with(|node| node.name.clone())).into();
        Self { id: StoredValue::new(id), node, name }
    }
}

/// The fleet's name, for the line below a sheet's title. A production fleet carries its mark there too.
pub fn fleet_name(app: App) -> impl Fn() -> String + Copy {
    move || {
        app.live.fleet.info().with(|info| match info {
            Some(info) if info.production => tr!("{} (production)", info.name),
            Some(info) => info.name.clone(),
            None => String::new(),
        })
    }
}

#[component]
fn NoSuchNode(id: NodeId) -> impl IntoView {
    let app = App::get();
    view! {
        <Sheet title=tr!("No such node") subtitle=id.0 on_close=move |()| app.nav.close()>
            <div class="sheet-body">
                <Notice tone=Tone::Offline glyph=Glyph::Warning>
                    <p>{tr!("There is no node with this id in the fleet. It was removed, or the link is from another fleet.")}</p>
                </Notice>
            </div>
        </Sheet>
    }
}
