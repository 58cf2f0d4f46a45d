//! Restarts, and who is told of them. Time is tokio's paused clock: it moves on by itself whenever every task waits.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{Notify, mpsc};

use super::*;

/// A task that panics the first `bad` times and then waits for ever; every start is told with its time.
fn panicking(supervisor: &Supervisor, bad: u32) -> mpsc::UnboundedReceiver<Instant> {
    let (started, starts) = mpsc::unbounded_channel();
    let runs = Arc::new(AtomicU32::new(0));
    supervisor.keep("test.panicking", move || {
        let (started, run) = (started.clone(), runs.fetch_add(1, Ordering::SeqCst));
        async move {
            started.send(Instant::now()).unwrap();
            assert!(run >= bad, "run {run} is bad");
            std::future::pending().await
        }
    });
    starts
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_started_again_after_a_pause_that_grows() {
    let supervisor = Supervisor::default();
    let mut starts = panicking(&supervisor, 9);
    let mut at = Vec::new();
    for _ in 0..10 {
        at.push(starts.recv().await.unwrap());
    }
    let pauses: Vec<u128> = at.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn three_failures_within_a_minute_are_reported_until_a_minute_has_passed() {
    let supervisor = Supervisor::default();
    let mut starts = panicking(&supervisor, 3);
    for run in 0..3 {
        assert_eq!(supervisor.failing(), [], "before run {run}");
        starts.recv().await.unwrap();
    }
    starts.recv().await.unwrap();
    let failing = supervisor.failing();
    assert_eq!(failing, [FailingTask { name: "test.panicking", failures: 3, last: "it panicked: run 2 is bad".into() }]);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(supervisor.failing(), [], "it has been running since");
}

#[tokio::test(start_paused = true)]
async fn one_that_always_fails_stays_reported() {
    let supervisor = Supervisor::default();
    let mut starts = panicking(&supervisor, u32::MAX);
    for _ in 0..4 {
        starts.recv().await.unwrap();
    }
    for second in 0..600 {
        assert_eq!(supervisor.failing().len(), 1, "after {second} s");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_returns_has_failed_too() {
    let supervisor = Supervisor::default();
    let (started, mut starts) = mpsc::unbounded_channel();
    supervisor.keep("test.ends", move || {
        let started = started.clone();
        async move { started.send(()).unwrap() }
    });
    for _ in 0..4 {
        starts.recv().await.unwrap();
    }
    assert_eq!(supervisor.failing()[0].last, "it ended");
}

#[tokio::test(start_paused = true)]
async fn a_maker_that_panics_is_asked_again() {
    let supervisor = Supervisor::default();
    let (started, mut starts) = mpsc::unbounded_channel();
    let mut runs = 0;
    supervisor.keep("test.maker", move || {
        runs += 1;
        assert!(runs > 1, "not made yet");
        let started = started.clone();
        async move {
            started.send(()).unwrap();
            std::future::pending().await
        }
    });
    starts.recv().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_may_end_ends_for_good() {
    let supervisor = Supervisor::default();
    let stop = Arc::new(Notify::new());
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (stopped, told) = (Arc::clone(&stop), Arc::clone(&over));
    supervisor.keep_until(
        "test.companion",
        move || told.load(Ordering::SeqCst),
        move || {
            let stopped = Arc::clone(&stopped);
            async move {
                stopped.notified().await;
                Ok(())
            }
        },
    );
    over.store(true, Ordering::SeqCst);
    stop.notify_one();
    supervisor.finish().await;
    assert_eq!(supervisor.failing(), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_awaited_hands_over_its_result_its_panic_or_the_shutdown() {
    let supervisor = Supervisor::default();
    assert_eq!(supervisor.detached("test.work", async { 7 }).await, Ok(7));
    for _ in 0..3 {
        let panicked = supervisor.detached::<(), _>("test.work", async { panic!("it broke") }).await;
        assert_eq!(panicked, Err(NoResult::Panicked("it broke".into())));
    }
    assert_eq!(supervisor.failing(), [], "it is the request that failed");
    supervisor.shutdown().await;
    assert_eq!(supervisor.detached("test.work", async { 7 }).await, Err(NoResult::ShutDown));
}

#[tokio::test(start_paused = true)]
async fn work_that_runs_once_is_reported_where_it_keeps_panicking_and_so_are_adopted_tasks() {
    let (parent, child) = (Supervisor::default(), Supervisor::default());
    parent.adopt(&child);
    for _ in 0..3 {
        child.once("test.once", async { panic!("again") });
    }
    child.finish().await;
    assert_eq!(parent.failing().iter().map(|task| task.name).collect::<Vec<_>>(), ["test.once"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_what_runs_and_starts_nothing() {
    let supervisor = Supervisor::default();
    let mut starts = panicking(&supervisor, 0);
    starts.recv().await.unwrap();
    supervisor.shutdown().await;
    assert_eq!(starts.recv().await, None, "the task is gone, and what it held");
    supervisor.keep("test.late", || async { panic!("nothing is started after the shutdown") });
    supervisor.finish().await;
    assert_eq!(supervisor.failing(), []);
}
