//! The sheet: a native dialog at the right of a wide screen and all over a phone.

use leptos::{ev, html, prelude::*};

use super::view;

use super::Announcer;
use super::IconButton;
use super::LiveRegion;
use crate::model::tone::Glyph;
use crate::platform::focus::Remembered;
use crate::words::tr;

/// A modal sheet. It is open for as long as it exists; whoever shows it takes it away in `on_close`. Esc and a click
/// beside it close it, and the focus returns to where it was.
#[component]
pub fn Sheet(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] subtitle: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let before = Remembered::now();
    let announcer = use_context::<Announcer>();

    Effect::new(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || before.restore());

    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let beside = move |event: ev::MouseEvent| {
        if event.target().is_some() && event.target() == event.current_target() {
            close();
        }
    };
    view! {
        <dialog
            class="sheet"
            node_ref=dialog
            aria-label=move || title.get()
            on:close=move |_| on_close.run(())
            on:mousedown=beside
        >
            <header class="sheet-head">
                <div>
                    <h2 tabindex="-1" autofocus>
                        {move || title.get()}
                    </h2>
                    <p>{move || subtitle.get()}</p>
                </div>
                <IconButton glyph=Glyph::Close name=tr!("Close") on_press=move |()| close() />
            </header>
            {children()}
            {announcer.map(|announcer| view! { <LiveRegion announcer=announcer /> })}
        </dialog>
    }
}
