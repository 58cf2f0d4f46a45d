//! The public links of a node that work, and ending one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, NodeId, ShareLifetime, ShareLink, ShareLinks};

use crate::api;
use crate::model::format;
use crate::pages::context::App;
use crate::platform::locale;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::Problem;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The list.
#[component]
pub fn PublicLinks(node: StoredValue<NodeId>, links: Remote<ShareLinks>) -> impl IntoView {
    let body = move || match links.get() {
        Load::Loading => ().into_any(),
        Load::Failed(error, None) => {
            view! { <Problem title=tr!("The public links could not be read") text=error.message() on_retry=move |()| links.reload() /> }.into_any()
        }
        Load::Ready(list) | Load::Failed(_, Some(list)) if list.links.is_empty() => {
            view! { <p class="muted">{tr!("None works now.")}</p> }.into_any()
        }
        Load::Ready(list) | Load::Failed(_, Some(list)) => {
            let rows = list.links.iter().map(|link| view! { <One node=node link=link.clone() links=links now=list.server_time /> }).collect_view();
            view! { <ul class="share-list">{rows}</ul> }.into_any()
        }
    };
    view! {
        <section class="sheet-part" aria-label=tr!("Public links that work")>
            <h3>{tr!("Public links that work")}</h3>
            {move || body()}
        </section>
    }
}

#[component]
fn One(node: StoredValue<NodeId>, link: ShareLink, links: Remote<ShareLinks>, now: pitlane_api::Timestamp) -> impl IntoView {
    let app = App::get();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Line>);
    let by = link.created_by.clone();
    // Somebody else's is an admin's to revoke; the server holds that, this says it before.
    let refused = Signal::derive(move || {
        app.live.session.why_not(Action::Share).or_else(|| {
            let mine = app.live.session.name().is_some_and(|name| name == by);
            if mine { None } else { app.live.session.why_not(Action::ManageLinks) }
        })
    });
    let until = match link.lifetime {
        ShareLifetime::UntilActivated => tr!("works until the node is activated"),
        _ => tr!("works until {}", locale::short(link.expires_at, now)),
    };
    let words = tr!("made {} by {}", format::relative(link.created_at, now), link.created_by);
    let id = StoredValue::new(link.id);
    let revoke = move |()| {
        busy.set(true);
        spawn_local(async move {
            let outcome = api::revoke_share_link(&node.get_value(), &id.get_value()).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(()) => {
                    app.announcer.say(tr!("Public link revoked"));
                    links.reload();
                }
                Err(error) => problem.set(Some(error.message())),
            }
        });
    };
    view! {
        <li>
            <div>
                <p>{until}</p>
                <p class="muted">{words}</p>
                {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{marked(text)}</p> })}
            </div>
            <Button label=tr!("Revoke") refused=refused busy=busy on_press=revoke />
        </li>
    }
}
