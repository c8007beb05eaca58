//! The house rules as tests: what a reviewer would otherwise have to remember.
//!
//! They read the sources as text, so they can be fooled by somebody who wants to; they are for those who forget.

#![expect(clippy::panic, reason = "a test that can't read the sources has nothing better to do")]

// What makes the visitor's window small while the program is built has tests of its own, and a build script runs none.
#[path = "../../build/script.rs"]
mod script;
#[path = "../../build/style.rs"]
mod style;

mod layers;
mod links;
mod pages;
mod protocol;
mod settings;
mod size;
mod sources;
mod texts;
mod words;

/// Fails with one line per finding.
fn assert_none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}\n  {}", findings.join("\n  "));
}
