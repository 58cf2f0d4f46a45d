//! The shape of what is on its way. Nothing turns or counts.

use leptos::prelude::*;

use super::view;

/// So many grey shapes: `line`, `title`, `card`, `panel`.
#[component]
pub fn Skeleton(shape: &'static str, #[prop(default = 1)] count: usize) -> impl IntoView {
    (0..count).map(|_| view! { <span class="skeleton" data-shape=shape aria-hidden="true"></span> }).collect_view()
}
