//! How large each field of an enrolment and of a heartbeat may be, and a refusal that names the field that is larger.
//!
//! What an agent says is kept, and part of it goes to every browser with each change of its node. So every text, list, map and number has a
//! bound, and the bounds of what is shown with a node (see [`EVENT_BYTES_MAX`]) are so narrow that their sum fits an event. Texts are measured
//! in bytes as they stand in JSON: a quotation mark counts as two, an emoji as four.
//!
//! Every struct is taken apart field by field, without `..`: a field that is added to the wire does not compile until it is bounded here.
//! Agents keep to the bounds by themselves: `pitlane agent` cuts what is too long, and says so.

use std::{collections::BTreeMap, fmt};

use crate::{ContainerReport, ContainersReport, Disk, EnrollRequest, HeartbeatRequest, MountReport, Resources, ServiceReport, Timestamp};

/// Most bytes that one beat of an agent may cost each browser: its node as a whole, the totals of the fleet, and what the activity log says of it.
pub const EVENT_BYTES_MAX: usize = 8 * 1024;

/// A host's name, in bytes: twice as long as Linux has them.
pub const NAME_MAX: usize = 128;
/// A region or an address, in bytes.
pub const WORD_MAX: usize = 64;
/// An identifier of a machine, of a boot or of an engine's node, a key of a label, in bytes.
pub const ID_MAX: usize = 253;
/// A version, in bytes.
pub const VERSION_MAX: usize = 32;
/// What is said of a service, in bytes.
pub const DETAIL_MAX: usize = 200;
/// Labels of a host.
pub const LABELS_MAX: usize = 64;
/// The labels of a host together, in bytes as they stand in JSON: see [`entry_bytes`].
pub const LABELS_BYTES_MAX: usize = 768;
/// File systems of a host.
pub const DISKS_MAX: usize = 3;
/// What a file system holds, in one word, in bytes.
pub const DISK_ROLE_MAX: usize = 16;
/// Where a file system is mounted, in bytes.
pub const DISK_MOUNT_MAX: usize = 48;
/// Remarks on what could not be seen or read.
pub const REMARKS_MAX: usize = 64;
/// Such a remark, in bytes.
pub const REMARK_MAX: usize = 512;
/// Containers of a host.
pub const CONTAINERS_MAX: usize = 2_000;
/// Volumes that no container uses.
pub const ORPHANS_MAX: usize = 2_000;
/// Mounts of a container.
pub const MOUNTS_MAX: usize = 128;
/// Labels of a container, or options of a volume.
pub const ENTRIES_MAX: usize = 256;
/// The labels of a container, or the options of a volume, together, in bytes as they stand in JSON: see [`entry_bytes`].
pub const ENTRIES_BYTES_MAX: usize = 8_192;
/// A name of a container, a volume or a driver, an image, in bytes.
pub const CONTAINER_WORD_MAX: usize = 512;
/// A word of Docker's: a state, a restart policy, in bytes.
pub const STATE_MAX: usize = 32;
/// A path of the host or of a container, in bytes: as long as Linux has them.
pub const PATH_MAX: usize = 4_096;
/// An enrolment token, in bytes.
pub const TOKEN_MAX: usize = 200;
/// Processors of a host.
pub const CPU_CORES_MAX: f64 = 65_536.0;
/// Main memory of a host, in bytes (1 PiB): sixteen thousand such hosts can be summed up.
pub const MEMORY_MAX: u64 = 1 << 50;
/// A file system, in bytes (1 EiB).
pub const DISK_MAX: u64 = 1 << 60;

/// A field that is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundError {
    /// The field's path on the wire: `docker.detail`, `containers.containers[17].mounts[3].name`.
    pub field: String,
    /// For the log of the agent: plain English.
    pub message: String,
}

impl fmt::Display for BoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for BoundError {}

type Checked = Result<(), BoundError>;

/// Checks every field of an enrolment.
///
/// # Errors
/// The first field that is out of its bounds.
pub fn check_enrolment(request: &EnrollRequest) -> Checked {
    let EnrollRequest { token, name, machine_id, engine_node_id, region, public_ip, overlay_ip, labels, agent_version, simulated: _ } = request;
    let at = &Path::Root;
    text(&at.field("token"), token, 1, TOKEN_MAX)?;
    text(&at.field("name"), name, 1, NAME_MAX)?;
    text(&at.field("machine_id"), machine_id, 1, ID_MAX)?;
    text(&at.field("agent_version"), agent_version, 1, VERSION_MAX)?;
    maybe(engine_node_id, |id| text(&at.field("engine_node_id"), id, 1, ID_MAX))?;
    maybe(region, |region| text(&at.field("region"), region, 1, WORD_MAX))?;
    maybe(public_ip, |address| text(&at.field("public_ip"), address, 1, WORD_MAX))?;
    maybe(overlay_ip, |address| text(&at.field("overlay_ip"), address, 1, WORD_MAX))?;
    entries(&at.field("labels"), labels, LABELS_MAX, LABELS_BYTES_MAX)
}

