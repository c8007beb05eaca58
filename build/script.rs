//! The script of the visitor's window before it is minified, one for each language: its modules joined, its texts where they are named.
//!
//! Joining and texts go by lines and quotes, without a parser: they rely on the shape that `tests/js/widget_page.test.js` holds (imports are
//! named and on one line, no name is declared twice, a key stands whole between double quotes). Knows nothing of where files lie.

use std::collections::{BTreeMap, BTreeSet};

/// Every key of the visitor's window begins so, with its quote.
const NAMESPACE: &str = "\"widget.";

/// The module `entry` (`widget/main`) and all that it imports as one module without imports, each module after those it needs.
/// `source` gives a module's text by its specifier; one that it doesn't know is left out.
pub fn joined(entry: &str, source: &impl Fn(&str) -> Option<String>) -> String {
    let mut whole = String::new();
    push_module(entry, source, &mut BTreeSet::new(), &mut whole);
    whole
}

fn push_module(specifier: &str, source: &impl Fn(&str) -> Option<String>, seen: &mut BTreeSet<String>, whole: &mut String) {
    if !seen.insert(specifier.to_owned()) {
        return;
    }
    let text = source(specifier).unwrap_or_default();
    let (imports, own): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("import "));
    for needed in imports.iter().filter_map(|line| line.split('"').nth(1)) {
        push_module(needed, source, seen, whole);
    }
    for line in own {
        whole.push_str(line.strip_prefix("export ").unwrap_or(line));
        whole.push('\n');
    }
}

/// The script with the texts of one language in the place of their keys: `"widget.queue.label"` becomes `"Sua vez na fila"`, and a key of
/// which there is one text for one and one for others becomes `{"one": …, "other": …}`. A text that nothing is filled into needs no `t(…)`.
/// `texts` has keys without the namespace.
///
/// # Errors
/// The key that no text has.
pub fn with_texts(script: &str, texts: &BTreeMap<String, String>) -> Result<String, String> {
    let mut written = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once(NAMESPACE) {
        let (key, after) = after.split_once('"').unwrap_or((after, ""));
        let literal = literal_of(key, texts).ok_or_else(|| format!("there is no text {key}"))?;
        written.push_str(before);
        rest = after;
        if let (Some(outside), Some(behind)) = (written.strip_suffix("t("), after.strip_prefix(')'))
            && !outside.ends_with(|letter: char| letter.is_alphanumeric() || letter == '.')
        {
            written.truncate(outside.len());
            rest = behind;
        }
        written.push_str(&literal);
    }
    Ok(written + rest)
}

fn literal_of(key: &str, texts: &BTreeMap<String, String>) -> Option<String> {
    if let Some(text) = texts.get(key) {
        return serde_json::to_string(text).ok();
    }
    let form = |name: &str| texts.get(&format!("{key}_{name}"));
    serde_json::to_string(&BTreeMap::from([("one", form("one")?), ("other", form("other")?)])).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{joined, with_texts};

    #[test]
    fn modules_come_once_and_after_what_they_need() {
        let source = |specifier: &str| {
            let text = match specifier {
                "widget/main" => "import { talk } from \"widget/talk\";\nimport { el } from \"lib/dom\";\ntalk(el);\n",
                "widget/talk" => "import { el } from \"lib/dom\";\nexport const talk = () => el;\n",
                "lib/dom" => "export function el() {}\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(joined("widget/main", &source), "function el() {}\nconst talk = () => el;\ntalk(el);\n");
    }

    #[test]
    fn a_text_stands_where_its_key_stood() {
        let texts = [("hello", "Diga \"oi\", {name}"), ("ahead_one", "uma"), ("ahead_other", "{n}")];
        let texts: BTreeMap<String, String> = texts.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
        assert_eq!(
            with_texts("t(\"widget.hello\", x) + t(\"widget.ahead\", y) + \"w widget.hello\"", &texts),
            Ok("t(\"Diga \\\"oi\\\", {name}\", x) + t({\"one\":\"uma\",\"other\":\"{n}\"}, y) + \"w widget.hello\"".to_owned())
        );
        assert_eq!(with_texts("set(\"widget.ahead_one\") + t(\"widget.ahead_one\")", &texts), Ok("set(\"uma\") + \"uma\"".to_owned()));
        assert!(with_texts("t(\"widget.none\")", &texts).is_err(), "a key without a text is found when the program is built");
        assert!(with_texts("t(\"widget.none_\" + word)", &texts).is_err(), "and so is one that is put together");
    }
}
