//! What answers may fill and what became of one, in words.

use crate::domain::enrichment::{Enrichment, Field, Item, Reason};
use crate::i18n::Texts;

/// Sentences about an answer.
pub struct Told {
    pub taken: Vec<String>,
    pub ignored: Vec<String>,
}

impl Told {
    /// What became of an answer.
    pub fn of(enrichment: &Enrichment, t: &Texts) -> Self {
        Self {
            taken: enrichment.taken.iter().map(|item| what(item, t)).collect(),
            ignored: enrichment.ignored.iter().map(|(item, reason)| ignored(item, *reason, t)).collect(),
        }
    }
}

/// Every field that answers may fill, with its name.
pub fn fields(t: &Texts) -> Vec<(&'static str, String)> {
    Field::ALL.iter().map(|field| (field.as_str(), name(*field, t).to_owned())).collect()
}

fn name(field: Field, t: &Texts) -> &str {
    t.find(&format!("webhook.field.{}", field.as_str())).unwrap_or(field.as_str())
}

fn what(item: &Item, t: &Texts) -> String {
    let field = item.field.map_or("", |field| name(field, t));
    match &item.detail {
        Some(detail) => t.with("webhook.told.named", [("field", field), ("name", detail)]),
        None => field.to_owned(),
    }
}

fn ignored(item: &Item, reason: Reason, t: &Texts) -> String {
    let why = t.text(&format!("webhook.ignored.{}", reason.as_str())).to_owned();
    if item.field.is_none() { why } else { t.with("webhook.told.ignored", [("what", what(item, t)), ("why", why)]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Locale;

    #[test]
    fn every_field_and_every_reason_has_words_in_every_language() {
        for locale in Locale::ALL {
            let t = Texts::for_locale(locale);
            for field in Field::ALL {
                assert!(t.find(&format!("webhook.field.{}", field.as_str())).is_some(), "{} {field:?}", locale.tag());
            }
            for reason in Reason::ALL {
                let key = format!("webhook.ignored.{}", reason.as_str());
                assert!(t.find(&key).is_some(), "{} {key}", locale.tag());
                let sentence = ignored(&Item::named(Field::Tags, "VIP"), *reason, t);
                assert!(sentence.contains("VIP") && !sentence.contains('{'), "{sentence}");
            }
        }
    }
}
