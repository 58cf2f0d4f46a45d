//! The icons, drawn on a grid of 24. They are decoration: the word beside them carries the meaning.

use leptos::prelude::*;

use super::view;

use crate::model::tone::Glyph;

/// One icon.
#[component]
pub fn Icon(#[prop(into)] glyph: Signal<Glyph>) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-glyph=move || name(glyph.get())>
            <path d=move || path(glyph.get()) />
        </svg>
    }
}

const fn name(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Ring => "ring",
        Glyph::Spinner => "spinner",
        // Points along the line, and so the other way where lines are read from the right.
        Glyph::SignOut => "forward",
        _ => "plain",
    }
}

const fn path(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Check => "M4.5 12.5 9.5 17.5 19.5 6.5",
        Glyph::Cross | Glyph::Close => "M6 6 18 18M18 6 6 18",
        Glyph::Warning => "M12 3.5 22 20.5H2ZM12 10v4.5M12 17.4v.1",
        Glyph::Wrench => {
            "M14.5 6.5a4.5 4.5 0 0 1 5.9-2.1l-3 3 .3 2.3 2.3.3 2.6-2.6a4.5 4.5 0 0 1-6.1 5.4L8.3 21a2.4 2.4 0 0 1-3.4-3.4l8.3-8.2a4.5 4.5 0 0 1 1.3-2.9Z"
        }
        Glyph::Power => "M12 3v8M6.5 6.5a8 8 0 1 0 11 0",
        Glyph::Ring => "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16",
        Glyph::Database => "M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0ZM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0",
        Glyph::Clock => "M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18M12 7.5V12l3 2",
        Glyph::Link => "M10 14a4.5 4.5 0 0 0 6.5.2l3-3a4.5 4.5 0 0 0-6.4-6.4l-1.4 1.4M14 10a4.5 4.5 0 0 0-6.5-.2l-3 3a4.5 4.5 0 0 0 6.4 6.4l1.4-1.4",
        Glyph::Search => "M11 4a7 7 0 1 1 0 14a7 7 0 1 1 0-14M16.2 16.2 21 21",
        Glyph::Cards => "M4 4h6.500v6.500h-6.500ZM13.500 4h6.500v6.500h-6.500ZM4 13.500h6.500v6.500h-6.500ZM13.500 13.500h6.500v6.500h-6.500Z",
        Glyph::Rows => "M4 6h16M4 12h16M4 18h16",
        Glyph::Bookmark => "M6 4h12v16l-6-4.500-6 4.500Z",
        Glyph::Sun => "M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
        Glyph::Moon => "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
        Glyph::System => "M3 5h18v11H3ZM9 20h6M12 16v4",
        Glyph::Copy => "M9 9h11v11H9ZM5 15H4V4h11v1",
        Glyph::Spinner => "M12 3a9 9 0 1 1-9 9",
        Glyph::Trash => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
        Glyph::Pencil => "M4 20l1-4L16.5 4.5l3 3L8 19ZM14.5 6.5l3 3",
        Glyph::Refresh => "M20 11a8 8 0 0 0-14.5-3.5L4 9M4 4v5h5M4 13a8 8 0 0 0 14.5 3.5L20 15M20 20v-5h-5",
        Glyph::Flask => "M9 3h6M10 3v6L5 18.500a1.700 1.700 0 0 0 1.500 2.500h11a1.700 1.700 0 0 0 1.500-2.500L14 9V3M7.500 14h9",
        Glyph::Sliders => "M4 7h9M17 7h3M17 5v4M4 17h3M11 17h9M7 15v4",
        Glyph::Command => "M9 6a3 3 0 1 0-3 3h12a3 3 0 1 0-3-3v12a3 3 0 1 0 3-3H6a3 3 0 1 0 3 3Z",
        Glyph::SignOut => "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
        Glyph::Info => "M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18M12 11v5.500M12 7.700v.1",
    }
}
