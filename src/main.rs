//! Starts the console in the browser. There is nothing to start anywhere else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    pitlane_console::start();
}
