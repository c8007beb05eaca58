//! What each change tells: reads the visitor, the consent and the queue beside the chat, and hands bodies to the outbox. Reads nothing where nobody listens.

use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::spans::Spans;
use super::{Happening, enqueue, spans};
use crate::domain::agent::Availability;
use crate::domain::chat::command::Actor;
use crate::domain::chat::event::{self, Event, Recorded};
use crate::domain::chat::{Chat, LocationSource, Request};
use crate::domain::directory::Directory;
use crate::domain::endpoint::Extras;
use crate::domain::endpoint::filter::Occurrence;
use crate::domain::event_type::EventType;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, EventId, TagId};
use crate::domain::offline::OfflineMessage;
use crate::domain::page::Page;
use crate::domain::time::Timestamp;
use crate::domain::visitor::Visitor;
use crate::domain::webhook_id::WebhookId;
use crate::store::error::StoreError;
use crate::store::schema::consents;
use crate::store::{Tx, deliveries, queue, timeline, visitors};
use crate::wire::payload::of_domain::{self, Lookup};
use crate::wire::payload::{
    AbandonReason, About, AgentAvailabilityChanged, Availability as Reachable, ChatAbandoned, ChatFinished, ChatMissed, ChatRated,
    ChatRequested, ChatStarted, ChatTagged, ChatTransferred, Consent, Content, Data, FinishReason, Frame, Location,
    LocationSource as SharedFrom, Message, MessageCounts, MessageCreated, OfflineMessage as Left, OfflineMessageCreated, Place, Queue,
    Transcript, TranscriptMessage, TransferReason, VisitorLocated, VisitorLocationRevoked, VisitorUpdated, to_body,
};

/// Queues what an entry tells to the endpoints that want it. `chat` is the chat after the entry.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn enqueue_entry(tx: &mut Tx<'_>, chat: &Chat, entry: &Recorded) -> Result<(), StoreError> {
    let Some(event) = entry.event.webhook_type().and_then(|name| name.parse::<EventType>().ok()) else { return Ok(()) };
    let departments = departments_of(chat, &entry.event);
    let tags: Vec<TagId> = chat.tags.iter().chain(removed_tags(&entry.event)).copied().collect();
    let score = if let Event::Rated { rating, .. } = &entry.event { u8::try_from(rating.score).ok() } else { None };
    let what = Occurrence { event, site: Some(chat.request.site), departments: &departments, tags: Some(&tags), score };
    if !is_heard(&tx.directory, &what) {
        return Ok(());
    }
    let told = Told::read(tx, chat, entry)?;
    let sequence = event.is_sequenced().then_some(chat.event_sequence);
    let happening =
        Happening { id: told.frame.id.event, at: entry.at.wall, chat: Some(chat.id), visitor: Some(chat.request.visitor), sequence, what };
    enqueue(tx, &happening, |extras| told.body(chat, entry, extras))
}

/// Queues `offline_message.created`.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn enqueue_offline_message(tx: &mut Tx<'_>, message: &OfflineMessage) -> Result<(), StoreError> {
    let departments = [message.department];
    let event = EventType::OfflineMessageCreated;
    let what = Occurrence { event, site: Some(message.site), departments: &departments, tags: None, score: None };
    if !is_heard(&tx.directory, &what) {
        return Ok(());
    }
    let (directory, public_url) = (Arc::clone(&tx.directory), Arc::clone(&tx.public_url));
    let lookup = Lookup { directory: &directory, public_url: &public_url };
    let visitor = visitors::get(tx.conn, message.visitor)?;
    let id = EventId::new();
    let frame = frame(&lookup, id, message.created_at, None);
    let happening = Happening { id, at: message.created_at, chat: None, visitor: Some(message.visitor), sequence: None, what };
    enqueue(tx, &happening, |extras| {
        let page = Page { url: message.page_url.clone(), ..Page::default() };
        let offline_message = Left {
            id: message.id.to_string(),
            name: message.name.clone(),
            email: message.email.clone(),
            phone: message.phone.clone(),
            department: lookup.department(message.department),
            body: message.body.clone(),
            page: of_domain::page(&page),
            chat_id: message.chat.map(|chat| chat.to_string()),
        };
        let about = About { visitor: Some(of_domain::visitor(&visitor, extras)), ..About::default() };
        to_body(&frame, Data { about, more: OfflineMessageCreated { offline_message } })
    })
}

