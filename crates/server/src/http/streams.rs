//! Bounds how many answers without a near end are open: in all, of one caller and of one address, so that nobody takes them all.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::address::network;

/// Who may have how many.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// In all.
    pub all: usize,
    /// Of one caller.
    pub of_one_caller: usize,
    /// From one address (IPv6: one /64).
    pub of_one_address: usize,
}

/// Which of the bounds is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    All,
    Caller,
    Address,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    callers: HashMap<K, usize>,
    addresses: HashMap<IpAddr, usize>,
}

/// What is open, by caller and address.
#[derive(Debug)]
pub struct OpenStreams<K> {
    most: Most,
    taken: Mutex<Taken<K>>,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> OpenStreams<K> {
    /// Nothing is open yet.
    pub fn new(most: Most) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::new(Taken { all: 0, callers: HashMap::new(), addresses: HashMap::new() }) })
    }

    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, for as long as what this gives back is kept.
    ///
    /// # Errors
    /// Which bound is reached.
    pub fn open(self: &Arc<Self>, caller: K, address: Option<IpAddr>) -> Result<OpenStream, Full> {
        let address = address.map(network);
        let mut taken = self.taken();
        if taken.all >= self.most.all {
            return Err(Full::All);
        }
        if taken.callers.get(&caller).is_some_and(|count| *count >= self.most.of_one_caller) {
            return Err(Full::Caller);
        }
        if address.and_then(|address| taken.addresses.get(&address)).is_some_and(|count| *count >= self.most.of_one_address) {
            return Err(Full::Address);
        }
        taken.all += 1;
        *taken.callers.entry(caller.clone()).or_default() += 1;
        if let Some(address) = address {
            *taken.addresses.entry(address).or_default() += 1;
        }
        drop(taken);
        let streams = self.clone();
        Ok(OpenStream(Some(Box::new(move || streams.close(&caller, address)))))
    }

    fn close(&self, caller: &K, address: Option<IpAddr>) {
        let mut taken = self.taken();
        taken.all -= 1;
        one_less(&mut taken.callers, caller);
        if let Some(address) = address {
            one_less(&mut taken.addresses, &address);
        }
    }
}

fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// One that is open, until it is dropped.
pub struct OpenStream(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        if let Some(close) = self.0.take() {
            close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_them_all() {
        let streams = OpenStreams::new(Most { all: 6, of_one_caller: 2, of_one_address: 3 });
        let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let open = |caller: &'static str, address| streams.open(caller, address);
        let ada = [open("ada", at("192.0.2.1")).unwrap(), open("ada", at("192.0.2.2")).unwrap()];
        assert_eq!(open("ada", at("192.0.2.3")).err(), Some(Full::Caller), "from wherever");
        let site = [open("bob", at("2001:db8::1")).unwrap(), open("cyd", at("2001:db8::2")).unwrap(), open("dan", at("2001:db8::3")).unwrap()];
        assert_eq!(open("eve", at("2001:db8::4")).err(), Some(Full::Address), "one /64 is one address");
        let last = open("eve", None).unwrap();
        assert_eq!(open("fay", None).err(), Some(Full::All));
        drop((ada, site, last));
        let taken = streams.taken();
        assert_eq!((taken.all, taken.callers.len(), taken.addresses.len()), (0, 0, 0), "what is closed is forgotten");
    }
}
