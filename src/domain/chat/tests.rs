//! The specification as a snapshot, and random walks.