/// Queues `visitor.updated`: no chat's own event, though it concerns the department of the chat in which it happened.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn enqueue_visitor_updated(tx: &mut Tx<'_>, chat: &Chat, by: Actor, changed: &[&str]) -> Result<(), StoreError> {
    let (directory, public_url) = (Arc::clone(&tx.directory), Arc::clone(&tx.public_url));
    let departments = [chat.department];
    let event = EventType::VisitorUpdated;
    let what = Occurrence { event, site: Some(chat.request.site), departments: &departments, tags: None, score: None };
    if !is_heard(&directory, &what) {
        return Ok(());
    }
    let lookup = Lookup { directory: &directory, public_url: &public_url };
    let visitor = visitors::get(tx.conn, chat.request.visitor)?;
    let (id, at) = (EventId::new(), tx.now.wall);
    let frame = frame(&lookup, id, at, None);
    let happening = Happening { id, at, chat: None, visitor: Some(visitor.id), sequence: None, what };
    enqueue(tx, &happening, |extras| {
        let about = About { visitor: Some(of_domain::visitor(&visitor, extras)), ..About::default() };
        let changed = changed.iter().map(ToString::to_string).collect();
        to_body(&frame, Data { about, more: VisitorUpdated { changed, by: lookup.actor(by, visitor.name.as_deref()) } })
    })
}

/// Queues `agent.availability_changed`.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn enqueue_availability(
    tx: &mut Tx<'_>,
    agent: AgentId,
    from: Availability,
    to: Availability,
) -> Result<(), StoreError> {
    let (directory, public_url) = (Arc::clone(&tx.directory), Arc::clone(&tx.public_url));
    let is_member = |id: &&DepartmentId| directory.departments.get(id).is_some_and(|department| department.member(agent).is_some());
    let departments: Vec<DepartmentId> = directory.departments.keys().filter(is_member).copied().collect();
    let event = EventType::AgentAvailabilityChanged;
    let what = Occurrence { event, site: None, departments: &departments, tags: None, score: None };
    if !is_heard(&directory, &what) {
        return Ok(());
    }
    let lookup = Lookup { directory: &directory, public_url: &public_url };
    let (id, at) = (EventId::new(), tx.now.wall);
    let frame = frame(&lookup, id, at, None);
    enqueue(tx, &Happening { id, at, chat: None, visitor: None, sequence: None, what }, |_| {
        let about = About { agent: Some(lookup.agent(agent)), ..About::default() };
        to_body(&frame, Data { about, more: AgentAvailabilityChanged { from: reachable(from), to: reachable(to) } })
    })
}

/// Takes revoked coordinates out of stored bodies; undelivered ones end as `revoked`.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn forget_location(tx: &mut Tx<'_>, chat: ChatId) -> Result<(), StoreError> {
    deliveries::revoke_location(tx, chat)
}

/// Everything beside the chat that a body of it is made from.
struct Told {
    frame: Frame,
    directory: Arc<Directory>,
    public_url: Arc<str>,
    visitor: Visitor,
    consent: Option<Consent>,
    queue: Option<Queue>,
    spans: Spans,
    transcript: Vec<Recorded>,
}

impl Told {
    fn read(tx: &mut Tx<'_>, chat: &Chat, entry: &Recorded) -> Result<Self, StoreError> {
        let (directory, public_url) = (Arc::clone(&tx.directory), Arc::clone(&tx.public_url));
        let lookup = Lookup { directory: &directory, public_url: &public_url };
        let sequence = entry.event.is_sequenced().then_some(chat.event_sequence);
        let frame = frame(&lookup, EventId::new(), entry.at.wall, sequence);
        let queue = if matches!(entry.event, Event::Requested(_)) { queue_of(tx, chat)? } else { None };
        let spans = if matches!(entry.event, Event::Finished(_)) { spans::of(tx.conn, chat, entry)? } else { Spans::default() };
        let wants_transcript = |extras: Extras| extras.transcript;
        let transcript = if matches!(entry.event, Event::Finished(_))
            && directory.endpoints.values().any(|endpoint| wants_transcript(endpoint.draft.extras))
        {
            timeline::messages(tx.conn, chat.id)?
        } else {
            Vec::new()
        };
        let visitor = visitors::get(tx.conn, chat.request.visitor)?;
        let consent = consent_of(tx, &chat.request)?;
        Ok(Self { frame, visitor, consent, queue, spans, transcript, directory, public_url })
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup { directory: &self.directory, public_url: &self.public_url }
    }

