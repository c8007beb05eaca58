//! What is taken of an answer, and why not the rest. It fills blanks: what was typed, verified or answered before stays.

use std::collections::BTreeSet;

use url::Url;

use super::{
    Answer, CARD_CONTENT_LENGTH_MAX, CARD_TITLE_LENGTH_MAX, CARD_URL_LENGTH_MAX, CARDS_MAX, CARDS_OF_ANSWER_MAX, CUSTOM_FIELDS_MAX,
    CUSTOM_NAME_LENGTH_MAX, CUSTOM_VALUE_LENGTH_MAX, CardTold, Enrichment, Field, Item, Reason, Scalar,
};
use crate::domain::chat::{Chat, State, TAGS_MAX};
use crate::domain::delivery::Cause;
use crate::domain::department::Department;
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::ids::{DepartmentId, EndpointId, TagId};
use crate::domain::site;
use crate::domain::text::{self, Body, NAME_LENGTH_MAX};
use crate::domain::time::Timestamp;
use crate::domain::visitor::{Card, Visitor};

/// What is known when the answer comes.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub chat: &'a Chat,
    pub visitor: &'a Visitor,
    /// The names of the custom fields that have a value.
    pub custom: &'a BTreeSet<String>,
    /// What this endpoint has noted in the chat before.
    pub notes: &'a [String],
    pub directory: &'a Directory,
    pub endpoint: EndpointId,
    pub now: Timestamp,
}

/// What the visitor gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    pub name: Option<String>,
    pub email: Option<String>,
    /// As told, and E.164 where it can be.
    pub phone: Option<(String, Option<String>)>,
    pub custom: Vec<(String, Scalar)>,
    /// All cards after it, the oldest first; none if they stay.
    pub cards: Option<Vec<Card>>,
}

impl Filling {
    /// The attributes that change, as `visitor.updated` names them; cards are none of the visitor's own.
    #[must_use]
    pub fn changed(&self) -> Vec<&'static str> {
        let parts = [
            (Field::Name, self.name.is_some()),
            (Field::Email, self.email.is_some()),
            (Field::Phone, self.phone.is_some()),
            (Field::Custom, !self.custom.is_empty()),
        ];
        parts.into_iter().filter(|(_, changes)| *changes).map(|(field, _)| field.as_str()).collect()
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed().is_empty() && self.cards.is_none()
    }
}

/// What is taken, and the record of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    pub filling: Filling,
    /// All tags after it; none if they stay.
    pub tags: Option<BTreeSet<TagId>>,
    pub note: Option<Body>,
    pub department: Option<DepartmentId>,
    pub outcome: Enrichment,
}

/// Whether answers to this type are read at all. What they cause is told by types that are not, so no answer causes itself.
#[must_use]
pub const fn is_answered(event: EventType) -> bool {
    matches!(event, EventType::ChatRequested | EventType::ChatStarted | EventType::VisitorLocated)
}

/// Why nothing of any answer to such a delivery is taken.
#[must_use]
pub const fn bars(cause: Cause) -> Option<Reason> {
    match cause {
        Cause::Test => Some(Reason::Test),
        Cause::Resend => Some(Reason::Resend),
        Cause::Event | Cause::Recover => None,
    }
}

/// Judges each thing that was told by itself.
#[must_use]
pub fn decide(answer: &Answer, allowed: &BTreeSet<Field>, known: &Known<'_>) -> Decided {
    if !known.chat.state.is_open() {
        return Decided { outcome: Enrichment::none(Reason::ChatEnded), ..Decided::default() };
    }
    let mut judge = Judge { allowed, known, decided: Decided::default() };
    judge.contact(answer);
    judge.custom(&answer.custom);
    judge.cards(&answer.cards);
    judge.tags(&answer.tags);
    judge.department(answer.department.trim());
    judge.note(&answer.note);
    judge.decided
}

struct Judge<'a> {
    allowed: &'a BTreeSet<Field>,
    known: &'a Known<'a>,
    decided: Decided,
}

