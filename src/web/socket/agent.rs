//! An agent's socket: what its frames do.

mod arrival;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;
use futures_util::future::join_all;

use super::answer::{ack, body, chat_id, receipt, refuse, refuse_code, refuse_frame};
use super::{Answers, Handler, card};
use crate::auth::token::TokenHash;
use crate::domain::agent::Availability;
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::{Chat, State};
use crate::domain::directory::Rights;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, TagId};
use crate::domain::text::{NAME_LENGTH_MAX, line};
use crate::hub::close::Close;
use crate::hub::{Subscription, Topic};
use crate::i18n::{Locale, Texts};
use crate::store::audit::Author;
use crate::store::commands::Done;
use crate::store::error::StoreError;
use crate::store::search::Sight;
use crate::web::error::{self, AppError};
use crate::web::rates::SocketLimit;
use crate::web::session_cookie;
use crate::web::state::AppState;
use crate::web::{chat_reads, client};
use crate::wire::commands::{self, AgentCommand, ClaimedRecipient};
use crate::wire::entries::{self, AgentEntry};
use crate::wire::frames::{AgentFrame, CommonFrame, encode};
use crate::wire::views::{AgentChat, OfflineMessageView};

/// A socket from a console, or a program that speaks like one.
pub(super) struct AgentSocket {
    state: Data<AppState>,
    subscription: Option<Subscription>,
    limit: SocketLimit,
    locale: Locale,
    /// What the upgrade brought: the hash of a cookie or of `Authorization`, and whether a program sent it.
    brought: Option<(TokenHash, bool)>,
    agent: Option<AgentId>,
    /// Of the client, for the audit log.
    address: Option<String>,
    marks: HashMap<ChatId, (i64, i64)>,
}

impl AgentSocket {
    /// Reads who asks: by cookie only where the request came from our own page.
    pub fn new(state: Data<AppState>, request: &HttpRequest, with_origin: bool) -> Self {
        let bearer = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let cookie = session_cookie::read(request, &state.config).filter(|_| with_origin);
        let brought = match (bearer, cookie) {
            (Some(token), _) => Some((TokenHash::of(token), true)),
            (None, Some(token)) => Some((TokenHash::of(&token), false)),
            (None, None) => None,
        };
        Self {
            limit: SocketLimit::new(state.limits.rates.agent_commands_per_minute),
            locale: error::locale(request),
            subscription: None,
            agent: None,
            address: client::address_of(request, &state.config).map(|address| address.to_string()),
            marks: HashMap::new(),
            brought,
            state,
        }
    }

