//! An endpoint's form: from an endpoint, and to one.

use std::collections::BTreeSet;

use crate::domain::endpoint::filter::Filter;
use crate::domain::endpoint::headers::{CustomHeader, HEADERS_MAX, HeaderRefusal, headers};
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::url::{UrlConcern, UrlRefusal, WebhookUrl};
use crate::domain::endpoint::{Endpoint, EndpointDraft, Extras, NAME_CHARS_MAX, RATE_PER_SECOND_MAX};
use crate::domain::enrichment::Field;
use crate::domain::event_type::EventType;
use crate::web::form::Form;
use crate::web::state::AppState;

/// Stands for a header's value that stays as it is.
const MASK: &str = "••••••";

/// What the form begins with for a new endpoint.
#[must_use]
pub fn fresh() -> Form {
    let mut form = Form::filled([("enabled", "on"), ("signing", Signing::Hmac.as_str())]);
    for event in EventType::QUICK {
        form.add("event", event.as_str());
    }
    form
}

/// What the form shows of an endpoint; the values of its headers are masked.
#[must_use]
pub fn filled(endpoint: &Endpoint, own_headers: &[CustomHeader]) -> Form {
    let draft = &endpoint.draft;
    let mut form = Form::filled([
        ("name", draft.name.as_str()),
        ("url", draft.url.as_str()),
        ("signing", draft.signing.as_str()),
        ("rate_per_second", &draft.rate_per_second.map(|rate| rate.to_string()).unwrap_or_default()),
        ("score_max", &draft.filter.score_max.map(|score| score.to_string()).unwrap_or_default()),
    ]);
    for (name, on) in [
        ("enabled", draft.enabled && endpoint.health.disabled.is_none()),
        ("strict_order", draft.strict_order),
        ("plain_http", draft.plain_http_accepted),
        ("with_transcript", draft.extras.transcript),
        ("with_address", draft.extras.address),
        ("with_note", draft.extras.note),
    ] {
        if on {
            form.add(name, "on");
        }
    }
    draft.enrich.iter().for_each(|field| form.add("enrich", field.as_str()));
    for header in own_headers {
        form.add("header_name", header.name());
        form.add("header_value", MASK);
    }
    draft.filter.events.iter().for_each(|event| form.add("event", event.as_str()));
    draft.filter.sites.iter().for_each(|id| form.add("site", &id.to_string()));
    draft.filter.departments.iter().for_each(|id| form.add("department", &id.to_string()));
    draft.filter.tags.iter().for_each(|id| form.add("tag", &id.to_string()));
    form
}

/// What the form says; none where the address was refused. `kept` are the headers whose masked values stay.
pub fn parse(form: &mut Form, kept: &[CustomHeader], state: &AppState) -> Option<(EndpointDraft, Vec<CustomHeader>)> {
    let url = match WebhookUrl::parse(form.value("url")) {
        Ok(url) => Some(url),
        Err(refusal) => {
            form.refuse("url", url_text(refusal));
            None
        }
    };
    if url.as_ref().and_then(|url| state.concern(url)) == Some(UrlConcern::PlainHttp) && !form.ticked("plain_http") {
        form.refuse("plain_http", "webhook.refused.plain_http");
    }
    let own = own_headers(form, kept);
    let events: BTreeSet<EventType> =
        form.all("event").filter_map(|code| code.parse().ok()).filter(|event| *event != EventType::WebhookTest).collect();
    if events.is_empty() {
        form.refuse("event", "settings.webhooks.events_missing");
    }
    let name = form.line_or_none("name", NAME_CHARS_MAX);
    let rate = form.number_or_none("rate_per_second", 1, i64::from(RATE_PER_SECOND_MAX));
    let score = form.number_or_none("score_max", 1, 5);
    let signing = form.choice("signing", Signing::from_code, Signing::Hmac);
    let url = url?;
    let draft = EndpointDraft {
        name: name.unwrap_or_else(|| url.host().to_owned()),
        plain_http_accepted: form.ticked("plain_http"),
        filter: Filter {
            events,
            sites: form.all("site").filter_map(|id| id.parse().ok()).collect(),
            departments: form.all("department").filter_map(|id| id.parse().ok()).collect(),
            tags: form.all("tag").filter_map(|id| id.parse().ok()).collect(),
            score_max: score.and_then(|score| u8::try_from(score).ok()),
        },
        extras: Extras { address: form.ticked("with_address"), transcript: form.ticked("with_transcript"), note: form.ticked("with_note") },
        enrich: form.all("enrich").filter_map(Field::parse).collect(),
        signing,
        strict_order: form.ticked("strict_order"),
        rate_per_second: rate.and_then(|rate| u32::try_from(rate).ok()),
        enabled: form.ticked("enabled"),
        url,
    };
    Some((draft, own))
}

/// The rows of the form's own headers, name and value, and an empty one to go on with.
#[must_use]
pub fn header_rows(form: &Form) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = typed_headers(form).filter(|(name, value)| !name.is_empty() || !value.is_empty()).collect();
    if rows.len() < HEADERS_MAX {
        rows.push((String::new(), String::new()));
    }
    rows
}

fn typed_headers(form: &Form) -> impl Iterator<Item = (String, String)> {
    form.all("header_name").zip(form.all("header_value")).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
}

/// The headers of the rows that hold anything.
fn own_headers(form: &mut Form, kept: &[CustomHeader]) -> Vec<CustomHeader> {
    let rows: Vec<(String, String)> = typed_headers(form)
        .filter(|(name, value)| !name.is_empty() || !value.is_empty())
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let before = kept.iter().find(|header| header.name() == name).filter(|_| value == MASK);
            let value = before.map_or(value, |header| header.value().to_owned());
            (name, value)
        })
        .collect();
    headers(rows.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap_or_else(|refusal| {
        form.refuse("headers", header_text(refusal));
        Vec::new()
    })
}

/// The text for a refused address.
#[must_use]
pub const fn url_text(refusal: UrlRefusal) -> &'static str {
    match refusal {
        UrlRefusal::Empty => "webhook.refused.url_empty",
        UrlRefusal::TooLong => "webhook.refused.url_too_long",
        UrlRefusal::Malformed => "webhook.refused.url_malformed",
        UrlRefusal::Scheme => "webhook.refused.url_scheme",
        UrlRefusal::Credentials => "webhook.refused.url_credentials",
        UrlRefusal::SecureIpv6Literal => "webhook.refused.url_secure_ipv6_literal",
        UrlRefusal::Port => "webhook.refused.url_port",
    }
}

/// The text for something about an address that its admin should know.
#[must_use]
pub const fn concern_text(concern: UrlConcern) -> &'static str {
    match concern {
        UrlConcern::PlainHttp => "webhook.refused.plain_http",
        UrlConcern::BlockedAddress => "webhook.refused.blocked_address",
    }
}

const fn header_text(refusal: HeaderRefusal) -> &'static str {
    match refusal {
        HeaderRefusal::Name => "webhook.refused.header_name",
        HeaderRefusal::Reserved => "webhook.refused.header_reserved",
        HeaderRefusal::Value => "webhook.refused.header_value",
        HeaderRefusal::TooMany => "webhook.refused.headers_too_many",
        HeaderRefusal::Twice => "webhook.refused.header_twice",
    }
}
