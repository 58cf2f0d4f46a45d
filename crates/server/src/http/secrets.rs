//! Looks secrets up so that those nobody has cost little. A secret that was valid a while ago is looked up at once. One that was not seen before waits for one of
//! few places; who has shown too many that nobody has waits in a line of their own. So what is valid is always found, and a flood of what is not never
//! takes all of the database's readers.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

use super::{
    limits::{Limits, Who},
    problem::Problem,
};
use crate::store::SecretHash;

/// Secrets that were not seen before are looked up so many at once, ...
const AT_ONCE: usize = 2;
/// ... and those from an address that has shown too many wrong ones so many. Both together leave readers of the store to everybody else.
const OF_FLOODS_AT_ONCE: usize = 1;
/// A secret that was valid is taken for likely to be valid for so long.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// What was valid lately, and the places where the rest waits.
pub struct Secrets {
    valid: Mutex<HashMap<SecretHash, Instant>>,
    unseen: Semaphore,
    flooding: Semaphore,
}

impl Secrets {
    /// Nothing was seen yet.
    pub fn new() -> Self {
        Self { valid: Mutex::default(), unseen: Semaphore::new(AT_ONCE), flooding: Semaphore::new(OF_FLOODS_AT_ONCE) }
    }

    /// Looks a secret up with `look`. `None`: nobody has it, and `who` was charged for it.
    ///
    /// # Errors
    /// 429 for a secret that nobody has, where `who` has shown too many of them; and what `look` says of the store.
    pub async fn find<T>(
        &self,
        limits: &Limits,
        who: Who,
        secret: SecretHash,
        look: impl Future<Output = Result<Option<T>, Problem>>,
    ) -> Result<Option<T>, Problem> {
        if self.seen(&secret) {
            let found = look.await?;
            if found.is_none() {
                self.valid().remove(&secret);
                limits.check(who)?;
            }
            return Ok(found);
        }
        let charged = limits.check(who);
        let places = if charged.is_ok() { &self.unseen } else { &self.flooding };
        let place = places.acquire().await.map_err(Problem::internal)?;
        let found = look.await?;
        drop(place);
        if found.is_none() {
            return charged.map(|()| None);
        }
        self.valid().insert(secret, Instant::now());
        Ok(found)
    }

    /// Forgets what was not used for a while. Called every few seconds.
    pub fn forget_old(&self) {
        self.valid().retain(|_, seen| seen.elapsed() < REMEMBERED_FOR);
    }

    fn seen(&self, secret: &SecretHash) -> bool {
        let mut valid = self.valid();
        let Some(seen) = valid.get_mut(secret) else { return false };
        *seen = Instant::now();
        true
    }

    fn valid(&self) -> MutexGuard<'_, HashMap<SecretHash, Instant>> {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        net::IpAddr,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures::{FutureExt as _, future::join_all};

    use super::*;
    use crate::settings::{Given, Settings};

    fn limits() -> Limits {
        Limits::new(&Settings::read(Given::from_pairs(&[])).unwrap())
    }

    fn from(address: &str) -> Who {
        Who::Unknown(Some(address.parse::<IpAddr>().unwrap()))
    }

    #[tokio::test]
    async fn what_is_valid_is_found_although_its_neighbours_flood() {
        let (secrets, limits, at_once, most) = (Secrets::new(), limits(), AtomicUsize::new(0), AtomicUsize::new(0));
        let wrong = async |n: usize| {
            let look = async {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                at_once.fetch_sub(1, Ordering::SeqCst);
                Ok(None::<()>)
            };
            secrets.find(&limits, from("192.0.2.1"), SecretHash::of(&n.to_string()), look).await
        };
        let answers = join_all((0..1_000).map(wrong)).await;
        let refused = answers.iter().filter(|answer| answer.as_ref().is_err_and(|problem| problem.status() == 429)).count();
        assert!(refused >= 850, "{refused}");
        assert!(most.load(Ordering::SeqCst) <= 3, "so many asked the store at once: {most:?}");
        let valid = secrets.find(&limits, from("192.0.2.1"), SecretHash::of("valid"), async { Ok(Some("ada")) }).await;
        assert_eq!(valid.unwrap(), Some("ada"), "never seen before, from the address that floods");
    }

    #[tokio::test]
    async fn what_was_valid_waits_for_nobody() {
        let (secrets, limits, known) = (Secrets::new(), limits(), SecretHash::of("known"));
        let look = async || secrets.find(&limits, from("192.0.2.2"), known, async { Ok(Some(())) }).await;
        look().await.unwrap();
        // Everybody else's look-ups hang.
        let mut hanging: Vec<_> = (0..20)
            .map(|n| Box::pin(secrets.find(&limits, from("192.0.2.1"), SecretHash::of(&n.to_string()), pending::<Result<Option<()>, Problem>>())))
            .collect();
        for other in &mut hanging {
            assert!(other.now_or_never().is_none());
        }
        assert_eq!(look().now_or_never().unwrap().unwrap(), Some(()));
        // Once it is not valid any more it is not known either.
        assert_eq!(secrets.find(&limits, from("192.0.2.2"), known, async { Ok(None::<()>) }).await.unwrap(), None);
        assert!(!secrets.seen(&known));
    }
}
