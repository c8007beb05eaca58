//! Names and phrases that don't belong into the sources.

use crate::assert_none;
use crate::sources::{product, read, under};

/// Names that say nothing about the domain.
const NAMELESS: [&str; 14] = [
    "utils", "util", "helpers", "helper", "common", "misc", "manager", "service", "services", "core", "types", "handler", "handlers",
    "shared",
];

#[test]
fn files_are_named_by_the_domain() {
    let files = ["src", "static", "tests", "templates", "migrations"]
        .iter()
        .flat_map(|folder| under(folder, &[".rs", ".js", ".css", ".html", ".svg", ".sql", ".json", ".md"]));
    let nameless = |path: &str| path.split(['/', '.']).any(|part| NAMELESS.contains(&part));
    let findings: Vec<_> = files.filter(|source| nameless(&source.path)).map(|source| source.path).collect();
    assert_none("a file's name says what of the domain is in it", &findings);
}

#[test]
fn nothing_is_left_to_do_in_a_comment() {
    // Written apart, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("To be ", "written")];
    let files = ["src", "static", "tests", "templates", "migrations", "docs"]
        .iter()
        .flat_map(|folder| under(folder, &[".rs", ".js", ".css", ".html", ".sql", ".md"]));
    let findings: Vec<_> = files
        .filter(|source| !source.path.starts_with("tests/vendor/"))
        .flat_map(|source| {
            let lines: Vec<_> = source.text.lines().enumerate().map(|(at, line)| (at, line.to_owned())).collect();
            lines
                .into_iter()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
                .map(move |(at, _)| format!("{}:{}", source.path, at + 1))
        })
        .collect();
    assert_none("do it, or open an issue", &findings);
}

#[test]
fn the_product_does_not_give_up() {
    let mut findings = Vec::new();
    for source in product() {
        for (number, line) in source.code() {
            for word in [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!(", "println!(", "eprintln!("] {
                let speaks = word.ends_with("println!(")
                    && ["src/main.rs", "src/cli", "src/startup"].iter().any(|place| source.path.starts_with(place));
                if line.contains(word) && !speaks {
                    findings.push(format!("{}:{number}: {word}", source.path));
                }
            }
        }
    }
    assert_none("an error is a value; `expect` says why it can't happen", &findings);
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<_> = under("src", &[".rs"])
        .iter()
        .chain(&under("tests", &[".rs"]))
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.clone())
        .collect();
    let generated = |path: &String| path == "src/store/schema.rs";
    let silent: Vec<_> = silent.into_iter().filter(|path| !generated(path)).collect();
    assert_none("a module begins with //! and a sentence", &silent);
}

#[test]
fn the_readme_names_both_commands() {
    let readme = read("README.md");
    for command in ["./tests/run", "cargo run --release -- demo"] {
        assert!(readme.contains(command), "README.md does not name {command}");
    }
}
