//! What happens when an agent says hello: whose session it is, what this socket hears from now on, and the whole desk.

use super::AgentSocket;
use crate::auth::token::TokenHash;
use crate::domain::agent::Agent;
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, DepartmentId};
use crate::hub::Topic;
use crate::hub::close::Close;
use crate::i18n::Locale;
use crate::store::sessions::Session;
use crate::store::snapshots::Listed;
use crate::web::error::AppError;
use crate::web::socket::Answers;
use crate::web::socket::answer::{refuse, refuse_code};
use crate::wire::frames::{AgentFrame, AvailabilityView, OrganisationView, OwnAgent, PROTOCOL, encode};
use crate::wire::time::rfc3339;
use crate::wire::views::{AgentChat, AgentView, Named, departments_for};

impl AgentSocket {
    pub(super) async fn hello(&mut self, protocol: u32, token: Option<&str>, answers: &mut Answers) -> Result<(), Close> {
        if protocol != PROTOCOL {
            refuse_code(answers, None, "protocol_unsupported", "", self.texts());
            return Err(Close::Policy);
        }
        let brought = token.map(|token| (TokenHash::of(token), true)).or(self.brought);
        let proven = match brought {
            None => Ok(None),
            Some(brought) => self.proven_by(brought).await,
        };
        let agent = match proven {
            Ok(Some(agent)) => agent,
            Ok(None) => {
                refuse_code(answers, None, "unauthenticated", "", self.texts());
                return Err(Close::SignedOut);
            }
            Err(error) => {
                refuse(answers, None, &error, self.texts(), &self.state.store.directory());
                return Err(Close::Internal);
            }
        };
        if let Some(before) = self.agent.replace(agent).filter(|before| *before != agent) {
            self.settle_presence(before).await;
        }
        // First listen, then read: what comes in between is then not missed, and a change of departments finds this socket.
        self.listen(Topic::Agent(agent));
        let directory = self.state.store.directory();
        let Some(account) = directory.agents.get(&agent) else { return Err(Close::SignedOut) };
        if let Some(locale) = account.locale.as_deref().and_then(Locale::parse) {
            self.locale = locale;
        }
        self.listen(Topic::Agents);
        for department in directory.departments_of(agent) {
            self.listen(Topic::Department(department.id));
        }
        self.settle_presence(agent).await;
        match self.welcome(account, &self.state.store.directory()).await {
            Ok(frame) => answers.frames.push(frame),
            Err(error) => {
                refuse(answers, None, &error, self.texts(), &directory);
                return Err(Close::Internal);
            }
        }
        Ok(())
    }

    /// Whose session this is, if it is open. From here on its end closes this socket.
    async fn proven_by(&mut self, (token, program): (TokenHash, bool)) -> Result<Option<AgentId>, AppError> {
        let own = |session: &Session| session.program == program;
        let Some(session) = self.state.store.session_of(token).await?.filter(own) else { return Ok(None) };
        if let Some(subscription) = &mut self.subscription {
            subscription.leave_all_but(Topic::Everyone);
        }
        self.listen(Topic::Session(session.id));
        // Asked again, since it may have ended before this socket listened.
        Ok(self.state.store.session_of(token).await?.map(|session| session.agent))
    }

    async fn welcome(&self, account: &Agent, directory: &Directory) -> Result<bytestring::ByteString, AppError> {
        let (store, now) = (&self.state.store, self.state.store.clock().now());
        let account = directory.agents.get(&account.id).unwrap_or(account);
        let own: Vec<DepartmentId> = directory.departments_of(account.id).iter().map(|department| department.id).collect();
        let organisation = directory.organisation.as_ref().ok_or(AppError::NotFound)?;
        let since = crate::domain::protocol::day_start(now.wall, &organisation.timezone);
        let desk = store.desk(account.id, own.clone(), since).await?;
        let loads = store.loads();
        let view = |listed: &Listed| AgentChat::of(&listed.chat, listed.visitor_name.as_deref(), listed.unread, directory, now);
        let mut agents: Vec<AgentView> = directory
            .agents
            .values()
            .filter(|agent| agent.archived_at.is_none())
            .map(|agent| AgentView::of(agent, i64::from(loads.get(&agent.id).copied().unwrap_or(0)), directory, now))
            .collect();
        agents.sort_by(|a, b| a.name.cmp(&b.name));
        let mut tags: Vec<Named> =
            directory.tags.values().filter(|tag| tag.archived_at.is_none()).map(|tag| Named::new(tag.id, &tag.name)).collect();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(encode(&AgentFrame::Welcome {
            protocol: PROTOCOL,
            server_time: rfc3339(now.wall),
            agent: OwnAgent {
                id: account.id.to_string(),
                name: account.name.clone(),
                email: account.email.clone(),
                role: account.role.as_str(),
                locale: account.locale.clone(),
                max_chats: account.chats_max,
                availability: AvailabilityView { state: account.availability.as_str(), reason: account.pause_reason.clone() },
            },
            organisation: OrganisationView {
                id: organisation.id.to_string(),
                name: organisation.name.clone(),
                timezone: organisation.timezone.clone(),
            },
            departments: departments_for(account.id, directory, &loads, now),
            agents,
            tags,
            queue: desk.queue.iter().map(view).collect(),
            chats: desk.chats.iter().map(view).collect(),
            ended: desk.ended.iter().map(view).collect(),
            offline_unread: store.open_offline_messages(own).await?,
        }))
    }
}
