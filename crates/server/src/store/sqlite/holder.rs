//! Who keeps a database busy, for the log: SQLite itself only says that somebody does.

use std::{fmt, path::Path};

/// A process that holds a lock on the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pid: u32,
    name: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "process {} ({name})", self.pid),
            None => write!(f, "process {}", self.pid),
        }
    }
}

/// The process that writes to the database at `path`. `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn holder(path: &Path) -> Option<Holder> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.ino());
    let (shared, file) = (inode(&super::look::beside(path, "-shm")), inode(path));
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|line| writer(line, shared, file))?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned());
    Some(Holder { pid, name })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holder(_: &Path) -> Option<Holder> {
    None
}

/// Whether a line of `/proc/locks` is the lock of whoever writes; gives back its process.
#[cfg(any(target_os = "linux", test))]
fn writer(line: &str, shared: Option<u64>, file: Option<u64>) -> Option<u32> {
    // Where SQLite locks while it writes: byte 120 of the file that shares the log's index, and the bytes from 1 GiB on of the database itself.
    // Sources: https://sqlite.org/walformat.html#wal_locks and https://sqlite.org/lockingv3.html
    const WRITES: u64 = 120;
    const RESERVED: std::ops::RangeInclusive<u64> = 0x4000_0000..=0x4000_01ff;
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, _, "WRITE", pid, place, from, to] = fields.as_slice() else { return None };
    let inode = place.rsplit(':').next()?.parse::<u64>().ok();
    let from: u64 = from.parse().ok()?;
    let to: u64 = to.parse().unwrap_or(u64::MAX);
    let writes =
        (inode.is_some() && inode == shared && (from..=to).contains(&WRITES)) || (inode.is_some() && inode == file && RESERVED.contains(&from));
    writes.then(|| pid.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::writer;

    #[test]
    fn the_writer_is_told_from_readers_and_from_others() {
        let shared = Some(4711);
        assert_eq!(writer("1: POSIX  ADVISORY  WRITE 1234 08:01:4711 120 120", shared, None), Some(1234));
        assert_eq!(writer("1: POSIX  ADVISORY  READ 1234 08:01:4711 123 123", shared, None), None);
        assert_eq!(writer("1: POSIX  ADVISORY  WRITE 1234 08:01:4711 128 128", shared, None), None);
        assert_eq!(writer("1: POSIX  ADVISORY  WRITE 1234 08:01:4712 120 120", shared, None), None);
        assert_eq!(writer("2: POSIX  ADVISORY  WRITE 77 fd:00:9 1073741824 1073742335", shared, Some(9)), Some(77));
        assert_eq!(writer("3: FLOCK  ADVISORY  WRITE 5 08:01:4711 0 EOF", None, None), None);
        assert_eq!(writer("3: -> POSIX  ADVISORY  WRITE 5 08:01:4711 120 120", shared, None), None);
    }
}
