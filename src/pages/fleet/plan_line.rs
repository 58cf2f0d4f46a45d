//! `Drain planned in 3 h · on-call · “Kernel 6.12 reboot”`, or why it did not begin.

use leptos::prelude::*;

use crate::model::plan;
use crate::model::plan::PlanWords;
use crate::ui::Age;
use crate::ui::Icon;
use crate::ui::view;

/// One line of a card.
#[component]
pub fn PlanLine(words: PlanWords) -> impl IntoView {
    let state = words.state;
    let rest = words.message.clone().unwrap_or_else(|| words.rest.clone());
    let whole = rest.clone();
    view! {
        <p class="card-maintenance card-plan" data-tone=words.tone().as_str() title=whole>
            <Icon glyph=words.glyph() />
            <span>
                <b>
                    <Age at=Signal::stored(Some(words.starts_at)) relative=true sentence=move |when: &str| plan::headline(state, when) />
                </b>
                " · "
                {rest}
            </span>
        </p>
    }
}
