//! Which connections are open, of whom, and which one makes room for another. Knows no HTTP.
//!
//! A connection is a stranger's until a request on it has shown a valid secret. Strangers of one address may have so many connections, and when
//! one more comes, the oldest of them is closed: so a new one always gets a place, and who signs in keeps it. Once everything is taken, a stranger of the address
//! that has most makes room, then whoever is idle.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ipnet::IpNet;
use tokio::sync::Notify;

use super::address::{is_trusted, network};

/// One open connection.
#[derive(Debug)]
pub struct Connection {
    id: u64,
    opened: Instant,
    /// It comes from a trusted proxy: many people share it.
    proxied: bool,
    /// Somebody on it has shown a valid secret.
    known: AtomicBool,
    /// Whether it is counted among the strangers of its address.
    counted: AtomicBool,
    strangers: Arc<AtomicUsize>,
    requests: AtomicU64,
    in_flight: AtomicUsize,
    /// Milliseconds from `opened` until nothing was under way any more.
    quiet_since: AtomicU64,
    /// Told when it has to make room.
    evicted: Notify,
}

impl Connection {
    /// A request on it has shown a valid secret.
    pub fn is_known(&self) {
        self.known.store(true, Ordering::Relaxed);
        self.no_stranger();
    }

    fn no_stranger(&self) {
        if self.counted.swap(false, Ordering::AcqRel) {
            self.strangers.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// A request begins; it is under way until what this gives back is dropped.
    pub fn request(self: &Arc<Self>) -> UnderWay {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
    }

    /// Resolves once it has to make room for another one.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// When it is to be looked at again, and whether it is to be closed now because nothing came.
    pub fn patience(&self, bounds: &Patience) -> Verdict {
        let now = Instant::now();
        let stranger = !self.proxied && !self.known.load(Ordering::Relaxed);
        let too_old = self.opened + bounds.stranger_for;
        if stranger && now >= too_old {
            return Verdict::Close;
        }
        let until = if self.in_flight.load(Ordering::Acquire) > 0 {
            now + bounds.first_request_within
        } else {
            let quiet_since = self.opened + Duration::from_millis(self.quiet_since.load(Ordering::Acquire));
            let begun = self.requests.load(Ordering::Relaxed) > 0;
            quiet_since + if begun && !stranger { bounds.idle_for } else { bounds.first_request_within }
        };
        if now >= until {
            return Verdict::Close;
        }
        Verdict::LookAgainAt(if stranger { until.min(too_old) } else { until })
    }

    fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    fn is_stranger(&self) -> bool {
        self.counted.load(Ordering::Acquire)
    }

    fn is_silent(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }
}

/// How long a connection may be quiet.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the head of its first request is there; a stranger has as long for each of the next.
    pub first_request_within: Duration,
    /// Between two requests of somebody who is known, and of a proxy.
    pub idle_for: Duration,
    /// How long a connection on which nobody was known lives at most.
    pub stranger_for: Duration,
}

/// See [`Connection::patience`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Close,
    LookAgainAt(Instant),
}

