//! The rows of PRODUCT.md's table in two halves each.

use std::collections::BTreeSet;

use papo::domain::chat::command::{Actor, Command, Recipient};
use papo::domain::chat::event::Event;
use papo::domain::chat::{Coordinates, LocationSource};
use papo::domain::department::{Department, Limits, Member, Routing};
use papo::domain::ids::{AgentId, ChatId, DepartmentId, TagId, VisitorId};
use papo::domain::text::Body;
use papo::store::error::StoreError;

use crate::support::house::House;

const DAY: i64 = 24 * 3600;

/// A row of the table; the name says what happens, the interruption comes before it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Starts,
    StartsByWriting,
    IsWrittenBothWays,
    IsLocatedAndRevoked,
    OfferPassesOn,
    CallWidens,
    GoesToAColleague,
    GoesToADepartment,
    ReturnsFromALostAgent,
    KeepsAnAgentBackInTime,
    ReturnsFromAClosedAccount,
    IsTagged,
    IsRated,
    IsRatedTooLate,
    IsFinished,
    StaysAndFinishesInactive,
    ReturnedIsLeft,
    ReturnedIsAbsent,
    ReturnedIsUnattended,
    IsLeft,
    IsAbsentTooLong,
    IsBackWithinTheGrace,
    IsMissed,
    MissedLeavesAMessage,
}

impl Row {
    pub const ALL: [Self; 24] = [
        Self::Starts,
        Self::StartsByWriting,
        Self::IsWrittenBothWays,
        Self::IsLocatedAndRevoked,
        Self::OfferPassesOn,
        Self::CallWidens,
        Self::GoesToAColleague,
        Self::GoesToADepartment,
        Self::ReturnsFromALostAgent,
        Self::KeepsAnAgentBackInTime,
        Self::ReturnsFromAClosedAccount,
        Self::IsTagged,
        Self::IsRated,
        Self::IsRatedTooLate,
        Self::IsFinished,
        Self::StaysAndFinishesInactive,
        Self::ReturnedIsLeft,
        Self::ReturnedIsAbsent,
        Self::ReturnedIsUnattended,
        Self::IsLeft,
        Self::IsAbsentTooLong,
        Self::IsBackWithinTheGrace,
        Self::IsMissed,
        Self::MissedLeavesAMessage,
    ];
}

/// Two agents, two visitors who asked one after the other, and who of them is there.
pub struct Scene {
    pub house: House,
    bia: AgentId,
    caio: AgentId,
    exchanges: DepartmentId,
    tag: TagId,
    chat: ChatId,
    visitor: VisitorId,
    behind: ChatId,
    agents_there: BTreeSet<AgentId>,
    visitors_there: Vec<VisitorId>,
}

impl Scene {
    pub async fn set(row: Row) -> Self {
        let limited = matches!(row, Row::IsMissed | Row::MissedLeavesAMessage | Row::ReturnedIsUnattended);
        let mut house = House::with(Limits { wait_limit_seconds: limited.then_some(300), ..Limits::default() }).await;
        house.routes(if row == Row::OfferPassesOn { Routing::LeastBusy } else { Routing::Manual }).await;
        let (bia, caio) = (house.agent("bia").await, house.agent("caio").await);
        let exchanges =
            Department { routing: Routing::Manual, members: vec![Member { agent: caio, supervisor: false }], ..Department::new("Trocas") };
        let exchanges_id = exchanges.id;
        house.store.create_department(exchanges, house.author()).await.expect("another department");
        let tag = house.store.create_tag("troca".to_owned(), house.author()).await.expect("a tag");
        house.tells_everything().await;
        let (chat, visitor) = house.asks("oi").await;
        house.passes(2).await;
        let (behind, second) = house.asks("também").await;
        Self {
            house,
            bia,
            caio,
            exchanges: exchanges_id,
            tag,
            chat,
            visitor,
            behind,
            agents_there: BTreeSet::from([bia, caio]),
            visitors_there: vec![visitor, second],
        }
    }

