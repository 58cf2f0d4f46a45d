//! CPU, memory and disks of the host, by sysinfo and statvfs. The figures are the host's, not those of a control group.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pitlane_api::{Disk, Resources};

/// A file system that does not answer by then (a network file system whose server is gone) is not waited for.
const DISK_TIMEOUT: Duration = Duration::from_secs(2);

/// Measures the host; CPU use is that since the last measure.
#[derive(Debug)]
pub struct SystemProbe {
    system: sysinfo::System,
    disks: DiskProbe,
}

impl SystemProbe {
    /// Begins to count CPU time.
    ///
    /// # Errors
    /// The kernel does not say what it has; in words.
    pub fn new() -> Result<Self, String> {
        let mut system = sysinfo::System::new().map_err(|error| error.to_string())?;
        system.refresh_cpu_usage();
        Ok(Self { system, disks: DiskProbe::default() })
    }

    /// What the host has and uses, and what could not be seen of it.
    pub async fn measure(&mut self, docker_root: Option<PathBuf>) -> (Resources, Vec<String>) {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        let (disks, cannot_see) = self.disks.measure(docker_root).await;
        let cores = self.system.cpus().len();
        let total = Some(self.system.total_memory()).filter(|total| *total > 0);
        let resources = Resources {
            cpu_cores: (cores > 0).then_some(cores as f64),
            cpu_percent: (cores > 0).then(|| f64::from(self.system.global_cpu_usage()).clamp(0.0, 100.0)),
            memory_total_bytes: total,
            memory_used_bytes: total.map(|total| total.saturating_sub(self.system.available_memory())),
            disks,
            cpu_cores_reserved: None,
            memory_reserved_bytes: None,
        };
        (resources, cannot_see)
    }
}

/// Asks file systems for their sizes, one question at a time: a hung one holds one thread, not one per beat.
#[derive(Debug, Default, Clone)]
struct DiskProbe {
    busy: Arc<Mutex<bool>>,
}

impl DiskProbe {
    async fn measure(&self, docker_root: Option<PathBuf>) -> (Vec<Disk>, Vec<String>) {
        if std::mem::replace(&mut *self.busy.lock().unwrap_or_else(PoisonError::into_inner), true) {
            return (Vec::new(), vec!["disk use: a file system has not answered for a while".into()]);
        }
        let busy = Arc::clone(&self.busy);
        let asked = tokio::task::spawn_blocking(move || {
            let answer = measure_disks(docker_root.as_deref());
            *busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
            answer
        });
        match tokio::time::timeout(DISK_TIMEOUT, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => (Vec::new(), vec!["disk use: the measurement broke off".into()]),
            Err(_) => (Vec::new(), vec![format!("disk use: a file system does not answer within {} s", DISK_TIMEOUT.as_secs())]),
        }
    }
}

/// The root file system, and the one with Docker's data where it is another.
fn measure_disks(docker_root: Option<&Path>) -> (Vec<Disk>, Vec<String>) {
    let root = Path::new("/");
    let mut places = vec![("root", root)];
    places.extend(docker_root.filter(|path| device(path) != device(root)).map(|path| ("docker", path)));
    let mut disks = Vec::new();
    let mut cannot_see = Vec::new();
    for (role, path) in places {
        match measure(role, path) {
            Ok(disk) => disks.extend(disk),
            Err(error) => cannot_see.push(format!("disk use of {}: {error}", path.display())),
        }
    }
    (disks, cannot_see)
}

/// As `df` counts: what root keeps for itself is neither free nor part of the whole, so that 100 % is when
/// ordinary programs cannot write any more. None for a file system without a size (overlays of some sandboxes).
fn measure(role: &str, path: &Path) -> rustix::io::Result<Option<Disk>> {
    let stat = rustix::fs::statvfs(path)?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree).saturating_mul(stat.f_frsize);
    let total = used.saturating_add(stat.f_bavail.saturating_mul(stat.f_frsize));
    let mount = mount_point(path).display().to_string();
    Ok((total > 0).then(|| Disk { role: role.to_owned(), mount, total_bytes: total, used_bytes: used }))
}

fn device(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|metadata| metadata.dev())
}

/// The highest folder above `path` on the same device.
fn mount_point(path: &Path) -> PathBuf {
    let here = device(path);
    path.ancestors().take_while(|folder| device(folder) == here).last().unwrap_or(path).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_very_host_has_processors_memory_and_a_root() {
        let mut probe = SystemProbe::new().unwrap();
        let (resources, cannot_see) = probe.measure(None).await;
        assert!(resources.cpu_cores.unwrap() >= 1.0);
        assert!((0.0..=100.0).contains(&resources.cpu_percent.unwrap()));
        assert!(resources.memory_used_bytes.unwrap() < resources.memory_total_bytes.unwrap());
        assert_eq!(resources.disks[0].role, "root");
        assert_eq!(resources.disks[0].mount, "/");
        assert!(resources.disks[0].used_bytes <= resources.disks[0].total_bytes);
        assert_eq!(cannot_see, Vec::<String>::new());
    }

    #[test]
    fn a_folder_on_the_root_is_not_counted_twice() {
        let (disks, _) = measure_disks(Some(Path::new("/etc")));
        assert_eq!(disks.len(), 1);
    }

    #[test]
    fn a_file_system_of_its_own_is_shown_by_its_mount_point() {
        let (disks, cannot_see) = measure_disks(Some(Path::new("/dev/shm")));
        let docker = disks.iter().find(|disk| disk.role == "docker").expect("/dev/shm is a file system of its own");
        assert_eq!(docker.mount, "/dev/shm");
        assert!(cannot_see.is_empty());
    }

    #[test]
    fn what_cannot_be_measured_is_said() {
        let (disks, cannot_see) = measure_disks(Some(Path::new("/no/such/folder")));
        assert_eq!(disks.len(), 1);
        assert!(cannot_see[0].contains("/no/such/folder"), "{cannot_see:?}");
    }
}
