//! From domain values to the parts of bodies.

use serde_json::{Map, Value};

use super::parts::{Actor, ActorKind, Agent, Chat, ChatState, Consent, Department, Device, Named, Page, Rating, RatingLabel, Utm, Visitor};
use crate::domain;
use crate::domain::chat::State;
use crate::domain::chat::command::Actor as Who;
use crate::domain::directory::Directory;
use crate::domain::endpoint::Extras;
use crate::domain::ids::{AgentId, DepartmentId, SiteId, TagId};

/// What parts of bodies are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// Names and e-mails.
    pub directory: &'a Directory,
    /// Where the console is, without a slash at its end.
    pub public_url: &'a str,
}

impl Lookup<'_> {
    /// Whose server this is.
    #[must_use]
    pub fn organisation(&self) -> Named {
        let organisation = self.directory.organisation.as_ref();
        organisation.map_or_else(|| named(String::new(), ""), |found| named(found.id.to_string(), &found.name))
    }

    /// An agent; one that isn't known keeps its id.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Agent {
        let found = self.directory.agents.get(&id);
        Agent {
            id: id.to_string(),
            name: found.map(|agent| agent.name.clone()).unwrap_or_default(),
            email: found.map(|agent| agent.email.clone()).unwrap_or_default(),
            external_id: found.and_then(|agent| agent.external_id.clone()),
        }
    }

    /// A department.
    #[must_use]
    pub fn department(&self, id: DepartmentId) -> Department {
        let found = self.directory.departments.get(&id);
        Department {
            id: id.to_string(),
            name: found.map(|department| department.name.clone()).unwrap_or_default(),
            external_id: found.and_then(|department| department.external_id.clone()),
        }
    }

    /// Tags, in the order of their ids.
    #[must_use]
    pub fn tags<'b>(&self, ids: impl IntoIterator<Item = &'b TagId>) -> Vec<Named> {
        let name = |id: &TagId| self.directory.tags.get(id).map_or("", |tag| &tag.name);
        ids.into_iter().map(|id| named(id.to_string(), name(id))).collect()
    }

    /// Who did something; `visitor_name` is the chat's visitor's.
    #[must_use]
    pub fn actor(&self, who: Who, visitor_name: Option<&str>) -> Actor {
        let (kind, id, name) = match who {
            Who::Visitor(id) => (ActorKind::Visitor, Some(id.to_string()), visitor_name.map(str::to_owned)),
            Who::Agent(id) => (ActorKind::Agent, Some(id.to_string()), Some(self.directory.agent_name(id).to_owned())),
            Who::Api(id) => (ActorKind::Api, Some(id.to_string()), None),
            Who::Webhook(id) => {
                let name = self.directory.endpoints.get(&id).map(|endpoint| endpoint.draft.name.clone());
                (ActorKind::Webhook, Some(id.to_string()), name)
            }
            Who::System => (ActorKind::System, None, None),
        };
        Actor { kind, id, name }
    }

    /// A rating.
    #[must_use]
    pub fn rating(&self, rating: &domain::chat::Rating) -> Rating {
        let score = u8::try_from(rating.score.clamp(1, 5)).unwrap_or(1);
        Rating { score, label: RatingLabel::of(score), comment: rating.comment.clone(), agent: rating.agent.map(|id| self.agent(id)) }
    }

    /// A chat.
    #[must_use]
    pub fn chat(&self, chat: &domain::chat::Chat) -> Chat {
        let request = &chat.request;
        Chat {
            id: chat.id.to_string(),
            protocol: request.protocol.clone(),
            state: state(chat.state),
            origin: request.origin.clone(),
            locale: request.locale.clone(),
            timezone: request.timezone.clone(),
            site: self.site(request.site),
            department: self.department(chat.department),
            subject: Some(request.subject.clone()).filter(|subject| !subject.is_empty()),
            page: page(&request.page),
            utm: utm(&request.utm),
            fields: object(&request.fields),
            tags: self.tags(&chat.tags),
            rating: chat.rating.as_ref().map(|rating| self.rating(rating)),
            requested_at: chat.requested_at.into(),
            started_at: chat.started_at.map(Into::into),
            finished_at: chat.ended.map(|ended| ended.wall.into()),
            previous_chat_id: request.previous_chat.map(|id| id.to_string()),
            console_url: format!("{}/console?chat={}", self.public_url, chat.id),
        }
    }

    /// Who answers the chat, or answered it last where it has ended.
    #[must_use]
    pub fn agent_of(&self, chat: &domain::chat::Chat) -> Option<Agent> {
        let last = chat.agents.last().copied().filter(|_| chat.state == State::Finished);
        chat.agent.or(last).map(|id| self.agent(id))
    }

    fn site(&self, id: SiteId) -> Named {
        named(id.to_string(), self.directory.sites.get(&id).map_or("", |site| &site.name))
    }
}

/// A visitor; address and browser only where the endpoint asks.
#[must_use]
pub fn visitor(visitor: &domain::visitor::Visitor, extras: Extras) -> Visitor {
    Visitor {
        id: visitor.id.to_string(),
        external_id: visitor.external_id.clone(),
        verified: visitor.verified.clone(),
        name: visitor.name.clone(),
        email: visitor.email.clone(),
        phone: visitor.phone.clone(),
        phone_raw: visitor.phone_raw.clone(),
        locale: visitor.locale.clone(),
        first_seen_at: visitor.first_seen_at.into(),
        chats_count: visitor.chats_count,
        device: Device { kind: visitor.device.kind.clone(), os: visitor.device.os.clone(), browser: visitor.device.browser.clone() },
        custom: object(&visitor.custom),
        ip: visitor.address.clone().filter(|_| extras.address),
        user_agent: visitor.user_agent.clone().filter(|_| extras.address),
    }
}

/// What a chat's visitor agreed to, given the text of that version.
#[must_use]
pub fn consent(request: &domain::chat::Request, text: String) -> Option<Consent> {
    let given = request.consent?;
    Some(Consent { text, version: given.version.to_string(), accepted_at: given.at.into(), marketing: request.marketing })
}

/// A page.
#[must_use]
pub fn page(page: &domain::page::Page) -> Page {
    Page { url: page.url.clone(), title: page.title.clone(), referrer: page.referrer.clone() }
}

fn utm(utm: &domain::page::Utm) -> Utm {
    Utm {
        source: utm.source.clone(),
        medium: utm.medium.clone(),
        campaign: utm.campaign.clone(),
        term: utm.term.clone(),
        content: utm.content.clone(),
    }
}

const fn state(state: State) -> ChatState {
    match state {
        State::Waiting => ChatState::Waiting,
        State::Active => ChatState::Active,
        State::Finished => ChatState::Finished,
        State::Abandoned => ChatState::Abandoned,
        State::Missed => ChatState::Missed,
    }
}

fn named(id: String, name: &str) -> Named {
    Named { id, name: name.to_owned() }
}

/// Text that was frozen as a JSON object; anything else counts as empty.
fn object(json: &str) -> Map<String, Value> {
    if json == "{}" { Map::new() } else { serde_json::from_str(json).unwrap_or_default() }
}
