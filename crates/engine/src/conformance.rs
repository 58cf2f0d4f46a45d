//! Plain functions that any driver can be run through.
