//! A session that ended while a sheet was open: signing in again leads back to that sheet, with what was written into it.

use std::cell::RefCell;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::model::tone::Glyph;
use crate::pages::context::App;
use crate::route::Route;
use crate::ui::Button;
use crate::ui::Icon;
use crate::ui::Kind;
use crate::ui::Problem;
use crate::ui::marked;
use crate::ui::view;
use crate::words::tr;

thread_local! {
    /// The reason that was written, and into which sheet.
    static WRITTEN: RefCell<Option<(Route, String)>> = const { RefCell::new(None) };
}

/// Whether nobody is signed in any more.
pub fn is_signed_out(error: &ApiError) -> bool {
    error.status() == Some(401)
}

/// Puts the page for signing in in place of everything. The address stays, so that it leads back to the same sheet.
pub fn sign_in_again(app: App, reason: String) {
    WRITTEN.set(Some((app.nav.route().get_untracked(), reason)));
    app.live.session.ended();
}

/// What was written into the sheet of this address before somebody had to sign in again. Told once.
pub fn written_before(app: App) -> Option<String> {
    let (route, reason) = WRITTEN.take()?;
    (route == app.nav.route().get_untracked()).then_some(reason)
}

/// The way out of a refusal that says to sign in first.
#[component]
pub fn SignInFirst(error: ApiError, #[prop(into)] reason: Signal<String>) -> impl IntoView {
    let app = App::get();
    is_signed_out(&error).then(|| {
        view! {
            <div class="notice-actions">
                <Button label=tr!("Sign in") small=true on_press=move |()| sign_in_again(app, reason.get_untracked()) />
            </div>
        }
    })
}

/// Something could not be read: the way out is to try again, or to sign in.
#[component]
pub fn Unread(
    #[prop(into)] title: String,
    error: ApiError,
    /// What is written already.
    #[prop(optional, into)]
    reason: Signal<String>,
    #[prop(into)] on_retry: Callback<()>,
) -> impl IntoView {
    let app = App::get();
    if !is_signed_out(&error) {
        let request = error.request_id().unwrap_or_default();
        return view! { <Problem title=title text=error.message() reference=request on_retry=on_retry /> }.into_any();
    }
    view! {
        <div class="problem" role="alert" data-tone="offline">
            <Icon glyph=Glyph::Warning />
            <h2>{title}</h2>
            <p class="muted">{marked(error.message())}</p>
            <Button label=tr!("Sign in") kind=Kind::Primary on_press=move |()| sign_in_again(app, reason.get_untracked()) />
        </div>
    }
    .into_any()
}
