//! Opening a chat, and leaving a message for later: the visitor's row, the protocol, the chat and the first message in one transaction.

use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::{Receipt, publish_change, receipts, record, routing};
use crate::domain::chat::command::Actor;
use crate::domain::chat::decide;
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::chat::evolve;
use crate::domain::chat::refusal::Refusal;
use crate::domain::chat::{ConsentGiven, Request};
use crate::domain::ids::{ChatId, DepartmentId, EntryId, OfflineMessageId, SiteId, VisitorId};
use crate::domain::intake::Intake;
use crate::domain::offline::OfflineMessage;
use crate::domain::page::Page;
use crate::domain::protocol;
use crate::domain::text::{SUBJECT_LENGTH_MAX, cut, flat};
use crate::domain::visitor::Device;
use crate::store::effect::Effect;
use crate::store::error::StoreError;
use crate::store::prepared::IsOpen;
use crate::store::schema::{chats, offline_messages, protocol_counters};
use crate::store::visitors::{self, Contact};
use crate::store::{Store, Tx, chats as rows, outbox, timeline};

/// Everything that a request brings.
#[derive(Clone, Debug)]
pub struct NewRequest {
    pub site: SiteId,
    /// SHA-256 of the visitor's token: who it is, known or new.
    pub token_hash: [u8; 32],
    pub intake: Intake,
    /// JSON object of custom fields.
    pub fields: String,
    pub origin: String,
    pub locale: String,
    pub timezone: Option<String>,
    pub page: Page,
    pub device: Device,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub previous_chat: Option<ChatId>,
    pub receipt: Option<Receipt>,
}

/// What a visitor leaves for later.
#[derive(Clone, Debug)]
pub struct OfflineNew {
    pub request: NewRequest,
    /// The missed chat that it carries on, if any.
    pub chat: Option<ChatId>,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub chat: ChatId,
    pub visitor: VisitorId,
    pub seq: i64,
    /// Whether the chat was there before: sent twice, or another one was open.
    pub repeated: bool,
}

/// The answer to an offline message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub visitor: VisitorId,
    /// Whether it was there before.
    pub repeated: bool,
}

impl Store {
    /// Opens a chat, or answers with the visitor's open one.
    ///
    /// # Errors
    /// `DepartmentUnavailable`, `ClientIdReused`, or a fault.
    pub async fn request_chat(&self, request: NewRequest) -> Result<Asked, StoreError> {
        self.write(move |tx| request_chat(tx, &request)).await
    }

    /// Keeps a message for later.
    ///
    /// # Errors
    /// `DepartmentUnavailable`, `ClientIdReused`, `NotFound` where it names a chat that is no missed one of the visitor's, or a fault.
    pub async fn leave_offline_message(&self, message: OfflineNew) -> Result<Left, StoreError> {
        self.write(move |tx| leave_offline_message(tx, &message)).await
    }
}

fn department_of(tx: &Tx<'_>, request: &NewRequest) -> Result<DepartmentId, StoreError> {
    let site = tx.directory.sites.get(&request.site).ok_or(StoreError::NotFound)?;
    let department = request.intake.department.unwrap_or(site.default_department);
    tx.directory.departments.get(&department).filter(|found| found.archived_at.is_none()).ok_or(Refusal::DepartmentUnavailable)?;
    Ok(department)
}

