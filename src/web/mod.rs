//! To be written.

pub mod assets;
pub mod form;
pub mod lean;
