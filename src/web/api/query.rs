//! Parameters of the address: known by name and kind, so that a misspelt filter is refused instead of ignored.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::domain::time::Timestamp;
use crate::web::error::AppError;
use crate::wire::time;

/// Records on a page where nothing was said.
const LIMIT_DEFAULT: usize = 50;
/// Records on a page at most.
pub const LIMIT_MAX: usize = 200;

/// What a parameter may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A UUID.
    Id,
    /// RFC 3339.
    Time,
    /// One of these.
    Word(fn() -> Vec<&'static str>),
    /// A whole number from `min` to `max`.
    Number { min: i64, max: i64 },
    /// Any text.
    Text,
}

/// One parameter of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    /// For programmers.
    pub about: &'static str,
}

impl Parameter {
    /// A parameter.
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, about }
    }
}

/// How much is wanted.
pub const LIMIT: Parameter = Parameter::new("limit", Kind::Number { min: 1, max: 200 }, "Records on a page; 50 if not given.");
/// Where to go on.
pub const CURSOR: Parameter = Parameter::new("cursor", Kind::Text, "The `next_cursor` of the page before.");

/// The parameters of one request, each of its kind.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    ///
    /// # Errors
    /// `Invalid` for a name that isn't known or comes twice, or a value of another kind.
    pub fn read(text: &str, known: &[Parameter]) -> Result<Self, AppError> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            let refuse = |code| AppError::Invalid { field: name.chars().take(64).collect(), code };
            let parameter = known.iter().find(|parameter| parameter.name == name).ok_or_else(|| refuse("parameter_unknown"))?;
            if read.iter().any(|(before, _)| *before == name) || !is_of(parameter.kind, &value) {
                return Err(refuse("field_invalid"));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// The text of a parameter.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter whose kind was checked.
    #[must_use]
    pub fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// A point in time.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(point)
    }

    /// Records wanted on the page.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.get("limit").unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX)
    }

    /// One record more than wanted, to see whether another page follows.
    #[must_use]
    pub fn limit_and_one(&self) -> i64 {
        i64::try_from(self.limit().saturating_add(1)).unwrap_or(i64::MAX)
    }

    /// Where to go on, as `read` understands it.
    ///
    /// # Errors
    /// `Invalid` for a cursor that we didn't make.
    pub fn cursor<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, AppError> {
        let Some(text) = self.text("cursor") else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|place| read(&place));
        place.map(Some).ok_or_else(|| AppError::Invalid { field: "cursor".to_owned(), code: "cursor_invalid" })
    }

    /// Cuts a list that was read with one record too many; the place of the last record is where the next page begins.
    pub fn cut<T>(&self, records: &mut Vec<T>, place: impl FnOnce(&T) -> String) -> Option<String> {
        let more = records.len() > self.limit();
        records.truncate(self.limit());
        records.last().filter(|_| more).map(|last| cursor_text(&place(last)))
    }
}

/// A place as programs give it back.
pub fn cursor_text(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn is_of(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Id => Uuid::try_parse(value).is_ok(),
        Kind::Time => point(value).is_some(),
        Kind::Word(words) => words().contains(&value),
        Kind::Number { min, max } => value.parse::<i64>().is_ok_and(|number| (min..=max).contains(&number)),
        Kind::Text => !value.is_empty() && value.len() <= 512,
    }
}

/// Many forget that `+` in an address means a space.
fn point(text: &str) -> Option<Timestamp> {
    time::parse(&text.replace(' ', "+"))
}

#[cfg(test)]
mod tests {
    use super::{CURSOR, Kind, LIMIT, Parameter, Query};
    use crate::web::error::AppError;

    const KNOWN: &[Parameter] = &[
        LIMIT,
        CURSOR,
        Parameter::new("state", Kind::Word(|| vec!["waiting", "active"]), ""),
        Parameter::new("chat_id", Kind::Id, ""),
        Parameter::new("from", Kind::Time, ""),
    ];

    fn refused(text: &str) -> Option<String> {
        match Query::read(text, KNOWN) {
            Err(AppError::Invalid { field, .. }) => Some(field),
            _ => None,
        }
    }

    #[test]
    fn a_parameter_that_nobody_knows_is_refused_by_its_name() {
        assert_eq!(refused("stat=waiting").as_deref(), Some("stat"));
        assert_eq!(refused("state=waiting&state=active").as_deref(), Some("state"));
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        for (text, field) in
            [("state=open", "state"), ("chat_id=7", "chat_id"), ("limit=0", "limit"), ("limit=201", "limit"), ("from=today", "from")]
        {
            assert_eq!(refused(text).as_deref(), Some(field), "{text}");
        }
        assert_eq!(refused("from=2026-11-22T12:00:00+00:00&limit=200&state=active"), None);
    }

    #[test]
    fn a_cursor_leads_from_page_to_page_and_a_foreign_one_is_refused() {
        let query = Query::read("limit=2", KNOWN).expect("known");
        let mut numbers = vec![1, 2, 3];
        let next = query.cut(&mut numbers, |last| format!("after-{last}")).expect("there is more");
        assert_eq!(numbers, [1, 2]);
        let query = Query::read(&format!("limit=2&cursor={next}"), KNOWN).expect("known");
        let place = query.cursor(|place| place.strip_prefix("after-")?.parse::<i64>().ok());
        assert_eq!(place.expect("ours"), Some(2));
        assert!(query.cursor(|_| None::<i64>).is_err());
        assert_eq!(query.cut(&mut vec![1], |_| String::new()), None);
    }
}
