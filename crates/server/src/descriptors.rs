//! How many files and sockets the system lets this process have open, and how many connections that is enough for.

/// Kept for what is no connection from outside: the database, the engine, the log, commands.
pub const RESERVED: u64 = 100;

/// What the system allows. `None`: as many as one likes, or this system has no such bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// So many may be open now.
    pub allowed: Option<u64>,
    /// So many this process may allow itself.
    pub at_most: Option<u64>,
}

impl Descriptors {
    /// As the system says it (`getrlimit`).
    pub fn read() -> Self {
        #[cfg(unix)]
        {
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
            Self { allowed: limit.current, at_most: limit.maximum }
        }
        #[cfg(not(unix))]
        Self { allowed: None, at_most: None }
    }

    /// Allows this process as many as it may have, and reads again. Where that does not work it stays as it was.
    pub fn raise() -> Self {
        let before = Self::read();
        #[cfg(unix)]
        if before.allowed != before.at_most {
            let limit = rustix::process::Rlimit { current: before.at_most, maximum: before.at_most };
            if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit) {
                tracing::debug!(%error, "the bound of open files was not raised");
            }
            return Self::read();
        }
        before
    }

    /// Of so many connections as were asked for, those that there are files for.
    pub fn connections(&self, wanted: usize) -> usize {
        let room = self.allowed.map_or(usize::MAX, |allowed| usize::try_from(allowed.saturating_sub(RESERVED)).unwrap_or(usize::MAX));
        wanted.min(room.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_below_what_the_system_allows() {
        let of = |allowed, wanted| Descriptors { allowed, at_most: allowed }.connections(wanted);
        assert_eq!(of(Some(1_024), 12_000), 924);
        assert_eq!(of(Some(65_536), 12_000), 12_000);
        assert_eq!(of(None, 12_000), 12_000);
        assert_eq!(of(Some(50), 12_000), 1, "one at least, to say what is wrong");
    }

    #[cfg(unix)]
    #[test]
    fn this_process_may_have_as_many_as_the_system_lets_it() {
        let raised = Descriptors::raise();
        assert_eq!(raised.allowed, raised.at_most);
    }
}
