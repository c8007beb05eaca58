//! All texts of one language, found by their full key.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::LazyLock;

use rust_embed::Embed;
use serde_json::{Map, Value};

use super::Locale;

/// `locales/<language>/<namespace>.json`.
#[derive(Embed)]
#[folder = "locales/"]
struct Files;

static ALL: LazyLock<[Texts; 3]> = LazyLock::new(|| Locale::ALL.map(Texts::load));

/// The texts of one language. Lives as long as the process.
pub struct Texts {
    locale: Locale,
    by_key: BTreeMap<String, String>,
}

impl Texts {
    /// The texts of `locale`.
    #[must_use]
    pub fn for_locale(locale: Locale) -> &'static Self {
        let [pt_br, en, es] = &*ALL;
        match locale {
            Locale::PtBr => pt_br,
            Locale::En => en,
            Locale::Es => es,
        }
    }

    /// The language of these texts.
    #[must_use]
    pub const fn locale(&self) -> Locale {
        self.locale
    }

    /// The text under `key`. A key that is missing here is looked up in Portuguese, and stands for itself where it is missing there too:
    /// a wrong key never breaks a page, and a test fails.
    #[must_use]
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text under `key` if there is one, for keys that are made at run time.
    #[must_use]
    pub fn find<'a>(&'a self, key: &str) -> Option<&'a str> {
        self.by_key.get(key).or_else(|| Self::for_locale(Locale::PtBr).by_key.get(key)).map(String::as_str)
    }

    /// The text under `key` with each `{name}` replaced by its value. A placeholder without a value stays as it is.
    #[must_use]
    pub fn with<V: Display>(&self, key: &str, values: impl AsRef<[(&'static str, V)]>) -> String {
        fill(self.text(key), values.as_ref())
    }

    /// The text for `n` things, a whole number: `key_one` or `key_other` by the rules of the language, with `{n}` and the other placeholders
    /// filled.
    #[must_use]
    pub fn count(&self, key: &str, n: impl Display, values: &[(&str, &dyn Display)]) -> String {
        let whole = n.to_string().parse().unwrap_or(i64::MAX);
        let form = format!("{key}{}", self.locale.plural_suffix(whole));
        let mut values = values.to_vec();
        values.push(("n", &n));
        fill(self.text(&form), &values)
    }

    /// What a page's scripts need: `{"locale": …, "texts": {full key: text}}` of the given namespaces. No `<`, `>` or `&` is in it, so it is
    /// safe inside a script element.
    #[must_use]
    pub fn json_of(&self, namespaces: &[&str]) -> String {
        let texts = self.by_key.iter().filter(|(key, _)| key.split_once('.').is_some_and(|(namespace, _)| namespaces.contains(&namespace)));
        let texts: Map<String, Value> = texts.map(|(key, text)| (key.clone(), Value::from(text.as_str()))).collect();
        let json = serde_json::json!({"locale": self.locale.tag(), "texts": texts}).to_string();
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    fn load(locale: Locale) -> Self {
        let mut by_key = BTreeMap::new();
        for path in Files::iter() {
            let Some(namespace) = path.strip_prefix(locale.tag()).and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".json")) else {
                continue;
            };
            let file = Files::get(&path).expect("an embedded path has its file");
            let texts: BTreeMap<String, String> = serde_json::from_slice(&file.data).expect("tests/tidy reads every locale file");
            by_key.extend(texts.into_iter().map(|(key, text)| (format!("{namespace}.{key}"), text)));
        }
        Self { locale, by_key }
    }
}

/// Fills the placeholders in one pass, so that a value that looks like a placeholder stays what it is.
fn fill<V: Display>(text: &str, values: &[(&str, V)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, rest)| Some((&values.iter().find(|(known, _)| *known == name)?.1, rest)));
        if let Some((value, remaining)) = value {
            write!(filled, "{value}").expect("a String takes everything");
            rest = remaining;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Locale, Texts, fill};

    fn texts(locale: Locale) -> Texts {
        let entries =
            [("chat.left_one", "falta {n} pessoa"), ("chat.left_other", "faltam {n} pessoas em {queue}"), ("chat.tag", "</script><b>&")];
        let by_key: BTreeMap<String, String> = entries.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
        Texts { locale, by_key }
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_not_filled_again() {
        assert_eq!(fill("{name}: {protocol} {gone} {", &[("name", "{protocol}"), ("protocol", "7")]), "{protocol}: 7 {gone} {");
    }

    #[test]
    fn portuguese_counts_nothing_as_one() {
        let queue = "Vendas";
        assert_eq!(texts(Locale::PtBr).count("chat.left", 0, &[("queue", &queue)]), "falta 0 pessoa");
        assert_eq!(texts(Locale::En).count("chat.left", 0, &[("queue", &queue)]), "faltam 0 pessoas em Vendas");
        assert_eq!(texts(Locale::Es).count("chat.left", 1, &[("queue", &queue)]), "falta 1 pessoa");
    }

    #[test]
    fn a_missing_key_stands_for_itself() {
        assert_eq!(texts(Locale::Es).text("chat.nowhere"), "chat.nowhere");
    }

    #[test]
    fn texts_for_scripts_cannot_end_their_element() {
        let json = texts(Locale::PtBr).json_of(&["chat"]);
        assert!(!json.contains(['<', '>', '&']), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read.pointer("/texts/chat.tag").and_then(|text| text.as_str()), Some("</script><b>&"));
        assert_eq!(texts(Locale::PtBr).json_of(&["cha"]), r#"{"locale":"pt-BR","texts":{}}"#);
    }
}
