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
        let page = store.activity(&ActivityQuery { before, limit: 3, ..ActivityQuery::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page);
    }
    seen.reverse();
    assert_eq!(seen, written);

    let of_one = store.activity(&ActivityQuery { node: Some(NodeId::from("n2")), limit: 10, ..ActivityQuery::default() }).await.unwrap();
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
        ..NewActivity::by_system(at(0), ActivityKind::SignedIn, pitlane_api::say!("signed in"))
    };
    let written = store.append_activity(std::slice::from_ref(&entry)).await.unwrap();
    let read = store.activity(&ActivityQuery { limit: 1, ..Default::default() }).await.unwrap();
    assert_eq!(read, written);
    assert_eq!(read[0], entry.with_id(read[0].id));
}

#[tokio::test]
async fn every_filter_narrows_and_all_of_them_together() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    let by = |who: &str, kind, second| NewActivity { actor: Some(who.into()), ..entry(kind, &operation("op", "n1", second)) };
    let entries = [
        by("ada", ActivityKind::DrainRequested, 0),
        by("bob", ActivityKind::DrainRequested, 10),
        by("ada", ActivityKind::Activated, 20),
        by("ada", ActivityKind::SignedIn, 30),
    ];
    store.append_activity(&entries).await.unwrap();
    let found = async |query: ActivityQuery| {
        let entries = store.activity(&ActivityQuery { limit: 10, ..query }).await.unwrap();
        entries.iter().map(|entry| entry.at.as_second() - at(0).as_second()).collect::<Vec<_>>()
    };
    let all = ActivityQuery::default;
    assert_eq!(found(all()).await, [30, 20, 10, 0]);
    assert_eq!(found(ActivityQuery { actor: Some("bob".into()), ..all() }).await, [10]);
    assert_eq!(found(ActivityQuery { actor: Some("ada' OR '1'='1".into()), ..all() }).await, [0; 0]);
    assert_eq!(found(ActivityQuery { kinds: vec![ActivityKind::SignedIn, ActivityKind::Activated], ..all() }).await, [30, 20]);
    assert_eq!(found(ActivityQuery { since: Some(at(10)), until: Some(at(30)), ..all() }).await, [20, 10]);
    let narrow = ActivityQuery { actor: Some("ada".into()), kinds: vec![ActivityKind::DrainRequested], until: Some(at(5)), ..all() };
    assert_eq!(found(narrow).await, [0]);
}
