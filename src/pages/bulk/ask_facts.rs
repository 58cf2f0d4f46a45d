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
use crate::model::format;
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

/// What happens, what stays, what is left out, what remains.
#[component]
pub fn Facts(ask: Ask, gone: usize) -> impl IntoView {
    let gone = (gone > 0).then(|| {
        let text =
            format!("{} of those asked for not in the fleet any more.", if gone == 1 { "1 node is".to_owned() } else { format!("{gone} nodes are") });
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
    let line = |tone: Tone, glyph: Glyph, strong: &'static str, rest: &'static str| {
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
            line(Tone::Healthy, Glyph::Check, "Only what is ready.", "Every check is asked again before each node."),
            line(
                Tone::Maintenance,
                Glyph::Wrench,
                "The rest stays in maintenance.",
                "A node that is not ready any more when its turn comes is left out.",
            ),
        ],
        _ => vec![
            line(Tone::Healthy, Glyph::Check, "No new placements.", "The scheduler places nothing new on these nodes."),
            line(Tone::Maintenance, Glyph::Warning, "Nothing is evacuated.", "Whatever runs on them stays where it is."),
            line(Tone::Pending, Glyph::Refresh, "Stops at the first refusal.", "Every guard is asked again before each node."),
        ],
    };
    view! { <ul class="will">{lines}</ul> }
}

#[component]
fn After(ask: Ask, preview: BulkPreview) -> impl IntoView {
    let bar = drain::capacity_bar(&preview.capacity_now, &preview.capacity_after).map(|bar| view! { <CapacityTrack bar=Signal::stored(bar) /> });
    let text = format!("{} · read {}", drain::capacity_after(&preview.capacity_after), locale::time(preview.server_time));
    let last = preview.takes_the_last.then(|| {
        view! {
            <Notice tone=Tone::Degraded glyph=Glyph::Warning>
                <p>"These are all the nodes that take placements. After them nothing new could start anywhere."</p>
            </Notice>
        }
    });
    view! {
        <section class="stack">
            <h3>{format!("After {}", format::count(bulk::ready(&preview).count() as u64, "drain"))}</h3>
            {bar}
            <p class="muted hint">
                {text} " "
                <Button label="Read again" small=true kind=Kind::Quiet on_press=move |()| ask.read_again() />
            </p>
            {last}
        </section>
    }
}