    fn actor(&self, entry: &Recorded) -> crate::wire::payload::Actor {
        self.lookup().actor(entry.by, self.visitor.name.as_deref())
    }

    fn place(&self, place: event::Place) -> Place {
        Place { agent: place.agent.map(|id| self.lookup().agent(id)), department: self.lookup().department(place.department) }
    }

    /// The bytes for what an endpoint asks for; empty for an entry that tells nothing, which never comes here.
    fn body(&self, chat: &Chat, entry: &Recorded, extras: Extras) -> Vec<u8> {
        let told = Telling { of: self, chat, entry, extras };
        match &entry.event {
            Event::Requested(_) => self.queue.clone().map_or_else(Vec::new, |queue| told.bytes(ChatRequested { queue })),
            Event::Written(body) => told.bytes(MessageCreated {
                message: Message {
                    id: entry.id.to_string(),
                    seq: entry.seq,
                    author: self.actor(entry),
                    body: body.to_string(),
                    attachments: Vec::new(),
                    created_at: entry.at.wall.into(),
                },
            }),
            Event::Started { first, waited_seconds, .. } => told.bytes(ChatStarted { first: *first, waited_seconds: *waited_seconds }),
            Event::Transferred { reason, from, to, note } => told.bytes(ChatTransferred {
                reason: match reason {
                    event::TransferReason::Transferred => TransferReason::Transferred,
                    event::TransferReason::AgentLost => TransferReason::AgentLost,
                    event::TransferReason::AgentDeactivated => TransferReason::AgentDeactivated,
                },
                by: self.actor(entry),
                from: self.place(*from),
                to: self.place(*to),
                note: note.as_ref().filter(|_| extras.note).map(ToString::to_string),
            }),
            Event::Located { coordinates: Some(place), source } => told.bytes(VisitorLocated {
                location: Location {
                    latitude: place.latitude,
                    longitude: place.longitude,
                    accuracy_m: Some(place.accuracy_m),
                    consented_at: entry.at.wall.into(),
                    source: match source {
                        LocationSource::Queue => SharedFrom::Queue,
                        LocationSource::AgentRequest => SharedFrom::AgentRequest,
                    },
                },
            }),
            Event::LocationRevoked => told.bytes(VisitorLocationRevoked { changed: vec!["location".to_owned()] }),
            Event::Tagged { tags, added, removed } => told.bytes(ChatTagged {
                tags: self.lookup().tags(tags),
                added: self.lookup().tags(added),
                removed: self.lookup().tags(removed),
                by: self.actor(entry),
            }),
            Event::Rated { rating, previous } => told.bytes(ChatRated {
                rating: self.lookup().rating(rating),
                previous: previous.as_ref().map(|rating| self.lookup().rating(rating)),
            }),
            Event::Finished(reason) => told.bytes(self.finished(chat, entry, *reason, extras)),
            Event::Abandoned { reason, waited_seconds, position, short } => told.bytes(ChatAbandoned {
                reason: abandon_reason(*reason),
                waited_seconds: *waited_seconds,
                queue_position: *position,
                short_abandonment: *short,
            }),
            Event::Missed { waited_seconds, position } => {
                told.bytes(ChatMissed { waited_seconds: *waited_seconds, queue_position: *position })
            }
            Event::Located { coordinates: None, .. }
            | Event::Noted(_)
            | Event::Called { .. }
            | Event::Offered(_)
            | Event::OfferPassed(_)
            | Event::LocationAsked
            | Event::Stayed => Vec::new(),
        }
    }

