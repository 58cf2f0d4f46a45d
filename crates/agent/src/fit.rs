//! Cuts a report down to the bounds of the control plane, and says where it did. What a host, Docker or Caddy says can be of any length; a report
//! that is refused for that would leave the node without a heartbeat.
//!
//! Every struct is taken apart field by field, without `..`: a field that is added to the wire does not compile until it is cut here too.

use std::collections::BTreeMap;

use pitlane_api::{
    ContainerReport, ContainersReport, Disk, EnrollRequest, HeartbeatRequest, MountReport, Resources, ServiceReport, Timestamp,
    rules::report_bounds::{
        CONTAINER_WORD_MAX, CONTAINERS_MAX, CPU_CORES_MAX, DETAIL_MAX, DISK_MAX, DISK_MOUNT_MAX, DISK_ROLE_MAX, DISKS_MAX, ENTRIES_BYTES_MAX,
        ENTRIES_MAX, ID_MAX, LABELS_BYTES_MAX, LABELS_MAX, MEMORY_MAX, MOUNTS_MAX, ORPHANS_MAX, PATH_MAX, REMARK_MAX, REMARKS_MAX, STATE_MAX,
        VERSION_MAX, cut_to_json_bytes, entry_bytes, json_bytes, steers_the_text,
    },
};

use crate::collect::convert_essential;

/// Makes a heartbeat keep to every bound. What was left out is said in `cannot_see` and in `containers.not_read`.
pub fn fit_heartbeat(beat: &mut HeartbeatRequest) {
    let HeartbeatRequest { seq: _, boot_id, clock, agent_version, resources, docker, caddy, containers, cannot_see, labels, stopping: _ } = beat;
    *boot_id = boot_id.take().map(|id| cut(&id, ID_MAX)).filter(|id| !id.is_empty());
    *clock = (*clock).max(Timestamp::UNIX_EPOCH);
    *agent_version = cut(agent_version, VERSION_MAX);
    fit_resources(resources);
    fit_service(docker);
    fit_service(caddy);
    if let Some(containers) = containers {
        fit_containers(containers);
    }
    let left_out = fit_entries(labels, LABELS_MAX, LABELS_BYTES_MAX, |_| false);
    if left_out > 0 {
        cannot_see.push(format!("{left_out} labels of the host: the control plane takes {LABELS_MAX} of {LABELS_BYTES_MAX} bytes together"));
    }
    fit_remarks(cannot_see);
}

/// Makes the labels of an enrolment keep to the bounds, as those of every heartbeat do. A name, a region or an address that is too long is refused by
/// the control plane instead: a person gave it, and another one would be somebody else's.
pub fn fit_enrollment(request: &mut EnrollRequest) {
    let EnrollRequest {
        token: _,
        name: _,
        machine_id: _,
        engine_node_id: _,
        region: _,
        public_ip: _,
        overlay_ip: _,
        labels,
        agent_version,
        simulated: _,
    } = request;
    *agent_version = cut(agent_version, VERSION_MAX);
    fit_entries(labels, LABELS_MAX, LABELS_BYTES_MAX, |_| false);
}

fn fit_resources(resources: &mut Resources) {
    let Resources { cpu_cores, cpu_percent, memory_total_bytes, memory_used_bytes, disks, cpu_cores_reserved, memory_reserved_bytes } = resources;
    for (figure, max) in [(cpu_cores, CPU_CORES_MAX), (cpu_percent, 100.0), (cpu_cores_reserved, CPU_CORES_MAX)] {
        *figure = figure.filter(|figure| (0.0..=max).contains(figure));
    }
    for bytes in [memory_total_bytes, memory_used_bytes, memory_reserved_bytes] {
        *bytes = bytes.filter(|bytes| *bytes <= MEMORY_MAX);
    }
    disks.retain(|disk| disk.total_bytes <= DISK_MAX && disk.used_bytes <= DISK_MAX);
    disks.truncate(DISKS_MAX);
    for Disk { role, mount, total_bytes: _, used_bytes: _ } in disks {
        *role = cut(role, DISK_ROLE_MAX);
        *mount = cut(mount, DISK_MOUNT_MAX);
    }
}

