//! Randomness.

use leptos::prelude::window;

/// 128 random bits in hex, for a key that nobody else uses. (`randomUUID` is missing over plain http.)
pub fn key() -> String {
    let mut bytes = [0u8; 16];
    let filled = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes)).is_ok();
    if !filled {
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One random byte, to spread things in time.
pub fn byte() -> u8 {
    (js_sys::Math::random() * 256.0) as u8
}
