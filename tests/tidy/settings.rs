//! What an operator can set is in the manual, with the default that the code has.

use crate::assert_none;
use crate::sources::{read, under};

/// `name: value` of the body of `impl Default for NAME` in the text.
fn defaults(source: &str, name: &str) -> Vec<(String, String)> {
    let body = source.split(&format!("impl Default for {name} ")).nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    let fields = body.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(": "));
    fields.map(|(field, value)| (field.to_owned(), value.replace('_', ""))).collect()
}

#[test]
fn every_rate_and_limit_is_in_the_manual_with_its_default() {
    let manual = read("docs/operations.md").replace(',', "");
    let config: String = under("src/config", &[".rs"]).into_iter().map(|source| source.text).collect();
    let mut settings = defaults(&config, "Rates");
    settings.extend(defaults(&read("src/domain/department.rs"), "Limits"));
    assert!(settings.len() >= 12, "the defaults are found: {settings:?}");
    let in_manual = |(name, value): &(String, String)| {
        let value = if value == "None" { "none" } else { value };
        manual.contains(&format!("| `{name}` | {value} |"))
    };
    let missing: Vec<_> = settings.iter().filter(|setting| !in_manual(setting)).map(|(name, value)| format!("{name} = {value}")).collect();
    assert_none("docs/operations.md has each setting with its default", &missing);
}
