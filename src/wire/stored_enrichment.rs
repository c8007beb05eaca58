//! How what answers filled, and what became of them, stands in the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::stored::StoredError;
use crate::domain::enrichment::{Enrichment, Field, Item, Reason, Scalar};
use crate::domain::time::Timestamp;
use crate::domain::visitor::{Card, Filled};

#[derive(Serialize, Deserialize)]
struct StoredCard {
    title: String,
    content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    endpoint: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredFilled {
    endpoint: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredEnrichment {
    taken: Vec<StoredItem>,
    ignored: Vec<StoredItem>,
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What an endpoint may fill, as a JSON array.
#[must_use]
pub fn fields_text(fields: &BTreeSet<Field>) -> String {
    text(&fields.iter().map(|field| field.as_str()).collect::<Vec<_>>())
}

/// What an endpoint may fill, from a JSON array; words that this version doesn't know allow nothing.
///
/// # Errors
/// Text that is no array of words.
pub fn fields_from(json: &str) -> Result<BTreeSet<Field>, StoredError> {
    let words: Vec<String> = serde_json::from_str(json)?;
    Ok(words.iter().filter_map(|word| Field::parse(word)).collect())
}

/// A visitor's cards as a JSON array.
#[must_use]
pub fn cards_text(cards: &[Card]) -> String {
    let stored = cards.iter().map(|card| StoredCard {
        title: card.title.clone(),
        content: card.content.clone(),
        url: card.url.clone(),
        endpoint: card.endpoint.to_string(),
        at: card.at.ms(),
    });
    text(&stored.collect::<Vec<_>>())
}

/// A visitor's cards from a JSON array.
///
/// # Errors
/// Text that is no array of cards.
pub fn cards_from(json: &str) -> Result<Vec<Card>, StoredError> {
    if json == "[]" {
        return Ok(Vec::new());
    }
    let stored: Vec<StoredCard> = serde_json::from_str(json)?;
    let card = |stored: StoredCard| {
        let endpoint = stored.endpoint.parse().map_err(|_unread| StoredError::odd(&stored.endpoint))?;
        Ok(Card { title: stored.title, content: stored.content, url: stored.url, endpoint, at: Timestamp::from_ms(stored.at) })
    };
    stored.into_iter().map(card).collect()
}

/// Who filled what, as a JSON object.
#[must_use]
pub fn filled_text(filled: &BTreeMap<String, Filled>) -> String {
    let stored = filled.iter().map(|(name, by)| (name, StoredFilled { endpoint: by.endpoint.to_string(), at: by.at.ms() }));
    text(&stored.collect::<BTreeMap<_, _>>())
}

/// Who filled what, from a JSON object.
///
/// # Errors
/// Text that is no such object.
pub fn filled_from(json: &str) -> Result<BTreeMap<String, Filled>, StoredError> {
    if json == "{}" {
        return Ok(BTreeMap::new());
    }
    let stored: BTreeMap<String, StoredFilled> = serde_json::from_str(json)?;
    let filled = |(name, by): (String, StoredFilled)| {
        let endpoint = by.endpoint.parse().map_err(|_unread| StoredError::odd(&by.endpoint))?;
        Ok((name, Filled { endpoint, at: Timestamp::from_ms(by.at) }))
    };
    stored.into_iter().map(filled).collect()
}

/// The names of the custom fields in a JSON object; anything else counts as empty.
#[must_use]
pub fn custom_names(json: &str) -> BTreeSet<String> {
    if json == "{}" { BTreeSet::new() } else { object(json).into_iter().map(|(name, _)| name).collect() }
}

/// A JSON object with more custom fields at its end.
#[must_use]
pub fn custom_with(json: &str, more: &[(String, Scalar)]) -> String {
    let mut custom = object(json);
    for (name, value) in more {
        let value = match value {
            Scalar::Text(text) => Value::String(text.clone()),
            Scalar::Number(digits) => digits.parse::<Number>().map_or_else(|_| Value::String(digits.clone()), Value::Number),
            Scalar::Flag(flag) => Value::Bool(*flag),
        };
        custom.entry(name.clone()).or_insert(value);
    }
    text(&custom)
}

fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

/// What became of an answer, as JSON.
#[must_use]
pub fn enrichment_text(enrichment: &Enrichment) -> String {
    let item = |item: &Item, reason: Option<Reason>| StoredItem {
        field: item.field.map(|field| field.as_str().to_owned()),
        detail: item.detail.clone(),
        reason: reason.map(|reason| reason.as_str().to_owned()),
    };
    text(&StoredEnrichment {
        taken: enrichment.taken.iter().map(|taken| item(taken, None)).collect(),
        ignored: enrichment.ignored.iter().map(|(ignored, reason)| item(ignored, Some(*reason))).collect(),
    })
}

/// What became of an answer, from JSON.
///
/// # Errors
/// Text that this version can't read.
pub fn enrichment_from(json: &str) -> Result<Enrichment, StoredError> {
    let stored: StoredEnrichment = serde_json::from_str(json)?;
    let item = |stored: &StoredItem| {
        let field = stored.field.as_deref().map(|word| Field::parse(word).ok_or_else(|| StoredError::odd(word))).transpose()?;
        Ok::<_, StoredError>(Item { field, detail: stored.detail.clone() })
    };
    let ignored = |stored: &StoredItem| {
        let word = stored.reason.as_deref().unwrap_or_default();
        Ok::<_, StoredError>((item(stored)?, Reason::parse(word).ok_or_else(|| StoredError::odd(word))?))
    };
    Ok(Enrichment {
        taken: stored.taken.iter().map(item).collect::<Result<_, _>>()?,
        ignored: stored.ignored.iter().map(ignored).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EndpointId;

    #[test]
    fn everything_is_read_back_as_it_was_written() {
        let (endpoint, at) = (EndpointId::new(), Timestamp::from_ms(1_795_350_896_789));
        let card = Card { title: "Pedido".to_owned(), content: String::new(), url: Some("https://loja.example/".to_owned()), endpoint, at };
        let cards = vec![Card { url: None, content: "a\nb".to_owned(), ..card.clone() }, card];
        assert_eq!(cards_from(&cards_text(&cards)).expect("cards"), cards);
        let filled = BTreeMap::from([("email".to_owned(), Filled { endpoint, at }), ("custom.plano".to_owned(), Filled { endpoint, at })]);
        assert_eq!(filled_from(&filled_text(&filled)).expect("names"), filled);
        let fields: BTreeSet<Field> = Field::ALL.iter().copied().collect();
        assert_eq!(fields_from(&fields_text(&fields)).expect("fields"), fields);
        let ignored = Reason::ALL.iter().map(|reason| (Item::named(Field::Tags, "VIP"), *reason)).collect();
        let enrichment = Enrichment { taken: vec![Item::of(Field::Email), Item::whole()], ignored };
        assert_eq!(enrichment_from(&enrichment_text(&enrichment)).expect("an outcome"), enrichment);
    }

    #[test]
    fn custom_fields_come_after_those_that_were_there_and_keep_their_kind() {
        let more = [
            ("b".to_owned(), Scalar::Number("1.50".to_owned())),
            ("a".to_owned(), Scalar::Text("novo".to_owned())),
            ("c".to_owned(), Scalar::Flag(false)),
        ];
        let custom = custom_with(r#"{"a":"antigo"}"#, &more);
        assert_eq!(custom, r#"{"a":"antigo","b":1.5,"c":false}"#);
        assert_eq!(custom_names(&custom), ["a", "b", "c"].map(str::to_owned).into());
    }
}
