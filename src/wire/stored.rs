//! How small values stand in a column of text: sets of ids and of words, and a campaign, as JSON.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::page::Utm;

/// Stored text that this version can't read.
#[derive(Debug, thiserror::Error)]
#[error("stored JSON can't be read: {0}")]
pub struct StoredError(String);

impl From<serde_json::Error> for StoredError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl StoredError {
    /// A word that this version doesn't know.
    pub(super) fn odd(what: &str) -> Self {
        Self(what.to_owned())
    }
}

/// Text of any serialisable value; these can't fail, since they hold no map with odd keys.
pub(super) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Ids as words.
pub(super) fn strings<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// Ids from words.
pub(super) fn ids<T: FromStr, C: FromIterator<T>>(words: &[String]) -> Result<C, StoredError> {
    words.iter().map(|word| id(word)).collect()
}

/// An id from a word.
pub(super) fn id<T: FromStr>(word: &str) -> Result<T, StoredError> {
    word.parse().map_err(|_unread| StoredError::odd(word))
}

/// Ids as a JSON array.
pub fn ids_text<T: ToString>(ids: impl IntoIterator<Item = T>) -> String {
    text(&strings(ids))
}

/// Ids from a JSON array.
///
/// # Errors
/// Text that is no array of ids.
pub fn ids_from<T: FromStr, C: FromIterator<T>>(json: &str) -> Result<C, StoredError> {
    ids(&words_from(json)?)
}

/// Words as a JSON array.
#[must_use]
pub fn words_text(words: &[String]) -> String {
    text(&words)
}

/// Words from a JSON array.
///
/// # Errors
/// Text that is no array of strings.
pub fn words_from(json: &str) -> Result<Vec<String>, StoredError> {
    Ok(serde_json::from_str(json)?)
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Utm")]
pub(super) struct StoredUtm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    medium: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    term: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

/// A campaign as JSON.
#[must_use]
pub fn utm_text(utm: &Utm) -> String {
    let mut out = Vec::new();
    match StoredUtm::serialize(utm, &mut serde_json::Serializer::new(&mut out)) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => "{}".to_owned(),
    }
}

/// A campaign from JSON.
///
/// # Errors
/// Text that is no such object.
pub fn utm_from(json: &str) -> Result<Utm, StoredError> {
    Ok(StoredUtm::deserialize(&mut serde_json::Deserializer::from_str(json))?)
}
