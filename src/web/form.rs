//! A posted form: what was typed, kept for the answer, and what is wrong with it, by field.
//!
//! Each parser takes a field, notes a refusal under its name and goes on, so that one answer tells everything that has to be mended. A
//! refusal is the full key of its text. Knows no page and no rule of the domain but those of single texts.

use crate::domain::text::{self, TextError};
use crate::i18n::Texts;

/// Most fields that a form may have; a department's page with many members has the most.
const FIELDS_MAX: usize = 5_000;

/// What a browser posted, or what a page begins with.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    refusals: Vec<(String, &'static str)>,
}

impl Form {
    /// What was posted.
    #[must_use]
    pub fn posted(mut fields: Vec<(String, String)>) -> Self {
        fields.truncate(FIELDS_MAX);
        Self { fields, refusals: Vec::new() }
    }

    /// What an edit begins with.
    #[must_use]
    pub fn filled<const N: usize>(fields: [(&str, &str); N]) -> Self {
        Self { fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), refusals: Vec::new() }
    }

    /// Adds one more value under `name`.
    pub fn add(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// The first value under `name`, as typed; empty if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value under `name`.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        self.fields.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// Whether `value` is among the values under `name`: a ticked box.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(key, given)| key == name && given == value)
    }

    /// Whether `value` is the value under `name`: a chosen option.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    /// Notes that `name` can't be taken; `key` is that of the text. The first refusal of a field stands.
    pub fn refuse(&mut self, name: &str, key: &'static str) {
        if !self.is_refused(name) {
            self.refusals.push((name.to_owned(), key));
        }
    }

    /// The key of the text beside `name`, if it was refused.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&'static str> {
        self.refusals.iter().find(|(refused, _)| refused == name).map(|(_, key)| *key)
    }

    /// Whether `name` was refused.
    #[must_use]
    pub fn is_refused(&self, name: &str) -> bool {
        self.error(name).is_some()
    }

    /// Whether nothing was refused.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.refusals.is_empty()
    }

    /// One sentence above the form about what was refused.
    #[must_use]
    pub fn summary(&self, t: &Texts) -> String {
        t.count("form.summary", self.refusals.len(), &[])
    }

    /// A line of text that must be there.
    pub fn line(&mut self, name: &str, length_max: usize) -> String {
        match text::line(self.value(name), length_max) {
            Ok(Some(line)) => return line,
            Ok(None) => self.refuse(name, "form.empty"),
            Err(_) => self.refuse(name, "form.too_long"),
        }
        String::new()
    }

    /// A line of text that may be missing.
    pub fn line_or_none(&mut self, name: &str, length_max: usize) -> Option<String> {
        text::line(self.value(name), length_max).unwrap_or_else(|_: TextError| {
            self.refuse(name, "form.too_long");
            None
        })
    }

    /// Several lines of text that may be missing.
    pub fn paragraph(&mut self, name: &str, length_max: usize) -> Option<String> {
        text::paragraph(self.value(name), length_max).unwrap_or_else(|_: TextError| {
            self.refuse(name, "form.too_long");
            None
        })
    }

    /// An e-mail address that must be there.
    pub fn email(&mut self, name: &str) -> String {
        let typed = self.value(name).trim();
        let key = match text::email(typed) {
            Ok(email) => return email,
            Err(_) if typed.is_empty() => "form.empty",
            Err(TextError::TooLong) => "form.too_long",
            Err(TextError::Empty | TextError::Malformed) => "form.email_malformed",
        };
        self.refuse(name, key);
        String::new()
    }

    /// A whole number within bounds, both included.
    pub fn number(&mut self, name: &str, least: i64, most: i64) -> i64 {
        match self.value(name).trim().parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => return number,
            Ok(_) => self.refuse(name, "form.number_range"),
            Err(_) if self.value(name).trim().is_empty() => self.refuse(name, "form.empty"),
            Err(_) => self.refuse(name, "form.number_malformed"),
        }
        least
    }

    /// A whole number within bounds, or none where nothing was typed.
    pub fn number_or_none(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        if self.value(name).trim().is_empty() { None } else { Some(self.number(name, least, most)) }
    }

    /// One of a list of words, by the domain's own parser; `otherwise` after a refusal.
    pub fn choice<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, otherwise: T) -> T {
        parse(self.value(name)).unwrap_or_else(|| {
            self.refuse(name, "form.choose");
            otherwise
        })
    }

    /// Whether the box was ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        self.has(name, "on")
    }
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::domain::agent::Role;

    #[test]
    fn one_reading_tells_every_fault_and_keeps_what_was_typed() {
        let mut form = Form::filled([("name", " "), ("email", "ana@"), ("chats_max", "many"), ("role", "king")]);
        form.line("name", 10);
        form.email("email");
        form.number("chats_max", 1, 20);
        form.choice("role", Role::parse, Role::Agent);
        assert_eq!(form.error("name"), Some("form.empty"));
        assert_eq!(form.error("email"), Some("form.email_malformed"));
        assert_eq!(form.error("chats_max"), Some("form.number_malformed"));
        assert_eq!(form.error("role"), Some("form.choose"));
        assert_eq!(form.value("chats_max"), "many");
    }

    #[test]
    fn a_field_keeps_its_first_refusal() {
        let mut form = Form::filled([("name", "")]);
        form.line("name", 10);
        form.refuse("name", "form.name_taken");
        assert_eq!(form.error("name"), Some("form.empty"));
    }
}
