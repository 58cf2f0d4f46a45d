//! The way through an upgrade, maintenance first. The steps tick by themselves, from what the node shows.

use leptos::prelude::*;
use pitlane_api::Action as Needs;
use pitlane_api::Scheduling;
use pitlane_api::rules;
use pitlane_api::rules::Upgrade;
use pitlane_api::rules::UpgradeStep;

use super::Shared;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::model::upgrade;
use crate::pages::actions::MainButton;
use crate::route::Action;
use crate::ui::Button;
use crate::ui::Notice;
use crate::ui::Steps;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// What the panel shows.
#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    OnItsWay(Upgrade),
    /// It was followed here to its end, and that is said until the page is left.
    Over(Upgrade),
}

/// There while there is something to upgrade, and until the end of an upgrade was seen.
#[component]
pub fn UpgradePath(shared: Shared) -> impl IntoView {
    let shown = Memo::new(move |before: Option<&Shown>| {
        let (now, scheduling) = shared.node.with(|node| (rules::upgrade(node), node.scheduling));
        match (now, before) {
            (Some(upgrade), _) => Shown::OnItsWay(upgrade),
            (None, Some(Shown::OnItsWay(last) | Shown::Over(last)))
                if last.current == UpgradeStep::Activate && scheduling == Scheduling::Schedulable =>
            {
                Shown::Over(last.clone())
            }
            _ => Shown::Nothing,
        }
    });
    let subject = Memo::new(move |_| shared.node.with(upgrade::subject));
    dynamic(move || {
        let body = match shown.get() {
            Shown::Nothing => return None,
            Shown::OnItsWay(upgrade) => view! { <Path shared=shared upgrade=upgrade /> },
            Shown::Over(upgrade) => {
                let versions = [upgrade.from, upgrade.to].into_iter().flatten().collect::<Vec<_>>().join(" → ");
                view! {
                    <Notice tone=Tone::Healthy glyph=Glyph::Check>
                        <p>{tr!("Upgraded, {versions}, and back in the scheduler.", versions)}</p>
                    </Notice>
                }
            }
        };
        Some(view! {
            <section class="panel" aria-label=tr!("Upgrade")>
                <h2>{tr!("Upgrade")} " " <span class="muted">{subject.get()}</span></h2>
                {body}
            </section>
        })
    })
}

#[component]
fn Path(shared: Shared, upgrade: Upgrade) -> impl IntoView {
    let app = shared.app;
    let steps = upgrade::steps(&upgrade);
    let hint = upgrade::hint(&upgrade);
    let current = upgrade.current;
    let action = Memo::new(move |_| shared.face.with(|face| face.action));
    let refused = Signal::derive(move || app.live.session.why_not(Needs::Drain));
    let button = match current {
        UpgradeStep::Drain if !upgrade.underway => {
            let open = move |()| app.nav.open(Action::Drain, &shared.id.get_value());
            Some(view! { <Button label=tr!("Drain…") name=tr!("Drain for the upgrade") small=true refused=refused on_press=open /> })
        }
        UpgradeStep::Activate => Some(view! { <MainButton id=Signal::stored(shared.id.get_value()) action=action /> }),
        _ => None,
    };
    view! {
        <Steps steps=Signal::stored(steps) />
        <p class="muted hint" role="status">{hint}</p>
        {button.map(|button| view! { <div class="notice-actions no-print">{button}</div> })}
    }
}