fn fit_service(service: &mut ServiceReport) {
    let ServiceReport { state: _, expected: _, version, detail } = service;
    *version = version.take().map(|version| cut(&version, VERSION_MAX));
    *detail = cut(detail, DETAIL_MAX);
}

/// Makes a list of containers keep to every bound. One that was cut is not complete any more, and says why.
pub fn fit_containers(report: &mut ContainersReport) {
    let ContainersReport { complete, not_read, containers, orphaned_volumes } = report;
    let mut cuts = Vec::new();
    if containers.len() > CONTAINERS_MAX {
        cuts.push(format!("{} more containers", containers.len() - CONTAINERS_MAX));
        containers.truncate(CONTAINERS_MAX);
    }
    if orphaned_volumes.len() > ORPHANS_MAX {
        cuts.push(format!("{} more orphaned volumes", orphaned_volumes.len() - ORPHANS_MAX));
        orphaned_volumes.truncate(ORPHANS_MAX);
    }
    let shortened = containers.iter_mut().filter_map(|container| fit_container(container).then_some(())).count();
    if shortened > 0 {
        cuts.push(format!("names, paths, mounts or options of {shortened} containers, which are longer than the control plane takes"));
    }
    let mut shortened = false;
    for volume in orphaned_volumes {
        shortened |= fit_text(volume, CONTAINER_WORD_MAX);
    }
    if shortened {
        cuts.push("names of orphaned volumes, which are longer than the control plane takes".into());
    }
    *complete &= cuts.is_empty();
    // What is missing from the list itself stands before what was said already, so that it is not cut off.
    not_read.splice(..0, cuts);
    fit_remarks(not_read);
}

