//! No sequence of drains, activations, heartbeats, outside changes, crashes and retries reaches a state that the
//! rules forbid. The world below is the smallest control plane there can be: it accepts, stores and reconciles with the
//! rules of this crate and nothing else, and it may crash between any two steps.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[expect(dead_code, reason = "each test binary uses its part of the values")]
mod support;

use pitlane_api::rules::*;
use pitlane_api::*;
use proptest::prelude::{Strategy, *};
use support::*;

const NODES: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Event {
    Drain {
        node: usize,
        allow_last: bool,
    },
    Activate {
        node: usize,
        overridden: bool,
    },
    /// One attempt of the reconciler. The crash falls before the write, or between the write and the note of it.
    Attempt {
        node: usize,
        crash: Crash,
    },
    Abort {
        node: usize,
    },
    /// Somebody drains or activates without Pitlane.
    Outside {
        node: usize,
        target: Scheduling,
    },
    Health {
        node: usize,
        healthy: bool,
    },
    Engine {
        up: bool,
    },
    Settle {
        node: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Crash {
    No,
    BeforeWrite,
    AfterWrite,
}

/// What the engine holds: the truth.
#[derive(Debug, Clone)]
struct EngineSide {
    scheduling: Scheduling,
    record: Option<OperationId>,
    /// Grows when a person changes the node outside; part of the record, as its reason and time would be.
    outside: u32,
}

struct World {
    engine: Vec<EngineSide>,
    engine_up: bool,
    healthy: Vec<bool>,
    settled: Vec<bool>,
    /// The store: every operation ever accepted, newest last.
    operations: Vec<Vec<Operation>>,
    /// Operation ids in the order of their effective engine writes.
    writes: Vec<OperationId>,
    accepted: u32,
}

impl World {
    fn new() -> Self {
        let side = EngineSide { scheduling: Scheduling::Schedulable, record: None, outside: 0 };
        Self {
            engine: vec![side; NODES],
            engine_up: true,
            healthy: vec![true; NODES],
            settled: vec![true; NODES],
            operations: vec![vec![]; NODES],
            writes: vec![],
            accepted: 0,
        }
    }

    fn revision(&self, at: usize) -> Revision {
        let side = &self.engine[at];
        let record = (side.scheduling == Scheduling::Maintenance).then(|| format!("{:?}/{}", side.record, side.outside));
        revision(&format!("n{at}"), side.scheduling, record.as_deref())
    }

    fn unfinished(&self, at: usize) -> Option<&Operation> {
        self.operations[at].last().filter(|operation| !operation.state.is_finished())
    }

    fn node(&self, at: usize) -> Node {
        let mut node = node(&format!("n{at}"));
        node.scheduling = self.engine[at].scheduling;
        node.health = if self.healthy[at] { Health::Healthy } else { Health::Offline };
        node.heartbeat.state = if self.healthy[at] { HeartbeatState::Fresh } else { HeartbeatState::Stale };
        node.operation = self.unfinished(at).cloned();
        node.takes_placements = takes_placements(node.scheduling, node.health, node.operation.as_ref());
        node.revision = self.revision(at);
        node
    }

    fn nodes(&self) -> Vec<Node> {
        (0..NODES).map(|at| self.node(at)).collect()
    }

    fn guard_drain(&self, at: usize, own: Option<&OperationId>, allow_last: bool) -> Result<(), Refusal> {
        let (nodes, empty) = (self.nodes(), list(vec![]));
        let input = DrainInput {
            now: support::at(0),
            node: &nodes[at],
            own,
            list: Some(&empty),
            capacity_now: capacity(Realm::Real, &nodes),
            capacity_after: capacity_without(Realm::Real, &nodes, Some(&nodes[at].id)),
        };
        check_drain(&input, &DrainRequest { reason: "reboot".into(), allow_last_schedulable: allow_last, ..DrainRequest::default() })
    }

    fn guard_activation(&self, at: usize, own: Option<&OperationId>, overridden: bool) -> Result<(), Refusal> {
        let node = self.node(at);
        let input = ActivationInput {
            now: support::at(0),
            node: &node,
            own,
            heartbeat_age_s: Some(1.0),
            heartbeat_before: true,
            reported_before: &[],
            clean_for_ms: if self.settled[at] { 60_000 } else { 0 },
            settle_window_s: 60,
            engine_reachable: true,
        };
        check_activation(&input, &ActivateRequest { override_: overridden.then(|| Override { reason: "now".into() }) })
    }

    fn accept(&mut self, at: usize, kind: OperationKind, flag: bool) {
        self.accepted += 1;
        let mut operation = operation(kind, &self.node(at));
        operation.id = OperationId(format!("op{}", self.accepted));
        operation.allow_last_schedulable = flag && kind == OperationKind::Drain;
        operation.overridden = flag && kind == OperationKind::Activate;
        self.operations[at].push(operation);
    }

    fn step(&mut self, at: usize, event: OperationEventKind) {
        if let Some(operation) = self.operations[at].last_mut() {
            operation.state = transition(operation.state, event).unwrap_or_else(|| panic!("{event:?} in {}", operation.state));
            if operation.state.is_finished() {
                operation.step = OperationStep::Done;
            }
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Drain { node, allow_last } => {
                if self.engine_up && self.guard_drain(node, None, allow_last).is_ok() {
                    self.accept(node, OperationKind::Drain, allow_last);
                }
            }
            Event::Activate { node, overridden } => {
                if !self.engine_up || self.guard_activation(node, None, overridden).is_err() {
                    return;
                }
                if drain_pending(self.unfinished(node)) {
                    self.step(node, OperationEventKind::Abort);
                }
                if self.engine[node].scheduling == Scheduling::Maintenance {
                    self.accept(node, OperationKind::Activate, overridden);
                }
            }
            Event::Attempt { node, crash } => self.attempt(node, crash),
            Event::Abort { node } => {
                if self.unfinished(node).is_some() {
                    self.step(node, OperationEventKind::Abort);
                }
            }
            Event::Outside { node, target } => {
                let unfinished = self.unfinished(node).is_some();
                let side = &mut self.engine[node];
                // Other means (`kubectl cordon`, `docker node update`) leave the record where it is; without an unfinished
                // operation Pitlane removes it as stale.
                if !unfinished {
                    side.record = None;
                }
                side.scheduling = target;
                side.outside += 1;
            }
            Event::Health { node, healthy } => {
                self.healthy[node] = healthy;
                self.settled[node] = false;
            }
            Event::Settle { node } => self.settled[node] = self.healthy[node],
            Event::Engine { up } => self.engine_up = up,
        }
    }

    fn attempt(&mut self, at: usize, crash: Crash) {
        if self.unfinished(at).is_none() {
            return;
        }
        self.step(at, OperationEventKind::Begin);
        if !self.engine_up {
            self.step(at, OperationEventKind::Wait);
            return;
        }
        let operation = self.unfinished(at).cloned().unwrap();
        let revision = self.revision(at);
        let view = EngineView { scheduling: self.engine[at].scheduling, revision: &revision, record_operation: self.engine[at].record.as_ref() };
        let guards = || match operation.kind {
            OperationKind::Drain => self.guard_drain(at, Some(&operation.id), operation.allow_last_schedulable),
            _ => self.guard_activation(at, Some(&operation.id), operation.overridden),
        };
        match decide(&operation, view, guards) {
            Decision::Complete => {
                if operation.kind == OperationKind::Drain {
                    assert_eq!(self.engine[at].record.as_ref(), Some(&operation.id), "a drain is done only when the engine carries its record");
                    assert_eq!(self.engine[at].scheduling, Scheduling::Maintenance);
                } else {
                    assert_eq!(self.engine[at].scheduling, Scheduling::Schedulable);
                }
                self.step(at, OperationEventKind::Confirm);
            }
            Decision::Fail(_) => self.step(at, OperationEventKind::Fail),
            Decision::Write => {
                if crash == Crash::BeforeWrite {
                    return;
                }
                assert_eq!(operation.accepted_revision, revision, "nothing a person did meanwhile is overwritten");
                self.check_write(at, &operation);
                self.engine[at].scheduling = match operation.kind {
                    OperationKind::Drain => Scheduling::Maintenance,
                    _ => Scheduling::Schedulable,
                };
                self.engine[at].record = (operation.kind == OperationKind::Drain).then(|| operation.id.clone());
                self.writes.push(operation.id.clone());
                if crash == Crash::No {
                    self.step(at, OperationEventKind::Confirm);
                }
            }
        }
    }

    fn check_write(&self, at: usize, operation: &Operation) {
        let healthy = self.healthy[at];
        match operation.kind {
            OperationKind::Drain if healthy && !operation.allow_last_schedulable => {
                let others = (0..NODES).filter(|other| *other != at && self.node(*other).takes_placements).count();
                assert!(others > 0, "the last node that takes placements was drained");
            }
            OperationKind::Activate if !operation.overridden => {
                assert!(healthy && self.settled[at], "a node came back before it was clean");
            }
            _ => {}
        }
        assert!(!operation.state.is_finished(), "an operation that is over wrote to the engine");
    }

    fn check(&self) {
        for operations in &self.operations {
            let unfinished = operations.iter().filter(|operation| !operation.state.is_finished()).count();
            assert!(unfinished <= 1, "one unfinished operation per node");
            for operation in operations {
                let writes = self.writes.iter().filter(|id| **id == operation.id).count();
                assert!(writes <= 1, "an operation took effect twice");
                if operation.state == OperationState::Completed && operation.kind == OperationKind::Drain {
                    assert_eq!(writes, 1, "a drain completed without having taken effect");
                }
            }
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let node = 0..NODES;
    let crash = prop::sample::select(vec![Crash::No, Crash::No, Crash::BeforeWrite, Crash::AfterWrite]);
    let target = prop::sample::select(vec![Scheduling::Schedulable, Scheduling::Maintenance]);
    prop_oneof![
        4 => (node.clone(), prop::bool::weighted(0.1)).prop_map(|(node, allow_last)| Event::Drain { node, allow_last }),
        3 => (node.clone(), prop::bool::weighted(0.2)).prop_map(|(node, overridden)| Event::Activate { node, overridden }),
        6 => (node.clone(), crash).prop_map(|(node, crash)| Event::Attempt { node, crash }),
        1 => node.clone().prop_map(|node| Event::Abort { node }),
        1 => (node.clone(), target).prop_map(|(node, target)| Event::Outside { node, target }),
        1 => (node.clone(), any::<bool>()).prop_map(|(node, healthy)| Event::Health { node, healthy }),
        2 => node.prop_map(|node| Event::Settle { node }),
        1 => prop::bool::weighted(0.7).prop_map(|up| Event::Engine { up }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_reaches_what_the_rules_forbid(events in prop::collection::vec(event(), 1..80)) {
        let mut world = World::new();
        for event in events {
            world.apply(event);
            world.check();
        }
    }

    #[test]
    fn what_was_accepted_ends_once_the_engine_answers_and_attempts_go_on(events in prop::collection::vec(event(), 1..60)) {
        let mut world = World::new();
        for event in events {
            world.apply(event);
        }
        world.engine_up = true;
        for node in 0..NODES {
            // Twice: an attempt that crashed after its write is completed by the next one.
            world.attempt(node, Crash::AfterWrite);
            world.attempt(node, Crash::No);
            prop_assert!(world.unfinished(node).is_none());
        }
        world.check();
    }
}
