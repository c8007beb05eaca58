//! How a filter of deliveries stands in the database, so that a resending goes on with it after a restart.

use serde::{Deserialize, Serialize};

use super::stored::StoredError;
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::DeliveryFilter;
use crate::domain::time::Timestamp;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredFilter {
    endpoint: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    states: Vec<String>,
    chat: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
    text: Option<String>,
    in_bodies: bool,
}

/// A filter as JSON.
#[must_use]
pub fn filter_text(filter: &DeliveryFilter) -> String {
    let stored = StoredFilter {
        endpoint: filter.endpoint.map(|id| id.to_string()),
        kind: filter.event_type.map(|kind| kind.as_str().to_owned()),
        states: filter.states.iter().map(|state| state.as_str().to_owned()).collect(),
        chat: filter.chat.map(|id| id.to_string()),
        since: filter.since.map(Timestamp::ms),
        until: filter.until.map(Timestamp::ms),
        text: filter.text.clone(),
        in_bodies: filter.in_bodies,
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// A filter from JSON.
///
/// # Errors
/// Text that this version can't read: a part that was left out would take more than was asked for.
pub fn filter_from(json: &str) -> Result<DeliveryFilter, StoredError> {
    let stored: StoredFilter = serde_json::from_str(json)?;
    let odd = |_| StoredError::odd("a filter of deliveries");
    let states = stored.states.iter().map(|word| DeliveryState::parse(word).ok_or_else(|| StoredError::odd(word)));
    Ok(DeliveryFilter {
        endpoint: stored.endpoint.map(|id| id.parse()).transpose().map_err(odd)?,
        event_type: stored.kind.map(|kind| kind.parse().map_err(|_unknown| StoredError::odd(&kind))).transpose()?,
        states: states.collect::<Result<_, _>>()?,
        chat: stored.chat.map(|id| id.parse()).transpose().map_err(odd)?,
        since: stored.since.map(Timestamp::from_ms),
        until: stored.until.map(Timestamp::from_ms),
        text: stored.text,
        in_bodies: stored.in_bodies,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event_type::EventType;
    use crate::domain::ids::{ChatId, EndpointId};

    #[test]
    fn a_filter_is_read_back_whole() {
        let filter = DeliveryFilter {
            endpoint: Some(EndpointId::new()),
            event_type: Some(EventType::ChatRated),
            states: vec![DeliveryState::Failed, DeliveryState::Held],
            chat: Some(ChatId::new()),
            since: Some(Timestamp::from_ms(1)),
            until: Some(Timestamp::from_ms(2)),
            text: Some("503 \"'".to_owned()),
            in_bodies: true,
        };
        for filter in [filter, DeliveryFilter::default()] {
            assert_eq!(filter_from(&filter_text(&filter)).ok(), Some(filter));
        }
    }
}