    fn texts(&self) -> &'static Texts {
        Texts::for_locale(self.locale)
    }

    fn listen(&mut self, topic: Topic) {
        if let Some(subscription) = &mut self.subscription {
            subscription.listen(topic);
        }
    }

    /// Tells the store whether any tab of the agent is open, until that is still true when it is stored.
    async fn settle_presence(&self, agent: AgentId) {
        loop {
            let present = self.state.hub.has(Topic::Agent(agent));
            if let Err(error) = self.state.store.agent_present(agent, present).await {
                tracing::warn!(%error, "an agent's presence could not be stored");
                return;
            }
            if self.state.hub.has(Topic::Agent(agent)) == present {
                return;
            }
        }
    }

    /// A chat that this agent may see.
    async fn visible(&self, id: ChatId) -> Result<Chat, AppError> {
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        let chat = self.state.store.chat(id).await?;
        match self.state.store.directory().rights(agent, chat.department) {
            Rights::None if chat.agents.contains(&agent) => Ok(chat),
            Rights::None => Err(AppError::NotFound),
            Rights::Member | Rights::Supervises => Ok(chat),
        }
    }

    /// As `visible`, where the chat is about to be shown: who reads what others answered is written down.
    async fn shown(&self, id: ChatId) -> Result<(), AppError> {
        let chat = self.visible(id).await?;
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        chat_reads::note(&self.state, Author { agent, address: self.address.clone() }, &chat);
        Ok(())
    }

    async fn command(&mut self, command: AgentCommand, answers: &mut Answers) -> Result<(), AppError> {
        match command {
            AgentCommand::Hello { .. } | AgentCommand::Ping => Ok(()),
            AgentCommand::Typing { chat_id: id, on } => self.typing(&id, on).await,
            AgentCommand::Mark { chat_id: id, delivered, read } => {
                let known = self.marks.entry(chat_id(&id)?).or_default();
                *known = (known.0.max(delivered), known.1.max(read));
                Ok(())
            }
            AgentCommand::Open { client_id, chat_id: id, after } => Box::pin(self.open(&client_id, &id, after.unwrap_or(0), answers)).await,
            AgentCommand::Shut { client_id, chat_id: id } => {
                let id = chat_id(&id)?;
                if let Some(subscription) = &mut self.subscription {
                    subscription.leave(Topic::Chat(id));
                }
                self.ack_plain(answers, &client_id, Some(id));
                Ok(())
            }
            AgentCommand::History { client_id, chat_id: id, before } => {
                let id = chat_id(&id)?;
                self.shown(id).await?;
                let directory = self.state.store.directory();
                let page = self.state.store.entries_before(id, before).await?;
                let entries = page.entries.iter().map(|entry| AgentEntry::of(entry, &directory)).collect();
                let frame = AgentFrame::History { client_id: &client_id, chat_id: id.to_string(), entries, more_before: page.more_before };
                answers.frames.push(encode(&frame));
                Ok(())
            }
            AgentCommand::Availability { client_id, state, reason } => {
                self.availability(&client_id, &state, reason.as_deref(), answers).await
            }
            AgentCommand::OfflineMessages { client_id } => self.offline_messages(&client_id, answers).await,
            AgentCommand::OfflineDone { client_id, offline_message_id } => {
                let (agent, own) = self.own_departments()?;
                let id = offline_message_id.parse().map_err(|_unread| AppError::NotFound)?;
                self.state.store.finish_offline_message(id, agent, own).await?;
                self.ack_plain(answers, &client_id, None);
                Ok(())
            }
            AgentCommand::Accept { .. }
            | AgentCommand::Decline { .. }
            | AgentCommand::Message { .. }
            | AgentCommand::Note { .. }
            | AgentCommand::Tag { .. }
            | AgentCommand::Transfer { .. }
            | AgentCommand::AskLocation { .. }
            | AgentCommand::Finish { .. } => self.chat_command(command, answers).await,
        }
    }

    async fn chat_command(&self, command: AgentCommand, answers: &mut Answers) -> Result<(), AppError> {
        let (client_id, id, command) = match command {
            AgentCommand::Accept { client_id, chat_id } => (client_id, chat_id, Command::Start),
            AgentCommand::Decline { client_id, chat_id } => (client_id, chat_id, Command::Decline),
            AgentCommand::Message { client_id, chat_id, body: text } => (client_id, chat_id, Command::Write(body(&text)?)),
            AgentCommand::Note { client_id, chat_id, body: text } => (client_id, chat_id, Command::Note(body(&text)?)),
            AgentCommand::Tag { client_id, chat_id, tags } => {
                let tags = tags
                    .iter()
                    .map(|tag| tag.parse::<TagId>())
                    .collect::<Result<_, _>>()
                    .map_err(|_unread| AppError::Invalid { field: "tags".to_owned(), code: "tag_unknown" })?;
                (client_id, chat_id, Command::Tag(tags))
            }
            AgentCommand::Transfer { client_id, chat_id, to, note } => {
                let to = recipient(&to)?;
                let note = note.as_deref().filter(|note| !note.trim().is_empty()).map(body).transpose()?;
                (client_id, chat_id, Command::Transfer { to, note })
            }
            AgentCommand::AskLocation { client_id, chat_id } => (client_id, chat_id, Command::AskLocation),
            AgentCommand::Finish { client_id, chat_id } => (client_id, chat_id, Command::Finish),
            _ => return Err(AppError::Malformed),
        };
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        let id = chat_id(&id)?;
        let receipt = receipt(&client_id, &command);
        let done = self.state.store.execute(id, Actor::Agent(agent), command, Some(receipt)).await?;
        ack(answers, &client_id, Some(id), &done);
        Ok(())
    }

    async fn open(&mut self, client_id: &str, id: &str, after: i64, answers: &mut Answers) -> Result<(), AppError> {
        let id = chat_id(id)?;
        self.shown(id).await?;
        self.listen(Topic::Chat(id));
        let (agent, departments) = self.own_departments()?;
        let opened = self.state.store.open_chat(id, after.max(0), Sight { departments, agent: Some(agent) }).await?;
        let (directory, now) = (self.state.store.directory(), self.state.store.clock().now());
        let listed = &opened.listed;
        let frame = AgentFrame::Chat {
            client_id,
            chat: AgentChat::of(&listed.chat, listed.visitor_name.as_deref(), listed.unread, &directory, now),
            card: Box::new(card::of(&self.state, &opened).with_previous(&opened.previous, &directory)),
            entries: opened.page.entries.iter().map(|entry| AgentEntry::of(entry, &directory)).collect(),
            more_before: opened.page.more_before,
        };
        answers.frames.push(encode(&frame));
        Ok(())
    }

    async fn typing(&self, id: &str, on: bool) -> Result<(), AppError> {
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        let chat = self.visible(chat_id(id)?).await?;
        if chat.state == State::Active && chat.agent == Some(agent) {
            let by = entries::Author::of(Actor::Agent(agent), &self.state.store.directory());
            let frame = encode(&CommonFrame::Typing { chat_id: chat.id.to_string(), on, by });
            self.state.hub.publish(&[Topic::Visitor(chat.request.visitor)], &frame);
        }
        Ok(())
    }

    async fn availability(&self, client_id: &str, state: &str, reason: Option<&str>, answers: &mut Answers) -> Result<(), AppError> {
        let invalid = |field: &str| AppError::Invalid { field: field.to_owned(), code: "field_invalid" };
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        let state = Availability::parse(state).ok_or_else(|| invalid("state"))?;
        let reason = reason.map_or(Ok(None), |reason| line(reason, NAME_LENGTH_MAX)).map_err(|_unread| invalid("reason"))?;
        self.state.store.set_availability(agent, state, reason).await?;
        self.ack_plain(answers, client_id, None);
        Ok(())
    }

    async fn offline_messages(&self, client_id: &str, answers: &mut Answers) -> Result<(), AppError> {
        let (_, own) = self.own_departments()?;
        let directory = self.state.store.directory();
        let unread = self.state.store.open_offline_messages(own.clone()).await?;
        let messages = self.state.store.offline_messages(own).await?;
        let offline_messages = messages.iter().map(|message| OfflineMessageView::of(message, &directory)).collect();
        answers.frames.push(encode(&AgentFrame::OfflineMessages { client_id, offline_messages, unread }));
        Ok(())
    }

    fn own_departments(&self) -> Result<(AgentId, Vec<DepartmentId>), AppError> {
        let agent = self.agent.ok_or(AppError::Unauthorised)?;
        Ok((agent, self.state.store.directory().departments_of(agent).iter().map(|department| department.id).collect()))
    }

    fn ack_plain(&self, answers: &mut Answers, client_id: &str, chat: Option<ChatId>) {
        let done = Done { seq: None, at: self.state.store.clock().now().wall, repeated: false };
        ack(answers, client_id, chat, &done);
    }
}

