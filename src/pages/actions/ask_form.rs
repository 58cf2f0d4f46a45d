//! The frame of the sheets that ask for a drain, and what stands in it for one node as for many.

use leptos::prelude::*;
use pitlane_api::{Action, REASON_MAX};

use super::asking::Asking;
use super::asking::OWN_TIME;
use crate::model::drain::Missing;
use crate::model::expected::Expected;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::state::Load;
use crate::state::Remote;
use crate::state::Who;
use crate::ui::Button;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::Problem;
use crate::ui::SelectField;
use crate::ui::Skeleton;
use crate::ui::TextField;
use crate::ui::When;
use crate::ui::marked;
use crate::ui::view;
use crate::words::{Line, tr};

/// The reason, and when the node is expected back.
#[component]
pub fn WhyFields(asking: Asking, #[prop(into)] missing: Signal<Option<Missing>>) -> impl IntoView {
    let wrong = move |of: fn(Missing) -> bool, field: &str| {
        let missing = missing.get().filter(|missing| of(*missing));
        missing.map(Missing::words).or_else(|| asking.field_error(field))
    };
    let reason = move || wrong(|missing| matches!(missing, Missing::Reason | Missing::ReasonTooLong), "reason");
    let time = move || wrong(|missing| missing == Missing::ExpectedInThePast, "expected_back_at");
    let choices = Expected::CHOICES
        .iter()
        .map(|(choice, word)| ((*word).to_owned(), choice.label()))
        .chain([(OWN_TIME.to_owned(), tr!("at a time…"))])
        .collect();
    let own_time = move || asking.expected.with(|word| word == OWN_TIME);
    view! {
        <div class="drain-fields">
            <TextField label=tr!("Reason") value=asking.reason error=Signal::derive(reason) placeholder=tr!("Kernel 6.12 reboot") max=REASON_MAX />
            <SelectField label=tr!("Expected back") options=choices value=asking.expected />
            <When cond=own_time>
                <TextField label=tr!("Back at") value=asking.expected_at kind="datetime-local" error=Signal::derive(time) />
            </When>
        </div>
    }
}

/// What keeps the request back, or what the server said no to.
#[component]
pub fn NotSent(#[prop(into)] head: String, #[prop(into)] text: Signal<Option<Line>>) -> impl IntoView {
    move || {
        let head = head.clone();
        text.get().map(|text| {
            view! {
                <Notice tone=Tone::Offline glyph=Glyph::Warning alert=true>
                    <p>
                        <b>{head}</b>
                        " "
                        {marked(text)}
                    </p>
                </Notice>
            }
        })
    }
}

#[derive(Clone, PartialEq)]
enum Stage {
    Loading,
    Ready,
    Failed(Line, Option<String>),
}

/// The frame: what is read first, what is filled in below it, and the buttons.
#[component]
pub fn AskForm<T: Clone + Send + Sync + 'static>(
    asking: Asking,
    /// What is read before anything can be asked for.
    preview: Remote<T>,
    /// What is said where that failed.
    #[prop(into)]
    unread: String,
    #[prop(into)] label: Signal<String>,
    kind: Kind,
    needs: Action,
    #[prop(into)] on_submit: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    let session = asking.app.live.session;
    let stage = Memo::new(move |_| {
        preview.with(|load| match load {
            Load::Loading => Stage::Loading,
            Load::Failed(error, None) => Stage::Failed(error.message(), error.request_id()),
            _ => Stage::Ready,
        })
    });
    let again = move |()| {
        asking.forget();
        preview.reload();
    };
    let body = move || match stage.get() {
        Stage::Loading => view! { <Skeleton shape="line" count=6 /> }.into_any(),
        Stage::Failed(text, request) => {
            view! { <Problem title=unread.clone() text=text reference=request.unwrap_or_default() on_retry=again /> }.into_any()
        }
        Stage::Ready => children(),
    };
    let recorded = move || {
        session.who().with(|who| match who {
            Who::Somebody(session) => tr!("Recorded in the activity log as {}", session.name),
            _ => String::new(),
        })
    };
    let refused = Signal::derive(move || session.why_not(needs));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if refused.with_untracked(Option::is_none) {
            on_submit.run(());
        }
    };
    view! {
        <form class="sheet-form" novalidate on:submit=submit>
            <div class="sheet-body">{move || body()}</div>
            <footer class="sheet-foot">
                <span class="sheet-note">{move || recorded()}</span>
                <Button label=tr!("Cancel") on_press=move |()| asking.app.nav.close() />
                <Button label=label kind=kind submit=true busy=asking.busy refused=refused on_press=|()| () />
            </footer>
        </form>
    }
}