    fn finished(&self, chat: &Chat, entry: &Recorded, reason: event::FinishReason, extras: Extras) -> ChatFinished {
        ChatFinished {
            by: self.actor(entry),
            reason: match reason {
                event::FinishReason::Closed => FinishReason::Closed,
                event::FinishReason::LeftQueue => FinishReason::LeftQueue,
                event::FinishReason::Inactive => FinishReason::Inactive,
                event::FinishReason::Unattended => FinishReason::Unattended,
            },
            waited_seconds: self.spans.waited,
            duration_seconds: self.spans.duration,
            first_response_seconds: self.spans.first_response,
            messages: MessageCounts { visitor: chat.visitor_messages, agent: chat.agent_messages },
            agents: chat.agents.iter().map(|id| self.lookup().agent(*id)).collect(),
            transcript: extras.transcript.then(|| self.transcript(chat)),
        }
    }

    fn transcript(&self, chat: &Chat) -> Transcript {
        let messages = self.transcript.iter().filter_map(|entry| {
            let Event::Written(body) = &entry.event else { return None };
            Some(TranscriptMessage { seq: entry.seq, author: self.actor(entry), body: body.to_string(), created_at: entry.at.wall.into() })
        });
        Transcript::of(messages, format!("{}/api/v1/chats/{}/timeline", self.public_url, chat.id))
    }
}

/// One body in the making.
struct Telling<'a> {
    of: &'a Told,
    chat: &'a Chat,
    entry: &'a Recorded,
    extras: Extras,
}

impl Telling<'_> {
    fn bytes<M>(&self, more: M) -> Vec<u8>
    where
        Data<M>: Content,
    {
        let lookup = self.of.lookup();
        let about = About {
            chat: Some(lookup.chat(self.chat)),
            visitor: Some(of_domain::visitor(&self.of.visitor, self.extras)),
            consent: self.of.consent.clone(),
            agent: lookup.agent_of(self.chat),
        };
        debug_assert!(self.entry.event.webhook_type() == Some(<Data<M> as Content>::EVENT.as_str()), "a body of another type");
        to_body(&self.of.frame, Data { about, more })
    }
}

fn is_heard(directory: &Directory, what: &Occurrence<'_>) -> bool {
    directory.endpoints.values().any(|endpoint| endpoint.archived_at.is_none() && endpoint.draft.filter.matches(what))
}

fn frame(lookup: &Lookup<'_>, id: EventId, at: Timestamp, sequence: Option<i64>) -> Frame {
    Frame { id: WebhookId { event: id, test: false }, at, sequence, organisation: lookup.organisation() }
}

fn departments_of(chat: &Chat, event: &Event) -> Vec<DepartmentId> {
    if let Event::Transferred { from, to, .. } = event { vec![from.department, to.department] } else { vec![chat.department] }
}

fn removed_tags(event: &Event) -> impl Iterator<Item = &TagId> {
    let removed = if let Event::Tagged { removed, .. } = event { Some(removed.iter()) } else { None };
    removed.into_iter().flatten()
}

fn queue_of(tx: &mut Tx<'_>, chat: &Chat) -> Result<Option<Queue>, StoreError> {
    let Some(place) = queue::place(tx.conn, &tx.directory, chat, tx.now)? else { return Ok(None) };
    let (estimated_wait_seconds, agents_available) = (place.estimated_wait_seconds, place.agents_available);
    Ok(Some(Queue { position: place.position, estimated_wait_seconds, agents_available }))
}

fn consent_of(tx: &mut Tx<'_>, request: &Request) -> Result<Option<Consent>, StoreError> {
    let Some(given) = request.consent else { return Ok(None) };
    let current = tx.directory.sites.get(&request.site).and_then(|site| site.consent.as_ref());
    let text = match current.filter(|current| current.version == given.version) {
        Some(current) => current.text.clone(),
        None => consents::table
            .filter(consents::site_id.eq(request.site))
            .filter(consents::version.eq(given.version))
            .select(consents::text)
            .first(tx.conn)
            .optional()?
            .unwrap_or_default(),
    };
    Ok(of_domain::consent(request, text))
}

const fn abandon_reason(reason: event::AbandonReason) -> AbandonReason {
    match reason {
        event::AbandonReason::Left => AbandonReason::Left,
        event::AbandonReason::Disconnected => AbandonReason::Disconnected,
        event::AbandonReason::Callback => AbandonReason::Callback,
    }
}

const fn reachable(availability: Availability) -> Reachable {
    match availability {
        Availability::Online => Reachable::Online,
        Availability::Paused => Reachable::Paused,
        Availability::Offline => Reachable::Offline,
    }
}
