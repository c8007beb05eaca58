//! The page that strangers write clients from names every word of the wire: commands, frames, entries, closes, errors, and their keys.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::sources::{identifier, read, under};

/// The part of the page under a heading of two `#`, up to the next one.
fn section(page: &str, heading: &str) -> String {
    let from = page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_default();
    from.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The body of an item that begins with `head` and ends with a brace at the line's beginning.
fn item(source: &str, head: &str) -> String {
    source.split(head).nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default().to_owned()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The words in quotes, without the quotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The variants of an enum as the wire has them, each with the keys of its fields.
fn variants(source: &str, name: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let body = item(source, &format!("pub enum {name}"));
    for line in body.lines().skip(1) {
        let (indent, text) = (line.len() - line.trim_start().len(), line.trim_start());
        if text.starts_with(['#', '/', '}']) {
            continue;
        }
        if indent == 4 {
            found.push((snake_case(identifier(text)), Vec::new()));
        } else if let Some((key, _)) = text.split_once(": ")
            && let Some((_, keys)) = found.last_mut()
        {
            keys.push(key.to_owned());
        }
    }
    found
}

/// Whether a part of the page names a word, as code or as a key or value of JSON.
fn names(part: &str, word: &str) -> bool {
    part.contains(&format!("`{word}`")) || part.contains(&format!("\"{word}\""))
}

#[test]
fn every_command_and_its_fields_are_in_the_protocol() {
    let (page, source) = (read("docs/protocol.md"), read("src/wire/commands/mod.rs"));
    let mut findings = Vec::new();
    for (heading, enumeration, words) in
        [("Visitor", "VisitorCommand", "const VISITOR_WORDS:"), ("Agent", "AgentCommand", "const AGENT_WORDS:")]
    {
        let part = format!("{}{}", section(&page, "Common frames"), section(&page, heading));
        let known: BTreeSet<String> =
            quoted(source.split(words).nth(1).and_then(|rest| rest.split("];").next()).unwrap_or_default()).into_iter().collect();
        let commands = variants(&source, enumeration);
        assert!(known.len() > 10 && known.len() == commands.len(), "the words of {enumeration} are found: {known:?}");
        for (word, keys) in commands {
            let has_keys = keys.iter().all(|key| key == "client_id" || names(&part, key));
            if !known.contains(&word) || !names(&part, &word) || !has_keys {
                findings.push(format!("{heading}: {word} {keys:?}"));
            }
        }
    }
    assert_none("docs/protocol.md names each command with its fields", &findings);
}

#[test]
fn every_frame_and_its_fields_are_in_the_protocol() {
    let (page, source) = (read("docs/protocol.md"), read("src/wire/frames.rs"));
    let common = section(&page, "Common frames");
    let mut findings = Vec::new();
    for (heading, enumeration) in [("Visitor", "VisitorFrame<'a>"), ("Agent", "AgentFrame<'a>"), ("Common frames", "CommonFrame<'a>")] {
        let part = format!("{common}{}", section(&page, heading));
        let frames = variants(&source, enumeration);
        assert!(frames.len() > 5, "the frames of {enumeration} are found");
        for (word, keys) in frames {
            let has_keys = keys.iter().all(|key| names(&part, key));
            if !part.contains(&format!("\"type\":\"{word}\"")) || !has_keys {
                findings.push(format!("{heading}: {word} {keys:?}"));
            }
        }
    }
    assert_none("docs/protocol.md shows each frame with its fields", &findings);
}

#[test]
fn every_key_of_what_clients_see_is_in_the_protocol() {
    let page = read("docs/protocol.md");
    let mut findings = Vec::new();
    let mut sources = under("src/wire/views", &[".rs"]);
    assert!(!sources.is_empty(), "the views are found");
    sources.extend(under("src/wire", &["/frames.rs", "/entries.rs"]));
    for source in sources {
        for view in source.text.split("pub struct ").skip(1) {
            let body = view.split("\n}").next().unwrap_or_default();
            let keys = body.lines().filter_map(|line| Some(line.trim().strip_prefix("pub ")?.split_once(": ")?.0));
            let missing = keys.filter(|key| identifier(key) == *key && !names(&page, key));
            findings.extend(missing.map(|key| format!("{}.{key}", identifier(view))));
        }
    }
    assert_none("docs/protocol.md names each key", &findings);
}

#[test]
fn every_entry_type_is_in_the_protocol() {
    let page = read("docs/protocol.md");
    let source = read("src/domain/chat/event.rs");
    let body = source.split("impl Event {").nth(1).and_then(|rest| rest.split("webhook_type").next()).unwrap_or_default();
    let words: Vec<String> = quoted(body);
    assert!(words.len() > 10, "the words are found: {words:?}");
    let part = section(&page, "Common frames");
    let missing: Vec<String> = words.into_iter().filter(|word| !part.contains(&format!("\n| `{word}` |"))).collect();
    assert_none("docs/protocol.md has a row for each type of entry", &missing);
}

#[test]
fn every_close_is_in_the_protocol() {
    let part = section(&read("docs/protocol.md"), "Close codes");
    let source = read("src/hub/close.rs");
    let arms = |function: &str| -> Vec<(String, String)> {
        let body = source.split(&format!("fn {function}(")).nth(1).and_then(|rest| rest.split("\n    }").next()).unwrap_or_default();
        let arms = body.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.strip_suffix(',')?.split_once(" => "));
        arms.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
    };
    let (codes, reasons) = (arms("code"), arms("reason"));
    assert!(codes.len() > 5 && codes.len() == reasons.len(), "the closes are found");
    let mut findings = Vec::new();
    for (name, code) in &codes {
        let reason = reasons.iter().find(|(other, _)| other == name).map(|(_, reason)| reason.as_str()).unwrap_or_default();
        if !part.contains(&format!("\n| {code} | `{reason}` |")) {
            findings.push(format!("{code} {reason}"));
        }
    }
    assert_none("docs/protocol.md has each close with its reason", &findings);
}

#[test]
fn the_error_codes_of_the_protocol_are_those_that_have_texts() {
    let part = section(&read("docs/protocol.md"), "Error codes");
    let first_cells = part.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let page: BTreeSet<String> =
        first_cells.flat_map(|cell| cell.split("`, `")).map(|code| code.trim_end_matches('`').to_owned()).collect();
    let texts = read("locales/en/error.json");
    let code: BTreeSet<String> =
        texts.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).map(str::to_owned).collect();
    assert!(code.len() > 20, "the codes are found: {code:?}");
    let findings: Vec<String> = page.symmetric_difference(&code).cloned().collect();
    assert_none("docs/protocol.md and locales/en/error.json have the same error codes", &findings);
}
