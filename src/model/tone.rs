//! The colours of states, by name. What a name looks like is the style sheets' business.

use pitlane_api::{Health, HeartbeatState, SignalState};

/// A state's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Deliberately out of the scheduler.
    Maintenance,
    /// Good.
    Healthy,
    /// Reachable, and something is bad.
    Degraded,
    /// Not reachable, failed, refused.
    Offline,
    /// Not yet.
    Pending,
    /// Nothing is said.
    Neutral,
}

impl Tone {
    /// The word of `data-tone`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tone::Maintenance => "maintenance",
            Tone::Healthy => "healthy",
            Tone::Degraded => "degraded",
            Tone::Offline => "offline",
            Tone::Pending => "pending",
            Tone::Neutral => "neutral",
        }
    }
}

/// The small pictures that stand beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Glyph {
    Check,
    Cross,
    Warning,
    Wrench,
    Power,
    Ring,
    Database,
    Clock,
    Link,
    Search,
    Sun,
    Moon,
    System,
    Close,
    Copy,
    Spinner,
    Trash,
    Pencil,
    Refresh,
    Flask,
    Info,
    SignOut,
}

/// A state as it is told everywhere: by picture, word and colour together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The colour.
    pub tone: Tone,
    /// The picture.
    pub glyph: Glyph,
    /// The word.
    pub word: &'static str,
}

/// Maintenance's mark.
pub const MAINTENANCE: Mark = Mark { tone: Tone::Maintenance, glyph: Glyph::Wrench, word: "Maintenance" };

/// A health's mark.
pub const fn health(health: Health) -> Mark {
    match health {
        Health::Pending => Mark { tone: Tone::Pending, glyph: Glyph::Ring, word: "Pending" },
        Health::Healthy => Mark { tone: Tone::Healthy, glyph: Glyph::Check, word: "Healthy" },
        Health::Degraded => Mark { tone: Tone::Degraded, glyph: Glyph::Warning, word: "Degraded" },
        Health::Offline => Mark { tone: Tone::Offline, glyph: Glyph::Power, word: "Offline" },
        Health::Failed => Mark { tone: Tone::Offline, glyph: Glyph::Cross, word: "Failed" },
        Health::Deleting => Mark { tone: Tone::Neutral, glyph: Glyph::Trash, word: "Deleting" },
        Health::Unknown => Mark { tone: Tone::Neutral, glyph: Glyph::Ring, word: "Unknown" },
    }
}

/// The colour of the heartbeat's dot and strip.
pub const fn heartbeat(state: HeartbeatState, health: Health) -> Tone {
    match (state, health) {
        (HeartbeatState::Fresh, Health::Degraded) | (HeartbeatState::Late, _) => Tone::Degraded,
        (HeartbeatState::Fresh, _) => Tone::Healthy,
        _ => Tone::Neutral,
    }
}

/// A signal's colour and picture.
pub const fn signal(state: SignalState) -> (Tone, Glyph) {
    match state {
        SignalState::Ok => (Tone::Healthy, Glyph::Check),
        SignalState::Bad => (Tone::Offline, Glyph::Cross),
        SignalState::NotPresent | SignalState::Unknown => (Tone::Neutral, Glyph::Ring),
    }
}
