//! How the event of a timeline's entry stands in the database: JSON with ids, not names, so that renaming changes no history.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::stored::{StoredError, StoredUtm, id, ids, strings, text};
use crate::domain::chat::event::{AbandonReason, Event, FinishReason, Place, TransferReason};
use crate::domain::chat::{Circle, ConsentGiven, Coordinates, LocationSource, Offer, Rating, Request};
use crate::domain::page::{Page, Utm};
use crate::domain::text::Body;
use crate::domain::time::Timestamp;

#[derive(Serialize, Deserialize)]
struct StoredRequest {
    protocol: String,
    site: String,
    department: String,
    visitor: String,
    origin: String,
    locale: String,
    timezone: Option<String>,
    subject: String,
    page_url: Option<String>,
    page_title: Option<String>,
    page_referrer: Option<String>,
    #[serde(with = "StoredUtm")]
    utm: Utm,
    fields: String,
    consent_version: Option<i32>,
    consent_at: Option<i64>,
    marketing: bool,
    previous_chat: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredBody {
    body: String,
}

#[derive(Serialize, Deserialize)]
struct StoredPlace {
    agent: Option<String>,
    department: String,
}

#[derive(Serialize, Deserialize)]
struct StoredRating {
    score: i32,
    comment: Option<String>,
    agent: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredTransfer {
    reason: String,
    from: StoredPlace,
    to: StoredPlace,
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredLocation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accuracy_m: Option<f64>,
    source: String,
}

#[derive(Serialize, Deserialize)]
struct StoredTags {
    tags: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredRated {
    rating: StoredRating,
    previous: Option<StoredRating>,
}

#[derive(Serialize, Deserialize)]
struct StoredEnd {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    waited_seconds: i64,
    #[serde(default)]
    position: i64,
    #[serde(default)]
    short: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredStart {
    agent: String,
    first: bool,
    waited_seconds: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredCall {
    circle: String,
    agents: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredOffer {
    to: String,
    until_steady: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredAgent {
    agent: String,
}

fn place_out(place: &Place) -> StoredPlace {
    StoredPlace { agent: place.agent.map(|agent| agent.to_string()), department: place.department.to_string() }
}

fn place_in(place: &StoredPlace) -> Result<Place, StoredError> {
    Ok(Place { agent: place.agent.as_deref().map(id).transpose()?, department: id(&place.department)? })
}

fn rating_out(rating: &Rating) -> StoredRating {
    StoredRating { score: rating.score, comment: rating.comment.clone(), agent: rating.agent.map(|agent| agent.to_string()) }
}

fn rating_in(rating: StoredRating) -> Result<Rating, StoredError> {
    Ok(Rating { score: rating.score, comment: rating.comment, agent: rating.agent.as_deref().map(id).transpose()? })
}

fn body_in(json: &str) -> Result<Body, StoredError> {
    let stored: StoredBody = serde_json::from_str(json)?;
    Ok(Body::stored(stored.body))
}

fn end_text(reason: &str, waited_seconds: i64, position: i64, short: bool) -> String {
    text(&StoredEnd { reason: reason.to_owned(), waited_seconds, position, short })
}

/// The data of an entry; its type stands in a column of its own.
#[must_use]
pub fn event_text(event: &Event) -> String {
    match event {
        Event::Requested(request) => request_text(request),
        Event::Written(body) | Event::Noted(body) => text(&StoredBody { body: body.as_str().to_owned() }),
        Event::Called { circle, agents } => text(&StoredCall { circle: circle.as_str().to_owned(), agents: strings(agents) }),
        Event::Offered(offer) => text(&StoredOffer { to: offer.to.to_string(), until_steady: offer.until.ms() }),
        Event::OfferPassed(agent) => text(&StoredAgent { agent: agent.to_string() }),
        Event::Started { agent, first, waited_seconds } => {
            text(&StoredStart { agent: agent.to_string(), first: *first, waited_seconds: *waited_seconds })
        }
        Event::Transferred { reason, from, to, note } => text(&StoredTransfer {
            reason: reason.as_str().to_owned(),
            from: place_out(from),
            to: place_out(to),
            note: note.as_ref().map(ToString::to_string),
        }),
        Event::LocationAsked | Event::LocationRevoked | Event::Stayed => "{}".to_owned(),
        Event::Located { coordinates, source } => text(&StoredLocation {
            latitude: coordinates.map(|place| place.latitude),
            longitude: coordinates.map(|place| place.longitude),
            accuracy_m: coordinates.map(|place| place.accuracy_m),
            source: source.as_str().to_owned(),
        }),
        Event::Tagged { tags, added, removed } => {
            text(&StoredTags { tags: strings(tags), added: strings(added), removed: strings(removed) })
        }
        Event::Rated { rating, previous } => text(&StoredRated { rating: rating_out(rating), previous: previous.as_ref().map(rating_out) }),
        Event::Finished(reason) => end_text(reason.as_str(), 0, 0, false),
        Event::Abandoned { reason, waited_seconds, position, short } => end_text(reason.as_str(), *waited_seconds, *position, *short),
        Event::Missed { waited_seconds, position } => end_text("", *waited_seconds, *position, false),
    }
}

fn request_text(request: &Request) -> String {
    text(&StoredRequest {
        protocol: request.protocol.clone(),
        site: request.site.to_string(),
        department: request.department.to_string(),
        visitor: request.visitor.to_string(),
        origin: request.origin.clone(),
        locale: request.locale.clone(),
        timezone: request.timezone.clone(),
        subject: request.subject.clone(),
        page_url: request.page.url.clone(),
        page_title: request.page.title.clone(),
        page_referrer: request.page.referrer.clone(),
        utm: request.utm.clone(),
        fields: request.fields.clone(),
        consent_version: request.consent.map(|consent| consent.version),
        consent_at: request.consent.map(|consent| consent.at.ms()),
        marketing: request.marketing,
        previous_chat: request.previous_chat.map(|chat| chat.to_string()),
    })
}

fn request_from(json: &str) -> Result<Request, StoredError> {
    let stored: StoredRequest = serde_json::from_str(json)?;
    Ok(Request {
        site: id(&stored.site)?,
        department: id(&stored.department)?,
        visitor: id(&stored.visitor)?,
        consent: stored.consent_version.zip(stored.consent_at).map(|(version, at)| ConsentGiven { version, at: Timestamp::from_ms(at) }),
        previous_chat: stored.previous_chat.as_deref().map(id).transpose()?,
        page: Page { url: stored.page_url, title: stored.page_title, referrer: stored.page_referrer },
        protocol: stored.protocol,
        origin: stored.origin,
        locale: stored.locale,
        timezone: stored.timezone,
        subject: stored.subject,
        utm: stored.utm,
        fields: stored.fields,
        marketing: stored.marketing,
    })
}

/// An entry's event from its type and data.
///
/// # Errors
/// A type or data that this version doesn't know.
pub fn event_from(kind: &str, json: &str) -> Result<Event, StoredError> {
    Ok(match kind {
        "requested" => Event::Requested(Box::new(request_from(json)?)),
        "message" => Event::Written(body_in(json)?),
        "note" => Event::Noted(body_in(json)?),
        "called" => {
            let stored: StoredCall = serde_json::from_str(json)?;
            let circle = Circle::parse(&stored.circle).ok_or_else(|| StoredError::odd(&stored.circle))?;
            Event::Called { circle, agents: ids(&stored.agents)? }
        }
        "offered" => {
            let stored: StoredOffer = serde_json::from_str(json)?;
            Event::Offered(Offer { to: id(&stored.to)?, until: Timestamp::from_ms(stored.until_steady) })
        }
        "offer_passed" => Event::OfferPassed(id(&serde_json::from_str::<StoredAgent>(json)?.agent)?),
        "started" => {
            let stored: StoredStart = serde_json::from_str(json)?;
            Event::Started { agent: id(&stored.agent)?, first: stored.first, waited_seconds: stored.waited_seconds }
        }
        "transferred" => {
            let stored: StoredTransfer = serde_json::from_str(json)?;
            Event::Transferred {
                reason: TransferReason::parse(&stored.reason).ok_or_else(|| StoredError::odd(&stored.reason))?,
                from: place_in(&stored.from)?,
                to: place_in(&stored.to)?,
                note: stored.note.map(Body::stored),
            }
        }
        "location_asked" => Event::LocationAsked,
        "located" => located_from(json)?,
        "location_revoked" => Event::LocationRevoked,
        "tagged" => {
            let stored: StoredTags = serde_json::from_str(json)?;
            let set = |words: &[String]| ids::<_, BTreeSet<_>>(words);
            Event::Tagged { tags: set(&stored.tags)?, added: set(&stored.added)?, removed: set(&stored.removed)? }
        }
        "rated" => {
            let stored: StoredRated = serde_json::from_str(json)?;
            Event::Rated { rating: rating_in(stored.rating)?, previous: stored.previous.map(rating_in).transpose()? }
        }
        "stayed" => Event::Stayed,
        "finished" => {
            let stored: StoredEnd = serde_json::from_str(json)?;
            Event::Finished(FinishReason::parse(&stored.reason).ok_or_else(|| StoredError::odd(&stored.reason))?)
        }
        "abandoned" => {
            let stored: StoredEnd = serde_json::from_str(json)?;
            let reason = AbandonReason::parse(&stored.reason).ok_or_else(|| StoredError::odd(&stored.reason))?;
            Event::Abandoned { reason, waited_seconds: stored.waited_seconds, position: stored.position, short: stored.short }
        }
        "missed" => {
            let stored: StoredEnd = serde_json::from_str(json)?;
            Event::Missed { waited_seconds: stored.waited_seconds, position: stored.position }
        }
        other => return Err(StoredError::odd(other)),
    })
}

fn located_from(json: &str) -> Result<Event, StoredError> {
    let stored: StoredLocation = serde_json::from_str(json)?;
    let coordinates = match (stored.latitude, stored.longitude, stored.accuracy_m) {
        (Some(latitude), Some(longitude), Some(accuracy_m)) => Some(Coordinates { latitude, longitude, accuracy_m }),
        _ => None,
    };
    let source = LocationSource::parse(&stored.source).ok_or_else(|| StoredError::odd(&stored.source))?;
    Ok(Event::Located { coordinates, source })
}

#[cfg(test)]
mod tests {
    use super::{Event, event_from};

    #[test]
    fn what_was_stored_under_earlier_rules_stays_readable() {
        let unseen = event_from("message", r#"{"body":"\u200b "}"#).expect("a message");
        assert!(matches!(unseen, Event::Written(body) if body.as_str() == "\u{200b} "));
    }
}
