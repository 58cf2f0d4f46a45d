//! What the agent does about answers it would rather not get.

use std::time::Instant;

use pitlane_agent::StartError;
use pitlane_api::SignalState;

use crate::{
    lab::Folder,
    plane::{Answer, Plane, Running, Said, settings},
};

#[tokio::test]
async fn enrols_once_beats_and_says_goodbye() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    let agent = Running::start(settings(&plane, &state));
    let enrollment = plane.next_enrollment().await;
    assert_eq!((enrollment.name.as_str(), enrollment.token.as_str(), enrollment.simulated), ("node-under-test", "enrolment-token", false));
    assert!(!enrollment.machine_id.is_empty() && enrollment.labels.contains_key("kernel"));
    let first = plane.next_beat().await;
    assert_eq!(first.seq, 1);
    assert_eq!(first.docker.state, SignalState::NotPresent);
    assert_eq!(first.caddy.state, SignalState::NotPresent);
    assert!(first.containers.is_some(), "the first beat carries the list");
    assert!(first.resources.memory_total_bytes.is_some() && !first.resources.disks.is_empty());
    let second = plane.next_beat().await;
    assert!(second.containers.is_none(), "unchanged");
    assert!(second.resources.cpu_percent.is_some());
    agent.stop().await;
    plane.beat_where("a goodbye", |beat| beat.stopping).await;

    // Started again it has a token of its own, and needs no other.
    let mut again = settings(&plane, &state);
    again.token = None;
    let agent = Running::start(again);
    match plane.next().await {
        Said::Beat(beat, token) => {
            assert_eq!(token, "Bearer agent-token-for-enrolment-token");
            assert!(beat.containers.is_some(), "a new process sends everything");
        }
        other => panic!("{other:?}"),
    }
    agent.stop().await;
}

#[tokio::test]
async fn lives_through_every_bad_answer_without_spinning() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    plane.answer_enrollments([Answer::Error(500), Answer::Garbage]);
    plane.answer_beats([Answer::Error(500), Answer::Garbage, Answer::Error(400)]);
    let begun = Instant::now();
    let agent = Running::start(settings(&plane, &state));
    plane.beat_where("three failures behind it", |beat| beat.seq == 4).await;
    assert!(begun.elapsed().as_millis() > 5 * 500, "five failures took only {:?}", begun.elapsed());
    assert!(agent.is_running());
    agent.stop().await;
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_hang_the_agent() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    plane.answer_beats([Answer::Silence]);
    let agent = Running::start(settings(&plane, &state));
    let after = plane.beat_where("the next try", |beat| beat.seq == 2).await;
    assert!(after.containers.is_some(), "what was not acknowledged is sent again");
    agent.stop().await;
}

#[tokio::test]
async fn a_server_that_asks_for_time_gets_it() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    plane.answer_beats([Answer::Later(503, 4)]);
    let agent = Running::start(settings(&plane, &state));
    plane.next_beat().await;
    let asked = Instant::now();
    plane.next_beat().await;
    assert!(asked.elapsed().as_secs_f64() > 3.5, "asked again after {:?}", asked.elapsed());
    agent.stop().await;
}

#[tokio::test]
async fn a_revoked_agent_enrols_again_with_its_multi_use_token() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    plane.answer_beats([Answer::Good, Answer::Error(401)]);
    let agent = Running::start(settings(&plane, &state));
    let first = plane.next_enrollment().await;
    let again = plane.next_enrollment().await;
    assert_eq!(first.machine_id, again.machine_id);
    assert!(plane.next_beat().await.containers.is_some());
    agent.stop().await;
}

#[tokio::test]
async fn containers_are_sent_again_where_the_server_asks() {
    let (mut plane, state) = (Plane::start().await, Folder::new("agent"));
    plane.answer_beats([Answer::Good, Answer::GoodSendContainers]);
    let agent = Running::start(settings(&plane, &state));
    let sent: Vec<bool> = [plane.next_beat().await, plane.next_beat().await, plane.next_beat().await, plane.next_beat().await]
        .iter()
        .map(|beat| beat.containers.is_some())
        .collect();
    assert_eq!(sent, [true, false, true, false]);
    agent.stop().await;
}

#[tokio::test]
async fn a_token_goes_to_no_other_control_plane() {
    let (mut one, mut other, state) = (Plane::start().await, Plane::start().await, Folder::new("agent"));
    let agent = Running::start(settings(&one, &state));
    one.next_beat().await;
    agent.stop().await;
    let agent = Running::start(settings(&other, &state));
    assert!(matches!(other.next().await, Said::Enroll(_)), "it enrols anew instead of showing the other's token");
    agent.stop().await;
}

#[tokio::test]
async fn without_any_token_it_does_not_start_and_says_why() {
    let (plane, state) = (Plane::start().await, Folder::new("agent"));
    let mut without = settings(&plane, &state);
    without.token = None;
    let error = pitlane_agent::run(without, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, StartError::NoToken));
    assert!(error.to_string().contains("enrolment token"));
}
