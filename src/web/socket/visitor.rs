//! A visitor's socket: what its frames do.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;

use super::answer::{ack, body, chat_id, receipt, refuse, refuse_code, refuse_frame};
use super::{Answers, Handler};
use crate::auth::token::Token;
use crate::domain::chat::command::{Actor, Command};
use crate::domain::chat::{Chat, Coordinates, LocationSource, Side, State};
use crate::domain::directory::Directory;
use crate::domain::ids::{ChatId, DepartmentId, SiteId, VisitorId};
use crate::domain::intake::{self, Form};
use crate::domain::page::Page;
use crate::domain::text::{COMMENT_LENGTH_MAX, paragraph};
use crate::domain::visitor::{Device, Visitor};
use crate::hub::close::Close;
use crate::hub::{Subscription, Topic};
use crate::i18n::{Locale, Texts};
use crate::store::commands::{Done, NewRequest, OfflineNew};
use crate::store::timeline;
use crate::web::error::{self, AppError};
use crate::web::rates::SocketLimit;
use crate::web::state::AppState;
use crate::web::{client, device};
use crate::wire::commands::{self, ClaimedConsent, ClaimedPage, VisitorCommand};
use crate::wire::entries::{Author, VisitorEntry};
use crate::wire::frames::{CommonFrame, KnownVisitor, PROTOCOL, VisitorFrame, encode};
use crate::wire::time::rfc3339;
use crate::wire::views::{QueueView, VisitorChat, department_states};

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

    async fn hello(&mut self, hello: Hello<'_>, answers: &mut Answers) -> Result<(), Close> {
        if hello.protocol != PROTOCOL {
            refuse_code(answers, None, "protocol_unsupported", "", self.texts());
            return Err(Close::Policy);
        }
        if let Some(locale) = hello.locale.and_then(Locale::parse) {
            self.locale = locale;
        }
        let directory = self.state.store.directory();
        let Some(site) = directory.site_by_key(hello.site) else {
            refuse_code(answers, None, "site_unknown", "", self.texts());
            return Err(Close::Forbidden);
        };
        let known = match hello.token {
            None => None,
            Some(token) => {
                let hash = *crate::auth::token::TokenHash::of(token).bytes();
                match self.state.store.visitor_by_token(site.id, hash).await {
                    Ok(Some(visitor)) => Some((Token::from_text(token), visitor)),
                    Ok(None) => {
                        refuse_code(answers, None, "token_unknown", "", self.texts());
                        return Ok(());
                    }
                    Err(error) => {
                        refuse(answers, None, &error.into(), self.texts(), &directory);
                        return Err(Close::Internal);
                    }
                }
            }
        };
        let (token, visitor) = known.map_or_else(|| (Token::new(), None), |(token, visitor)| (token, Some(visitor)));
        let site_id = site.id;
        let before = self.visitor();
        if let Some(subscription) = &mut self.subscription {
            subscription.leave_all_but(Topic::Everyone);
        }
        self.person = Some(Person {
            site: site_id,
            token,
            visitor,
            locale: self.locale.tag().to_owned(),
            timezone: hello.timezone.map(|zone| zone.chars().take(64).collect()),
            page: claimed(hello.page),
        });
        self.listen(Topic::Site(site_id));
        if let Some(visitor) = self.visitor() {
            self.listen(Topic::Visitor(visitor));
            self.settle_presence(visitor).await;
            if let Err(error) = self.tell_page().await {
                tracing::warn!(%error, "a visitor's page could not be told");
            }
        }
        // Who said hello here before may have no other tab.
        if let Some(before) = before.filter(|before| Some(*before) != self.visitor()) {
            self.settle_presence(before).await;
        }
        match self.welcome(hello.resume, &directory).await {
            Ok(frame) => answers.frames.push(frame),
            Err(error) => {
                refuse(answers, None, &error, self.texts(), &directory);
                return Err(Close::Internal);
            }
        }
        Ok(())
    }

    async fn welcome(&self, resume: Option<&commands::Resume>, directory: &Directory) -> Result<bytestring::ByteString, AppError> {
        let Some(person) = &self.person else { return Err(AppError::Unauthorised) };
        let now = self.state.store.clock().now();
        let loads = self.state.store.loads().await?;
        let named = resume.and_then(|resume| resume.chat_id.parse::<ChatId>().ok());
        let chat = match &person.visitor {
            Some(visitor) => self.state.store.chat_to_resume(visitor.id, named).await?,
            None => None,
        };
        let after = resume.filter(|_| chat.as_ref().map(|chat| chat.id) == named).map_or(0, |resume| resume.seq.max(0));
        let page = match &chat {
            Some(chat) => self.state.store.entries_after(chat.id, after).await?,
            None => timeline::Page::default(),
        };
        let queue = match &chat {
            Some(chat) => self.queue(chat).await?,
            None => None,
        };
        Ok(encode(&VisitorFrame::Welcome {
            protocol: PROTOCOL,
            server_time: rfc3339(now.wall),
            token: person.token.text(),
            visitor: person.visitor.as_ref().map_or_else(KnownVisitor::default, |visitor| KnownVisitor {
                id: Some(visitor.id.to_string()),
                name: visitor.name.clone(),
                email: visitor.email.clone(),
                phone: visitor.phone_raw.clone(),
            }),
            departments: department_states(directory, &loads, now),
            entries: page.entries.iter().filter_map(|entry| VisitorEntry::of(entry, directory)).collect(),
            more_before: page.more_before,
            queue,
            marks: chat.as_ref().map(|chat| chat.marks.into()),
            chat: chat.map(|chat| VisitorChat::of(&chat, directory, now)),
        }))
    }

    async fn queue(&self, chat: &Chat) -> Result<Option<QueueView>, AppError> {
        if chat.state != State::Waiting {
            return Ok(None);
        }
        let now = self.state.store.clock().now();
        Ok(self.state.store.place(chat).await?.map(|place| QueueView {
            position: place.position,
            estimated_wait_seconds: place.estimated_wait_seconds,
            agents_available: place.agents_available,
            waited_seconds: now.steady.seconds_since(place.queued.steady),
        }))
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
            VisitorCommand::Request { .. } => self.request(command, answers).await,
            VisitorCommand::OfflineMessage { .. } => self.offline_message(command, answers).await,
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
        let Some(person) = &self.person else { return Ok(()) };
        let Some(visitor) = &person.visitor else { return Ok(()) };
        self.state.pages.visit(visitor.id, person.page.clone());
        let Some(chat) = self.state.store.chat_to_resume(visitor.id, None).await?.filter(|chat| chat.state.is_open()) else {
            return Ok(());
        };
        let frame = super::card::frame(&self.state, chat.id).await?;
        self.state.hub.publish(&[chat.agent.map_or(Topic::Chat(chat.id), Topic::Agent), Topic::Chat(chat.id)], &frame);
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

    async fn request(&mut self, command: VisitorCommand, answers: &mut Answers) -> Result<(), AppError> {
        let VisitorCommand::Request { client_id, department_id, name, email, phone, fields, message, consent, previous_chat_id } = command
        else {
            return Err(AppError::Malformed);
        };
        let form = Form {
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            message: message.as_deref(),
            department: department(department_id.as_deref())?,
            ..consented(consent.as_ref())
        };
        let mut new = self.new_request(&form, false)?;
        let fields = serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned());
        if fields.len() > 4_096 {
            return Err(AppError::Invalid { field: "fields".to_owned(), code: "field_invalid" });
        }
        new.fields = fields;
        new.previous_chat = previous_chat_id.as_deref().map(chat_id).transpose()?;
        new.receipt = Some(receipt(&client_id, &(&new.intake, &new.fields, new.previous_chat)));
        self.state.limits.request(new.site, self.address)?;
        let asked = self.state.store.request_chat(new).await?;
        self.known_as(asked.visitor).await?;
        let done = Done { seq: Some(asked.seq), at: self.state.store.clock().now().wall, repeated: asked.repeated };
        ack(answers, &client_id, Some(asked.chat), &done);
        self.publish_chat(asked.chat).await
    }

    async fn offline_message(&mut self, command: VisitorCommand, answers: &mut Answers) -> Result<(), AppError> {
        let VisitorCommand::OfflineMessage { client_id, department_id, name, email, phone, body, consent, chat_id: chat } = command else {
            return Err(AppError::Malformed);
        };
        let form = Form {
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            message: Some(&body),
            department: department(department_id.as_deref())?,
            ..consented(consent.as_ref())
        };
        let mut request = self.new_request(&form, true)?;
        let chat = chat.as_deref().map(chat_id).transpose()?;
        request.receipt = Some(receipt(&client_id, &(&request.intake, chat)));
        self.state.limits.request(request.site, self.address)?;
        let left = self.state.store.leave_offline_message(OfflineNew { request, chat }).await?;
        self.known_as(left.visitor).await?;
        let done = Done { seq: None, at: self.state.store.clock().now().wall, repeated: left.repeated };
        ack(answers, &client_id, chat, &done);
        Ok(())
    }

    fn new_request(&self, form: &Form<'_>, offline: bool) -> Result<NewRequest, AppError> {
        let person = self.person.as_ref().ok_or(AppError::Unauthorised)?;
        let directory = self.state.store.directory();
        let site = directory.sites.get(&person.site).filter(|site| site.archived_at.is_none()).ok_or(AppError::SiteUnknown)?;
        let parse = if offline { intake::parse_offline } else { intake::parse };
        Ok(NewRequest {
            site: site.id,
            token_hash: *person.token.hash().bytes(),
            intake: parse(form, site, person.visitor.as_ref())?,
            fields: "{}".to_owned(),
            origin: "widget".to_owned(),
            locale: person.locale.clone(),
            timezone: person.timezone.clone(),
            page: person.page.clone(),
            device: self.device.clone(),
            user_agent: self.user_agent.clone(),
            address: self.address.map(|address| address.to_string()),
            previous_chat: None,
            receipt: None,
        })
    }

    /// From now on this socket is the visitor's.
    async fn known_as(&mut self, visitor: VisitorId) -> Result<(), AppError> {
        self.listen(Topic::Visitor(visitor));
        let known = self.state.store.visitor(visitor).await?;
        if let Some(person) = &mut self.person {
            person.visitor = Some(known);
        }
        self.settle_presence(visitor).await;
        Ok(())
    }

    /// Shows a chat whole in all tabs of its visitor.
    async fn publish_chat(&self, id: ChatId) -> Result<(), AppError> {
        let (directory, now) = (self.state.store.directory(), self.state.store.clock().now());
        let chat = self.state.store.chat(id).await?;
        let page = self.state.store.entries_after(id, 0).await?;
        let frame = VisitorFrame::Chat {
            entries: page.entries.iter().filter_map(|entry| VisitorEntry::of(entry, &directory)).collect(),
            more_before: page.more_before,
            queue: self.queue(&chat).await?,
            marks: chat.marks.into(),
            chat: VisitorChat::of(&chat, &directory, now),
        };
        self.state.hub.publish(&[Topic::Visitor(chat.request.visitor)], &encode(&frame));
        Ok(())
    }
}