    /// Up to the middle.
    pub async fn first_half(&mut self, row: Row) {
        match row {
            Row::Starts | Row::StartsByWriting | Row::IsLeft => self.house.passes(20).await,
            Row::IsWrittenBothWays => {
                self.writes(Actor::Visitor(self.visitor), "alguém aí?").await;
                self.is_answered().await;
            }
            Row::IsLocatedAndRevoked => {
                let coordinates = Coordinates { latitude: -8.05, longitude: -34.88, accuracy_m: 25.0 };
                self.does(Actor::Visitor(self.visitor), Command::Locate { coordinates, source: LocationSource::Queue }).await;
            }
            Row::OfferPassesOn | Row::CallWidens => self.house.passes(10).await,
            Row::ReturnsFromALostAgent | Row::KeepsAnAgentBackInTime => {
                self.is_answered().await;
                self.agent_is_there(self.bia, false).await;
                self.house.passes(60).await;
            }
            Row::GoesToAColleague
            | Row::GoesToADepartment
            | Row::ReturnsFromAClosedAccount
            | Row::IsTagged
            | Row::IsFinished
            | Row::StaysAndFinishesInactive => {
                self.is_answered().await;
                self.house.passes(450).await;
            }
            Row::IsRated | Row::IsRatedTooLate => {
                self.is_answered().await;
                self.does(Actor::Visitor(self.visitor), Command::Finish).await;
                self.house.passes(6 * DAY).await;
            }
            Row::ReturnedIsLeft => self.is_returned().await,
            Row::ReturnedIsAbsent => {
                self.is_returned().await;
                self.visitor_is_there(false).await;
                self.house.passes(30).await;
            }
            Row::ReturnedIsUnattended => {
                self.is_returned().await;
                self.house.passes(150).await;
            }
            Row::IsAbsentTooLong | Row::IsBackWithinTheGrace => {
                self.visitor_is_there(false).await;
                self.house.passes(30).await;
            }
            Row::IsMissed => self.house.passes(150).await,
            Row::MissedLeavesAMessage => self.house.passes(300).await,
        }
    }

    /// From the middle to the end.
    pub async fn second_half(&mut self, row: Row) {
        let (bia, visitor) = (Actor::Agent(self.bia), Actor::Visitor(self.visitor));
        match row {
            Row::Starts => self.does(bia, Command::Start).await,
            Row::StartsByWriting => self.writes(bia, "olá").await,
            Row::IsWrittenBothWays => {
                self.writes(visitor, "meu pedido não chegou").await;
                self.writes(bia, "vou ver").await;
            }
            Row::IsLocatedAndRevoked => self.does(visitor, Command::RevokeLocation).await,
            Row::OfferPassesOn | Row::CallWidens => self.house.passes(50).await,
            Row::GoesToAColleague => self.moves(Recipient::Agent(self.caio)).await,
            Row::GoesToADepartment => self.moves(Recipient::Department(self.exchanges)).await,
            Row::ReturnsFromALostAgent => {
                self.house.passes(60).await;
                self.agent_is_there(self.bia, true).await;
                self.does(bia, Command::Start).await;
            }
            Row::KeepsAnAgentBackInTime => {
                self.agent_is_there(self.bia, true).await;
                self.house.passes(DAY / 288).await;
            }
            Row::ReturnsFromAClosedAccount => {
                self.house.store.archive_agent(self.bia, self.house.author()).await.expect("an archived account");
                self.does(Actor::Agent(self.caio), Command::Start).await;
            }
            Row::IsTagged => {
                self.does(bia, Command::Tag(BTreeSet::from([self.tag]))).await;
                self.does(bia, Command::Tag(BTreeSet::from([self.tag]))).await;
                self.does(bia, Command::Tag(BTreeSet::new())).await;
            }
            Row::IsRated => {
                self.rates(5).await.expect("a rating within the window");
                self.rates(5).await.expect("the same rating is already true");
                self.rates(1).await.expect("a later one replaces it");
            }
            Row::IsRatedTooLate => {
                self.house.passes(DAY).await;
                assert!(self.rates(5).await.is_err(), "seven days are over");
            }
            Row::IsFinished => self.does(bia, Command::Finish).await,
            Row::StaysAndFinishesInactive => {
                self.does(visitor, Command::Stay).await;
                self.house.passes(899).await;
                self.house.passes(1).await;
            }
            Row::ReturnedIsLeft | Row::IsLeft => self.does(visitor, Command::Leave).await,
            Row::ReturnedIsAbsent | Row::IsAbsentTooLong => self.house.passes(30).await,
            Row::IsBackWithinTheGrace => {
                self.visitor_is_there(true).await;
                self.house.passes(600).await;
            }
            Row::ReturnedIsUnattended | Row::IsMissed => self.house.passes(150).await,
            Row::MissedLeavesAMessage => self.house.leaves_a_message(self.chat, "me liguem").await,
        }
    }

    /// The process stops and starts, and everybody who was there connects again.
    pub async fn restarts(self) -> Self {
        let house = self.house.restarts(0).await;
        Self { house, ..self }.reconnected().await
    }

