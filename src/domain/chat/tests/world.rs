//! An organisation under random commands, with an account of its own of what must be true, so that `decide` and `evolve` aren't their own witness.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use uuid::Uuid;

use super::fixture::{CHATS_MAX, ENDPOINT, SALES, STRANGER, SUPPORT, TOKEN, directory, record, request, second};
use super::invariants;
use crate::domain::agent::Availability;
use crate::domain::chat::command::{Actor, Command};
use crate::domain::chat::decide::{Facts, decide};
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::chat::evolve::{evolve, requested};
use crate::domain::chat::{Chat, Circle, State};
use crate::domain::department::{Limits, Routing};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, VisitorId};
use crate::domain::routing::{Loads, route};
use crate::domain::time::Moment;

/// Chats in one walk.
const CHATS_IN_WALK_MAX: usize = 6;
/// Things that time may do to one chat at one moment.
const EXPIRIES_MAX: usize = 8;

#[derive(Clone, Debug)]
pub enum Step {
    Request,
    Command {
        chat: Index,
        who: Who,
        command: Command,
    },
    /// Both clocks advance by so many milliseconds.
    Pass(i64),
    /// Only the wall clock does.
    Jump(i64),
    Tick,
    VisitorTab {
        chat: Index,
        present: bool,
    },
    AgentTab {
        agent: AgentId,
        present: bool,
    },
    Availability {
        agent: AgentId,
        availability: Availability,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Who {
    Visitor,
    OtherVisitor,
    Agent(AgentId),
    Api,
    Webhook,
    System,
}

/// A chat and what is known of it without looking at it.
pub struct Life {
    pub chat: Chat,
    pub first: Chat,
    pub timeline: Vec<Recorded>,
    /// When it came into its present or last queue.
    pub entered: Moment,
    pub ever_started: bool,
    /// As it was when it ended.
    pub ended: Option<Chat>,
}

pub struct World {
    pub directory: Directory,
    pub lives: Vec<Life>,
    pub now: Moment,
}

impl World {
    pub fn new(manual: bool) -> Self {
        let mut directory = directory();
        for (id, wait_limit_seconds) in [(SUPPORT, Some(300)), (SALES, Some(500))] {
            let department = directory.departments.get_mut(&id).expect("the fixture has it");
            department.limits = Limits { wait_limit_seconds, inactivity_seconds: 200, ..Limits::default() };
            department.routing = if manual { Routing::Manual } else { Routing::LeastBusy };
        }
        Self { directory, lives: Vec::new(), now: second(0) }
    }

    pub fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Request => self.request(),
            Step::Command { chat, who, command } => {
                if let Some(index) = self.pick(*chat) {
                    self.command(index, *who, command)?;
                }
            }
            Step::Pass(ms) => {
                self.now = Moment { wall: self.now.wall.plus_ms(*ms), steady: self.now.steady.plus_ms(*ms) };
            }
            Step::Jump(ms) => self.now.wall = self.now.wall.plus_ms(*ms),
            Step::Tick => self.tick()?,
            Step::VisitorTab { chat, present } => {
                if let Some(life) = self.pick(*chat).and_then(|index| self.lives.get_mut(index)) {
                    life.chat.absent_since = if *present { None } else { life.chat.absent_since.or(Some(self.now)) };
                }
            }
            Step::AgentTab { agent, present } => {
                let account = self.directory.agents.get_mut(agent).expect("the fixture has it");
                account.absent_since = if *present { None } else { account.absent_since.or(Some(self.now)) };
            }
            Step::Availability { agent, availability } => {
                let account = self.directory.agents.get_mut(agent).expect("the fixture has it");
                account.availability = *availability;
                account.availability_at = self.now.wall;
            }
        }
        self.route()?;
        invariants::of_the_queue(self)?;
        self.lives.iter().try_for_each(invariants::of_a_life)
    }

    fn request(&mut self) {
        if self.lives.len() == CHATS_IN_WALK_MAX {
            return;
        }
        let number = u128::try_from(self.lives.len()).expect("few chats");
        let chat = requested(ChatId(Uuid::from_u128(0xc00 + number)), request(VisitorId(Uuid::from_u128(0xf00 + number))), self.now);
        self.lives.push(Life { first: chat.clone(), chat, timeline: Vec::new(), entered: self.now, ever_started: false, ended: None });
    }

    fn pick(&self, index: Index) -> Option<usize> {
        (!self.lives.is_empty()).then(|| index.index(self.lives.len()))
    }

    fn chat(&self, index: usize) -> &Chat {
        &self.lives.get(index).expect("a chat of this walk").chat
    }

    fn command(&mut self, index: usize, who: Who, command: &Command) -> Result<(), TestCaseError> {
        let actor = match who {
            Who::Visitor => Actor::Visitor(self.chat(index).request.visitor),
            Who::OtherVisitor => Actor::Visitor(STRANGER),
            Who::Agent(agent) => Actor::Agent(agent),
            Who::Api => Actor::Api(TOKEN),
            Who::Webhook => Actor::Webhook(ENDPOINT),
            Who::System => Actor::System,
        };
        let events = self.act(index, actor, command)?;
        // What is already true succeeds in silence. Words may be said twice; a hand-over may have taken the right to hand over.
        let repeatable =
            matches!(command, Command::Write(_) | Command::Note(_) | Command::Stay | Command::Transfer { .. } | Command::Expire);
        if events > 0 && !repeatable {
            let again = self.act(index, actor, command)?;
            prop_assert_eq!(again, 0, "{} was done twice", command.as_str());
        }
        Ok(())
    }

