//! Waiting for a thing, with a bound and without naps.

use std::{future::Future, time::Duration};

/// Longest that anything here is waited for. Where much else runs, an API server takes half a minute to start.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Looks again and again until there is something; panics with `what` when the bound is over.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let search = async {
        loop {
            tick.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("not within {} s: {what}", PATIENCE.as_secs()))
}

/// The middle one of an odd number, the lower of the two middle ones else; with the smallest and largest.
pub fn spread(mut all: Vec<Duration>) -> String {
    all.sort_unstable();
    let ms = |at: usize| all[at].as_secs_f64() * 1000.0;
    format!("median {:.0} ms of {} (from {:.0} to {:.0})", ms((all.len() - 1) / 2), all.len(), ms(0), ms(all.len() - 1))
}
