//! What a public link says, drawn and written, and who gets which.

use std::time::Duration;

use pitlane_api::{Health, HeartbeatState, Scheduling, SharedMaintenance, SharedStatus, Status, Timestamp};

use super::*;

fn status() -> SharedStatus {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    SharedStatus {
        name: "edge-fra-02".into(),
        status: Status::Maintenance,
        health: Health::Healthy,
        scheduling: Scheduling::Maintenance,
        maintenance: Some(SharedMaintenance {
            reason: Some("Kernel 6.12 reboot".into()),
            since: Some(at("2026-11-23T20:00:00Z")),
            expected_back_at: Some(at("2026-11-23T22:00:00Z")),
        }),
        heartbeat: HeartbeatState::Fresh,
        last_heartbeat_at: Some(at("2026-11-23T20:29:57Z")),
        server_time: at("2026-11-23T20:30:00Z"),
    }
}

#[test]
fn a_terminal_is_told_in_five_lines() {
    let expected = "edge-fra-02: maintenance, healthy\n\
                    reason         Kernel 6.12 reboot\n\
                    since          2026-11-23T20:00:00Z (30 min ago)\n\
                    expected back  2026-11-23T22:00:00Z (in 1 h 30 min)\n\
                    heartbeat      3 s ago\n";
    assert_eq!(Face::of(&status()).text(), expected);
}

#[test]
fn past_its_time_it_is_overdue_everywhere() {
    let mut late = status();
    late.server_time += Duration::from_secs(2 * 3600);
    let face = Face::of(&late);
    assert!(face.overdue);
    assert!(face.text().contains("(overdue by 30 min)"));
    assert!(face.summary().ends_with("overdue · heartbeat fresh"));
    assert!(picture::draw(&face).contains("Overdue since"));
    assert_ne!(face.version, Face::of(&status()).version, "an open page hears of it");
}

#[test]
fn a_heartbeat_alone_is_no_new_version() {
    let mut later = status();
    later.last_heartbeat_at = Some(later.server_time);
    later.server_time += Duration::from_secs(5);
    assert_eq!(version(&later), version(&status()));
    later.health = Health::Degraded;
    assert_ne!(version(&later), version(&status()));
}

#[test]
fn nothing_from_outside_is_markup_or_steers() {
    let mut nasty = status();
    nasty.name = "<script>alert(1)</script>\u{202e}gnp".into();
    if let Some(maintenance) = nasty.maintenance.as_mut() {
        maintenance.reason = Some("\" onload=\"x\" & <b>\u{1b}[2J\u{0}\u{ffff}".into());
    }
    let face = Face::of(&nasty);
    let page = page::status(&face, "http://h/shared/s", speech::of(&HeaderMap::new())).into_string();
    for drawn in [page, picture::draw(&face), picture::small(&face.name, "x", Tone::Neutral)] {
        assert!(!drawn.contains("<script>alert") && !drawn.contains("<b>") && !drawn.contains("\" onload"), "{drawn}");
        assert!(!drawn.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{ffff}'));
    }
    assert!(!face.text().contains('\u{1b}'));
}

#[tokio::test]
async fn the_picture_is_painted_with_the_face_inside_the_binary() {
    let studio = Studio::new();
    let png = studio.picture(&Face::of(&status())).await.unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (picture::WIDTH, picture::HEIGHT));
    // Without its letters the picture would be the same for every reason of that length.
    let mut other = status();
    if let Some(maintenance) = other.maintenance.as_mut() {
        maintenance.reason = Some("Memory 1.23 modules".into());
    }
    assert_ne!(studio.picture(&Face::of(&other)).await.unwrap(), png);
    assert_eq!(studio.picture(&Face::of(&status())).await.unwrap().as_ptr(), png.as_ptr(), "painted once");
}

/// The pixels of a reason, painted.
fn painted(reason: &str) -> Vec<u8> {
    let mut status = status();
    status.maintenance.as_mut().unwrap().reason = Some(reason.into());
    picture::paint(&picture::draw(&Face::of(&status))).unwrap()
}

#[test]
fn the_picture_has_no_boxes_in_any_of_the_consoles_languages() {
    // A letter that no face has was a box, whichever letter it was.
    for (one, other) in [("كتاب", "شمال"), ("Ядро", "Файл"), ("Łódź", "Źdźł"), ("ışğ", "őąę"), ("5 €", "5 ₺"), ("Αθήνα", "Θήβες")]
    {
        assert_ne!(painted(one), painted(other), "{one} and {other} are the same boxes");
    }
    assert_eq!(painted("Reboot \u{1f680}now"), painted("Reboot now"), "a sign that no face has is left out");
    assert_eq!(painted("内核升级"), painted("The reason is on the page."));
    assert_eq!(painted("Reboot\u{202e}\u{1b} now"), painted("Reboot now"), "nothing in a reason steers");
}

#[test]
fn what_is_read_from_the_right_begins_there() {
    let mut arabic = status();
    arabic.maintenance.as_mut().unwrap().reason = Some("إعادة تشغيل Kernel 6.12".into());
    let drawn = picture::draw(&Face::of(&arabic));
    assert!(drawn.contains("text-anchor=\"end\"") && drawn.contains("\u{2067}إعادة"), "{drawn}");
    assert!(!picture::draw(&Face::of(&status())).contains("text-anchor=\"end\""));
}

#[test]
fn each_state_has_its_words_and_its_colour_on_the_badge() {
    let states = [
        (Health::Healthy, "healthy", "#3ecf8e"),
        (Health::Degraded, "degraded", "#f5b544"),
        (Health::Offline, "offline", "#ff6b61"),
        (Health::Failed, "failed", "#ff6b61"),
        (Health::Pending, "pending", "#7aa7ff"),
        (Health::Deleting, "deleting", "#98a2b3"),
        (Health::Unknown, "unknown", "#98a2b3"),
    ];
    for (health, word, colour) in states {
        for scheduling in [Scheduling::Schedulable, Scheduling::Maintenance] {
            let face = Face::of(&SharedStatus { health, scheduling, ..status() });
            let drawn = picture::small(&face.name, &face.states().to_lowercase(), face.tone());
            let (words, colour) = match scheduling {
                Scheduling::Maintenance => (format!("edge-fra-02: maintenance, {word}"), "#ff9f1c"),
                _ => (format!("edge-fra-02: {word}"), colour),
            };
            assert!(drawn.contains(&format!("<title>{words}</title>")) && drawn.contains(colour), "{drawn}");
        }
    }
}

#[test]
fn its_colours_are_those_of_the_tokens() {
    let tokens = include_str!("../../../../../style/tokens.css");
    let face = Face::of(&status());
    let drawn = picture::draw(&face) + &picture::small("a", "b", Tone::Offline) + &picture::small("a", "b", Tone::Pending);
    let colours: Vec<&str> = drawn.split("\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(colours.len() > 10);
    for colour in colours {
        assert!(tokens.contains(&format!("#{colour}")), "#{colour} is not a colour of style/tokens.css");
    }
}

#[test]
fn terminals_get_text_and_everybody_else_a_page() {
    let headers =
        |accept: &str, agent: &str| HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap()), (header::USER_AGENT, agent.parse().unwrap())]);
    assert!(wants_text(&headers("*/*", "curl/8.5.0")));
    assert!(wants_text(&headers("text/plain", "a script")));
    assert!(!wants_text(&headers("*/*", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")));
    assert!(!wants_text(&headers("text/html,application/xhtml+xml,*/*;q=0.8", "Mozilla/5.0")));
    assert!(!wants_text(&headers("text/html", "curl/8.5.0")), "whoever asks for the page gets it");
}
