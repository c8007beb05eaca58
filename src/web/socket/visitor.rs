//! A visitor's socket: what its frames do.

mod arrival;
mod asking;

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;

use self::arrival::Hello;
use super::answer::{ack, body, chat_id, receipt, refuse, refuse_code, refuse_frame};
use super::{Answers, Handler};
use crate::auth::token::Token;
use crate::domain::chat::command::{Actor, Command};
use crate::domain::chat::{Chat, Coordinates, LocationSource};
use crate::domain::ids::{ChatId, SiteId, VisitorId};
use crate::domain::page::Page;
use crate::domain::text::{COMMENT_LENGTH_MAX, paragraph};
use crate::domain::visitor::{Device, Visitor};
use crate::hub::close::Close;
use crate::hub::{Subscription, Topic};
use crate::i18n::{Locale, Texts};
use crate::web::error::{self, AppError};
use crate::web::rates::SocketLimit;
use crate::web::state::AppState;
use crate::web::{client, device};
use crate::wire::commands::{self, ClaimedPage, VisitorCommand};
use crate::wire::entries::{Author, VisitorEntry};
use crate::wire::frames::{CommonFrame, VisitorFrame, encode};

/// A socket from a widget, or a program that speaks like one.
pub(super) struct VisitorSocket {
    state: Data<AppState>,
    subscription: Option<Subscription>,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    device: Device,
    limit: SocketLimit,
    locale: Locale,
    person: Option<Person>,
    marks: Option<(ChatId, i64, i64)>,
}

/// Who said hello.
struct Person {
    site: SiteId,
    token: Token,
    /// None until the first request.
    visitor: Option<Visitor>,
    locale: String,
    timezone: Option<String>,
    page: Page,
}

impl VisitorSocket {
    pub fn new(state: Data<AppState>, request: &HttpRequest) -> Self {
        let user_agent =
            request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(|text| text.chars().take(300).collect());
        Self {
            limit: SocketLimit::new(state.limits.rates.visitor_commands_per_minute),
            address: client::address_of(request, &state.config),
            device: device::of(user_agent.as_deref()),
            user_agent,
            locale: error::locale(request),
            subscription: None,
            person: None,
            marks: None,
            state,
        }
    }

