//! The driver against a real swarm of three nodes, which tests/labs/swarm/lab.sh has brought up. `PITLANE_LAB` says
//! where; without it every test fails. One test has the lab at a time.

mod agents;
mod conformance;
mod data;
mod endpoints;
mod faults;
mod hands;
mod harness;
mod outside;
mod proxy;