    /// The process is killed and started, and everybody who was there connects again.
    pub async fn dies(self) -> Self {
        let house = self.house.dies();
        Self { house, ..self }.reconnected().await
    }

    async fn reconnected(self) -> Self {
        for agent in self.agents_there.iter().copied().chain([self.house.admin]) {
            self.house.agent_is_there(agent, true).await;
        }
        for visitor in &self.visitors_there {
            self.house.visitor_is_there(*visitor, true).await;
        }
        self
    }

    /// Of each chat: state, reason, agent, place in the queue.
    pub async fn chats_as_they_are(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for id in [self.chat, self.behind] {
            let chat = self.house.chat(id).await;
            let agent = chat.agent.map(|agent| self.name(agent));
            let offered = chat.offer.map(|offer| self.name(offer.to));
            let place = self.house.store.shown(id).await.expect("a chat").place.map(|place| place.position);
            lines.push(format!(
                "{:?} {:?} {agent:?} offered {offered:?} at {place:?}, started {}, rated {:?}",
                chat.state,
                chat.end_reason,
                chat.started_at.is_some(),
                chat.rating.map(|rating| rating.score)
            ));
        }
        lines
    }

    /// Of each chat: its entries, by whom.
    pub async fn timelines(&self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for id in [self.chat, self.behind] {
            let timeline = self.house.store.whole_timeline(id).await.expect("a timeline");
            all.push(timeline.iter().map(|entry| format!("{} {}", entry.by.kind(), self.told_by(&entry.event))).collect());
        }
        all
    }

    fn told_by(&self, event: &Event) -> String {
        match event {
            Event::Called { circle, agents } => {
                let mut names: Vec<_> = agents.iter().map(|agent| self.name(*agent)).collect();
                names.sort();
                format!("called {circle:?} {names:?}")
            }
            Event::Offered(offer) => format!("offered {}", self.name(offer.to)),
            Event::OfferPassed(agent) => format!("offer passed by {}", self.name(*agent)),
            Event::Started { agent, first, waited_seconds } => format!("started {} {first} after {waited_seconds}", self.name(*agent)),
            Event::Transferred { reason, .. } => format!("transferred {reason:?}"),
            Event::Requested(_) => "requested".to_owned(),
            Event::Tagged { tags, .. } => format!("tagged {}", tags.len()),
            Event::Rated { rating, previous } => format!("rated {} after {:?}", rating.score, previous.as_ref().map(|one| one.score)),
            other => format!("{other:?}"),
        }
    }

    fn name(&self, agent: AgentId) -> String {
        self.house.store.directory().agents.get(&agent).map(|agent| agent.name.clone()).unwrap_or_default()
    }

    async fn does(&self, actor: Actor, command: Command) {
        self.house.does(self.chat, actor, command.clone()).await.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }

    async fn writes(&self, actor: Actor, text: &str) {
        self.does(actor, Command::Write(Body::parse(text).expect("a text"))).await;
    }

    async fn moves(&self, to: Recipient) {
        let note = Body::parse("cliente antigo").ok();
        self.does(Actor::Agent(self.bia), Command::Transfer { to, note }).await;
        if matches!(to, Recipient::Department(_)) {
            self.does(Actor::Agent(self.caio), Command::Start).await;
        }
    }

    async fn rates(&self, score: i32) -> Result<(), StoreError> {
        let rate = Command::Rate { score, comment: None };
        self.house.does(self.chat, Actor::Visitor(self.visitor), rate).await.map(drop)
    }

    /// bia takes the first chat and says a word.
    async fn is_answered(&self) {
        self.does(Actor::Agent(self.bia), Command::Start).await;
        self.writes(Actor::Agent(self.bia), "olá").await;
    }

    /// bia took the first chat and was lost: it waits again.
    async fn is_returned(&mut self) {
        self.does(Actor::Agent(self.bia), Command::Start).await;
        self.agent_is_there(self.bia, false).await;
        self.house.passes(120).await;
    }

    async fn agent_is_there(&mut self, agent: AgentId, there: bool) {
        if there {
            self.agents_there.insert(agent);
        } else {
            self.agents_there.remove(&agent);
        }
        self.house.agent_is_there(agent, there).await;
    }

    async fn visitor_is_there(&mut self, there: bool) {
        self.visitors_there.retain(|known| *known != self.visitor);
        if there {
            self.visitors_there.push(self.visitor);
        }
        self.house.visitor_is_there(self.visitor, there).await;
    }
}