    /// Decides and applies; answers how many events there were.
    fn act(&mut self, index: usize, actor: Actor, command: &Command) -> Result<usize, TestCaseError> {
        let chat = self.chat(index);
        let position = self.queue(chat.department).iter().position(|id| *id == chat.id).map_or(0, |ahead| ahead + 1);
        let position = i64::try_from(position).expect("few chats");
        let loads = self.loads();
        let facts = Facts { now: self.now, directory: &self.directory, loads: &loads, position };
        let events = match decide(chat, &facts, actor, command) {
            Ok(events) => events,
            Err(refusal) => {
                let of_time = actor == Actor::System && matches!(command, Command::Expire | Command::Return);
                prop_assert!(!of_time, "time was refused: {}", refusal);
                return Ok(0);
            }
        };
        prop_assert!(!matches!(actor, Actor::Visitor(STRANGER)), "a stranger acted: {}", command.as_str());
        let count = events.len();
        for event in events {
            self.apply(index, actor, event)?;
        }
        Ok(count)
    }

    fn apply(&mut self, index: usize, by: Actor, event: Event) -> Result<(), TestCaseError> {
        invariants::of_an_event(self, index, by, &event)?;
        let now = self.now;
        let life = self.lives.get_mut(index).expect("a chat of this walk");
        match &event {
            Event::Started { .. } => life.ever_started = true,
            Event::Transferred { to, .. } if to.agent.is_none() => life.entered = now,
            _ => {}
        }
        let recorded = record(&mut life.chat, by, now, event);
        if matches!(recorded.event, Event::Transferred { .. } | Event::Started { .. }) {
            let chat = &life.chat;
            let fresh = chat.offer.is_none() && chat.passed.is_empty() && chat.circle == Circle::Nobody && chat.called_at.is_none();
            prop_assert!(fresh, "calls of the queue before were kept");
        }
        if life.ended.is_none() && !life.chat.state.is_open() {
            life.ended = Some(life.chat.clone());
        }
        life.timeline.push(recorded);
        Ok(())
    }

    /// Lets time do what is due, as the sweeper does.
    fn tick(&mut self) -> Result<(), TestCaseError> {
        for index in 0..self.lives.len() {
            let mut times = 0;
            while self.act(index, Actor::System, &Command::Expire)? > 0 {
                times += 1;
                prop_assert!(times < EXPIRIES_MAX, "time does not come to rest");
            }
        }
        Ok(())
    }

    /// Routes every waiting chat, first in the queue first.
    fn route(&mut self) -> Result<(), TestCaseError> {
        for department in [SUPPORT, SALES] {
            for id in self.queue(department) {
                let index = self.lives.iter().position(|life| life.chat.id == id).expect("a chat of this walk");
                let mut times = 0;
                while let Some(event) = route(self.chat(index), &self.directory, &self.loads(), self.now) {
                    self.apply(index, Actor::System, event)?;
                    times += 1;
                    prop_assert!(times < EXPIRIES_MAX, "routing does not come to rest");
                }
            }
        }
        Ok(())
    }

    /// The waiting chats of a department in their order, by what the chats say.
    pub fn queue(&self, department: DepartmentId) -> Vec<ChatId> {
        let mut queue: Vec<&Chat> =
            self.lives.iter().map(|life| &life.chat).filter(|chat| chat.state == State::Waiting && chat.department == department).collect();
        queue.sort_by_key(|chat| (chat.started_at.is_none(), chat.requested_at, chat.id));
        queue.iter().map(|chat| chat.id).collect()
    }

    /// Active chats and standing offers of every agent.
    pub fn loads(&self) -> Loads {
        let mut loads = Loads::new();
        for agent in self.lives.iter().filter_map(|life| life.chat.counts_for()) {
            *loads.entry(agent).or_default() += 1;
        }
        loads
    }

    /// Whether an agent has at most the chats that one may have, this one included.
    pub fn is_within_the_limit(&self, index: usize, agent: AgentId) -> bool {
        let chat = self.chat(index);
        let counted = chat.counts_for() == Some(agent);
        self.loads().get(&agent).copied().unwrap_or(0) + i32::from(!counted) <= CHATS_MAX
    }

    /// Every tab is closed and nobody does anything any more.
    pub fn everybody_goes_home(&mut self) -> Result<(), TestCaseError> {
        for agent in self.directory.agents.values_mut() {
            agent.absent_since = agent.absent_since.or(Some(self.now));
        }
        for life in &mut self.lives {
            life.chat.absent_since = life.chat.absent_since.or(Some(self.now));
        }
        for _ in 0..60 {
            self.step(&Step::Pass(30_000))?;
            self.step(&Step::Tick)?;
        }
        Ok(())
    }

    pub fn open_chats(&self) -> usize {
        self.lives.iter().filter(|life| life.chat.state.is_open()).count()
    }

    pub fn rebuilds_from_its_timeline(&self) -> Result<(), TestCaseError> {
        for life in &self.lives {
            let mut rebuilt = life.first.clone();
            for recorded in &life.timeline {
                evolve(&mut rebuilt, recorded);
            }
            rebuilt.absent_since = life.chat.absent_since;
            prop_assert_eq!(&rebuilt, &life.chat);
        }
        Ok(())
    }

    /// The words of everything that happened, with the reasons.
    pub fn outcomes(&self) -> Vec<String> {
        let outcome = |recorded: &Recorded| match &recorded.event {
            Event::Started { first: false, .. } => "started again".to_owned(),
            Event::Transferred { reason, .. } => format!("transferred: {}", reason.as_str()),
            Event::Finished(reason) => format!("finished: {}", reason.as_str()),
            Event::Abandoned { reason, .. } => format!("abandoned: {}", reason.as_str()),
            event => event.as_str().to_owned(),
        };
        self.lives.iter().flat_map(|life| life.timeline.iter().map(outcome)).collect()
    }
}
