//! Ending a bulk operation: nothing more is begun, and what is under way is stopped. Of a stopped one it says that nobody will go on with it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{BulkOperation, BulkState};

use super::needs;
use crate::api;
use crate::pages::context::App;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::When;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The button, as long as there is something to end.
#[component]
pub fn Abort(bulk: Remote<BulkOperation>, now: Memo<Option<BulkOperation>>, state: Memo<BulkState>) -> impl IntoView {
    let app = App::get();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Line>);
    let can = Memo::new(move |_| matches!(state.get(), BulkState::Running | BulkState::Stopped));
    let refused = Signal::derive(move || now.with(|bulk| bulk.as_ref().and_then(|bulk| app.live.session.why_not(needs(bulk.kind)))));
    let press = move |()| {
        let Some(id) = now.with_untracked(|bulk| bulk.as_ref().map(|bulk| bulk.id.clone())) else { return };
        busy.set(true);
        spawn_local(async move {
            let outcome = api::abort_bulk(&id).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(after) => {
                    problem.set(None);
                    bulk.put(after);
                }
                Err(error) => {
                    problem.set(Some(error.message()));
                    bulk.reload();
                }
            }
        });
    };
    let label = Signal::derive(move || if state.get() == BulkState::Stopped { tr!("Leave it at that") } else { tr!("Abort") });
    view! {
        {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
        <When cond=move || can.get()>
            <Button label=label refused=refused busy=busy on_press=press />
        </When>
    }
}
