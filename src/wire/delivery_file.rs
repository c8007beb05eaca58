//! The delivery log in a file: a line of JSON or a row of a table for each delivery, with the names that the REST API has.

use serde::Serialize;
use serde_json::value::RawValue;

use super::api::deliveries::LoggedDelivery;
use super::csv;

const COLUMNS: [&str; 17] = [
    "id",
    "event_id",
    "type",
    "test",
    "endpoint_id",
    "endpoint",
    "chat_id",
    "protocol",
    "cause",
    "state",
    "attempts_made",
    "last_code",
    "last_status",
    "duration_ms",
    "event_at",
    "created_at",
    "ended_at",
];

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    delivery: &'a LoggedDelivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
}

/// Adds the first row of a table.
pub fn push_head(table: &mut String) {
    csv::push_line(table, COLUMNS);
}

/// Adds a delivery's row.
pub fn push_row(table: &mut String, logged: &LoggedDelivery) {
    let delivery = &logged.delivery;
    let (attempts, status) = (delivery.attempts_made.to_string(), delivery.last_status.map(|status| status.to_string()));
    let duration = logged.duration_ms.map(|ms| ms.to_string());
    let cells = [
        delivery.id.as_str(),
        &delivery.event_id,
        delivery.kind,
        if delivery.test { "true" } else { "false" },
        &delivery.endpoint.id,
        &delivery.endpoint.name,
        delivery.chat_id.as_deref().unwrap_or_default(),
        logged.protocol.as_deref().unwrap_or_default(),
        delivery.cause,
        delivery.state,
        &attempts,
        delivery.last_code.unwrap_or_default(),
        status.as_deref().unwrap_or_default(),
        duration.as_deref().unwrap_or_default(),
        &delivery.event_at,
        &delivery.created_at,
        delivery.ended_at.as_deref().unwrap_or_default(),
    ];
    csv::push_line(table, cells);
}

/// Adds a delivery's line of JSON, its body as it is sent where there is one.
pub fn push_line(text: &mut String, logged: &LoggedDelivery, body: Option<Vec<u8>>) {
    let body = body.and_then(|body| String::from_utf8(body).ok()).and_then(|body| RawValue::from_string(body).ok());
    // Every one of these types can be written.
    text.push_str(&serde_json::to_string(&Line { delivery: logged, body: body.as_deref() }).unwrap_or_default());
    text.push('\n');
}
