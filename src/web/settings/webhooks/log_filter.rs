//! What the addresses of the delivery log say: filters and places, read strictly, since they also choose what is sent again.

use chrono::{NaiveDateTime, TimeZone as _};
use serde::Deserialize;

use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::{DeliveryFilter, TEXT_LENGTH_MAX, Turn};
use crate::domain::time::Timestamp;
use crate::web::error::AppError;
use crate::wire::time;

const HOUR_SECONDS: i64 = 3600;
/// The longest period that can be chosen, in hours.
const HOURS_MAX: i64 = 10_000;

/// The query of a page of the log, or the fields of a form that goes on from one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    pub endpoint: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub state: String,
    /// The last so many hours; `from` wins.
    pub since: String,
    /// `2026-11-22T14:00` in the organisation's time zone, or RFC 3339.
    pub from: String,
    pub to: String,
    pub chat: String,
    pub text: String,
    pub before: Option<i64>,
    pub after: Option<i64>,
    pub told: Option<String>,
}

impl Wish {
    /// The filter, of whose text bodies and answers are a part: only admins come here.
    ///
    /// # Errors
    /// `Malformed` for anything that can't be read: left out it would widen the filter.
    pub fn filter(&self, now: Timestamp, timezone: &str) -> Result<DeliveryFilter, AppError> {
        let hours = read(&self.since, |text| text.parse::<i64>().ok().filter(|hours| (1..=HOURS_MAX).contains(hours)))?;
        let since = read(&self.from, |text| point(text, timezone))?;
        let state = read(&self.state, DeliveryState::parse)?;
        let text = self.text.trim();
        Ok(DeliveryFilter {
            endpoint: read(&self.endpoint, |text| text.parse().ok())?,
            event_type: read(&self.kind, |text| text.parse().ok())?,
            states: state.into_iter().collect(),
            chat: read(&self.chat, |text| text.parse().ok())?,
            since: since.or_else(|| hours.map(|hours| now.plus_seconds(hours.saturating_mul(HOUR_SECONDS).saturating_neg()))),
            until: read(&self.to, |text| point(text, timezone))?,
            text: (!text.is_empty()).then(|| text.chars().take(TEXT_LENGTH_MAX).collect()),
            in_bodies: true,
        })
    }

    /// Where the page begins.
    #[must_use]
    pub fn turn(&self) -> Option<Turn> {
        self.after.map(Turn::After).or_else(|| self.before.map(Turn::Before))
    }

    /// Names and values of the filter, those that say something.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("endpoint", &self.endpoint),
            ("type", &self.kind),
            ("state", &self.state),
            ("since", &self.since),
            ("from", &self.from),
            ("to", &self.to),
            ("chat", &self.chat),
            ("text", &self.text),
        ];
        all.into_iter().filter(|(_, value)| !value.trim().is_empty()).map(|(name, value)| (name, value.clone())).collect()
    }

    /// The filter's names and values with the times fixed, so that what is confirmed a minute later is the same.
    #[must_use]
    pub fn fixed_pairs(&self, filter: &DeliveryFilter) -> Vec<(&'static str, String)> {
        let mut pairs = self.pairs();
        pairs.retain(|(name, _)| !["since", "from", "to"].contains(name));
        pairs.extend(filter.since.map(|since| ("from", time::rfc3339(since))));
        pairs.extend(filter.until.map(|until| ("to", time::rfc3339(until))));
        pairs
    }

    /// A query with the filter and one thing more.
    #[must_use]
    pub fn query(&self, more: Option<(&str, i64)>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs());
        if let Some((name, value)) = more {
            query.append_pair(name, &value.to_string());
        }
        query.finish()
    }
}

fn read<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, AppError> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).ok_or(AppError::Malformed) }
}

/// A time as a browser's field has it, in a time zone; the first where a change of the clocks gives two.
fn point(text: &str, timezone: &str) -> Option<Timestamp> {
    if let Some(at) = time::parse(text) {
        return Some(at);
    }
    let naive = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter().find_map(|shape| NaiveDateTime::parse_from_str(text, shape).ok())?;
    let zone = timezone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    let at = zone
        .from_local_datetime(&naive)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(naive + chrono::Duration::hours(1))).earliest())?;
    Some(Timestamp::from_ms(at.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(wish: Wish) -> Option<DeliveryFilter> {
        wish.filter(Timestamp::from_ms(1_795_348_800_000), "America/Recife").ok()
    }

    #[test]
    fn a_part_that_cannot_be_read_refuses_the_whole_filter() {
        for wish in [
            Wish { endpoint: "x".to_owned(), ..Wish::default() },
            Wish { kind: "chat.exploded".to_owned(), ..Wish::default() },
            Wish { state: "lost".to_owned(), ..Wish::default() },
            Wish { since: "-1".to_owned(), ..Wish::default() },
            Wish { from: "yesterday".to_owned(), ..Wish::default() },
            Wish { chat: "7".to_owned(), ..Wish::default() },
        ] {
            assert_eq!(filter(wish.clone()), None, "{wish:?}");
        }
    }

    #[test]
    fn times_are_those_of_the_organisation_and_can_be_fixed() {
        let wish = Wish { from: "2026-11-22T08:00".to_owned(), since: "24".to_owned(), ..Wish::default() };
        let read = filter(wish.clone()).expect("a filter");
        assert_eq!(read.since.map(time::rfc3339).as_deref(), Some("2026-11-22T11:00:00.000Z"));
        assert_eq!(wish.fixed_pairs(&read), [("from", "2026-11-22T11:00:00.000Z".to_owned())]);
        let day = filter(Wish { since: "24".to_owned(), ..Wish::default() }).expect("a filter");
        assert_eq!(day.since.map(time::rfc3339).as_deref(), Some("2026-11-21T12:00:00.000Z"));
    }
}
