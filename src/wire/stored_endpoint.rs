//! How an endpoint's secrets, headers and conditions, and the headers of an attempt, stand in the database. Secrets and headers are sealed
//! before they get there.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::stored::{StoredError, ids_from, ids_text};
use crate::domain::endpoint::filter::Filter;
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::secret::{Secret, Signing};
use crate::domain::event_type::EventType;
use crate::domain::time::Timestamp;

#[derive(Serialize, Deserialize)]
struct StoredSecret {
    signing: String,
    bytes: String,
    expires_at: Option<i64>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredConditions {
    tags: Vec<String>,
    score_max: Option<u8>,
}

/// Secrets, to be sealed.
#[must_use]
pub fn secrets_bytes(secrets: &[Secret]) -> Vec<u8> {
    let stored = secrets.iter().map(|secret| StoredSecret {
        signing: secret.signing.as_str().to_owned(),
        bytes: STANDARD.encode(&secret.bytes),
        expires_at: secret.expires_at.map(Timestamp::ms),
    });
    serde_json::to_vec(&stored.collect::<Vec<_>>()).unwrap_or_default()
}

/// Secrets, opened.
///
/// # Errors
/// Bytes that are no list of secrets.
pub fn secrets_from(bytes: &[u8]) -> Result<Vec<Secret>, StoredError> {
    let stored: Vec<StoredSecret> = serde_json::from_slice(bytes)?;
    let secrets = stored.into_iter().map(|secret| {
        Some(Secret {
            signing: Signing::from_code(&secret.signing)?,
            bytes: STANDARD.decode(&secret.bytes).ok()?,
            expires_at: secret.expires_at.map(Timestamp::from_ms),
        })
    });
    secrets.collect::<Option<_>>().ok_or_else(|| StoredError::odd("a webhook secret"))
}

/// Headers, to be sealed.
#[must_use]
pub fn headers_bytes(headers: &[CustomHeader]) -> Vec<u8> {
    let pairs: Vec<(&str, &str)> = headers.iter().map(|header| (header.name(), header.value())).collect();
    serde_json::to_vec(&pairs).unwrap_or_default()
}

/// Headers, opened. Those that a newer version would refuse are left out.
///
/// # Errors
/// Bytes that are no list of headers.
pub fn headers_from(bytes: &[u8]) -> Result<Vec<CustomHeader>, StoredError> {
    let pairs: Vec<(String, String)> = serde_json::from_slice(bytes)?;
    Ok(pairs.iter().filter_map(|(name, value)| CustomHeader::new(name, value).ok()).collect())
}

/// The headers of a request or answer.
#[must_use]
pub fn pairs_text(pairs: &[(String, String)]) -> String {
    serde_json::to_string(pairs).unwrap_or_default()
}

/// The headers of a request or answer.
///
/// # Errors
/// Text that is no list of pairs.
pub fn pairs_from(json: &str) -> Result<Vec<(String, String)>, StoredError> {
    Ok(serde_json::from_str(json)?)
}

/// Event types as a JSON array.
#[must_use]
pub fn events_text(events: &BTreeSet<EventType>) -> String {
    serde_json::to_string(&events.iter().map(|event| event.as_str()).collect::<Vec<_>>()).unwrap_or_default()
}

/// Event types from a JSON array; those that this version doesn't know are left out.
///
/// # Errors
/// Text that is no array of words.
pub fn events_from(json: &str) -> Result<BTreeSet<EventType>, StoredError> {
    let words: Vec<String> = serde_json::from_str(json)?;
    Ok(words.iter().filter_map(|word| word.parse().ok()).collect())
}

/// A filter's lists as they stand in their columns: sites, departments, conditions.
#[must_use]
pub fn filter_texts(filter: &Filter) -> (Option<String>, Option<String>, String) {
    let conditions = StoredConditions { tags: filter.tags.iter().map(ToString::to_string).collect(), score_max: filter.score_max };
    (
        (!filter.sites.is_empty()).then(|| ids_text(&filter.sites)),
        (!filter.departments.is_empty()).then(|| ids_text(&filter.departments)),
        serde_json::to_string(&conditions).unwrap_or_default(),
    )
}

/// A filter from its columns.
///
/// # Errors
/// Text that this version can't read.
pub fn filter_from(events: &str, sites: Option<&str>, departments: Option<&str>, conditions: &str) -> Result<Filter, StoredError> {
    // The column's default is an empty array.
    let conditions: StoredConditions = if conditions == "[]" { StoredConditions::default() } else { serde_json::from_str(conditions)? };
    let tags = conditions.tags.iter().map(|tag| tag.parse().map_err(|_odd| StoredError::odd(tag)));
    Ok(Filter {
        events: events_from(events)?,
        sites: sites.map(ids_from).transpose()?.unwrap_or_default(),
        departments: departments.map(ids_from).transpose()?.unwrap_or_default(),
        tags: tags.collect::<Result<_, _>>()?,
        score_max: conditions.score_max,
    })
}
