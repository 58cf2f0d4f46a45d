//! The status as a picture: for whoever previews a link, and as a badge for a runbook. Drawn as SVG; the picture is painted
//! by resvg with the faces of [`super::letters`], which are inside the binary.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use axum::body::Bytes;
use maud::{Markup, html};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use tokio::sync::Semaphore;

use super::{
    face::{Face, Tone, moment},
    letters::{self, from_the_right, writable},
};
use crate::plain::cut;

/// What previews expect.
pub const WIDTH: u32 = 1200;
/// See [`WIDTH`].
pub const HEIGHT: u32 = 630;

/// Pictures that are remembered: many ask for the same one within a minute.
const REMEMBERED: usize = 64;
/// Pictures that are painted at once.
const AT_ONCE: usize = 2;

// The dark theme of `style/tokens.css`; a test holds them to it.
const BACKGROUND: &str = "#0e1116";
const SURFACE: &str = "#161a21";
const LINE: &str = "#2a303b";
const TEXT: &str = "#e8ebf0";
const MUTED: &str = "#98a2b3";
const STRIPE: (&str, &str) = ("#ff9f1c", "#2a1a06");

/// Text and background of a state.
const fn colours(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Maintenance => ("#ff9f1c", "#3a2409"),
        Tone::Healthy => ("#3ecf8e", "#12301f"),
        Tone::Degraded => ("#f5b544", "#35260b"),
        Tone::Offline => ("#ff6b61", "#3a1514"),
        Tone::Pending => ("#7aa7ff", "#152443"),
        Tone::Neutral => ("#98a2b3", "#232934"),
    }
}

/// How wide a text is, about: the mean of Inter's letters and a little more, so that nothing touches.
fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.58
}

/// The status as an SVG of [`WIDTH`] by [`HEIGHT`].
pub fn draw(face: &Face) -> String {
    let name = cut(&writable(&face.name).unwrap_or_else(|| "A node".into()), 48);
    let name_size = (1040.0 / width(&name, 1.0)).clamp(34.0, 88.0);
    let mut left = 96.0;
    let badges: Vec<Markup> = face.marks.iter().map(|mark| badge(mark.word.english(), mark.icon, mark.tone, &mut left)).collect();
    let reason = face.reason.as_deref().map(|reason| writable(reason).unwrap_or_else(|| "The reason is on the page.".into()));
    let reason = reason.map(|reason| lines(&reason, 46, 2)).unwrap_or_default();
    let since = face.since.map(|at| ("Since", moment(at), TEXT));
    let back = face
        .expected_back_at
        .map(|at| (if face.overdue { "Overdue since" } else { "Expected back" }, moment(at), if face.overdue { STRIPE.0 } else { TEXT }));
    let facts = [since, back, Some(("Heartbeat", face.heartbeat.english().to_owned(), TEXT))];
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(HEIGHT) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) font-family="Inter" {
            defs {
                pattern id="stripes" width="40" height="40" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="40" height="40" fill=(STRIPE.1) {}
                    rect width="20" height="40" fill=(STRIPE.0) {}
                }
            }
            rect width=(WIDTH) height=(HEIGHT) fill=(BACKGROUND) {}
            rect x="40" y="40" width=(WIDTH - 80) height=(HEIGHT - 80) rx="24" fill=(SURFACE) stroke=(LINE) stroke-width="2" {}
            @if face.tone() == Tone::Maintenance {
                path d="M64 40h12v550h-12a24 24 0 0 1-24-24V64a24 24 0 0 1 24-24Z" fill="url(#stripes)" {}
            }
            g fill="none" stroke-linecap="round" stroke-width="2.6" transform="translate(94 74) scale(1.7)" {
                path d="M9 4 4 20M15 4l5 16" stroke=(TEXT) {}
                path d="M12 5v3M12 10.5v3M12 16v3" stroke=(STRIPE.0) {}
            }
            text x="146" y="105" font-size="30" font-weight="600" fill=(TEXT) { "Pitlane" }
            (words(&name, from_the_right(&name), 232, name_size, 600))
            @for badge in &badges { (badge) }
            @for (at, line) in reason.iter().enumerate() {
                (words(line, from_the_right(&reason[0]), 392 + at * 50, 38.0, 400))
            }
            @for (at, (title, text, colour)) in facts.iter().flatten().enumerate() {
                text x=(96 + at * 350) y="504" font-size="22" fill=(MUTED) { (title) }
                text x=(96 + at * 350) y="542" font-size="27" font-weight="600" fill=(colour) { (text) }
            }
        }
    };
    svg.into_string()
}

