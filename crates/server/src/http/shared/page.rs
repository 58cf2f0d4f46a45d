//! The page of a public link, whole from the server: light, readable without a script, and unfolded by whoever previews links.

use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, html};
use pitlane_api::{Timestamp, Words, say};
use sha2::{Digest, Sha256};

use super::{
    face::{Face, moment},
    speech::Language,
};

/// The sheets of the console that it shares, so that both look alike, and the few rules of its own.
pub const STYLE: &str = concat!(
    include_str!("../../../../../style/tokens.css"),
    include_str!("../../../../../style/reset.css"),
    include_str!("../../../../../style/base.css"),
    include_str!("../../../../../style/ui/status.css"),
    include_str!("page.css"),
);

/// Keeps it live.
pub const SCRIPT: &str = include_str!("page.js");

/// Names the two files, so that they may be kept for good.
pub static BUILD: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::new().chain_update(STYLE).chain_update(SCRIPT).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// The page. `address` is the link itself.
pub fn status(face: &Face, address: &str, language: &Language) -> Markup {
    let tell = |words: &Words| language.tell(words);
    let ago = |at: Timestamp| language.ago(at, face.now);
    let title = format!("{}: {}", face.name, face.states());
    let preview = html! {
        meta property="og:type" content="website";
        meta property="og:site_name" content="Pitlane";
        meta property="og:title" content=(title);
        meta property="og:description" content=(face.summary());
        meta property="og:url" content=(address);
        meta property="og:image" content=(format!("{address}/picture.png?v={}", face.version));
        meta property="og:image:type" content="image/png";
        meta property="og:image:width" content=(super::picture::WIDTH);
        meta property="og:image:height" content=(super::picture::HEIGHT);
        meta property="og:image:alt" content=(title);
        meta name="twitter:card" content="summary_large_image";
        meta name="description" content=(face.summary());
        noscript { meta http-equiv="refresh" content="30"; }
    };
    let body = html! {
        main data-version=(face.version) data-now=(face.now) {
            article.shared-card data-tone=(face.tone().as_str()) {
                h1 dir="auto" { (face.name) }
                p.shared-states aria-live="polite" {
                    @for mark in &face.marks {
                        span.badge data-tone=(mark.tone.as_str()) {
                            svg.icon viewBox="0 0 24 24" aria-hidden="true" { path d=(mark.icon) {} }
                            (tell(&mark.word))
                        }
                    }
                }
                dl {
                    @if let Some(reason) = &face.reason {
                        dt { (tell(&say!("Reason"))) }
                        dd dir="auto" { (reason) }
                    }
                    @if let Some(since) = face.since {
                        dt { (tell(&say!("Since"))) }
                        dd { (time(since)) " " span.muted { time data-ago datetime=(since) { (ago(since)) } } }
                    }
                    @if let (Some(at), Some(away)) = (face.expected_back_at, face.back_in()) {
                        dt { (tell(&say!("Expected back"))) }
                        dd { (time(at)) " " span.shared-back data-overdue[face.overdue] { time data-until datetime=(at) { (tell(&away)) } } }
                    }
                    dt { (tell(&say!("Last heartbeat"))) }
                    dd {
                        @match face.last_heartbeat_at {
                            Some(at) => { time data-ago data-heartbeat datetime=(at) { (ago(at)) } " " span.muted data-fresh { (tell(&face.heartbeat)) } }
                            None => (tell(&face.heartbeat))
                        }
                    }
                }
            }
            p.muted.shared-note { (tell(&say!("This page shows one node's status to everybody who has the link, until the link ends."))) }
        }
    };
    whole(&title, &preview, &body, language)
}

/// What stands there when a link shows nothing.
pub fn nothing(title: &Words, text: &Words, language: &Language) -> Markup {
    // A link that has ended says nothing of the node it showed, to a preview neither.
    let preview = html! { meta property="og:title" content="Pitlane"; };
    let body = html! {
        main data-ended {
            article.shared-card data-tone="neutral" {
                h1 { (language.tell(title)) }
                p { (language.tell(text)) }
            }
        }
    };
    whole("Pitlane", &preview, &body, language)
}

fn whole(title: &str, head: &Markup, body: &Markup, language: &Language) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.code) dir=(language.dir) {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                meta name="referrer" content="no-referrer";
                (head)
                link rel="icon" href=(format!("/shared/mark.svg?v={}", *BUILD));
                link rel="stylesheet" href=(format!("/shared/page.css?v={}", *BUILD));
                script src=(format!("/shared/page.js?v={}", *BUILD)) defer {}
            }
            body.shared data-words=(language.templates()) {
                header {
                    svg.shared-mark viewBox="0 0 24 24" aria-hidden="true" {
                        path d="M9 4 4 20M15 4l5 16" {}
                        path.shared-lane d="M12 5v3M12 10.5v3M12 16v3" {}
                    }
                    span { "Pitlane" }
                    span.shared-live role="status" data-live { }
                    div.shared-lost data-lost hidden {
                        p role="alert" { }
                        p data-old { }
                    }
                }
                (body)
            }
        }
    }
}

fn time(at: Timestamp) -> Markup {
    html! { time data-exact datetime=(at) { (moment(at)) } }
}
