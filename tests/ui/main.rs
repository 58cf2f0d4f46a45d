//! What only a DOM shows: focus, keyboard, dialogs, keyed rows. Everything else of the console is tested natively, in `src/`.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may say so by a panic, its helpers too")]

mod fleet;
mod primitives;
mod stage;
mod whole;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