    fn texts(&self) -> &'static Texts {
        Texts::for_locale(self.locale)
    }

    fn visitor(&self) -> Option<VisitorId> {
        self.person.as_ref().and_then(|person| person.visitor.as_ref()).map(|visitor| visitor.id)
    }

    fn actor(&self) -> Result<Actor, AppError> {
        self.visitor().map(Actor::Visitor).ok_or(AppError::NotFound)
    }

    fn listen(&mut self, topic: Topic) {
        if let Some(subscription) = &mut self.subscription {
            subscription.listen(topic);
        }
    }

    /// Tells the store whether any tab of the visitor is open, until that is still true when it is stored.
    async fn settle_presence(&self, visitor: VisitorId) {
        loop {
            let present = self.state.hub.has(Topic::Visitor(visitor));
            if let Err(error) = self.state.store.visitor_present(visitor, present).await {
                tracing::warn!(%error, "a visitor's presence could not be stored");
                return;
            }
            if self.state.hub.has(Topic::Visitor(visitor)) == present {
                return;
            }
        }
    }

    async fn command(&mut self, command: VisitorCommand, answers: &mut Answers) -> Result<(), AppError> {
        let state = self.state.clone();
        match command {
            VisitorCommand::Hello { .. } | VisitorCommand::Ping => Ok(()),
            VisitorCommand::Typing { chat_id: id, on } => self.typing(&id, on).await,
            VisitorCommand::Mark { chat_id: id, delivered, read } => {
                let id = chat_id(&id)?;
                if self.marks.is_some_and(|(known, ..)| known != id) {
                    self.store_marks().await;
                }
                let (_, before_delivered, before_read) = self.marks.unwrap_or((id, 0, 0));
                self.marks = Some((id, before_delivered.max(delivered), before_read.max(read)));
                Ok(())
            }
            VisitorCommand::Page { page } => {
                if let Some(person) = &mut self.person {
                    person.page = claimed(&page);
                }
                self.tell_page().await
            }
            VisitorCommand::Request { .. } => Box::pin(self.request(command, answers)).await,
            VisitorCommand::OfflineMessage { .. } => Box::pin(self.offline_message(command, answers)).await,
            VisitorCommand::History { client_id, chat_id: id, before } => {
                let (id, directory) = (chat_id(&id)?, state.store.directory());
                self.own_chat(id).await?;
                let page = state.store.entries_before(id, before).await?;
                let entries = page.entries.iter().filter_map(|entry| VisitorEntry::of(entry, &directory)).collect();
                let frame =
                    VisitorFrame::History { client_id: &client_id, chat_id: id.to_string(), entries, more_before: page.more_before };
                answers.frames.push(encode(&frame));
                Ok(())
            }
            VisitorCommand::Message { client_id, chat_id: id, body: text } => {
                let command = Command::Write(body(&text)?);
                self.execute(&client_id, &id, command, answers).await
            }
            VisitorCommand::Locate { client_id, chat_id: id, latitude, longitude, accuracy_m, source } => {
                let source = LocationSource::parse(&source)
                    .ok_or_else(|| AppError::Invalid { field: "source".to_owned(), code: "location_invalid" })?;
                let coordinates = Coordinates { latitude, longitude, accuracy_m };
                self.execute(&client_id, &id, Command::Locate { coordinates, source }, answers).await
            }
            VisitorCommand::RevokeLocation { client_id, chat_id: id } => {
                self.execute(&client_id, &id, Command::RevokeLocation, answers).await
            }
            VisitorCommand::Stay { client_id, chat_id: id } => self.execute(&client_id, &id, Command::Stay, answers).await,
            VisitorCommand::Leave { client_id, chat_id: id } => self.execute(&client_id, &id, Command::Leave, answers).await,
            VisitorCommand::Finish { client_id, chat_id: id } => self.execute(&client_id, &id, Command::Finish, answers).await,
            VisitorCommand::Rate { client_id, chat_id: id, score, comment } => {
                let comment = comment
                    .map_or(Ok(None), |comment| paragraph(&comment, COMMENT_LENGTH_MAX))
                    .map_err(|_unread| AppError::Invalid { field: "comment".to_owned(), code: "field_invalid" })?;
                self.execute(&client_id, &id, Command::Rate { score, comment }, answers).await
            }
        }
    }

    async fn execute(&self, client_id: &str, chat: &str, command: Command, answers: &mut Answers) -> Result<(), AppError> {
        let chat = chat_id(chat)?;
        let receipt = receipt(client_id, &command);
        let done = self.state.store.execute(chat, self.actor()?, command, Some(receipt)).await?;
        ack(answers, client_id, Some(chat), &done);
        Ok(())
    }

    /// Keeps the visitor's present page, and shows it on the card of who answers.
    async fn tell_page(&self) -> Result<(), AppError> {
        let Some(visitor) = self.keeps_page() else { return Ok(()) };
        match self.state.store.open_chat_of(visitor).await? {
            Some(chat) => self.tell_card(&chat).await,
            None => Ok(()),
        }
    }

    /// Keeps the visitor's present page; gives who that is.
    fn keeps_page(&self) -> Option<VisitorId> {
        let person = self.person.as_ref()?;
        let visitor = person.visitor.as_ref()?.id;
        self.state.pages.visit(visitor, person.page.clone());
        Some(visitor)
    }

    /// Shows the visitor's present page to those who see the card of an open chat, if there are any.
    async fn tell_card(&self, chat: &Chat) -> Result<(), AppError> {
        if chat.state.is_open() && super::card::is_seen(&self.state, chat.id, chat.agent) {
            let frame = super::card::frame(&self.state, chat.id).await?;
            super::card::publish(&self.state, chat.id, chat.agent, &frame);
        }
        Ok(())
    }

    async fn own_chat(&self, id: ChatId) -> Result<Chat, AppError> {
        let visitor = self.visitor().ok_or(AppError::NotFound)?;
        let chat = self.state.store.chat(id).await?;
        if chat.request.visitor == visitor { Ok(chat) } else { Err(AppError::NotFound) }
    }

    async fn typing(&self, id: &str, on: bool) -> Result<(), AppError> {
        let chat = self.own_chat(chat_id(id)?).await?;
        if chat.state.is_open() {
            let by = Author::of(self.actor()?, &self.state.store.directory());
            let frame = encode(&CommonFrame::Typing { chat_id: chat.id.to_string(), on, by });
            let audience = chat.agent.map_or(Topic::Department(chat.department), Topic::Agent);
            self.state.hub.publish(&[audience, Topic::Chat(chat.id)], &frame);
        }
        Ok(())
    }
}

