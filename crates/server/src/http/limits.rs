//! Bounds in rate: per person, token, address and agent. Knows nothing of what a request wants.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{address::network, auth::Credential, problem::Problem};
use crate::{settings::Settings, store::SecretHash};

/// Whose bound is charged. Addresses of one IPv6 /64 count as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody who is let in.
    Caller(Credential),
    /// Somebody who looks at a public link, and from where.
    Link(SecretHash, Option<IpAddr>),
    /// Nobody in particular, by address.
    Address(Option<IpAddr>),
    /// Nobody in particular who asks for what is ready in memory: the console's files.
    Files(Option<IpAddr>),
    /// Probes, apart from everybody else at their address.
    Probe(Option<IpAddr>),
    /// Somebody who shows a token or a session that nobody has, by address.
    Unknown(Option<IpAddr>),
    /// Somebody who tries to sign in, to enrol or to open a link with what is not valid, by address.
    Failing(Option<IpAddr>),
    /// Whoever holds this enrolment token.
    Enrolling(SecretHash),
}

/// How many more invalid codes and tokens an address may try to sign in or enrol with each second, and how many at once. They have 128 bits and
/// more, so this keeps the log and the database quiet rather than anybody out; a valid one always gets in.
const FAILURES_PER_SECOND: u32 = 1;
const FAILURES_BURST: u32 = 60;

/// The same for tokens and sessions that are not valid (any more): a whole site's agents come with them after a database was lost.
const UNKNOWN_PER_SECOND: u32 = 10;
const UNKNOWN_BURST: u32 = 100;

/// Enrolments with one token: ten thousand simulated nodes may come at once.
const ENROLMENTS_PER_SECOND: u32 = 1_000;
const ENROLMENTS_BURST: u32 = 10_000;

/// A page of the console is a dozen files, and an office may be behind one address: so many times what an address may ask of the API.
const FILES_TIMES: u32 = 10;

/// Every bound of the server.
pub struct Limits {
    requests: DefaultKeyedRateLimiter<Who>,
    files: DefaultKeyedRateLimiter<Who>,
    unknown: DefaultKeyedRateLimiter<Who>,
    failures: DefaultKeyedRateLimiter<Who>,
    enrolments: DefaultKeyedRateLimiter<Who>,
    heartbeats: DefaultKeyedRateLimiter<SecretHash>,
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
        let (per_second, burst) = (settings.rate_per_second, settings.rate_burst);
        Self {
            requests: RateLimiter::keyed(quota(per_second, burst)),
            files: RateLimiter::keyed(quota(per_second.saturating_mul(FILES_TIMES), burst.saturating_mul(FILES_TIMES))),
            unknown: RateLimiter::keyed(quota(per_second.min(UNKNOWN_PER_SECOND), burst.min(UNKNOWN_BURST))),
            failures: RateLimiter::keyed(quota(FAILURES_PER_SECOND, FAILURES_BURST)),
            enrolments: RateLimiter::keyed(quota(ENROLMENTS_PER_SECOND, ENROLMENTS_BURST)),
            heartbeats: RateLimiter::keyed(quota(settings.heartbeat_rate_per_second, settings.heartbeat_rate_per_second.saturating_mul(4))),
        }
    }

    /// Charges one request.
    ///
    /// # Errors
    /// 429 with the time to wait, where it is one too many.
    pub fn check(&self, who: Who) -> Result<(), Problem> {
        let net = |address: Option<IpAddr>| address.map(network);
        match who {
            Who::Caller(_) => check(&self.requests, &who),
            Who::Link(link, address) => check(&self.requests, &Who::Link(link, net(address))),
            Who::Address(address) => check(&self.requests, &Who::Address(net(address))),
            Who::Files(address) => check(&self.files, &Who::Files(net(address))),
            Who::Probe(address) => check(&self.files, &Who::Probe(net(address))),
            Who::Unknown(address) => check(&self.unknown, &Who::Unknown(net(address))),
            Who::Failing(address) => check(&self.failures, &Who::Failing(net(address))),
            Who::Enrolling(_) => check(&self.enrolments, &who),
        }
    }

    /// Charges one heartbeat of an agent.
    ///
    /// # Errors
    /// 429 with the time to wait, where it is one too many.
    pub fn heartbeat(&self, agent: SecretHash) -> Result<(), Problem> {
        check(&self.heartbeats, &agent)
    }

    /// Forgets who has been quiet, so that keys from outside cannot fill the memory. Called every few seconds.
    pub fn forget_quiet(&self) {
        for limiter in [&self.requests, &self.files, &self.unknown, &self.failures, &self.enrolments] {
            limiter.retain_recent();
        }
        self.heartbeats.retain_recent();
    }
}