fn request_chat(tx: &mut Tx<'_>, request: &NewRequest) -> Result<Asked, StoreError> {
    let scope = request.site.0.as_bytes().as_slice();
    if let Some(visitor) = visitors::by_token(tx.conn, request.site, &request.token_hash)? {
        let actor = Actor::Visitor(visitor.id);
        if let Some(receipt) = &request.receipt
            && let Some((chat, done)) = receipts::repeated_under(tx.conn, scope, actor, receipt)?
        {
            let chat = chat.ok_or(Refusal::ClientIdReused)?;
            return Ok(Asked { chat, visitor: visitor.id, seq: done.seq.unwrap_or(1), repeated: true });
        }
        let open: Option<(ChatId, i64)> = chats::table
            .filter(chats::visitor_id.eq(visitor.id))
            .filter(IsOpen::new(chats::state))
            .select((chats::id, chats::last_seq))
            .get_result(tx.conn)
            .optional()?;
        if let Some((chat, seq)) = open {
            return Ok(Asked { chat, visitor: visitor.id, seq, repeated: true });
        }
    }
    let department = department_of(tx, request)?;
    let directory = Arc::clone(&tx.directory);
    let draft = draft(tx, request, department, VisitorId::default(), String::new());
    decide::open(draft, &directory)?;
    // From here on everything is written: nothing below refuses.
    let visitor = visitors::upsert(tx, &contact(request), true)?;
    let protocol = next_protocol(tx)?;
    let previous = previous_of(tx, request, visitor)?;
    let opened = Request { previous_chat: previous, ..self::draft(tx, request, department, visitor, protocol) };
    let actor = Actor::Visitor(visitor);
    let chat_id = ChatId::new();
    let entry = Recorded {
        id: EntryId::new(),
        seq: 1,
        at: tx.now,
        by: actor,
        client_id: request.receipt.as_ref().map(|receipt| receipt.client_id.clone()),
        event: Event::Requested(Box::new(opened.clone())),
    };
    let mut chat = Arc::new(evolve::requested(chat_id, opened, tx.now));
    rows::insert(tx, &chat)?;
    timeline::append(tx.conn, chat_id, &entry, None)?;
    outbox::enqueue_entry(tx, &chat, &entry)?;
    publish_change(tx, None, &chat, vec![entry], false)?;
    if let Some(body) = request.intake.message.clone() {
        chat = record(tx, &chat, actor, None, vec![Event::Written(body)])?;
    }
    if let Some(receipt) = &request.receipt {
        receipts::insert(tx, scope, actor, receipt, Some(chat_id), Some(chat.last_seq))?;
    }
    routing::run(tx, vec![department])?;
    Ok(Asked { chat: chat_id, visitor, seq: chat.last_seq, repeated: false })
}

/// The chat as it will open; the visitor and the protocol are known last.
fn draft(tx: &Tx<'_>, request: &NewRequest, department: DepartmentId, visitor: VisitorId, protocol: String) -> Request {
    let subject = request
        .intake
        .message
        .as_ref()
        .map(|body| flat(&body.as_str().split_whitespace().collect::<Vec<_>>().join(" ")))
        .or_else(|| request.page.title.clone())
        .unwrap_or_default();
    Request {
        protocol,
        site: request.site,
        department,
        visitor,
        origin: request.origin.clone(),
        locale: request.locale.clone(),
        timezone: request.timezone.clone(),
        subject: cut(&subject, SUBJECT_LENGTH_MAX),
        utm: request.page.utm(),
        page: request.page.clone(),
        fields: request.fields.clone(),
        consent: request.intake.consent_version.map(|version| ConsentGiven { version, at: tx.now.wall }),
        marketing: request.intake.marketing,
        previous_chat: None,
    }
}

fn contact(request: &NewRequest) -> Contact<'_> {
    Contact {
        site: request.site,
        token_hash: &request.token_hash,
        intake: &request.intake,
        locale: &request.locale,
        timezone: request.timezone.as_deref(),
        device: &request.device,
        user_agent: request.user_agent.as_deref(),
        address: request.address.as_deref(),
    }
}

/// The chat before, if it is the visitor's own.
fn previous_of(tx: &mut Tx<'_>, request: &NewRequest, visitor: VisitorId) -> Result<Option<ChatId>, StoreError> {
    let Some(previous) = request.previous_chat else { return Ok(None) };
    Ok(chats::table
        .filter(chats::id.eq(previous))
        .filter(chats::visitor_id.eq(visitor))
        .select(chats::id)
        .get_result(tx.conn)
        .optional()?)
}

