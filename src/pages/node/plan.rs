//! The banner of a planned drain: when it begins, or why it did not, and what can be done.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pitlane_api::Action as Needs;
use pitlane_api::PlanState;
use pitlane_api::PlannedDrain;

use super::Shared;
use crate::api;
use crate::model::format;
use crate::model::plan;
use crate::model::plan::PlanWords;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::platform::locale;
use crate::route::Action;
use crate::ui::Banner;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// Nothing where none is open.
#[component]
pub fn PlanBanner(shared: Shared) -> impl IntoView {
    let planned = Memo::new(move |_| shared.node.with(|node| node.planned.as_deref().cloned()));
    dynamic(move || planned.get().map(|plan| view! { <OnePlan shared=shared plan=plan /> }))
}

#[component]
fn OnePlan(shared: Shared, plan: PlannedDrain) -> impl IntoView {
    let app = shared.app;
    let words = PlanWords::of(&plan);
    let (state, starts_at, decide) = (plan.state, plan.starts_at, words.needs_a_person());
    let title = Signal::derive(move || plan::headline(state, &format::relative(starts_at, app.clock.now())));
    let begins = match plan.expected_back_at {
        Some(back) => tr!("Begins {}, expected back {}.", locale::exact(starts_at), locale::exact(back)),
        None => tr!("Begins {}.", locale::exact(starts_at)),
    };
    let text = match (&words.message, state) {
        (Some(message), PlanState::Due) => tr!("{message} It begins at most half an hour late.", message = message),
        (Some(message), _) => message.clone(),
        (None, _) => tr!("{begins} {rest} · Every guard is asked again then.", begins = begins, rest = words.rest),
    };
    let revision = StoredValue::new(plan.revision);
    let busy = RwSignal::new(false);
    let cancel = move |()| {
        busy.set(true);
        let id = shared.id.get_value();
        spawn_local(async move {
            let outcome = api::cancel_plan(&id, &revision.get_value()).await;
            let _ = busy.try_set(false);
            match outcome {
                Ok(()) => app.announcer.say(tr!("The planned drain is cancelled")),
                Err(error) => app.toasts.show(Tone::Offline, Glyph::Warning, error.message()),
            }
        });
    };
    let refused = Signal::derive(move || app.live.session.why_not(Needs::Drain));
    let open = move |action: Action| app.nav.open(action, &shared.id.get_value());
    let change = if decide { tr!("Plan anew…") } else { tr!("Change plan…") };
    let end = if decide { tr!("Dismiss") } else { tr!("Cancel plan") };
    view! {
        <section aria-label=tr!("Planned drain")>
            <Banner tone=words.tone() glyph=words.glyph() title=title text=text>
                <div class="banner-actions no-print">
                    <Button label=change refused=refused on_press=move |()| open(Action::Plan) />
                    <Button label=end kind=Kind::Quiet busy=busy refused=refused on_press=cancel />
                </div>
            </Banner>
        </section>
    }
}