/// Checks every field of a heartbeat.
///
/// # Errors
/// The first field that is out of its bounds.
pub fn check_heartbeat(beat: &HeartbeatRequest) -> Checked {
    // `seq` is bounded by its type, and only ever compared.
    let HeartbeatRequest { seq: _, boot_id, clock, agent_version, resources, docker, caddy, containers, cannot_see, labels, stopping: _ } = beat;
    let at = &Path::Root;
    maybe(boot_id, |id| text(&at.field("boot_id"), id, 1, ID_MAX))?;
    time(&at.field("clock"), *clock)?;
    text(&at.field("agent_version"), agent_version, 1, VERSION_MAX)?;
    check_resources(&at.field("resources"), resources)?;
    check_service(&at.field("docker"), docker)?;
    check_service(&at.field("caddy"), caddy)?;
    maybe(containers, |containers| check_containers(&at.field("containers"), containers))?;
    remarks(&at.field("cannot_see"), cannot_see)?;
    entries(&at.field("labels"), labels, LABELS_MAX, LABELS_BYTES_MAX)
}

fn check_resources(at: &Path<'_>, resources: &Resources) -> Checked {
    let Resources { cpu_cores, cpu_percent, memory_total_bytes, memory_used_bytes, disks, cpu_cores_reserved, memory_reserved_bytes } = resources;
    maybe(cpu_cores, |cores| figure(&at.field("cpu_cores"), *cores, CPU_CORES_MAX))?;
    maybe(cpu_percent, |percent| figure(&at.field("cpu_percent"), *percent, 100.0))?;
    maybe(memory_total_bytes, |bytes| whole(&at.field("memory_total_bytes"), *bytes, MEMORY_MAX))?;
    maybe(memory_used_bytes, |bytes| whole(&at.field("memory_used_bytes"), *bytes, MEMORY_MAX))?;
    maybe(cpu_cores_reserved, |cores| figure(&at.field("cpu_cores_reserved"), *cores, CPU_CORES_MAX))?;
    maybe(memory_reserved_bytes, |bytes| whole(&at.field("memory_reserved_bytes"), *bytes, MEMORY_MAX))?;
    list(&at.field("disks"), disks, DISKS_MAX, check_disk)
}

fn check_disk(at: &Path<'_>, disk: &Disk) -> Checked {
    let Disk { role, mount, total_bytes, used_bytes } = disk;
    text(&at.field("role"), role, 0, DISK_ROLE_MAX)?;
    text(&at.field("mount"), mount, 0, DISK_MOUNT_MAX)?;
    whole(&at.field("total_bytes"), *total_bytes, DISK_MAX)?;
    whole(&at.field("used_bytes"), *used_bytes, DISK_MAX)
}

fn check_service(at: &Path<'_>, service: &ServiceReport) -> Checked {
    let ServiceReport { state: _, expected: _, version, detail } = service;
    maybe(version, |version| text(&at.field("version"), version, 0, VERSION_MAX))?;
    text(&at.field("detail"), detail, 0, DETAIL_MAX)
}

fn check_containers(at: &Path<'_>, report: &ContainersReport) -> Checked {
    let ContainersReport { complete: _, not_read, containers, orphaned_volumes } = report;
    remarks(&at.field("not_read"), not_read)?;
    list(&at.field("containers"), containers, CONTAINERS_MAX, check_container)?;
    list(&at.field("orphaned_volumes"), orphaned_volumes, ORPHANS_MAX, |at, name| text(at, name, 0, CONTAINER_WORD_MAX))
}

fn check_container(at: &Path<'_>, container: &ContainerReport) -> Checked {
    let ContainerReport { id, name, image, state, since, labels, mounts, restart_policy, auto_remove: _ } = container;
    text(&at.field("id"), id, 0, ID_MAX)?;
    text(&at.field("name"), name, 0, CONTAINER_WORD_MAX)?;
    text(&at.field("image"), image, 0, CONTAINER_WORD_MAX)?;
    text(&at.field("state"), state, 0, STATE_MAX)?;
    maybe(since, |since| time(&at.field("since"), *since))?;
    entries(&at.field("labels"), labels, ENTRIES_MAX, ENTRIES_BYTES_MAX)?;
    text(&at.field("restart_policy"), restart_policy, 0, STATE_MAX)?;
    list(&at.field("mounts"), mounts, MOUNTS_MAX, check_mount)
}

fn check_mount(at: &Path<'_>, mount: &MountReport) -> Checked {
    let MountReport { kind: _, name, source, destination, writable: _, driver, driver_options } = mount;
    maybe(name, |name| text(&at.field("name"), name, 0, CONTAINER_WORD_MAX))?;
    maybe(source, |source| text(&at.field("source"), source, 0, PATH_MAX))?;
    text(&at.field("destination"), destination, 0, PATH_MAX)?;
    maybe(driver, |driver| text(&at.field("driver"), driver, 0, CONTAINER_WORD_MAX))?;
    entries(&at.field("driver_options"), driver_options, ENTRIES_MAX, ENTRIES_BYTES_MAX)
}

