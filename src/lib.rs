//! The console of Pitlane. `model` and `route` are pure and compile everywhere; the rest needs a browser.

pub mod model;
pub mod route;
pub mod words;

#[cfg(target_arch = "wasm32")]
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod pages;
#[cfg(target_arch = "wasm32")]
pub mod platform;
#[cfg(target_arch = "wasm32")]
pub mod state;
#[cfg(target_arch = "wasm32")]
pub mod ui;

/// Shows the console, in the language that was chosen.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    console_error_panic_hook::set_once();
    // What a page of a thousand nodes takes in any case, in one piece: else the memory grows sixty times while the first card is made.
    drop(std::hint::black_box(Vec::<u8>::with_capacity(3 << 20)));
    platform::language::when_ready(|missing| {
        if let Some(body) = platform::page::body() {
            leptos::mount::mount_to(body, move || app::root(missing)).forget();
        }
    });
}