impl Handler for VisitorSocket {
    fn subscribe(&mut self, subscription: Subscription) {
        self.subscription = Some(subscription);
    }

    fn is_ready(&self) -> bool {
        self.person.is_some()
    }

    async fn handle(&mut self, text: &str, answers: &mut Answers) -> Result<(), Close> {
        let command = match commands::visitor(text) {
            Ok(command) => command,
            Err(error) => return refuse_frame(answers, &error, self.is_ready(), self.texts()),
        };
        if let VisitorCommand::Hello { protocol, site, token, locale, timezone, page, resume } = &command {
            if let Err(wait) = self.limit.check() {
                refuse(answers, None, &wait.into(), self.texts(), &self.state.store.directory());
                return Ok(());
            }
            let hello = Hello {
                protocol: *protocol,
                site,
                token: token.as_deref(),
                locale: locale.as_deref(),
                timezone: timezone.as_deref(),
                page,
                resume: resume.as_ref(),
            };
            return Box::pin(self.hello(hello, answers)).await;
        }
        if matches!(command, VisitorCommand::Ping) {
            answers.frames.push(encode(&CommonFrame::Pong));
            return Ok(());
        }
        if !self.is_ready() {
            refuse_code(answers, command.client_id(), "hello_expected", "", self.texts());
            return Err(Close::Policy);
        }
        let client_id = command.client_id().map(ToOwned::to_owned);
        if client_id.is_none() {
            if self.limit.allows_signal()
                && let Err(error) = self.command(command, answers).await
            {
                tracing::debug!(code = error.code(), "a signal was refused");
            }
            return Ok(());
        }
        let site = self.person.as_ref().map(|person| person.site);
        let shared = |site| self.state.limits.command(self.visitor(), site, self.address);
        let checked = self.limit.check().and_then(|()| site.map_or(Ok(()), shared));
        let done = match checked {
            Ok(()) => self.command(command, answers).await,
            Err(wait) => Err(wait.into()),
        };
        if let Err(error) = done {
            refuse(answers, client_id.as_deref(), &error, self.texts(), &self.state.store.directory());
        }
        Ok(())
    }

    fn has_marks(&self) -> bool {
        self.marks.is_some()
    }

    async fn store_marks(&mut self) {
        let (Some((chat, delivered, read)), Some(visitor)) = (self.marks.take(), self.visitor()) else { return };
        match self.state.store.mark(chat, Actor::Visitor(visitor), delivered, read).await {
            Err(error) if error.is_fault() => tracing::warn!(%error, "marks could not be stored"),
            // Marks in a chat of somebody else are nobody's.
            Ok(()) | Err(_) => {}
        }
    }

    async fn gone(mut self) {
        let visitor = self.visitor();
        drop(self.subscription.take());
        if let Some(visitor) = visitor {
            self.settle_presence(visitor).await;
            if !self.state.hub.has(Topic::Visitor(visitor)) {
                self.state.pages.leave(visitor);
            }
        }
    }
}

fn claimed(page: &ClaimedPage) -> Page {
    Page::claimed(page.url.as_deref(), page.title.as_deref(), page.referrer.as_deref())
}
