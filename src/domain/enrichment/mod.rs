//! What a receiver's answer may add to a chat and its visitor: what can be told, what may be taken of it, and what became of it.
//!
//! Pure: JSON is read before, and what was decided is carried out by commands after.

pub mod decide;
#[cfg(test)]
mod tests;

use super::text::TextError;

/// Longest name of a custom field, in Unicode scalar values.
pub const CUSTOM_NAME_LENGTH_MAX: usize = 60;
/// Longest text in a custom field, in Unicode scalar values.
pub const CUSTOM_VALUE_LENGTH_MAX: usize = 500;
/// Custom fields of one visitor: more nobody reads beside a conversation.
pub const CUSTOM_FIELDS_MAX: usize = 30;
/// Longest title of a card, in Unicode scalar values.
pub const CARD_TITLE_LENGTH_MAX: usize = 80;
/// Longest text of a card, in Unicode scalar values.
pub const CARD_CONTENT_LENGTH_MAX: usize = 1_000;
/// Longest address on a card, in bytes.
pub const CARD_URL_LENGTH_MAX: usize = 2_000;
/// Cards in one answer.
pub const CARDS_OF_ANSWER_MAX: usize = 5;
/// Cards of one visitor; the oldest make room.
pub const CARDS_MAX: usize = 10;
/// Longest part of what was told that is kept beside what became of it, in Unicode scalar values.
const DETAIL_LENGTH_MAX: usize = 80;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// From the stable word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// What an endpoint may be allowed to fill, each by itself.
    Field {
        /// The visitor's name.
        Name = "name",
        /// The visitor's e-mail.
        Email = "email",
        /// The visitor's phone.
        Phone = "phone",
        /// Custom fields of the visitor.
        Custom = "custom",
        /// Cards beside the conversation.
        Card = "card",
        /// Tags of the chat.
        Tags = "tags",
        /// The department of a waiting chat.
        Department = "department",
        /// An internal note in the chat.
        Note = "note",
    }
    /// Why something that was told was not taken.
    Reason {
        /// The endpoint may not fill it.
        NotAllowed = "not_allowed",
        /// It was typed, verified or answered before.
        AlreadyKnown = "already_known",
        /// Over the limit of its field.
        TooLong = "too_long",
        /// Not what the field holds: no e-mail, no phone number, no address.
        Invalid = "invalid",
        /// The address of a card is not `https`; the card is shown without it.
        NotHttps = "not_https",
        /// More than there may be.
        TooMany = "too_many",
        /// No tag in use has this name or id.
        UnknownTag = "unknown_tag",
        /// No department in use has this name or id.
        UnknownDepartment = "unknown_department",
        /// Only a waiting chat's department can be chosen.
        NotWaiting = "not_waiting",
        /// The chat was over.
        ChatEnded = "chat_ended",
        /// The delivery was a test.
        Test = "test",
        /// The delivery was sent again by hand.
        Resend = "resend",
        /// What the delivery was about was erased or taken back meanwhile.
        Withdrawn = "withdrawn",
        /// Not JSON, or not of this shape.
        Malformed = "malformed",
        /// More than is read.
        TooLarge = "too_large",
        /// It broke off.
        Incomplete = "incomplete",
        /// A fault of ours; it is in the log.
        Failed = "failed",
    }
}

impl From<TextError> for Reason {
    fn from(error: TextError) -> Self {
        match error {
            TextError::TooLong => Self::TooLong,
            TextError::Empty | TextError::Malformed => Self::Invalid,
        }
    }
}

/// A simple value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    Text(String),
    /// As JSON writes it.
    Number(String),
    Flag(bool),
}

/// A card as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardTold {
    pub title: String,
    pub content: String,
    pub url: String,
}

/// What an answer told, read but not judged. An empty text tells nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub custom: Vec<(String, Scalar)>,
    pub cards: Vec<CardTold>,
    pub tags: Vec<String>,
    pub department: String,
    pub note: String,
}

impl Answer {
    /// Whether nothing was told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let texts = [&self.name, &self.email, &self.phone, &self.department, &self.note];
        texts.iter().all(|text| text.trim().is_empty()) && self.custom.is_empty() && self.cards.is_empty() && self.tags.is_empty()
    }
}

/// What is there of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing: no body, or nothing in it that is known here.
    Nothing,
    /// Something.
    Answer(Answer),
    /// Something that can't be read.
    Unread(Reason),
}

/// One thing that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// None for the answer as a whole.
    pub field: Option<Field>,
    /// Which of several, by what names it: a custom field's name, a card's title, a tag.
    pub detail: Option<String>,
}

impl Item {
    /// A field that there is one of.
    #[must_use]
    pub const fn of(field: Field) -> Self {
        Self { field: Some(field), detail: None }
    }

    /// One of several.
    #[must_use]
    pub fn named(field: Field, name: &str) -> Self {
        let name = super::text::cut(name.trim(), DETAIL_LENGTH_MAX);
        Self { field: Some(field), detail: Some(name).filter(|name| !name.is_empty()) }
    }

    /// The whole answer.
    #[must_use]
    pub const fn whole() -> Self {
        Self { field: None, detail: None }
    }
}

/// What became of an answer. Holds names of fields, never their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrichment {
    pub taken: Vec<Item>,
    pub ignored: Vec<(Item, Reason)>,
}

impl Enrichment {
    /// An answer of which nothing could be taken.
    #[must_use]
    pub fn none(reason: Reason) -> Self {
        Self { taken: Vec::new(), ignored: vec![(Item::whole(), reason)] }
    }
}
