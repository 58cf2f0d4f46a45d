//! The driver against a real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-scheduler, built once
//! from their Go modules (tests/labs/kubernetes). Nothing here stands in for the API server or the scheduler; what is
//! played is what runs on nodes: kubelets that keep nodes and leases alive and say that bound pods run.
//!
//! Where the control plane cannot be built or started, every test fails with the words why.

#![expect(clippy::expect_used, reason = "helpers of tests may end a test by a panic, as the tests themselves")]

mod beside;
mod conformance;
mod control;
mod deployed;
mod faults;
mod harness;
mod kubelets;
mod objects;
mod proxy;
mod rights;
mod scheduler;
mod size;
mod storms;
mod wait;
