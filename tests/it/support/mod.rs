//! The people and machines of the tests: drivers whose methods read like speech.

pub mod house;
