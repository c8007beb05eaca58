//! A small organisation and a chat in each state, made only by the domain's own functions.
//!
//! Two departments: Suporte with Ana, Bruno and its supervisor Dora; Vendas with Carla. Eva is the admin and a member of none.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::agent::{Agent, Availability, Role};
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::decide::{Facts, decide};
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::chat::evolve::{evolve, requested};
use crate::domain::chat::refusal::Refusal;
use crate::domain::chat::{Chat, Coordinates, LocationSource, Offer, Request};
use crate::domain::department::{Department, Limits, Member};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, ApiTokenId, ChatId, DepartmentId, EndpointId, EntryId, SiteId, TagId, VisitorId};
use crate::domain::page::{Page, Utm};
use crate::domain::routing::Loads;
use crate::domain::site::{Field, Fields, LocationMode, Site};
use crate::domain::tag::Tag;
use crate::domain::text::Body;
use crate::domain::time::{Moment, Timestamp};

pub const ANA: AgentId = AgentId(Uuid::from_u128(0xa1));
pub const BRUNO: AgentId = AgentId(Uuid::from_u128(0xa2));
pub const CARLA: AgentId = AgentId(Uuid::from_u128(0xa3));
pub const DORA: AgentId = AgentId(Uuid::from_u128(0xa4));
pub const EVA: AgentId = AgentId(Uuid::from_u128(0xa5));
pub const SUPPORT: DepartmentId = DepartmentId(Uuid::from_u128(0xd1));
pub const SALES: DepartmentId = DepartmentId(Uuid::from_u128(0xd2));
pub const SHOP: SiteId = SiteId(Uuid::from_u128(0x51));
pub const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xf1));
pub const STRANGER: VisitorId = VisitorId(Uuid::from_u128(0xf2));
pub const TOKEN: ApiTokenId = ApiTokenId(Uuid::from_u128(0xb1));
pub const ENDPOINT: EndpointId = EndpointId(Uuid::from_u128(0xe1));
pub const BILLING: TagId = TagId(Uuid::from_u128(0x71));
pub const DELIVERY: TagId = TagId(Uuid::from_u128(0x72));
/// Archived.
pub const OBSOLETE: TagId = TagId(Uuid::from_u128(0x73));
/// Chats at once, for everybody.
pub const CHATS_MAX: i32 = 3;

/// Seconds after the fixture's beginning, the same on both readings of the clock.
pub const fn second(seconds: i64) -> Moment {
    let at = Timestamp::from_ms(1_795_000_000_000).plus_seconds(seconds);
    Moment { wall: at, steady: at }
}

pub fn directory() -> Directory {
    let agents = [
        agent(ANA, "Ana", Role::Agent),
        agent(BRUNO, "Bruno", Role::Agent),
        agent(CARLA, "Carla", Role::Agent),
        agent(DORA, "Dora", Role::Supervisor),
        agent(EVA, "Eva", Role::Admin),
    ];
    let departments = [department(SUPPORT, "Suporte", &[ANA, BRUNO], &[DORA]), department(SALES, "Vendas", &[CARLA], &[])];
    let tags = [tag(BILLING, "cobrança", None), tag(DELIVERY, "entrega", None), tag(OBSOLETE, "antiga", Some(second(0).wall))];
    Directory {
        organisation: None,
        agents: agents.into_iter().map(|agent| (agent.id, agent)).collect(),
        departments: departments.into_iter().map(|department| (department.id, department)).collect(),
        sites: [(SHOP, site(SHOP))].into(),
        tags: tags.into_iter().map(|tag| (tag.id, tag)).collect(),
        ..Directory::default()
    }
}

/// Somebody at work with a tab open.
pub fn agent(id: AgentId, name: &str, role: Role) -> Agent {
    Agent {
        id,
        email: format!("{}@loja.example", name.to_lowercase()),
        name: name.to_owned(),
        role,
        external_id: None,
        locale: None,
        theme: "auto".to_owned(),
        chats_max: CHATS_MAX,
        availability: Availability::Online,
        pause_reason: None,
        availability_at: second(-3600).wall,
        absent_since: None,
        archived_at: None,
    }
}

pub fn department(id: DepartmentId, name: &str, members: &[AgentId], supervisors: &[AgentId]) -> Department {
    let member = |supervisor| move |agent: &AgentId| Member { agent: *agent, supervisor };
    Department {
        id,
        limits: Limits { wait_limit_seconds: Some(600), ..Limits::default() },
        members: members.iter().map(member(false)).chain(supervisors.iter().map(member(true))).collect(),
        ..Department::new(name)
    }
}

pub fn site(id: SiteId) -> Site {
    Site {
        id,
        default_department: SUPPORT,
        fields: Fields { phone: Field::Off, message: Field::Required, ..Fields::default() },
        location: LocationMode::Queue,
        ..Site::new("loja")
    }
}

fn tag(id: TagId, name: &str, archived_at: Option<Timestamp>) -> Tag {
    Tag { id, name: name.to_owned(), archived_at }
}

