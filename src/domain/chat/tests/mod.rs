//! The life of a chat, held to its rules: the matrix that is the specification, single rules as sentences, and random walks.

pub(in crate::domain) mod fixture;
mod invariants;
mod matrix;
mod rules;
mod walks;
mod world;
