//! The upper half of the sheet about many nodes: facts of the whole set, to read before deciding.

use leptos::prelude::*;
use pitlane_api::{BulkPreview, OperationKind};

use super::ask_nodes::LeftOut;
use super::ask_nodes::Ready;
use super::ask_nodes::Stays;
use super::ask_nodes::Unread;
use super::ask_state::Ask;
use crate::model::bulk;
use crate::model::drain;
use crate::model::tone::Glyph;
use crate::model::tone::Tone;
use crate::platform::locale;
use crate::ui::Button;
use crate::ui::CapacityTrack;
use crate::ui::Icon;
use crate::ui::Kind;
use crate::ui::Notice;
use crate::ui::dynamic;
use crate::ui::view;
use crate::words::tr;

/// What happens, what stays, what is left out, what remains.
#[component]
pub fn Facts(ask: Ask, gone: usize) -> impl IntoView {
    let gone = (gone > 0).then(|| {
        let text =
            tr!("1 node of those asked for is not in the fleet any more." | "{n} nodes of those asked for are not in the fleet any more." % gone);
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p>{text}</p>
            </Notice>
        }
    });
    let facts = dynamic(move || {
        ask.preview.with(|load| load.data().cloned()).map(|preview| {
            let drain = preview.kind == OperationKind::Drain;
            view! {
                <Will preview=preview.clone() />
                <LeftOut preview=preview.clone() />
                {drain.then(|| view! { <Stays preview=preview.clone() /> })}
                <Unread preview=preview.clone() />
                <Ready preview=preview.clone() />
                {drain.then(|| view! { <After ask=ask preview=preview.clone() /> })}
            }
        })
    });
    view! {
        {gone}
        {facts}
    }
}

#[component]
fn Will(preview: BulkPreview) -> impl IntoView {
    let line = |tone: Tone, glyph: Glyph, strong: String, rest: String| {
        view! {
            <li data-tone=tone.as_str()>
                <Icon glyph=glyph />
                <span>
                    <b>{strong}</b>
                    " "
                    {rest}
                </span>
            </li>
        }
    };
    let lines = match preview.kind {
        OperationKind::Activate => vec![
            line(Tone::Healthy, Glyph::Check, tr!("Only what is ready."), tr!("Every check is asked again before each node.")),
            line(
                Tone::Maintenance,
                Glyph::Wrench,
                tr!("The rest stays in maintenance."),
                tr!("A node that is not ready any more when its turn comes is left out."),
            ),
        ],
        _ => vec![
            line(Tone::Healthy, Glyph::Check, tr!("No new placements."), tr!("The scheduler places nothing new on these nodes.")),
            line(Tone::Maintenance, Glyph::Warning, tr!("Nothing is evacuated."), tr!("Whatever runs on them stays where it is.")),
            line(Tone::Pending, Glyph::Refresh, tr!("Stops at the first refusal."), tr!("Every guard is asked again before each node.")),
        ],
    };
    view! { <ul class="will">{lines}</ul> }
}

#[component]
fn After(ask: Ask, preview: BulkPreview) -> impl IntoView {
    let bar = drain::capacity_bar(&preview.capacity_now, &preview.capacity_after).map(|bar| view! { <CapacityTrack bar=Signal::stored(bar) /> });
    let text = tr!("{} · read {}", drain::capacity_after(&preview.capacity_after), locale::time(preview.server_time));
    let last = preview.takes_the_last.then(|| {
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p>{tr!("No node is left that would take placements instead of these. What has to start anew could start nowhere.")}</p>
            </Notice>
        }
    });
    view! {
        <section class="stack">
            <h3>{tr!("After this drain" | "After {n} drains" % bulk::ready(&preview).count())}</h3>
            {bar}
            <p class="muted hint">
                {text} " "
                <Button label=tr!("Read again") small=true kind=Kind::Quiet on_press=move |()| ask.read_again() />
            </p>
            {last}
        </section>
    }
}