/// A request that is under way on a connection, until its answer's last byte was handed over.
#[derive(Debug)]
pub struct UnderWay(Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let quiet = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.quiet_since.store(quiet, Ordering::Release);
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Connections of one address, oldest first.
#[derive(Debug, Default)]
struct Group {
    strangers: Arc<AtomicUsize>,
    open: BTreeMap<u64, Arc<Connection>>,
}

impl Group {
    fn strangers(&self) -> usize {
        self.strangers.load(Ordering::Acquire)
    }

    /// The stranger who makes room: the oldest that has said nothing yet, else the oldest.
    fn stranger(&self) -> Option<u64> {
        let strangers = || self.open.values().filter(|connection| connection.is_stranger());
        strangers().find(|connection| connection.is_silent()).or_else(|| strangers().next()).map(|connection| connection.id)
    }
}

#[derive(Debug, Default)]
struct Open {
    groups: HashMap<IpAddr, Group>,
    count: usize,
    next: u64,
}

impl Open {
    fn remove(&mut self, address: IpAddr, id: u64) -> Option<Arc<Connection>> {
        let group = self.groups.get_mut(&address)?;
        let connection = group.open.remove(&id)?;
        connection.no_stranger();
        if group.open.is_empty() {
            self.groups.remove(&address);
        }
        self.count -= 1;
        Some(connection)
    }

    fn evict(&mut self, address: IpAddr, id: u64) {
        if let Some(connection) = self.remove(address, id) {
            metrics::counter!("pitlane_connections_evicted_total").increment(1);
            connection.evicted.notify_one();
        }
    }

    /// Who makes room where everything is taken: a stranger of the address that has most of them, of several the oldest, else whoever was idle for longest.
    fn last_resort(&self) -> Option<(IpAddr, u64)> {
        let most = self.groups.iter().filter_map(|(address, group)| Some((group.strangers(), Reverse(group.stranger()?), *address))).max();
        if let Some((_, Reverse(id), address)) = most {
            return Some((address, id));
        }
        let all = self.groups.iter().flat_map(|(address, group)| group.open.values().map(move |connection| (*address, connection)));
        let quiet = |connection: &Connection| connection.opened + Duration::from_millis(connection.quiet_since.load(Ordering::Acquire));
        all.filter(|(_, connection)| connection.is_idle())
            .min_by_key(|(_, connection)| quiet(connection))
            .map(|(address, connection)| (address, connection.id))
    }
}

/// Every open connection.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    per_address: usize,
    proxies: Arc<[IpNet]>,
    open: Mutex<Open>,
}

