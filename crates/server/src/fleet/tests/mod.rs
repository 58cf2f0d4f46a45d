//! Stories of the fleet.