impl Handler for AgentSocket {
    fn subscribe(&mut self, subscription: Subscription) {
        self.subscription = Some(subscription);
    }

    fn is_ready(&self) -> bool {
        self.agent.is_some()
    }

    async fn handle(&mut self, text: &str, answers: &mut Answers) -> Result<(), Close> {
        let command = match commands::agent(text) {
            Ok(command) => command,
            Err(error) => return refuse_frame(answers, &error, self.is_ready(), self.texts()),
        };
        match &command {
            AgentCommand::Hello { protocol, token } => return Box::pin(self.hello(*protocol, token.as_deref(), answers)).await,
            AgentCommand::Ping => {
                answers.frames.push(encode(&CommonFrame::Pong));
                return Ok(());
            }
            _ if !self.is_ready() => {
                refuse_code(answers, command.client_id(), "hello_expected", "", self.texts());
                return Err(Close::Policy);
            }
            _ => {}
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
        let done = match self.limit.check() {
            Ok(()) => self.command(command, answers).await,
            Err(wait) => Err(wait.into()),
        };
        if let Err(error) = done {
            refuse(answers, client_id.as_deref(), &error, self.texts(), &self.state.store.directory());
        }
        Ok(())
    }

    fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    async fn store_marks(&mut self) {
        let Some(agent) = self.agent else { return };
        // Together, so that all of them share a commit.
        let marks = std::mem::take(&mut self.marks);
        let stored = marks.iter().map(|(id, (delivered, read))| self.state.store.mark(*id, Actor::Agent(agent), *delivered, *read));
        for error in join_all(stored).await.into_iter().filter_map(Result::err).filter(StoreError::is_fault) {
            tracing::warn!(%error, "marks could not be stored");
        }
    }

    async fn gone(mut self) {
        drop(self.subscription.take());
        if let Some(agent) = self.agent {
            self.settle_presence(agent).await;
        }
    }
}

fn recipient(to: &ClaimedRecipient) -> Result<Recipient, AppError> {
    match to {
        ClaimedRecipient::AgentId(id) => {
            id.parse().map(Recipient::Agent).map_err(|_unread| AppError::Invalid { field: "to".to_owned(), code: "agent_no_room" })
        }
        ClaimedRecipient::DepartmentId(id) => id
            .parse()
            .map(Recipient::Department)
            .map_err(|_unread| AppError::Invalid { field: "to".to_owned(), code: "department_unavailable" }),
    }
}