/// The parts of `hello`.
struct Hello<'a> {
    protocol: u32,
    site: &'a str,
    token: Option<&'a str>,
    locale: Option<&'a str>,
    timezone: Option<&'a str>,
    page: &'a ClaimedPage,
    resume: Option<&'a commands::Resume>,
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
            return self.hello(hello, answers).await;
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
        let checked = self.limit.check().and_then(|()| self.visitor().map_or(Ok(()), |visitor| self.state.limits.visitor(visitor)));
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
        let (Some((chat, delivered, read)), Some(_)) = (self.marks.take(), self.visitor()) else { return };
        if self.own_chat(chat).await.is_ok()
            && let Err(error) = self.state.store.mark(chat, Side::Visitor, delivered, read).await
        {
            tracing::warn!(%error, "marks could not be stored");
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

fn department(id: Option<&str>) -> Result<Option<DepartmentId>, AppError> {
    id.map(|id| id.parse().map_err(|_unread| AppError::Invalid { field: "department".to_owned(), code: "department_unavailable" }))
        .transpose()
}

fn consented(consent: Option<&ClaimedConsent>) -> Form<'static> {
    Form {
        consent_version: consent.map(|consent| consent.version),
        marketing: consent.is_some_and(|consent| consent.marketing),
        ..Form::default()
    }
}
