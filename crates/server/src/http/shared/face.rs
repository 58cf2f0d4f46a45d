//! What a public link says, in words, once for the page, the text, the preview, the badge and the picture.

use pitlane_api::{Health, HeartbeatState, Scheduling, SharedStatus, Timestamp, Words, say, seconds_between};
use sha2::{Digest, Sha256};

use super::speech::span;
use crate::plain::{age, line};

/// A state's colour, by the name that `style/ui/status.css` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Maintenance,
    Healthy,
    Degraded,
    Offline,
    Pending,
    Neutral,
}

impl Tone {
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

/// A state as the console tells it: word, colour, and the path of its icon on a grid of 24.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub word: Words,
    pub tone: Tone,
    pub icon: &'static str,
}

const WRENCH: &str =
    "M14.5 6.5a4.5 4.5 0 0 1 5.9-2.1l-3 3 .3 2.3 2.3.3 2.6-2.6a4.5 4.5 0 0 1-6.1 5.4L8.3 21a2.4 2.4 0 0 1-3.4-3.4l8.3-8.2a4.5 4.5 0 0 1 1.3-2.9Z";
const CHECK: &str = "M4.5 12.5 9.5 17.5 19.5 6.5";
const CROSS: &str = "M6 6 18 18M18 6 6 18";
const WARNING: &str = "M12 3.5 22 20.5H2ZM12 10v4.5M12 17.4v.1";
const POWER: &str = "M12 3v8M6.5 6.5a8 8 0 1 0 11 0";
const RING: &str = "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16";

fn maintained() -> Mark {
    Mark { word: say!("Maintenance"), tone: Tone::Maintenance, icon: WRENCH }
}

fn health(health: Health) -> Mark {
    match health {
        Health::Pending => Mark { word: say!("Pending"), tone: Tone::Pending, icon: RING },
        Health::Healthy => Mark { word: say!("Healthy"), tone: Tone::Healthy, icon: CHECK },
        Health::Degraded => Mark { word: say!("Degraded"), tone: Tone::Degraded, icon: WARNING },
        Health::Offline => Mark { word: say!("Offline"), tone: Tone::Offline, icon: POWER },
        Health::Failed => Mark { word: say!("Failed"), tone: Tone::Offline, icon: CROSS },
        Health::Deleting => Mark { word: say!("Deleting"), tone: Tone::Neutral, icon: CROSS },
        Health::Unknown => Mark { word: say!("Unknown"), tone: Tone::Neutral, icon: RING },
    }
}

/// Everything that is said of a node in public, with nothing in it that could steer what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    pub name: String,
    /// Maintenance first, where it is in maintenance.
    pub marks: Vec<Mark>,
    pub reason: Option<String>,
    pub since: Option<Timestamp>,
    pub expected_back_at: Option<Timestamp>,
    pub overdue: bool,
    pub heartbeat: Words,
    pub last_heartbeat_at: Option<Timestamp>,
    pub now: Timestamp,
    /// Names what is said, without what moves with every heartbeat: another one means that something changed.
    pub version: String,
}

impl Face {
    pub fn of(status: &SharedStatus) -> Self {
        let now = status.server_time;
        let maintenance = status.maintenance.as_ref();
        let in_maintenance = status.scheduling == Scheduling::Maintenance;
        let expected_back_at = maintenance.and_then(|maintenance| maintenance.expected_back_at);
        let overdue = expected_back_at.is_some_and(|at| at < now);
        Self {
            name: line(&status.name),
            marks: in_maintenance.then(maintained).into_iter().chain([health(status.health)]).collect(),
            reason: maintenance.and_then(|maintenance| maintenance.reason.as_deref()).map(line),
            since: maintenance.and_then(|maintenance| maintenance.since),
            expected_back_at,
            overdue,
            heartbeat: match status.heartbeat {
                HeartbeatState::Fresh => say!("fresh"),
                HeartbeatState::Late => say!("late"),
                HeartbeatState::Stale => say!("stale"),
                HeartbeatState::Never => say!("none yet"),
                HeartbeatState::NotReported | HeartbeatState::Unknown => say!("not reported"),
            },
            last_heartbeat_at: status.last_heartbeat_at,
            now,
            version: version(status, overdue),
        }
    }

    /// `Maintenance, healthy`
    pub fn states(&self) -> String {
        let words =
            self.marks.iter().enumerate().map(|(at, mark)| if at == 0 { mark.word.english().to_owned() } else { mark.word.english().to_lowercase() });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The colour of the whole.
    pub fn tone(&self) -> Tone {
        self.marks.first().map_or(Tone::Neutral, |mark| mark.tone)
    }

    /// What stands below the title of a preview.
    pub fn summary(&self) -> String {
        let reason = self.reason.clone();
        let since = self.since.map(|at| format!("since {}", moment(at)));
        let back = self.expected_back_at.map(|at| format!("expected back {}{}", moment(at), if self.overdue { ", overdue" } else { "" }));
        let heartbeat = Some(format!("heartbeat {}", self.heartbeat.english()));
        [reason, since, back, heartbeat].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// `overdue by 12 min`, `in 2 h`
    pub fn back_in(&self) -> Option<Words> {
        let at = self.expected_back_at?;
        Some(if self.overdue {
            say!("overdue by {}", span(seconds_between(at, self.now)))
        } else {
            say!("in {}", span(seconds_between(self.now, at)))
        })
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{}: {}", self.name, self.states().to_lowercase())];
        let mut field = |name: &str, value: String| lines.push(format!("{name:<15}{value}"));
        if let Some(reason) = &self.reason {
            field("reason", reason.clone());
        }
        if let Some(since) = self.since {
            field("since", format!("{since:.0} ({})", age(since, self.now)));
        }
        if let (Some(at), Some(away)) = (self.expected_back_at, self.back_in()) {
            field("expected back", format!("{at:.0} ({})", away.english()));
        }
        let heartbeat = self.last_heartbeat_at.map_or_else(|| self.heartbeat.english().to_owned(), |at| age(at, self.now));
        field("heartbeat", heartbeat);
        lines.join("\n") + "\n"
    }
}

/// A time for people anywhere: `23 Nov 2026, 20:31 UTC`.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

fn version(status: &SharedStatus, overdue: bool) -> String {
    let still = SharedStatus { last_heartbeat_at: None, server_time: Timestamp::UNIX_EPOCH, ..status.clone() };
    let written = serde_json::to_vec(&still).unwrap_or_default();
    let digest = Sha256::new().chain_update(written).chain_update([u8::from(overdue)]).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