/// A line of somebody's own words. What is read from the right begins there, and is told so: resvg takes every line for one from the left.
fn words(text: &str, from_right: bool, y: usize, size: f64, weight: u16) -> Markup {
    let (x, anchor) = if from_right { (1104, "end") } else { (96, "start") };
    html! {
        text x=(x) y=(y) text-anchor=(anchor) font-size=(size) font-weight=(weight) fill=(TEXT) {
            @if from_right { "\u{2067}" (text) "\u{2069}" } @else { (text) }
        }
    }
}

fn badge(word: &str, icon: &str, tone: Tone, left: &mut f64) -> Markup {
    let (text, soft) = colours(tone);
    let wide = width(word, 30.0) + 84.0;
    let x = *left;
    *left += wide + 16.0;
    html! {
        rect x=(x) y="270" width=(wide) height="56" rx="28" fill=(soft) {}
        g transform=(format!("translate({} 283) scale(1.25)", x + 22.0)) fill="none" stroke=(text) stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" {
            path d=(icon) {}
        }
        text x=(x + 62.0) y="309" font-size="30" font-weight="600" fill=(text) { (word) }
    }
}

/// A text broken into lines of at most `max` characters; what does not fit into `count` of them is cut off.
fn lines(text: &str, max: usize, count: usize) -> Vec<String> {
    let mut broken: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match broken.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= max) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => broken.push(cut(word, max)),
        }
    }
    if broken.len() > count {
        let rest = broken.split_off(count - 1).join(" ");
        broken.push(cut(&rest, max));
    }
    broken
}

/// `node │ state`, as runbooks carry them.
pub fn small(left: &str, right: &str, tone: Tone) -> String {
    let left = cut(left, 40);
    // Where it is shown Inter may be missing, and what takes its place is wider.
    let (left_wide, right_wide) = (width(&left, 13.0) + 16.0, width(right, 13.5) + 16.0);
    let (text, soft) = colours(tone);
    let whole = left_wide + right_wide;
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(format!("{whole:.0}")) height="22" role="img" aria-label=(format!("{left}: {right}"))
            font-family="Inter,Verdana,Geneva,DejaVu Sans,sans-serif" font-size="12" {
            title { (left) ": " (right) }
            rect width=(format!("{whole:.0}")) height="22" rx="5" fill=(soft) {}
            path d=(format!("M5 0H{left_wide:.0}V22H5a5 5 0 0 1-5-5V5a5 5 0 0 1 5-5Z")) fill=(LINE) {}
            text x=(format!("{:.0}", left_wide / 2.0)) y="15.500" text-anchor="middle" fill=(TEXT) { (left) }
            text x=(format!("{:.0}", left_wide + right_wide / 2.0)) y="15.500" text-anchor="middle" font-weight="600" fill=(text) { (right) }
        }
    }
    .into_string()
}

/// Paints an SVG of ours.
pub fn paint(svg: &str) -> Result<Vec<u8>, String> {
    let options = Options { fontdb: letters::FONTS.clone(), font_resolver: letters::resolver(), font_family: "Inter".into(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let mut pixmap = Pixmap::new(WIDTH, HEIGHT).ok_or("no room for a picture")?;
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| error.to_string())
}

/// Paints, a few at a time, and remembers what it painted last.
pub struct Studio {
    hands: Semaphore,
    done: Mutex<VecDeque<(String, Bytes)>>,
}

impl Studio {
    pub fn new() -> Self {
        Self { hands: Semaphore::new(AT_ONCE), done: Mutex::default() }
    }

    fn done(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Bytes)>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, svg: &str) -> Option<Bytes> {
        self.done().iter().find(|(of, _)| of == svg).map(|(_, picture)| picture.clone())
    }

    /// The picture of a face as PNG.
    ///
    /// # Errors
    /// A mistake of ours, for the log.
    pub async fn picture(&self, face: &Face) -> Result<Bytes, String> {
        let svg = draw(face);
        if let Some(picture) = self.remembered(&svg) {
            return Ok(picture);
        }
        let _hand = self.hands.acquire().await.map_err(|error| error.to_string())?;
        if let Some(picture) = self.remembered(&svg) {
            return Ok(picture);
        }
        let drawn = svg.clone();
        let painted = tokio::task::spawn_blocking(move || paint(&drawn)).await.map_err(|error| error.to_string())??;
        let picture = Bytes::from(painted);
        let mut done = self.done();
        done.truncate(REMEMBERED - 1);
        done.push_front((svg, picture.clone()));
        Ok(picture)
    }
}
