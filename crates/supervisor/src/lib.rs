//! Background tasks with names.
//!
//! A task that is [kept](Supervisor::keep) is started again when it panics or ends, after a pause that grows. Work that runs
//! [once](Supervisor::once) is not repeated. Either way a panic is logged with its message, counted, and remembered: a task that
//! failed three times within a minute is [failing](Supervisor::failing) until its failures are older than that.
//!
//! The supervisor must not know what its tasks do, nor who asks how they are.

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use tokio::{sync::oneshot, task::JoinSet, time::Instant};

/// When a task is started again, and from when on it counts as failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Pause before the first restart. It doubles from one restart to the next.
    pub first_pause: Duration,
    /// No pause is longer. So short that a task that always fails stays failing: see `failing_after` and `within`.
    pub longest_pause: Duration,
    /// So many failures within `within` make a task failing.
    pub failing_after: usize,
    /// Failures older than this no longer count. A task that ran for so long without one begins with `first_pause` again.
    pub within: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(15), failing_after: 3, within: Duration::from_secs(60) }
    }
}

/// A task that keeps failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingTask {
    /// Its name, such as `fleet.tick`.
    pub name: &'static str,
    /// Failures within [`RestartPolicy::within`].
    pub failures: usize,
    /// What happened last, for the log and for people: the panic's message, or that it ended.
    pub last: String,
}

/// Why work that was awaited gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoResult {
    /// It panicked; the panic's message.
    Panicked(String),
    /// The supervisor was shut down before it was done.
    ShutDown,
}

/// Runs background tasks. Clones share them.
#[derive(Clone, Default)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    policy: RestartPolicy,
    /// `None` once it is shut down.
    tasks: Mutex<Option<JoinSet<()>>>,
    failures: Mutex<BTreeMap<&'static str, Failures>>,
    adopted: Mutex<Vec<Supervisor>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self { policy: RestartPolicy::default(), tasks: Mutex::new(Some(JoinSet::new())), failures: Mutex::default(), adopted: Mutex::default() }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("failing", &self.failing()).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Failures {
    /// At most [`RestartPolicy::failing_after`] of them, oldest first.
    at: VecDeque<Instant>,
    last: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What these guard is changed by single calls of collections: a panic elsewhere leaves it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message of a panic.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

/// Runs `work`; a panic in it becomes an `Err` with the panic's message.
///
/// # Errors
/// The panic's message.
pub async fn catch_panic<T>(work: impl Future<Output = T>) -> Result<T, String> {
    // What the work left half-way behind locks is the business of whoever owns them; see the callers.
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| panic_message(panic.as_ref()))
}

impl Supervisor {
    /// One without tasks.
    pub fn new(policy: RestartPolicy) -> Self {
        Self(Arc::new(Inner { policy, ..Inner::default() }))
    }

    /// Keeps a task going until shutdown: whenever it panics or ends it is made and started again.
    pub fn keep<F, Fut>(&self, name: &'static str, mut make: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.keep_until(
            name,
            || false,
            move || {
                let task = make();
                async move {
                    task.await;
                    Err("it ended".into())
                }
            },
        );
    }

    /// Keeps a task going until shutdown, or until it ends while `over` says that this is its end. Its `Err` says why it ended.
    pub fn keep_until<F, Fut>(&self, name: &'static str, over: impl Fn() -> bool + Send + 'static, mut make: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let supervisor = self.clone();
        self.spawn(async move {
            let policy = supervisor.0.policy;
            let mut pause = policy.first_pause;
            loop {
                let started = Instant::now();
                let ended = catch_panic(async { make().await }).await;
                if over() {
                    return;
                }
                match ended {
                    Ok(ended) => supervisor.note_failure(name, ended.err().unwrap_or_else(|| "it ended".into())),
                    Err(panic) => supervisor.note_panic(name, &panic),
                }
                if started.elapsed() >= policy.within {
                    pause = policy.first_pause;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(policy.longest_pause);
                metrics::counter!("pitlane_task_restarts_total", "task" => name).increment(1);
                tracing::info!(task = name, "the background task is started again");
            }
        });
    }

    /// Runs work in the background, once.
    pub fn once(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let supervisor = self.clone();
        self.spawn(async move {
            if let Err(panic) = catch_panic(work).await {
                supervisor.note_panic(name, &panic);
            }
        });
    }

    /// Runs work to its end even where whoever awaits it goes away half-way, and gives back its result. A panic is logged and counted, and
    /// does not make the task failing: it belongs to one request, which is answered with it.
    ///
    /// It begins at once, also where the future that is given back is awaited later. That gives [`NoResult`] where there is none.
    pub fn detached<T, W>(&self, name: &'static str, work: W) -> impl Future<Output = Result<T, NoResult>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        self.spawn(async move {
            let result = catch_panic(work).await.map_err(|panic| {
                count_panic(name, &panic);
                NoResult::Panicked(panic)
            });
            // Nobody may wait for it any more: it was still done.
            let _ = done.send(result);
        });
        async move { outcome.await.unwrap_or(Err(NoResult::ShutDown)) }
    }

    /// Notes that a task panicked, where its owner caught the panic itself.
    pub fn note_panic(&self, name: &'static str, panic: &str) {
        count_panic(name, panic);
        self.remember(name, format!("it panicked: {panic}"));
    }

    fn note_failure(&self, name: &'static str, why: String) {
        tracing::error!(task = name, why, "a background task ended");
        self.remember(name, why);
    }

    fn remember(&self, name: &'static str, last: String) {
        let mut failures = lock(&self.0.failures);
        let failures = failures.entry(name).or_default();
        failures.at.push_back(Instant::now());
        while failures.at.len() > self.0.policy.failing_after.max(1) {
            failures.at.pop_front();
        }
        failures.last = last;
    }

    /// Reports the tasks of another supervisor with this one's.
    pub fn adopt(&self, other: &Supervisor) {
        lock(&self.0.adopted).push(other.clone());
    }

    /// The tasks that keep failing, its own and those of adopted supervisors.
    pub fn failing(&self) -> Vec<FailingTask> {
        let policy = self.0.policy;
        let mut failing: Vec<FailingTask> = Vec::new();
        for (name, failures) in lock(&self.0.failures).iter() {
            let recent = failures.at.iter().filter(|at| at.elapsed() < policy.within).count();
            if recent >= policy.failing_after.max(1) {
                failing.push(FailingTask { name, failures: recent, last: failures.last.clone() });
            }
        }
        let adopted: Vec<Supervisor> = lock(&self.0.adopted).clone();
        failing.extend(adopted.iter().flat_map(Supervisor::failing));
        failing
    }

    /// Ends every task where it stands and starts no others.
    pub async fn shutdown(&self) {
        if let Some(mut tasks) = self.take() {
            tasks.shutdown().await;
        }
    }

    /// Waits until every task has ended by itself, and starts no others.
    pub async fn finish(&self) {
        if let Some(mut tasks) = self.take() {
            while tasks.join_next().await.is_some() {}
        }
    }

    /// Ends every task at its next pause, without waiting for that: for `Drop`.
    pub fn close(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<JoinSet<()>> {
        lock(&self.0.tasks).take()
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = lock(&self.0.tasks).as_mut() {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(work);
        }
    }
}

fn count_panic(name: &'static str, panic: &str) {
    metrics::counter!("pitlane_task_panics_total", "task" => name).increment(1);
    tracing::error!(task = name, panic, "a background task panicked");
}

#[cfg(test)]
mod tests;