impl Judge<'_> {
    /// Notes what became of a thing, and gives on what was taken.
    fn settle<T>(&mut self, item: Item, result: Result<T, Reason>) -> Option<T> {
        let outcome = &mut self.decided.outcome;
        match result {
            Ok(value) => {
                outcome.taken.push(item);
                Some(value)
            }
            Err(reason) => {
                outcome.ignored.push((item, reason));
                None
            }
        }
    }

    fn may(&self, field: Field) -> Result<(), Reason> {
        if self.allowed.contains(&field) { Ok(()) } else { Err(Reason::NotAllowed) }
    }

    /// Whether the visitor's attribute is blank and not vouched for.
    fn must_be_blank(&self, field: Field, known: Option<&String>) -> Result<(), Reason> {
        let verified = self.known.visitor.verified.iter().any(|name| name == field.as_str());
        if verified || known.is_some() { Err(Reason::AlreadyKnown) } else { Ok(()) }
    }

    fn contact(&mut self, answer: &Answer) {
        let visitor = self.known.visitor;
        let told = |text: &str| !text.trim().is_empty();
        if told(&answer.name) {
            let blank = self.may(Field::Name).and_then(|()| self.must_be_blank(Field::Name, visitor.name.as_ref()));
            let name = blank.and_then(|()| text::line(&answer.name, NAME_LENGTH_MAX)?.ok_or(Reason::Invalid));
            self.decided.filling.name = self.settle(Item::of(Field::Name), name);
        }
        if told(&answer.email) {
            let blank = self.may(Field::Email).and_then(|()| self.must_be_blank(Field::Email, visitor.email.as_ref()));
            let email = blank.and_then(|()| Ok(text::email(&answer.email)?));
            self.decided.filling.email = self.settle(Item::of(Field::Email), email);
        }
        if told(&answer.phone) {
            let phone = visitor.phone_raw.as_ref().or(visitor.phone.as_ref());
            let blank = self.may(Field::Phone).and_then(|()| self.must_be_blank(Field::Phone, phone));
            let phone = blank.and_then(|()| Ok(text::phone(&answer.phone)?));
            self.decided.filling.phone = self.settle(Item::of(Field::Phone), phone);
        }
    }

    fn custom(&mut self, told: &[(String, Scalar)]) {
        for (index, (name, value)) in told.iter().enumerate() {
            if index >= CUSTOM_FIELDS_MAX {
                self.settle::<()>(Item::of(Field::Custom), Err(Reason::TooMany));
                return;
            }
            let field = self.custom_field(name, value);
            if let Some(field) = self.settle(Item::named(Field::Custom, name), field) {
                self.decided.filling.custom.push(field);
            }
        }
    }

    fn custom_field(&self, name: &str, value: &Scalar) -> Result<(String, Scalar), Reason> {
        self.may(Field::Custom)?;
        let name = text::line(name, CUSTOM_NAME_LENGTH_MAX)?.ok_or(Reason::Invalid)?;
        let told = &self.decided.filling.custom;
        if self.known.custom.contains(&name) || told.iter().any(|(other, _)| *other == name) {
            return Err(Reason::AlreadyKnown);
        }
        if self.known.custom.len() + told.len() >= CUSTOM_FIELDS_MAX {
            return Err(Reason::TooMany);
        }
        let value = match value {
            Scalar::Text(text) => Scalar::Text(text::paragraph(text, CUSTOM_VALUE_LENGTH_MAX)?.ok_or(Reason::Invalid)?),
            Scalar::Number(digits) if digits.len() > CUSTOM_VALUE_LENGTH_MAX => return Err(Reason::TooLong),
            Scalar::Number(_) | Scalar::Flag(_) => value.clone(),
        };
        Ok((name, value))
    }

    /// An endpoint's card takes the place of its earlier one with the same title; it is nobody else's word.
    fn cards(&mut self, told: &[CardTold]) {
        let before = &self.known.visitor.cards;
        let mut cards = before.clone();
        for (index, told) in told.iter().enumerate() {
            if index >= CARDS_OF_ANSWER_MAX {
                self.settle::<()>(Item::of(Field::Card), Err(Reason::TooMany));
                break;
            }
            let judged = self.may(Field::Card).and_then(|()| card(told, self.known.endpoint, self.known.now));
            let (card, link) = judged.map_or_else(|reason| (Err(reason), None), |(card, link)| (Ok(card), link));
            let is_same = |other: &&Card, card: &Card| other.endpoint == card.endpoint && other.title == card.title;
            let card = card.and_then(|card| match cards.iter().find(|other| is_same(other, &card)) {
                Some(other) if (&other.content, &other.url) == (&card.content, &card.url) => Err(Reason::AlreadyKnown),
                Some(_) | None => Ok(card),
            });
            if let Some(card) = self.settle(Item::named(Field::Card, &told.title), card) {
                cards.retain(|other| !is_same(&other, &card));
                cards.push(card);
                if let Some(reason) = link {
                    self.settle::<()>(Item::named(Field::Card, &told.title), Err(reason));
                }
            }
        }
        if cards != *before {
            let surplus = cards.len().saturating_sub(CARDS_MAX);
            self.decided.filling.cards = Some(cards.split_off(surplus));
        }
    }

    fn tags(&mut self, told: &[String]) {
        let mut tags = self.known.chat.tags.clone();
        for (index, name) in told.iter().filter(|name| !name.trim().is_empty()).enumerate() {
            if index >= TAGS_MAX {
                self.settle::<()>(Item::of(Field::Tags), Err(Reason::TooMany));
                break;
            }
            let tag = self.may(Field::Tags).and_then(|()| self.tag(name.trim(), &tags));
            if let Some(tag) = self.settle(Item::named(Field::Tags, name), tag) {
                tags.insert(tag);
            }
        }
        self.decided.tags = Some(tags).filter(|tags| *tags != self.known.chat.tags);
    }

    fn tag(&self, name: &str, tags: &BTreeSet<TagId>) -> Result<TagId, Reason> {
        let mut in_use = self.known.directory.tags.values().filter(|tag| tag.archived_at.is_none());
        let id = name.parse::<TagId>().ok();
        let tag = in_use.find(|tag| Some(tag.id) == id || is_same_name(&tag.name, name)).ok_or(Reason::UnknownTag)?;
        if tags.contains(&tag.id) {
            return Err(Reason::AlreadyKnown);
        }
        if tags.len() >= TAGS_MAX { Err(Reason::TooMany) } else { Ok(tag.id) }
    }

    fn note(&mut self, told: &str) {
        if told.trim().is_empty() {
            return;
        }
        let note = self.may(Field::Note).and_then(|()| Ok(Body::parse(told)?)).and_then(|note| {
            if self.known.notes.iter().any(|other| other == note.as_str()) { Err(Reason::AlreadyKnown) } else { Ok(note) }
        });
        self.decided.note = self.settle(Item::of(Field::Note), note);
    }

    fn department(&mut self, told: &str) {
        if told.is_empty() {
            return;
        }
        let department = self.may(Field::Department).and_then(|()| self.chosen(told));
        self.decided.department = self.settle(Item::named(Field::Department, told), department);
    }

    /// The department by id, external id or name. It is blank as long as the chat is where its site put it.
    fn chosen(&self, told: &str) -> Result<DepartmentId, Reason> {
        let chat = self.known.chat;
        if chat.state != State::Waiting {
            return Err(Reason::NotWaiting);
        }
        let in_use: Vec<&Department> = self.known.directory.departments.values().filter(|found| found.archived_at.is_none()).collect();
        let id = told.parse::<DepartmentId>().ok();
        let by_id = in_use.iter().find(|found| Some(found.id) == id || found.external_id.as_deref() == Some(told));
        let mut by_name = in_use.iter().filter(|found| is_same_name(&found.name, told));
        let found = match (by_id, by_name.next(), by_name.next()) {
            (Some(found), ..) | (None, Some(found), None) => found.id,
            // Two of one name are none.
            (None, Some(_), Some(_)) | (None, None, _) => return Err(Reason::UnknownDepartment),
        };
        let site = self.known.directory.sites.get(&chat.request.site);
        let is_sites_own = site.is_some_and(|site| site.default_department == chat.department);
        let was_asked_for = site.is_some_and(|site| site.fields.department == site::Field::Required);
        let has_moved = chat.department != chat.request.department || chat.started_at.is_some();
        if found == chat.department || !is_sites_own || was_asked_for || has_moved { Err(Reason::AlreadyKnown) } else { Ok(found) }
    }
}