pub fn request(visitor: VisitorId) -> Request {
    Request {
        protocol: "20261122-000001".to_owned(),
        site: SHOP,
        department: SUPPORT,
        visitor,
        origin: "widget".to_owned(),
        locale: "pt-BR".to_owned(),
        timezone: None,
        subject: "oi".to_owned(),
        page: Page::default(),
        utm: Utm::default(),
        fields: "{}".to_owned(),
        consent: None,
        marketing: false,
        previous_chat: None,
    }
}

pub fn body(text: &str) -> Body {
    Body::parse(text).expect("the test wrote a text")
}

pub fn tags(ids: &[TagId]) -> BTreeSet<TagId> {
    ids.iter().copied().collect()
}

pub const RECIFE: Coordinates = Coordinates { latitude: -8.05, longitude: -34.9, accuracy_m: 20.0 };
pub const OLINDA: Coordinates = Coordinates { latitude: -8.01, longitude: -34.85, accuracy_m: 20.0 };

pub const fn locate(coordinates: Coordinates) -> Command {
    Command::Locate { coordinates, source: LocationSource::Queue }
}

pub const fn rate(score: i32) -> Command {
    Command::Rate { score, comment: None }
}

pub const fn transfer(to: Recipient) -> Command {
    Command::Transfer { to, note: None }
}

/// One chat, what is around it and its clock.
#[derive(Clone)]
pub struct Scene {
    pub directory: Directory,
    pub loads: Loads,
    pub chat: Chat,
    pub now: Moment,
}

impl Scene {
    /// Requested at second 0, first in the queue of Suporte.
    pub fn waiting() -> Self {
        let chat = requested(ChatId(Uuid::from_u128(0xc1)), request(VISITOR), second(0));
        Self { directory: directory(), loads: Loads::new(), chat, now: second(0) }
    }

    /// Started by Ana at second 20.
    pub fn active() -> Self {
        Self::waiting().at(20).after(Actor::Agent(ANA), &Command::Start)
    }

    /// Started by Ana, back in the queue at second 40 since her account was closed.
    pub fn returned() -> Self {
        Self::active().at(40).after(Actor::System, &Command::Return)
    }

    /// Ana wrote at second 30 and finished at second 60.
    pub fn finished() -> Self {
        let spoken = Self::active().at(30).after(Actor::Agent(ANA), &Command::Write(body("bom dia")));
        spoken.at(60).after(Actor::Agent(ANA), &Command::Finish)
    }

    /// The visitor left the queue at second 20.
    pub fn abandoned() -> Self {
        Self::waiting().at(20).after(Actor::Visitor(VISITOR), &Command::Leave)
    }

    /// Nobody came within the limit.
    pub fn missed() -> Self {
        Self::waiting().at(600).after(Actor::System, &Command::Expire)
    }

    /// The same at another second.
    #[must_use]
    pub fn at(mut self, seconds: i64) -> Self {
        self.now = second(seconds);
        self
    }

    /// The same after a command that must not be refused.
    #[must_use]
    pub fn after(mut self, actor: Actor, command: &Command) -> Self {
        let events = self.decide(actor, command);
        self.apply(actor, events.expect("the scene's own commands are allowed"));
        self
    }

    /// The same with a call to one agent that stands for 30 s.
    #[must_use]
    pub fn offered_to(mut self, to: AgentId) -> Self {
        let until = self.now.steady.plus_seconds(30);
        self.apply(Actor::System, vec![Event::Offered(Offer { to, until })]);
        self
    }

    /// The same with the settings of the chat's department changed.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Department)) -> Self {
        change(self.directory.departments.get_mut(&self.chat.department).expect("the fixture has it"));
        self
    }

    /// The same with an account changed.
    #[must_use]
    pub fn with_agent(mut self, id: AgentId, change: impl FnOnce(&mut Agent)) -> Self {
        change(self.directory.agents.get_mut(&id).expect("the fixture has it"));
        self
    }

    /// The same with the site's mode of sharing locations.
    #[must_use]
    pub fn with_location(mut self, mode: LocationMode) -> Self {
        self.directory.sites.get_mut(&SHOP).expect("the fixture has it").location = mode;
        self
    }

    /// The same with the visitor's last tab gone at a second.
    #[must_use]
    pub const fn absent_since(mut self, seconds: i64) -> Self {
        self.chat.absent_since = Some(second(seconds));
        self
    }

    pub fn decide(&self, actor: Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let facts = Facts { now: self.now, directory: &self.directory, loads: &self.loads, position: 1 };
        decide(&self.chat, &facts, actor, command)
    }

    fn apply(&mut self, by: Actor, events: Vec<Event>) {
        for event in events {
            record(&mut self.chat, by, self.now, event);
        }
    }
}

/// Applies an event as the next entry of the timeline and answers the entry.
pub fn record(chat: &mut Chat, by: Actor, at: Moment, event: Event) -> Recorded {
    let recorded = Recorded { id: EntryId(Uuid::from_u128(1)), seq: chat.last_seq + 1, at, by, client_id: None, event };
    evolve(chat, &recorded);
    recorded
}
