//! The list of activation checks, with the settle window counting on.

use leptos::prelude::*;
use pitlane_api::{ActivationChecks, CheckKind};

use crate::model::checks;
use crate::pages::context::App;
use crate::ui::Icon;
use crate::ui::Told;
use crate::ui::view;
use crate::words::{number, tr};

/// Every check with its outcome and detail.
#[component]
pub fn CheckList(checks: ActivationChecks) -> impl IntoView {
    let clock = App::get().clock;
    let all = StoredValue::new(checks);
    let settled = move || all.with_value(|all| tr!("{} of {} s", number(checks::settled_for(all, clock.now())), number(all.settle_window_s)));
    let rows = all
        .get_value()
        .checks
        .into_iter()
        .map(|check| {
            let (tone, glyph, word) = checks::mark(check.outcome);
            let detail = match check.kind {
                CheckKind::Settled => view! { <span class="check-detail">{move || settled()}</span> }.into_any(),
                _ => view! { <span class="check-detail"><Told words=check.detail /></span> }.into_any(),
            };
            view! {
                <li data-tone=tone.as_str()>
                    <Icon glyph=glyph />
                    <span><Told words=check.name /> <span class="visually-hidden">{tr!(": {}", word)}</span></span>
                    {detail}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="checks">{rows}</ul> }
}
