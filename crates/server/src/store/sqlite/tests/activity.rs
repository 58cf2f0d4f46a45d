//! The activity log.

use pitlane_api::{ActivityKind, NodeId};

use super::{Fixture, at, entry, operation};
use crate::store::{ActivityQuery, NewActivity, Store};

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_without_a_gap() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let entries: Vec<_> =
        (0..7).map(|number| entry(ActivityKind::Drained, &operation("op", if number % 2 == 0 { "n1" } else { "n2" }, number))).collect();
    let written = store.append_activity(&entries).await.unwrap();
    assert!(written.is_sorted_by_key(|entry| entry.id));

    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.activity(&ActivityQuery { node: None, before, limit: 3 }).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page);
    }
    seen.reverse();
    assert_eq!(seen, written);

    let of_one = store.activity(&ActivityQuery { node: Some(NodeId::from("n2")), before: None, limit: 10 }).await.unwrap();
    assert_eq!(of_one.len(), 3);
    assert!(of_one.iter().all(|entry| entry.node_id == Some(NodeId::from("n2"))));
}

#[tokio::test]
async fn text_of_people_comes_back_as_it_was() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let entry = NewActivity {
        actor: Some("Robert'); DROP TABLE activity;--".into()),
        origin: Some("::1".into()),
        reason: Some("日本語 \u{202e} \"quotes\"\nlines".into()),
        ..NewActivity::by_system(at(0), ActivityKind::SignedIn, "signed in")
    };
    let written = store.append_activity(std::slice::from_ref(&entry)).await.unwrap();
    let read = store.activity(&ActivityQuery { node: None, before: None, limit: 1 }).await.unwrap();
    assert_eq!(read, written);
    assert_eq!(read[0], entry.with_id(read[0].id));
}
