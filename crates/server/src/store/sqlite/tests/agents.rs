//! Agents and enrolment.

use pitlane_api::NodeId;

use super::{Fixture, at};
use crate::store::{Enrolled, Enrolment, EnrolmentToken, SecretHash, SqliteStore, Store, StoredReport};

pub(super) fn token(secret: &str) -> EnrolmentToken {
    EnrolmentToken {
        id: format!("id-of-{secret}"),
        hash: SecretHash::of(secret),
        multi_use: false,
        allow_replace: false,
        engine_node_id: None,
        created_by: "admin".into(),
        created_at: at(0),
        expires_at: at(3600),
        used_at: None,
    }
}

pub(super) fn enrolment(secret: &str, node: &str, machine: &str, second: i64) -> Enrolment {
    Enrolment {
        enrolment_token: SecretHash::of(secret),
        node_id: NodeId::from(node),
        engine_node_id: format!("engine-{node}"),
        machine_id: machine.into(),
        agent_token: SecretHash::of(&format!("agent-{node}-{second}")),
        at: at(second),
        replace: false,
        activity: Vec::new(),
    }
}

async fn enroll(store: &SqliteStore, enrolment: &Enrolment) -> Enrolled {
    store.enroll(enrolment).await.unwrap()
}

async fn report(store: &SqliteStore, node: &str) {
    store.save_reports(&[StoredReport { node_id: NodeId::from(node), report: "{}".into(), at: at(9) }]).await.unwrap();
}

#[tokio::test]
async fn a_single_use_token_enrols_one_agent() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&token("t"), &[]).await.unwrap();
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 1)).await, Enrolled::Done(vec![]));
    report(&store, "n1").await;
    assert_eq!(enroll(&store, &enrolment("t", "n2", "m2", 2)).await, Enrolled::TokenSpent);
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 2)).await, Enrolled::TokenSpent);
    assert_eq!(enroll(&store, &enrolment("other", "n2", "m2", 2)).await, Enrolled::TokenInvalid);
    assert_eq!(store.enrolment_token(&SecretHash::of("t")).await.unwrap().unwrap().used_at, Some(at(1)));

    let agent = store.agent_by_token(&SecretHash::of("agent-n1-1")).await.unwrap().unwrap();
    assert_eq!((agent.node_id.as_str(), agent.machine_id.as_str(), agent.confirmed_at), ("n1", "m1", None));
    assert_eq!(store.agents().await.unwrap(), [agent]);
    assert_eq!(store.agent_by_token(&SecretHash::of("agent-n2-2")).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_claims_on_one_token_one_wins() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&token("t"), &[]).await.unwrap();
    let claims = (0..10).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { enroll(&store, &enrolment("t", &format!("n{number}"), &format!("m{number}"), 1)).await })
    });
    let answers = futures::future::join_all(claims).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer.as_ref().unwrap(), Enrolled::Done(_))).count(), 1);
    assert_eq!(store.agents().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_machine_may_ask_again_until_its_agent_has_reported() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&token("t"), &[]).await.unwrap();
    enroll(&store, &enrolment("t", "n1", "m1", 1)).await;
    // The answer was lost on its way.
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 2)).await, Enrolled::Done(vec![]));
    assert_eq!(store.agent_by_token(&SecretHash::of("agent-n1-1")).await.unwrap(), None, "the lost token is of no use");
    let agent = store.agent_by_token(&SecretHash::of("agent-n1-2")).await.unwrap().unwrap();
    assert_eq!((agent.created_at, agent.updated_at), (at(1), at(2)));
    assert_eq!(enroll(&store, &enrolment("t", "n1", "another machine", 3)).await, Enrolled::TokenSpent);
    report(&store, "n1").await;
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 3)).await, Enrolled::TokenSpent);
}

#[tokio::test]
async fn a_second_claimant_needs_somebody_who_says_so() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&EnrolmentToken { multi_use: true, ..token("many") }, &[]).await.unwrap();
    enroll(&store, &enrolment("many", "n1", "m1", 1)).await;
    store.confirm_agents(&[NodeId::from("n1")], at(2)).await.unwrap();
    report(&store, "n1").await;
    let second = enrolment("many", "n1", "m2", 3);
    let Enrolled::Claimed(holder) = enroll(&store, &second).await else { panic!("a node was taken over") };
    assert_eq!(holder.machine_id, "m1");
    assert_eq!(enroll(&store, &Enrolment { replace: true, ..second }).await, Enrolled::Done(vec![]));
    let [agent] = store.agents().await.unwrap().try_into().unwrap();
    assert_eq!((agent.machine_id.as_str(), agent.confirmed_at), ("m2", None), "another machine has to confirm itself");
    assert_eq!(store.agent_by_token(&SecretHash::of("agent-n1-1")).await.unwrap(), None, "the first one is out");
}

#[tokio::test]
async fn a_token_is_bound_to_its_node_and_its_time() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&EnrolmentToken { engine_node_id: Some("engine-n1".into()), multi_use: true, ..token("t") }, &[]).await.unwrap();
    assert_eq!(enroll(&store, &enrolment("t", "n2", "m2", 1)).await, Enrolled::TokenForAnotherNode);
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 3600)).await, Enrolled::TokenInvalid);
    assert_eq!(enroll(&store, &enrolment("t", "n1", "m1", 3599)).await, Enrolled::Done(vec![]));
}

#[tokio::test]
async fn the_first_clean_heartbeat_is_kept_and_so_is_the_last_report() {
    let Fixture { store, folder: _folder } = Fixture::new().await;
    store.create_enrolment_token(&token("t"), &[]).await.unwrap();
    enroll(&store, &enrolment("t", "n1", "m1", 1)).await;
    let node = NodeId::from("n1");
    store.confirm_agents(std::slice::from_ref(&node), at(5)).await.unwrap();
    store.confirm_agents(std::slice::from_ref(&node), at(6)).await.unwrap();
    report(&store, "n1").await;
    let agent = store.agents().await.unwrap().remove(0);
    assert_eq!((agent.confirmed_at, agent.last_report.as_deref(), agent.last_report_at), (Some(at(5)), Some("{}"), Some(at(9))));
    store.forget_node(&node).await.unwrap();
    assert_eq!(store.agents().await.unwrap(), []);
}
