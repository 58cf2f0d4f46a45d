//! One clock for the whole tab: it ticks once a second and follows the server's time.

use jiff::Timestamp;
use leptos::{ev, prelude::*};
use std::time::Duration;

/// Time as the server has it. Every age on the screen is a leaf that reads it, and nothing else re-renders.
#[derive(Clone, Copy)]
pub struct Clock {
    now_ms: RwSignal<i64>,
    offset_ms: StoredValue<i64>,
}

/// Differences below this are the network's, not the clocks'.
const JITTER_MS: i64 = 1_000;

impl Clock {
    /// Starts ticking. There is one per tab, made at the root.
    pub fn start() -> Self {
        let clock = Self { now_ms: RwSignal::new(local_ms()), offset_ms: StoredValue::new(0) };
        set_interval(move || clock.tick(), Duration::from_secs(1));
        // A hidden tab's timers are slowed down; what it shows must be right the moment it is looked at.
        window_event_listener(ev::visibilitychange, move |_| clock.tick());
        clock
    }

    /// Now, by the server's clock; whoever reads it is run again every second.
    pub fn now(self) -> Timestamp {
        timestamp(self.now_ms.get())
    }

    /// Now, by the server's clock, once.
    pub fn now_untracked(self) -> Timestamp {
        timestamp(local_ms().saturating_add(self.offset_ms.get_value()))
    }

    /// Takes note of the server's time.
    pub fn observe(self, server_time: Timestamp) {
        let offset = server_time.as_millisecond().saturating_sub(local_ms());
        if offset.abs_diff(self.offset_ms.get_value()) > JITTER_MS.unsigned_abs() {
            self.offset_ms.set_value(offset);
            self.tick();
        }
    }

    fn tick(self) {
        let now = local_ms().saturating_add(self.offset_ms.get_value());
        // Compared by the second, so that a tick never notifies anybody twice for the same second.
        if self.now_ms.get_untracked() / 1_000 != now / 1_000 {
            self.now_ms.set(now);
        }
    }
}

fn local_ms() -> i64 {
    js_sys::Date::now() as i64
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
