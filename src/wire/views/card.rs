//! What agents see of who asks, and of messages that were left.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Named, RatingView};
use crate::domain::chat::Chat;
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, EndpointId};
use crate::domain::offline::OfflineMessage;
use crate::domain::time::Timestamp;
use crate::domain::visitor::Visitor;
use crate::wire::time::rfc3339;

/// The visitor card's device.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceView {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub os: Option<String>,
    pub browser: Option<String>,
}

/// Who asks, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct CardVisitor {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub first_seen_at: String,
    pub chats_count: i32,
    pub verified: Vec<String>,
    pub device: DeviceView,
    pub custom: Value,
    pub filled: BTreeMap<String, FilledView>,
}

/// Where the visitor is, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct PageView {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// What the visitor agreed to.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentView {
    pub version: i32,
    pub accepted_at: String,
    pub marketing: bool,
}

/// A chat of before.
#[derive(Clone, Debug, Serialize)]
pub struct PreviousChat {
    pub id: String,
    pub protocol: String,
    pub subject: String,
    pub requested_at: String,
    pub agent: Option<Named>,
    pub rating: Option<RatingView>,
}

/// Which endpoint's answer said something, and when.
#[derive(Clone, Debug, Serialize)]
pub struct FilledView {
    /// The endpoint's name.
    pub from: String,
    pub at: String,
}

impl FilledView {
    fn of(endpoint: EndpointId, at: Timestamp, directory: &Directory) -> Self {
        Self { from: directory.endpoint_name(endpoint).to_owned(), at: rfc3339(at) }
    }
}

/// A card that an endpoint's answer brought.
#[derive(Clone, Debug, Serialize)]
pub struct CardView {
    pub title: String,
    pub content: String,
    pub url: Option<String>,
    #[serde(flatten)]
    pub by: FilledView,
}

/// Everything about who is on the other side, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub visitor: CardVisitor,
    pub page: PageView,
    pub present: bool,
    pub consent: Option<ConsentView>,
    pub cards: Vec<CardView>,
    /// Those that the reader may open; none where several read the same card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Vec<PreviousChat>>,
}

impl Card {
    /// The card of a chat; `page` is where the visitor is now.
    #[must_use]
    pub fn of(chat: &Chat, visitor: &Visitor, page: &crate::domain::page::Page, directory: &Directory) -> Self {
        Self {
            visitor: CardVisitor {
                id: visitor.id.to_string(),
                name: visitor.name.clone(),
                email: visitor.email.clone(),
                phone: visitor.phone.clone().or_else(|| visitor.phone_raw.clone()),
                locale: visitor.locale.clone(),
                timezone: visitor.timezone.clone(),
                first_seen_at: rfc3339(visitor.first_seen_at),
                chats_count: visitor.chats_count,
                verified: visitor.verified.clone(),
                device: DeviceView {
                    kind: visitor.device.kind.clone(),
                    os: visitor.device.os.clone(),
                    browser: visitor.device.browser.clone(),
                },
                custom: serde_json::from_str(&visitor.custom).unwrap_or_default(),
                filled: visitor.filled.iter().map(|(name, by)| (name.clone(), FilledView::of(by.endpoint, by.at, directory))).collect(),
            },
            page: PageView { url: page.url.clone(), title: page.title.clone(), referrer: page.referrer.clone() },
            present: chat.absent_since.is_none(),
            consent: chat.request.consent.map(|consent| ConsentView {
                version: consent.version,
                accepted_at: rfc3339(consent.at),
                marketing: chat.request.marketing,
            }),
            cards: visitor
                .cards
                .iter()
                .map(|card| CardView {
                    title: card.title.clone(),
                    content: card.content.clone(),
                    url: card.url.clone(),
                    by: FilledView::of(card.endpoint, card.at, directory),
                })
                .collect(),
            previous: None,
        }
    }

    /// With the visitor's chats before this one.
    #[must_use]
    pub fn with_previous(self, previous: &[Chat], directory: &Directory) -> Self {
        let view = |chat: &Chat| PreviousChat {
            id: chat.id.to_string(),
            protocol: chat.request.protocol.clone(),
            subject: chat.request.subject.clone(),
            requested_at: rfc3339(chat.requested_at),
            agent: chat.agents.last().map(|agent| Named::agent(directory, *agent)),
            rating: chat.rating.as_ref().map(|rating| RatingView { score: rating.score, comment: rating.comment.clone() }),
        };
        Self { previous: Some(previous.iter().map(view).collect()), ..self }
    }
}

/// A message for later, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct OfflineMessageView {
    pub id: String,
    pub department: Named,
    pub site: Named,
    pub visitor_id: String,
    pub chat_id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub body: String,
    pub page_url: Option<String>,
    pub created_at: String,
    pub done_at: Option<String>,
    pub done_by: Option<Named>,
}

impl OfflineMessageView {
    /// The agents' view.
    #[must_use]
    pub fn of(message: &OfflineMessage, directory: &Directory) -> Self {
        let done: Option<(Timestamp, AgentId)> = message.done;
        Self {
            id: message.id.to_string(),
            department: Named::department(directory, message.department),
            site: Named::new(message.site, directory.sites.get(&message.site).map_or("", |site| &site.name)),
            visitor_id: message.visitor.to_string(),
            chat_id: message.chat.map(|chat| chat.to_string()),
            name: message.name.clone(),
            email: message.email.clone(),
            phone: message.phone.clone(),
            body: message.body.clone(),
            page_url: message.page_url.clone(),
            created_at: rfc3339(message.created_at),
            done_at: done.map(|(at, _)| rfc3339(at)),
            done_by: done.map(|(_, agent)| Named::agent(directory, agent)),
        }
    }
}