fn next_protocol(tx: &mut Tx<'_>) -> Result<String, StoreError> {
    let timezone = tx.directory.organisation.as_ref().map_or("UTC", |organisation| organisation.timezone.as_str());
    let day = protocol::day(tx.now.wall, timezone);
    let last: Option<i64> = protocol_counters::table.find(&day).select(protocol_counters::last).get_result(tx.conn).optional()?;
    let next = last.unwrap_or(0) + 1;
    diesel::replace_into(protocol_counters::table)
        .values((protocol_counters::day.eq(&day), protocol_counters::last.eq(next)))
        .execute(tx.conn)?;
    Ok(protocol::number(&day, next))
}

/// A message carries on only a chat of the same visitor that nobody answered; of any other one is told what is told of a chat that isn't there.
fn must_be_own_missed_chat(tx: &mut Tx<'_>, new: &OfflineNew) -> Result<(), StoreError> {
    let Some(chat) = new.chat else { return Ok(()) };
    let visitor = visitors::by_token(tx.conn, new.request.site, &new.request.token_hash)?.ok_or(StoreError::NotFound)?;
    let own = chats::table.find(chat).filter(chats::visitor_id.eq(visitor.id)).filter(chats::state.eq("missed"));
    own.select(chats::id).first::<ChatId>(tx.conn).optional()?.map(|_| ()).ok_or(StoreError::NotFound)
}

fn leave_offline_message(tx: &mut Tx<'_>, new: &OfflineNew) -> Result<Left, StoreError> {
    let request = &new.request;
    let scope = request.site.0.as_bytes().as_slice();
    if let Some(visitor) = visitors::by_token(tx.conn, request.site, &request.token_hash)?
        && let Some(receipt) = &request.receipt
        && receipts::repeated_under(tx.conn, scope, Actor::Visitor(visitor.id), receipt)?.is_some()
    {
        return Ok(Left { visitor: visitor.id, repeated: true });
    }
    let department = department_of(tx, request)?;
    must_be_own_missed_chat(tx, new)?;
    // From here on everything is written: nothing below refuses.
    let visitor = visitors::upsert(tx, &contact(request), false)?;
    let message = OfflineMessage {
        id: OfflineMessageId::new(),
        site: request.site,
        department,
        visitor,
        chat: new.chat,
        name: request.intake.name.clone(),
        email: request.intake.email.clone(),
        phone: request.intake.phone.clone().or_else(|| request.intake.phone_raw.clone()),
        body: request.intake.message.as_ref().map(ToString::to_string).unwrap_or_default(),
        page_url: request.page.url.clone(),
        created_at: tx.now.wall,
        done: None,
    };
    diesel::insert_into(offline_messages::table)
        .values((
            offline_messages::id.eq(message.id),
            offline_messages::site_id.eq(message.site),
            offline_messages::department_id.eq(message.department),
            offline_messages::visitor_id.eq(message.visitor),
            offline_messages::chat_id.eq(message.chat),
            offline_messages::name.eq(&message.name),
            offline_messages::email.eq(&message.email),
            offline_messages::phone.eq(&message.phone),
            offline_messages::body.eq(&message.body),
            offline_messages::page_url.eq(&message.page_url),
            offline_messages::consent_version.eq(request.intake.consent_version),
            offline_messages::marketing.eq(request.intake.marketing),
            offline_messages::created_at.eq(message.created_at),
        ))
        .execute(tx.conn)?;
    if let Some(receipt) = &request.receipt {
        receipts::insert(tx, scope, Actor::Visitor(visitor), receipt, None, None)?;
    }
    outbox::enqueue_offline_message(tx, &message)?;
    tx.publish(Effect::OfflineMessage(Box::new(message)));
    Ok(Left { visitor, repeated: false })
}
