//! The colours of states, by name. What a name looks like is the style sheets' business.

use pitlane_api::{Health, HeartbeatState, SignalState};

use crate::words::tr;

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
    Cards,
    Rows,
    Bookmark,
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
    Sliders,
    Command,
}

/// A state as it is told everywhere: by picture, word and colour together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The colour.
    pub tone: Tone,
    /// The picture.
    pub glyph: Glyph,
    /// The word.
    pub word: String,
}

/// Maintenance's mark.
pub fn maintenance() -> Mark {
    Mark { tone: Tone::Maintenance, glyph: Glyph::Wrench, word: tr!("Maintenance") }
}

/// A health's mark.
pub fn health(health: Health) -> Mark {
    let (glyph, word) = match health {
        Health::Pending => (Glyph::Ring, tr!("Pending")),
        Health::Healthy => (Glyph::Check, tr!("Healthy")),
        Health::Degraded => (Glyph::Warning, tr!("Degraded")),
        Health::Offline => (Glyph::Power, tr!("Offline")),
        Health::Failed => (Glyph::Cross, tr!("Failed")),
        Health::Deleting => (Glyph::Trash, tr!("Deleting")),
        Health::Unknown => (Glyph::Ring, tr!("Unknown")),
    };
    Mark { tone: of_health(health), glyph, word }
}

/// A health's colour alone.
pub const fn of_health(health: Health) -> Tone {
    match health {
        Health::Pending => Tone::Pending,
        Health::Healthy => Tone::Healthy,
        Health::Degraded => Tone::Degraded,
        Health::Offline | Health::Failed => Tone::Offline,
        Health::Deleting | Health::Unknown => Tone::Neutral,
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