/// Gives back whether something is missing that identities or the fate of data are read from. Other labels are left out without a word.
fn fit_container(container: &mut ContainerReport) -> bool {
    let ContainerReport { id, name, image, state, since, labels, mounts, restart_policy, auto_remove: _ } = container;
    let mut lost = fit_text(id, ID_MAX) | fit_text(name, CONTAINER_WORD_MAX) | fit_text(state, STATE_MAX) | fit_text(restart_policy, STATE_MAX);
    fit_text(image, CONTAINER_WORD_MAX);
    *since = since.filter(|since| *since >= Timestamp::UNIX_EPOCH);
    let essential = |labels: &BTreeMap<String, String>| labels.iter().filter(|(key, _)| convert_essential(key)).map(owned).collect::<Vec<_>>();
    let before = essential(labels);
    fit_entries(labels, ENTRIES_MAX, ENTRIES_BYTES_MAX, convert_essential);
    lost |= before != essential(labels);
    lost |= mounts.len() > MOUNTS_MAX;
    mounts.truncate(MOUNTS_MAX);
    for MountReport { kind: _, name, source, destination, writable: _, driver, driver_options } in mounts {
        for (text, max) in [(name, CONTAINER_WORD_MAX), (source, PATH_MAX), (driver, CONTAINER_WORD_MAX)] {
            lost |= text.as_mut().is_some_and(|text| fit_text(text, max));
        }
        lost |= fit_text(destination, PATH_MAX);
        let before = driver_options.clone();
        fit_entries(driver_options, ENTRIES_MAX, ENTRIES_BYTES_MAX, |_| true);
        lost |= before != *driver_options;
    }
    lost
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

/// Keeps as many entries as fit, those that `first` names before others. Gives back how many were left out.
fn fit_entries(entries: &mut BTreeMap<String, String>, max: usize, bytes: usize, first: impl Fn(&str) -> bool) -> usize {
    let total: usize = entries.iter().map(|(key, value)| entry_bytes(key, value)).sum();
    let is_plain = |text: &String| !text.chars().any(steers_the_text);
    let keys_fit = entries.keys().all(|key| !key.is_empty() && json_bytes(key) <= ID_MAX && is_plain(key));
    if total <= bytes && entries.len() <= max && keys_fit && entries.values().all(is_plain) {
        return 0;
    }
    let mut all: Vec<(String, String)> = std::mem::take(entries).into_iter().collect();
    let before = all.len();
    all.sort_by_key(|(key, _)| !first(key));
    let mut left = bytes;
    for (key, value) in all {
        let value: String = value.chars().map(|c| if steers_the_text(c) { ' ' } else { c }).collect();
        let is_key = !key.is_empty() && json_bytes(&key) <= ID_MAX && is_plain(&key);
        if entries.len() < max
            && is_key
            && let Some(rest) = left.checked_sub(entry_bytes(&key, &value))
        {
            left = rest;
            entries.insert(key, value);
        }
    }
    before - entries.len()
}

fn fit_remarks(remarks: &mut Vec<String>) {
    if remarks.len() > REMARKS_MAX {
        let more = remarks.len() - (REMARKS_MAX - 1);
        remarks.truncate(REMARKS_MAX - 1);
        remarks.push(format!("and {more} more"));
    }
    for remark in remarks {
        *remark = cut(remark, REMARK_MAX);
    }
}

/// The text as it may be sent; gives back whether it is another one now.
fn fit_text(text: &mut String, max: usize) -> bool {
    let fitting = cut(text, max);
    let changed = fitting != *text;
    *text = fitting;
    changed
}

/// On one line, without what steers a terminal or turns the reading direction around, and at most `max` bytes within JSON.
fn cut(text: &str, max: usize) -> String {
    if json_bytes(text) <= max && !text.chars().any(steers_the_text) {
        return text.to_owned();
    }
    let plain: String = text.chars().map(|c| if steers_the_text(c) { ' ' } else { c }).collect();
    cut_to_json_bytes(plain.trim_end(), max)
}

#[cfg(test)]
mod tests {
    use pitlane_api::{
        MountKind, SignalState,
        rules::report_bounds::{check_enrolment, check_heartbeat},
    };
    use proptest::prelude::*;

    use super::*;

    fn words(min: usize) -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            any::<String>(),
            (min..6_000_usize, prop_oneof![Just('a'), Just('"'), Just('\u{1}'), Just('\u{202e}'), Just('😀'), Just('\n')])
                .prop_map(|(n, c)| c.to_string().repeat(n)),
        ]
        // A text that would be empty is one whatever its bound.
        .prop_map(move |text| if text.chars().count() < min { "x".repeat(min) } else { text })
    }

    fn map() -> impl Strategy<Value = BTreeMap<String, String>> {
        prop::collection::btree_map(words(0), words(0), 0..12)
    }

    fn service() -> impl Strategy<Value = ServiceReport> {
        (prop::option::of(words(0)), words(0)).prop_map(|(version, detail)| ServiceReport { state: SignalState::Ok, expected: true, version, detail })
    }

    fn mount() -> impl Strategy<Value = MountReport> {
        (prop::option::of(words(0)), prop::option::of(words(0)), words(0), prop::option::of(words(0)), map()).prop_map(
            |(name, source, destination, driver, driver_options)| MountReport {
                kind: MountKind::Volume,
                name,
                source,
                destination,
                writable: true,
                driver,
                driver_options,
            },
        )
    }

    fn container() -> impl Strategy<Value = ContainerReport> {
        (words(0), words(0), words(0), words(0), any::<i32>(), map(), prop::collection::vec(mount(), 0..3), words(0)).prop_map(
            |(id, name, image, state, since, labels, mounts, restart_policy)| ContainerReport {
                id,
                name,
                image,
                state,
                since: Timestamp::from_second(since.into()).ok(),
                labels,
                mounts,
                restart_policy,
                auto_remove: false,
            },
        )
    }

    fn beat() -> impl Strategy<Value = HeartbeatRequest> {
        let disk =
            (words(0), words(0), any::<u64>()).prop_map(|(role, mount, bytes)| Disk { role, mount, total_bytes: bytes, used_bytes: bytes / 2 });
        let figures = (any::<f64>(), any::<f64>(), any::<u64>(), any::<u64>(), prop::collection::vec(disk, 0..9));
        let resources = figures.prop_map(|(cores, percent, total, used, disks)| Resources {
            cpu_cores: Some(cores),
            cpu_percent: Some(percent),
            memory_total_bytes: Some(total),
            memory_used_bytes: Some(used),
            disks,
            cpu_cores_reserved: Some(percent),
            memory_reserved_bytes: Some(total),
        });
        let containers = (prop::collection::vec(container(), 0..4), prop::collection::vec(words(0), 0..80), prop::collection::vec(words(0), 0..4))
            .prop_map(|(containers, not_read, orphaned_volumes)| ContainersReport { complete: true, not_read, containers, orphaned_volumes });
        (resources, service(), service(), containers, prop::collection::vec(words(0), 0..80), map(), words(1), any::<i32>()).prop_map(
            |(resources, docker, caddy, containers, cannot_see, labels, boot_id, clock)| HeartbeatRequest {
                seq: 1,
                boot_id: Some(boot_id),
                clock: Timestamp::from_second(clock.into()).unwrap_or_default(),
                agent_version: "1.0.0".into(),
                resources,
                docker,
                caddy,
                containers: Some(containers),
                cannot_see,
                labels,
                stopping: false,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_a_host_says_is_taken_once_it_was_cut(beat in beat()) {
            let mut beat = beat;
            fit_heartbeat(&mut beat);
            prop_assert_eq!(check_heartbeat(&beat), Ok(()));
            let again = { let mut again = beat.clone(); fit_heartbeat(&mut again); again };
            prop_assert_eq!(again, beat, "what fits is not changed");
        }
    }

    #[test]
    fn a_list_that_was_cut_says_so() {
        let container = |n: usize| ContainerReport {
            id: n.to_string(),
            name: format!("c{n}"),
            image: String::new(),
            state: "running".into(),
            since: None,
            labels: BTreeMap::from([("note".into(), "two\nlines".into())]),
            mounts: Vec::new(),
            restart_policy: "no".into(),
            auto_remove: false,
        };
        let whole = ContainersReport { complete: true, containers: vec![container(1)], ..ContainersReport::default() };
        let mut fits = whole.clone();
        fit_containers(&mut fits);
        assert!(fits.complete && fits.not_read.is_empty(), "a label that nothing is read from is no loss: {:?}", fits.not_read);
        assert_eq!(fits.containers[0].labels["note"], "two lines");

        let mut many = ContainersReport { containers: (0..CONTAINERS_MAX + 3).map(container).collect(), ..whole.clone() };
        fit_containers(&mut many);
        assert!(!many.complete && many.containers.len() == CONTAINERS_MAX);
        assert_eq!(many.not_read, ["3 more containers"]);

        let mut long = whole;
        long.containers[0].name = "x".repeat(CONTAINER_WORD_MAX + 1);
        fit_containers(&mut long);
        assert!(!long.complete && long.containers[0].name.ends_with('…') && long.not_read[0].contains("names"), "{long:?}");
    }

    #[test]
    fn a_host_with_more_labels_than_fit_still_enrols() {
        let mut request = EnrollRequest {
            token: "token".into(),
            name: "edge-1".into(),
            machine_id: "machine".into(),
            engine_node_id: None,
            region: None,
            public_ip: None,
            overlay_ip: None,
            labels: (0..40).map(|at| (format!("rack-{at}"), "x".repeat(40))).collect(),
            agent_version: "0.1.0".into(),
            simulated: false,
        };
        assert_eq!(check_enrolment(&request).unwrap_err().field, "labels");
        fit_enrollment(&mut request);
        assert_eq!(check_enrolment(&request), Ok(()));
        assert!(request.labels.len() > 10, "as many as fit are kept");
    }
}
