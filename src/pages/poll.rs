//! Reading something again every so often, as long as somebody looks.

use leptos::prelude::*;

use super::context::App;
use crate::platform::page;

/// Calls `f` every `seconds` while the page that asked for it is shown and its tab is in front.
pub fn every(app: App, seconds: i64, f: impl Fn() + 'static) {
    let turn = Memo::new(move |_| app.clock.now().as_second() / seconds.max(1));
    Effect::new(move |before: Option<i64>| {
        let now = turn.get();
        if before.is_some_and(|before| before != now) && page::is_visible() {
            untrack(&f);
        }
        now
    });
}
