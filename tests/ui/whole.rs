//! The console as `trunk serve` builds it: in one piece, without the cut that a release makes (docs/adr/0011).

use pitlane_console::app::root;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, settle};

/// A cut that nobody carried out leaves an import that no browser can resolve: then not one test of this program starts.
#[wasm_bindgen_test]
async fn the_console_starts_in_one_piece() {
    let stage = Stage::mount(|| root(None)).await;
    // Until it was answered who is there, the page's own skeleton stands; nobody answers that here but with a refusal.
    for _ in 0..100 {
        if stage.maybe("header .mark").is_some() {
            break;
        }
        settle().await;
    }
    assert!(stage.maybe("header .mark").is_some(), "no top bar in {}", stage.root.inner_html());
}
