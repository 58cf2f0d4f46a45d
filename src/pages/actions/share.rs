//! Handing a node's status to somebody else: a link for colleagues, and public links that end.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::{Action, ShareLifetime};

use super::Subject;
use super::fleet_name;
use super::share_links::PublicLinks;
use crate::api;
use crate::model::share;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::pages::context::App;
use crate::pages::nav;
use crate::route::Route;
use crate::state::Remote;
use crate::ui::Button;
use crate::ui::CopyLine;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::SelectField;
use crate::ui::Sheet;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The sheet.
#[component]
pub fn ShareSheet(subject: Subject) -> impl IntoView {
    let app = App::get();
    let id = subject.id;
    let private = id.with_value(|id| nav::absolute(&Route::node(id)));
    let in_maintenance = subject.node.with_untracked(share::until_activated_makes_sense);
    let lifetime = RwSignal::new(ShareLifetime::Day.as_str().to_owned());
    let made = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<Line>);
    let busy = RwSignal::new(false);
    let links = Remote::new(move || {
        let id = id.get_value();
        async move { api::share_links(&id).await }
    });

    let make = move |()| {
        busy.set(true);
        problem.set(None);
        let (id, lifetime) = (id.get_value(), ShareLifetime::from_word(&lifetime.get_untracked()));
        spawn_local(async move {
            let outcome = api::make_share_link(&id, lifetime).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(new) => {
                    made.set(Some(new.url));
                    app.announcer.say(tr!("Public link made"));
                    links.reload();
                }
                Err(error) => problem.set(Some(error.message())),
            }
        });
    };
    let options = share::lifetimes(in_maintenance).into_iter().map(|(word, label)| (word.as_str().to_owned(), label.to_owned())).collect::<Vec<_>>();
    let refused = Signal::derive(move || app.live.session.why_not(Action::Share));
    let fleet = fleet_name(app);
    let made_now = move || {
        made.get().map(|url| {
            view! {
                <div class="share-made">
                    <p>{tr!("This address is shown only now. Whoever has it sees the status until it ends.")}</p>
                    <CopyLine title=tr!("Public link") text=url.clone() />
                    <CopyLine title=tr!("Badge for a runbook") text=share::badge_markdown(&url, &subject.name.get_untracked()) />
                </div>
            }
        })
    };
    view! {
        <Sheet
            title=Signal::derive(move || tr!("Share the status of {}", subject.name.get()))
            subtitle=Signal::derive(fleet)
            on_close=move |()| app.nav.close()
        >
            <div class="sheet-body">
                <section class="sheet-part" aria-label=tr!("For colleagues")>
                    <h3>{tr!("For colleagues who sign in")}</h3>
                    <CopyLine title=tr!("Link to the node's page") text=private />
                </section>
                <section class="sheet-part" aria-label=tr!("For everybody")>
                    <h3>{tr!("For everybody who has the link")}</h3>
                    <Notice tone=Tone::Maintenance glyph=Glyph::Warning>
                        <p>
                            <strong>{tr!("The reason becomes public.")} " "</strong>
                            {tr!("A public link shows the node's name, its state, the reason, since when, when it is expected back and its heartbeat, live. \
                             No person, address, label or workload.")}
                        </p>
                    </Notice>
                    <div class="share-make">
                        <SelectField label=tr!("The link works for") options=options value=lifetime />
                        <Button label=tr!("Make public link") kind=Kind::Primary refused=refused busy=busy on_press=make />
                    </div>
                    {move || {
                        problem.get().map(|text| {
                            view! {
                                <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                                    <p>{marked(text)}</p>
                                </Notice>
                            }
                        })
                    }}
                    {move || made_now()}
                </section>
                <PublicLinks node=id links=links />
            </div>
            <footer class="sheet-foot">
                <Button label=tr!("Done") on_press=move |()| app.nav.close() />
            </footer>
        </Sheet>
    }
}
