//! Bounds in rate: per person, token, address and agent. Knows nothing of what a request wants.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{auth::Credential, problem::Problem};
use crate::{settings::Settings, store::SecretHash};

/// Whose bound is charged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody who is let in.
    Caller(Credential),
    /// Nobody in particular, by address.
    Address(Option<IpAddr>),
    /// Somebody who tries to sign in or enrol with what is not valid, by address.
    Failing(Option<IpAddr>),
}

/// How many more invalid codes and tokens an address may try to sign in or enrol with each second, and how many at once. They have 128 bits and
/// more, so this keeps the log and the database quiet rather than anybody out; a valid one always gets in.
const FAILURES_PER_SECOND: u32 = 1;
const FAILURES_BURST: u32 = 60;

/// Enrolments of one address: ten thousand simulated nodes may come at once.
const ENROLMENTS_PER_SECOND: u32 = 1_000;
const ENROLMENTS_BURST: u32 = 10_000;

/// Every bound of the server.
pub struct Limits {
    requests: DefaultKeyedRateLimiter<Who>,
    failures: DefaultKeyedRateLimiter<Who>,
    heartbeats: DefaultKeyedRateLimiter<SecretHash>,
    enrolments: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

fn quota(per_second: u32, burst: u32) -> Quota {
    let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|not_until| {
        metrics::counter!("pitlane_http_rate_limited_total").increment(1);
        Problem::rate_limited(not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    })
}

impl Limits {
    /// As set.
    pub fn new(settings: &Settings) -> Self {
        Self {
            requests: RateLimiter::keyed(quota(settings.rate_per_second, settings.rate_burst)),
            failures: RateLimiter::keyed(quota(FAILURES_PER_SECOND, FAILURES_BURST)),
            enrolments: RateLimiter::keyed(quota(ENROLMENTS_PER_SECOND, ENROLMENTS_BURST)),
            heartbeats: RateLimiter::keyed(quota(settings.heartbeat_rate_per_second, settings.heartbeat_rate_per_second.saturating_mul(4))),
        }
    }

    /// Charges one request.
    pub fn check(&self, who: Who) -> Result<(), Problem> {
        match who {
            Who::Failing(_) => check(&self.failures, &who),
            _ => check(&self.requests, &who),
        }
    }

    /// Charges one enrolment. A whole fleet may come from one address at once, so the burst is wide.
    pub fn enrolment(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        check(&self.enrolments, &address)
    }

    /// Charges one heartbeat of an agent.
    pub fn heartbeat(&self, agent: SecretHash) -> Result<(), Problem> {
        check(&self.heartbeats, &agent)
    }

    /// Forgets who has been quiet, so that keys from outside cannot fill the memory. Called every few seconds.
    pub fn forget_quiet(&self) {
        self.requests.retain_recent();
        self.failures.retain_recent();
        self.heartbeats.retain_recent();
        self.enrolments.retain_recent();
    }
}
