//! Pages of nodes and of the activity log.

use pitlane_api::*;

use super::world::*;
use crate::fleet::{ActivityRequest, Error, NodeQuery, Sort};

fn names(page: &NodePage) -> Vec<&str> {
    page.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[tokio::test]
async fn pages_filter_sort_and_go_on() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["delta", "alpha", "charlie", "bravo", "echo"]).await;
    hosts[0].report.docker = service(SignalState::Bad);
    hosts[2].report.resources.cpu_percent = Some(90.0);
    world.live(&mut hosts, 5);
    let all = world.fleet.list(&NodeQuery::default()).unwrap();
    assert_eq!((names(&all), all.total), (vec!["alpha", "bravo", "charlie", "delta", "echo"], 5));
    assert_eq!(all.facets["health"], [("healthy".to_owned(), 4), ("degraded".to_owned(), 1)].into());
    assert_eq!(all.facets["region"]["fra"], 5);

    let mut seen = Vec::new();
    let mut query = NodeQuery { limit: 2, sort: Sort::from_word("-cpu").unwrap(), ..NodeQuery::default() };
    loop {
        let page = world.fleet.list(&query).unwrap();
        assert_eq!(page.total, 5);
        seen.extend(page.nodes.into_iter().map(|node| node.name));
        let Some(next) = page.next_cursor else { break };
        query.cursor = Some(next);
    }
    assert_eq!(seen, ["charlie", "echo", "delta", "bravo", "alpha"]);

    let list = |query: NodeQuery| world.fleet.list(&query).unwrap();
    assert_eq!(names(&list(NodeQuery { health: vec![Health::Degraded], ..NodeQuery::default() })), ["delta"]);
    assert_eq!(names(&list(NodeQuery { q: Some("FRA ALP".into()), ..NodeQuery::default() })), ["alpha"]);
    assert_eq!(names(&list(NodeQuery { label: vec!["role=edge".into()], limit: 1, ..NodeQuery::default() })), ["alpha"]);
    assert_eq!(list(NodeQuery { label: vec!["role=core".into()], ..NodeQuery::default() }).total, 0);
    assert_eq!(names(&list(NodeQuery { sort: Sort::from_word("attention").unwrap(), limit: 1, ..NodeQuery::default() })), ["delta"]);
    assert_eq!(Sort::from_word("sideways"), None);
    for cursor in ["xyz", "00", "ff", "é"] {
        let bad = world.fleet.list(&NodeQuery { cursor: Some(cursor.into()), ..NodeQuery::default() });
        assert!(matches!(bad, Err(Error::Invalid { field, .. }) if field == "cursor"));
    }
}

#[tokio::test]
async fn all_nodes_by_name_are_the_same_pages_as_those_that_were_looked_for() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["delta", "alpha", "charlie", "bravo", "echo"]).await;
    world.live(&mut hosts, 5);
    // The first is read off the view's order; every node is in this region, so that the second selects the same ones.
    let all = NodeQuery { limit: 2, ..NodeQuery::default() };
    let looked_for = NodeQuery { q: Some("fra".into()), ..all.clone() };
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = world.fleet.list(&NodeQuery { cursor: cursor.clone(), ..all.clone() }).unwrap();
        let other = world.fleet.list(&NodeQuery { cursor, ..looked_for.clone() }).unwrap();
        assert_eq!(page, other);
        assert_eq!(page.total, 5);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["alpha", "bravo", "charlie", "delta", "echo"]);
}

#[tokio::test]
async fn what_a_page_counts_is_as_new_as_its_nodes() {
    let world = World::new().await;
    let mut hosts = world.hosts(&["a", "b"]).await;
    world.live(&mut hosts, 5);
    let facet = |name: &str, word: &str| world.fleet.list(&NodeQuery::default()).unwrap().facets[name].get(word).copied();
    assert_eq!((facet("health", "healthy"), facet("scheduling", "maintenance"), facet("region", "fra")), (Some(2), None, Some(2)));
    hosts[0].report.docker = service(SignalState::Bad);
    world.live(&mut hosts, 5);
    assert_eq!((facet("health", "healthy"), facet("health", "degraded")), (Some(1), Some(1)));

    let back = crate::fleet::clock::plus(world.settings.clock.now(), std::time::Duration::from_secs(60));
    let request = DrainRequest { expected_back_at: Some(back), ..drain_request() };
    let operation = world.fleet.drain(&hosts[1].id, request, call("ada")).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    assert_eq!((facet("scheduling", "maintenance"), facet("attention", "overdue")), (Some(1), None));
    world.live(&mut hosts, 100);
    assert_eq!(facet("attention", "overdue"), Some(1), "nothing but time went by");
    world.enrol("c").await;
    assert_eq!((facet("region", "fra"), world.fleet.list(&NodeQuery::default()).unwrap().total), (Some(3), 3));
}

#[tokio::test]
async fn the_activity_log_goes_back_page_by_page() {
    let world = World::new().await;
    let hosts = world.hosts(&["a", "b", "c"]).await;
    let operation = world.drain(&hosts[0]).await.unwrap();
    world.reaches(&operation.id, OperationState::Completed).await;
    let all = world.activity().await;
    let mut seen = Vec::new();
    let mut request = ActivityRequest { limit: 2, ..ActivityRequest::default() };
    loop {
        let page = world.fleet.activity(&request).await.unwrap();
        seen.extend(page.entries);
        let Some(next) = page.next_cursor else { break };
        request.cursor = Some(next);
    }
    seen.reverse();
    assert_eq!(seen, all);
    let of_node = ActivityRequest {
        filter: crate::store::ActivityQuery { node: Some(hosts[0].id.clone()), ..Default::default() },
        ..ActivityRequest::default()
    };
    let page = world.fleet.activity(&of_node).await.unwrap();
    assert_eq!(page.entries.first().unwrap().kind, ActivityKind::Drained);
    assert!(page.entries.iter().all(|entry| entry.node_id.as_ref() == Some(&hosts[0].id)));
    let bad = ActivityRequest { cursor: Some("x".into()), ..ActivityRequest::default() };
    assert!(matches!(world.fleet.activity(&bad).await, Err(Error::Invalid { .. })));
}
