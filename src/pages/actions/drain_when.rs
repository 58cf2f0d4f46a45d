//! Now or later: when the drain begins.

use leptos::prelude::*;

use super::asking::OWN_TIME;
use super::drain_state::DrainState;
use super::drain_state::LATER;
use crate::model::drain::STARTS;
use crate::model::plan::Wish;
use crate::model::tone::Glyph;
use crate::pages::nav;
use crate::platform::locale;
use crate::route::Route;
use crate::ui::CopyButton;
use crate::ui::SelectField;
use crate::ui::TextField;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// The choice, and the time in the browser's time zone. A plan that is changed begins later in any case.
#[component]
pub fn DrainWhen(state: DrainState) -> impl IntoView {
    let choices = vec![(String::new(), tr!("now")), (LATER.to_owned(), tr!("later"))];
    let changing = state.plan.with_value(Option::is_some);
    let later = move || state.is_later();
    let error = Signal::derive(move || {
        let missing = state.missing.get().filter(|missing| missing.field() == Some(STARTS));
        missing.map(|missing| missing.words()).or_else(|| state.asking.field_error(STARTS))
    });
    view! {
        <div class="drain-fields">
            {(!changing).then(|| view! { <SelectField label=tr!("Begins") options=choices value=state.begins /> })}
            <When cond=later>
                <TextField
                    label=tr!("Begins at")
                    value=state.starts_at
                    kind="datetime-local"
                    error=error
                    hint=tr!("Time zone: {}", locale::zone())
                />
            </When>
        </div>
        <When cond=later>
            <p class="muted hint">{tr!("Every guard is asked again when its time has come. If one refuses then, nothing is drained, and you decide.")}</p>
        </When>
    }
}

/// A link that opens this sheet with the reason filled in, for whoever shall press the button.
#[component]
pub fn PleaseDrain(state: DrainState) -> impl IntoView {
    let link = Signal::derive(move || {
        let id = state.subject.id.get_value();
        let back = state.asking.expected.get();
        let wish = Wish::read(&state.asking.reason.get(), if back == OWN_TIME { "" } else { &back });
        nav::absolute(&Route::please_drain(&id, wish))
    });
    view! {
        <CopyButton text=link name=tr!("Copy link with this reason") said=tr!("Link copied") glyph=Glyph::Link worded=tr!("Copy link with this reason") />
    }
}