/// A card, and why it has no link although one was told.
fn card(told: &CardTold, endpoint: EndpointId, at: Timestamp) -> Result<(Card, Option<Reason>), Reason> {
    let title = text::line(&told.title, CARD_TITLE_LENGTH_MAX)?.ok_or(Reason::Invalid)?;
    let content = text::paragraph(&told.content, CARD_CONTENT_LENGTH_MAX)?.unwrap_or_default();
    let (url, refused) = match link(told.url.trim()) {
        Ok(url) => (url, None),
        Err(reason) => (None, Some(reason)),
    };
    if content.is_empty() && url.is_none() {
        return Err(refused.unwrap_or(Reason::Invalid));
    }
    Ok((Card { title, content, url, endpoint, at }, refused))
}

/// An address that may be offered: `https`, and no user name in it that could be taken for the host.
fn link(told: &str) -> Result<Option<String>, Reason> {
    if told.is_empty() {
        return Ok(None);
    }
    if told.len() > CARD_URL_LENGTH_MAX {
        return Err(Reason::TooLong);
    }
    let url = Url::parse(told).map_err(|_unread| Reason::Invalid)?;
    if url.scheme() != "https" {
        return Err(Reason::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Reason::Invalid);
    }
    Ok(Some(url.into()))
}

fn is_same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
