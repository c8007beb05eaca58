//! The life of a chat, held to its rules: the matrix that is the specification, single rules as sentences, and random walks.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the events it is about")]

pub(in crate::domain) mod fixture;
mod invariants;
mod matrix;
mod rules;
mod walks;
mod world;
