//! From what a program says about an endpoint to the draft that the store takes. The same rules as the settings' form.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::str::FromStr;

use crate::domain::endpoint::filter::Filter;
use crate::domain::endpoint::headers::{CustomHeader, headers};
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::url::{UrlConcern, WebhookUrl};
use crate::domain::endpoint::{EndpointDraft, Extras, NAME_CHARS_MAX, RATE_PER_SECOND_MAX};
use crate::domain::enrichment::Field;
use crate::domain::event_type::EventType;
use crate::domain::text::line;
use crate::web::error::AppError;
use crate::web::state::AppState;
use crate::wire::api::endpoints::{EndpointChange, Header};

/// What a new endpoint is before anything is said about it.
///
/// # Errors
/// `Invalid`.
pub fn blank(url: &str, signing: Option<&str>) -> Result<EndpointDraft, AppError> {
    let url = address(url)?;
    Ok(EndpointDraft { signing: signature(signing)?.unwrap_or_default(), ..EndpointDraft::to(url) })
}

/// A draft after a change.
///
/// # Errors
/// `Invalid`, by the name of the property.
pub fn changed(draft: EndpointDraft, change: EndpointChange, state: &AppState) -> Result<EndpointDraft, AppError> {
    let directory = state.store.directory();
    let url = change.url.as_deref().map(address).transpose()?.unwrap_or(draft.url);
    let plain_http_accepted = change.plain_http_accepted.unwrap_or(draft.plain_http_accepted);
    if state.concern(&url) == Some(UrlConcern::PlainHttp) && !plain_http_accepted {
        return Err(invalid("plain_http_accepted", "plain_http"));
    }
    let before = draft.filter;
    let filter = Filter {
        events: change.events.map(|events| subscribed(&events)).transpose()?.unwrap_or(before.events),
        sites: known("site_ids", change.site_ids, &directory.sites)?.unwrap_or(before.sites),
        departments: known("department_ids", change.department_ids, &directory.departments)?.unwrap_or(before.departments),
        tags: known("tag_ids", change.tag_ids, &directory.tags)?.unwrap_or(before.tags),
        score_max: change.score_max.unwrap_or(before.score_max),
    };
    if filter.score_max.is_some_and(|score| !(1..=5).contains(&score)) {
        return Err(invalid("score_max", "field_invalid"));
    }
    let rate_per_second = change.rate_per_second.unwrap_or(draft.rate_per_second);
    if rate_per_second.is_some_and(|rate| !(1..=RATE_PER_SECOND_MAX).contains(&rate)) {
        return Err(invalid("rate_per_second", "field_invalid"));
    }
    Ok(EndpointDraft {
        name: change.name.as_deref().map(name).transpose()?.unwrap_or(draft.name),
        plain_http_accepted,
        filter,
        extras: Extras {
            address: change.with_address.unwrap_or(draft.extras.address),
            transcript: change.with_transcript.unwrap_or(draft.extras.transcript),
            note: change.with_note.unwrap_or(draft.extras.note),
        },
        enrich: change.enrich.map(|words| allowed(&words)).transpose()?.unwrap_or(draft.enrich),
        signing: draft.signing,
        strict_order: change.strict_order.unwrap_or(draft.strict_order),
        rate_per_second,
        enabled: change.enabled.unwrap_or(draft.enabled),
        url,
    })
}

/// The kind of signature by its word.
///
/// # Errors
/// `Invalid`.
pub fn signature(word: Option<&str>) -> Result<Option<Signing>, AppError> {
    word.map(|word| Signing::from_code(word).ok_or_else(|| invalid("signing", "field_invalid"))).transpose()
}

/// An endpoint's own headers.
///
/// # Errors
/// `Invalid`.
pub fn own_headers(given: &[Header]) -> Result<Vec<CustomHeader>, AppError> {
    headers(given.iter().map(|header| (header.name.as_str(), header.value.as_str()))).map_err(|refusal| invalid("headers", refusal.code()))
}

fn address(text: &str) -> Result<WebhookUrl, AppError> {
    WebhookUrl::parse(text).map_err(|refusal| invalid("url", refusal.code()))
}

fn name(text: &str) -> Result<String, AppError> {
    line(text, NAME_CHARS_MAX).ok().flatten().ok_or_else(|| invalid("name", "field_invalid"))
}

fn subscribed(words: &[String]) -> Result<BTreeSet<EventType>, AppError> {
    let events: Option<BTreeSet<EventType>> = words.iter().map(|word| word.parse().ok()).collect();
    events
        .filter(|events| !events.is_empty() && !events.contains(&EventType::WebhookTest))
        .ok_or_else(|| invalid("events", "field_invalid"))
}

fn allowed(words: &[String]) -> Result<BTreeSet<Field>, AppError> {
    words.iter().map(|word| Field::parse(word).ok_or_else(|| invalid("enrich", "field_invalid"))).collect()
}

/// Ids that are in the directory, in use or archived.
fn known<I: FromStr + Eq + Hash, T>(
    field: &'static str,
    given: Option<Vec<String>>,
    directory: &std::collections::HashMap<I, T>,
) -> Result<Option<Vec<I>>, AppError> {
    let Some(given) = given else { return Ok(None) };
    let ids: Option<Vec<I>> = given.iter().map(|id| id.parse().ok().filter(|id| directory.contains_key(id))).collect();
    ids.map(Some).ok_or_else(|| invalid(field, "field_invalid"))
}

fn invalid(field: &str, code: &'static str) -> AppError {
    AppError::Invalid { field: field.to_owned(), code }
}
