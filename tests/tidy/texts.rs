//! The texts of the three languages against each other and against their uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::assert_none;
use crate::sources::{Source, under};

const LANGUAGES: [&str; 3] = ["pt-BR", "en", "es"];
/// Keys that are made from codes which only the code knows: refusals, reasons not to start, event types. Their own tests hold them against the codes.
const MADE_AT_RUN_TIME: [&str; 3] = ["cli.error.", "error.", "webhook."];

/// Full key → text.
type Texts = BTreeMap<String, String>;

fn texts_of(language: &str) -> Texts {
    let mut texts = Texts::new();
    for file in under(&format!("locales/{language}"), &[".json"]) {
        let entries: BTreeMap<String, String> = serde_json::from_str(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        texts.extend(entries.into_iter().map(|(key, text)| (format!("{}.{key}", file.stem()), text)));
    }
    texts
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_language_has_every_text_with_the_same_placeholders() {
    let portuguese = texts_of("pt-BR");
    let mut findings = Vec::new();
    for language in LANGUAGES {
        let texts = texts_of(language);
        findings.extend(portuguese.keys().filter(|key| !texts.contains_key(*key)).map(|key| format!("{language} lacks {key}")));
        for (key, text) in &texts {
            if text.trim().is_empty() {
                findings.push(format!("{language}: {key} is empty"));
            }
            let Some(original) = portuguese.get(key) else {
                findings.push(format!("{language} has {key}, pt-BR has not"));
                continue;
            };
            // "One person": the number may be said in words.
            let number = |name: &&&str| !(key.ends_with("_one") && **name == "n");
            let (own, first) = (placeholders(text), placeholders(original));
            if own.iter().filter(number).collect::<Vec<_>>() != first.iter().filter(number).collect::<Vec<_>>() {
                findings.push(format!("{language}: {key} fills {own:?}, pt-BR {first:?}"));
            }
        }
    }
    assert_none("the three languages have the same texts", &findings);
}

#[test]
fn a_text_for_one_has_a_text_for_others() {
    let texts = texts_of("pt-BR");
    let alone = texts.keys().filter_map(|key| key.strip_suffix("_one")).filter(|stem| !texts.contains_key(&format!("{stem}_other")));
    assert_none("_one and _other come in pairs", &alone.map(str::to_owned).collect::<Vec<_>>());
}

/// How the sources name texts: whole keys, and beginnings of keys that are finished at run time.
#[derive(Default)]
struct Uses {
    keys: BTreeMap<String, String>,
    beginnings: BTreeSet<String>,
}

fn uses(namespaces: &BTreeSet<String>) -> Uses {
    let mut uses = Uses::default();
    let mut sources = under("src", &[".rs"]);
    sources.extend(under("templates", &[".html", ".txt"]));
    sources.extend(under("static", &[".js"]));
    for source in &sources {
        for namespace in namespaces {
            collect(source, &format!("{namespace}."), &mut uses);
        }
    }
    uses
}

/// Every quoted word of `source` that begins with `start`. What stops at a quote is a key, what stops at a placeholder or ends with a dot
/// is a beginning.
fn collect(source: &Source, start: &str, uses: &mut Uses) {
    let text = source.without_remarks();
    let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    for (at, _) in product.match_indices(start) {
        let Some(quote) = product[..at].chars().next_back().filter(|before| ['"', '\'', '`'].contains(before)) else { continue };
        let rest = &product[at..];
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !['.', '_', '-'].contains(&letter)).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if after.starts_with(quote) && !key.ends_with(['.', '_']) {
            uses.keys.entry(key.to_owned()).or_insert_with(|| source.path.clone());
        } else if key != start && (after.starts_with(quote) || after.starts_with("${") || after.starts_with('{')) {
            uses.beginnings.insert(key.to_owned());
        }
    }
}

/// Words that look like a key and are the name of a file or of a webhook event.
fn is_something_else(key: &str) -> bool {
    let file = [".js", ".css", ".html", ".svg", ".json", ".mp3", ".txt"].iter().any(|ending| key.ends_with(ending));
    let event = ["chat.", "visitor.", "message.", "offline_message.", "agent.", "webhook."].iter().any(|family| key.starts_with(family));
    file || event
}

#[test]
fn every_used_text_exists_and_every_text_is_used() {
    let texts = texts_of("pt-BR");
    let namespaces: BTreeSet<String> =
        texts.keys().filter_map(|key| key.split_once('.')).map(|(namespace, _)| namespace.to_owned()).collect();
    let uses = uses(&namespaces);
    // `menu("widget.leave")` asks for widget.leave.title and its siblings.
    let begins = |key: &str| texts.keys().any(|text| text.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
    let mut findings = Vec::new();
    for (key, path) in &uses.keys {
        let whole = texts.contains_key(key) || texts.contains_key(&format!("{key}_other"));
        if !whole && !begins(key) && !is_something_else(key) {
            findings.push(format!("{path}: there is no text {key}"));
        }
    }
    for key in texts.keys() {
        let plain = key.strip_suffix("_one").or_else(|| key.strip_suffix("_other")).unwrap_or(key);
        let made = uses.beginnings.iter().any(|beginning| key.starts_with(beginning))
            || MADE_AT_RUN_TIME.iter().any(|start| key.starts_with(start));
        let grouped = key.match_indices('.').any(|(at, _)| uses.keys.contains_key(&key[..at]));
        if !made && !grouped && !uses.keys.contains_key(key) && !uses.keys.contains_key(plain) {
            findings.push(format!("nobody uses {key}"));
        }
    }
    assert_none("texts and their uses agree", &findings);
}
