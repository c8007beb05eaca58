//! How long things may be: what doesn't fit on a few screens is more than one thing.

use crate::assert_none;
use crate::sources::under;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// Written by a tool, read by the compiler.
const GENERATED: [&str; 1] = ["src/store/schema.rs"];

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut findings = Vec::new();
    for source in ["src", "static", "tests", "templates"].iter().flat_map(|folder| under(folder, &[".rs", ".js", ".css", ".html"])) {
        let lines = source.text.lines().count();
        let foreign = source.path.starts_with("tests/vendor/") || GENERATED.contains(&source.path.as_str());
        if lines > FILE_LINES_MAX && !foreign {
            findings.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert_none("split the file by what it is about", &findings);
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let mut findings = Vec::new();
    for source in under("src", &[".rs"]).iter().chain(&under("tests", &[".rs"])) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function =
                line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            let is_function = is_function.trim_start_matches("const ").trim_start_matches("async ").starts_with("fn ");
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines.iter().skip(at).position(|line| *line == end);
            if let Some(length) = length.filter(|length| is_function && !line.ends_with(['}', ';']) && *length >= FUNCTION_LINES_MAX) {
                findings.push(format!("{}:{}: {} lines", source.path, at + 1, length + 1));
            }
        }
    }
    assert_none("split the function: one thing each", &findings);
}