/// The path of a field. It lives on the stack, and becomes text only where a field is refused.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    fn field(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    fn item(&'a self, at: usize) -> Path<'a> {
        Path::Item(self, at)
    }

    fn refuse(&self, message: String) -> Checked {
        Err(BoundError { field: self.to_string(), message })
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

fn maybe<T>(value: &Option<T>, check: impl FnOnce(&T) -> Checked) -> Checked {
    value.as_ref().map_or(Ok(()), check)
}

fn list<T>(at: &Path<'_>, items: &[T], max: usize, check: impl Fn(&Path<'_>, &T) -> Checked) -> Checked {
    if items.len() > max {
        return at.refuse(format!("there may be {max} of them; these are {}", items.len()));
    }
    items.iter().enumerate().try_for_each(|(index, item)| check(&at.item(index), item))
}

fn remarks(at: &Path<'_>, remarks: &[String]) -> Checked {
    list(at, remarks, REMARKS_MAX, |at, remark| text(at, remark, 0, REMARK_MAX))
}

/// A map of words: each key has 1 to [`ID_MAX`] bytes, and all of them together have at most `bytes` as they stand in JSON.
fn entries(at: &Path<'_>, entries: &BTreeMap<String, String>, max: usize, bytes: usize) -> Checked {
    if entries.len() > max {
        return at.refuse(format!("there may be {max} of them; these are {}", entries.len()));
    }
    let mut total = 0;
    for (key, value) in entries {
        text(at, key, 1, ID_MAX)?;
        text(&at.field(key), value, 0, bytes)?;
        total += entry_bytes(key, value);
    }
    if total > bytes {
        return at.refuse(format!("they may have {bytes} bytes together, as JSON; these have {total}"));
    }
    Ok(())
}

fn text(at: &Path<'_>, text: &str, min: usize, max: usize) -> Checked {
    let bytes = json_bytes(text);
    if bytes < min || bytes > max {
        return at.refuse(format!("must have {min} to {max} bytes; this has {bytes}"));
    }
    if text.chars().any(steers_the_text) {
        return at.refuse("must not contain control characters or marks that turn the reading direction around".into());
    }
    Ok(())
}

fn time(at: &Path<'_>, time: Timestamp) -> Checked {
    // A host without a battery for its clock begins in 1970: that is told as a clock that is off, not refused.
    if time < Timestamp::UNIX_EPOCH { at.refuse("must not be before 1970".into()) } else { Ok(()) }
}

fn figure(at: &Path<'_>, value: f64, max: f64) -> Checked {
    if (0.0..=max).contains(&value) { Ok(()) } else { at.refuse(format!("must be between 0 and {max}")) }
}

fn whole(at: &Path<'_>, value: u64, max: u64) -> Checked {
    if value <= max { Ok(()) } else { at.refuse(format!("must not be more than {max}")) }
}

/// Characters that change how what is around them is shown: control characters, and marks of the reading direction.
pub fn steers_the_text(c: char) -> bool {
    c.is_control() || super::fields::is_bidi_control(c)
}

/// Length of a text within JSON, in bytes, without the quotation marks around it.
pub fn json_bytes(text: &str) -> usize {
    text.chars().map(json_bytes_of).sum()
}

/// Length of an entry of a map within JSON, in bytes, with quotation marks, colon and comma.
pub fn entry_bytes(key: &str, value: &str) -> usize {
    json_bytes(key) + json_bytes(value) + 6
}

/// Bytes that a character takes within a text of JSON.
pub fn json_bytes_of(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        c => c.len_utf8(),
    }
}

/// As much of a text as has at most `max` bytes within JSON, with an ellipsis where something was cut off.
pub fn cut_to_json_bytes(text: &str, max: usize) -> String {
    if json_bytes(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub('…'.len_utf8());
    let fits = |c: &char| {
        let rest = left.checked_sub(json_bytes_of(*c));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    if max >= '…'.len_utf8() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_measured_as_it_stands_in_json(text in any::<String>()) {
            prop_assert_eq!(json_bytes(&text) + 2, serde_json::to_string(&text).unwrap().len());
        }

        #[test]
        fn a_cut_text_keeps_to_its_bound_and_says_that_it_was_cut(text in any::<String>(), max in 0_usize..40) {
            let cut = cut_to_json_bytes(&text, max);
            prop_assert!(json_bytes(&cut) <= max);
            prop_assert_eq!(cut == text || max < 3 || cut.ends_with('…'), true);
            prop_assert!(text.starts_with(cut.trim_end_matches('…')));
        }
    }
}
