//! The activity log: filtered, and as a file.

use pitlane::store::{NewActivity, Store as _};
use pitlane_api::{ActivityKind, ActorKind, Role};

use crate::world::{Answer, World};

/// More entries than one page holds, the last one by somebody who means no good.
async fn filled(world: &World) -> usize {
    let now = jiff::Timestamp::now();
    let entry = |actor: &str, reason: &str| NewActivity {
        actor_kind: ActorKind::Person,
        actor: Some(actor.into()),
        reason: Some(reason.into()),
        ..NewActivity::by_system(now, ActivityKind::MaintenanceChanged, pitlane_api::say!("Changed the reason of the maintenance."))
    };
    let mut entries: Vec<NewActivity> = (0..1200).map(|n| entry("ada", &format!("reason {n}"))).collect();
    entries.push(entry("=HYPERLINK(\"http://evil\")", "two\r\nlines, \"quoted\" \u{202e}\u{1b}[2J"));
    world.store.append_activity(&entries).await.unwrap();
    entries.len()
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_is_exported_whole_and_opens_in_a_spreadsheet_without_harm() {
    let world = World::new().await;
    let viewer = world.token(Role::Viewer).await;
    let count = filled(&world).await;
    let answer = world.get("/api/v1/activity/export?kind=maintenance_changed").bearer(&viewer).send().await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"pitlane-activity.csv\"");
    let file = text(&answer);
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), count + 1);
    assert_eq!(lines[0], "id,at,kind,actor_kind,actor,origin,node_id,node_name,message,reason");
    // The newest entry comes first: its formula is text, and its line breaks and escapes are gone.
    assert!(lines[1].contains(",\"'=HYPERLINK(\"\"http://evil\"\")\","), "{}", lines[1]);
    assert!(lines[1].ends_with("\"two lines, \"\"quoted\"\" [2J\""), "{}", lines[1]);
    assert!(lines[count].ends_with(",reason 0"));
    // A compressed one ends as well: it once took the connection with it.
    for encoding in ["gzip", "br"] {
        let packed = world.get("/api/v1/activity/export?actor=ada").bearer(&viewer).header("accept-encoding", encoding).send().await;
        assert_eq!((packed.status, packed.header("content-encoding")), (200, encoding));
        assert!(packed.bytes.len() > 1_000 && packed.bytes.len() < file.len() / 4);
    }
}

#[tokio::test]
async fn json_lines_are_the_entries_themselves() {
    let world = World::new().await;
    let viewer = world.token(Role::Viewer).await;
    filled(&world).await;
    let file = text(&world.get("/api/v1/activity/export?format=jsonl&actor=ada").bearer(&viewer).send().await);
    let entries: Vec<serde_json::Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((entries.len(), entries[0]["reason"].as_str()), (1200, Some("reason 1199")));
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_named() {
    let world = World::new().await;
    let viewer = world.token(Role::Viewer).await;
    filled(&world).await;
    for path in ["/api/v1/activity", "/api/v1/activity/export"] {
        world.get(path).send().await.refused(401, "unauthorized");
        for (query, field) in [("kind=gossip", "kind"), ("since=yesterday", "since"), ("until=1", "until")] {
            let answer = world.get(&format!("{path}?{query}")).bearer(&viewer).send().await;
            assert_eq!(answer.refused(422, "invalid_field").body["error"]["details"]["field"], field);
        }
    }
    world.get("/api/v1/activity/export?format=xlsx").bearer(&viewer).send().await.refused(422, "invalid_field");
    let page = world.get("/api/v1/activity?actor=ada&limit=5&since=2020-01-01T00:00:00Z").bearer(&viewer).send().await;
    assert_eq!(page.data(200)["entries"].as_array().unwrap().len(), 5);
}