impl Connections {
    /// So many in all, and so many of strangers of one address. `proxies` are not strangers.
    pub fn new(most: usize, per_address: usize, proxies: Arc<[IpNet]>) -> Arc<Self> {
        Arc::new(Self { most, per_address, proxies, open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from this address. `None`: everything is taken by people who are known and busy.
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let (address, proxied) = (network(peer), is_trusted(&self.proxies, peer));
        let mut open = self.open();
        if !proxied
            && let Some(group) = open.groups.get(&address)
            && group.strangers() >= self.per_address
            && let Some(id) = group.stranger()
        {
            open.evict(address, id);
        }
        if open.count >= self.most {
            let (address, id) = open.last_resort()?;
            open.evict(address, id);
        }
        open.count += 1;
        open.next += 1;
        let id = open.next;
        let group = open.groups.entry(address).or_default();
        if !proxied {
            group.strangers.fetch_add(1, Ordering::AcqRel);
        }
        let connection = Arc::new(Connection {
            id,
            opened: Instant::now(),
            proxied,
            known: AtomicBool::new(false),
            counted: AtomicBool::new(!proxied),
            strangers: group.strangers.clone(),
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(0),
            evicted: Notify::new(),
        });
        group.open.insert(id, connection.clone());
        Some(Place { connections: self.clone(), address, connection })
    }
}

/// The place of an open connection, until it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    /// The connection that has it.
    pub connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(self.address, self.connection.id);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn connections(most: usize, per_address: usize) -> Arc<Connections> {
        Connections::new(most, per_address, Arc::from(["10.0.0.1/32".parse().unwrap()]))
    }

    fn admit(connections: &Arc<Connections>, peer: &str) -> Place {
        connections.admit(peer.parse().unwrap()).expect("a place")
    }

    fn evicted(place: &Place) -> bool {
        place.connection.evicted().now_or_never().is_some()
    }

    #[test]
    fn one_address_has_so_many_and_its_oldest_makes_room() {
        let connections = connections(100, 2);
        let (first, second, elsewhere) =
            (admit(&connections, "2001:db8::1"), admit(&connections, "2001:db8::2"), admit(&connections, "2001:db8:0:1::1"));
        let third = admit(&connections, "2001:db8::3");
        assert!(evicted(&first) && !evicted(&second) && !evicted(&third) && !evicted(&elsewhere), "the oldest of the same /64");
        // Its place is not given back twice.
        drop(first);
        assert_eq!(connections.open().count, 3);
        let mapped = [admit(&connections, "::ffff:192.0.2.1"), admit(&connections, "192.0.2.1")];
        let _one_more = admit(&connections, "::ffff:192.0.2.1");
        assert!(evicted(&mapped[0]), "IPv4 written as IPv6 is the same address");
    }

    #[test]
    fn who_is_known_or_a_proxy_is_not_closed_for_a_stranger() {
        let connections = connections(100, 2);
        let known: Vec<_> = (0..5)
            .map(|_| {
                let place = admit(&connections, "192.0.2.1");
                place.connection.is_known();
                place
            })
            .collect();
        let strangers: Vec<_> = (0..5).map(|_| admit(&connections, "192.0.2.1")).collect();
        assert!(known.iter().all(|place| !evicted(place)));
        assert_eq!(strangers.iter().filter(|place| !evicted(place)).count(), 2);
        let proxied: Vec<_> = (0..5).map(|_| admit(&connections, "10.0.0.1")).collect();
        assert!(proxied.iter().all(|place| !evicted(place)));
        drop((known, strangers, proxied));
        let open = connections.open();
        assert_eq!((open.count, open.groups.len()), (0, 0));
    }

    #[test]
    fn the_silent_make_room_before_those_who_asked_for_something() {
        let connections = connections(100, 2);
        let (talks, silent) = (admit(&connections, "192.0.2.1"), admit(&connections, "192.0.2.1"));
        let _answering = talks.connection.request();
        let _new = admit(&connections, "192.0.2.1");
        assert!(evicted(&silent) && !evicted(&talks));
    }

    #[test]
    fn where_all_is_taken_the_address_that_has_most_makes_room_and_the_busy_known_do_not() {
        let connections = connections(4, 3);
        let many: Vec<_> = (0..3).map(|_| admit(&connections, "192.0.2.1")).collect();
        let single = admit(&connections, "192.0.2.2");
        let new = admit(&connections, "192.0.2.3");
        assert!(evicted(&many[0]) && !evicted(&single));
        // Now everybody shows a secret; one is idle.
        for place in many[1..].iter().chain([&single, &new]) {
            place.connection.is_known();
        }
        let busy: Vec<_> = [&many[2], &single, &new].iter().map(|place| place.connection.request()).collect();
        let late = admit(&connections, "192.0.2.4");
        assert!(evicted(&many[1]), "the idle one");
        late.connection.is_known();
        let _busy_too = late.connection.request();
        assert!(connections.admit("192.0.2.5".parse().unwrap()).is_none(), "nobody who is known and busy is closed");
        drop(busy);
        assert!(connections.admit("192.0.2.5".parse().unwrap()).is_some());
    }

    #[test]
    fn of_many_single_strangers_the_oldest_makes_room() {
        let connections = connections(20, 3);
        let first: Vec<_> = (0..20).map(|at| admit(&connections, &format!("192.0.2.{at}"))).collect();
        let later: Vec<_> = (0..15).map(|at| admit(&connections, &format!("198.51.100.{at}"))).collect();
        assert!(first[..15].iter().all(evicted) && !first[15..].iter().chain(&later).any(evicted));
    }

    #[test]
    fn quiet_is_borne_longer_from_who_is_known() {
        let place = admit(&connections(10, 10), "192.0.2.1");
        let hour = Duration::from_secs(3_600);
        let none = Patience { first_request_within: Duration::ZERO, idle_for: hour, stranger_for: hour };
        assert_eq!(place.connection.patience(&none), Verdict::Close, "nothing was asked in time");
        let request = place.connection.request();
        place.connection.is_known();
        drop(request);
        assert!(matches!(place.connection.patience(&none), Verdict::LookAgainAt(_)));
        assert_eq!(place.connection.patience(&Patience { idle_for: Duration::ZERO, ..none }), Verdict::Close);
    }
}
