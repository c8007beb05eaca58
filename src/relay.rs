//! From what was committed to frames on sockets, in commit order; the seam at which a message bus enters later.
//!
//! Events go out at once. Positions, loads and the state of departments are ephemera: the latest wins, at most once a second. Knows no HTTP.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::agent::Agent;
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::chat::{Circle, State};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, VisitorId};
use crate::domain::offline::OfflineMessage;
use crate::domain::time::Moment;
use crate::hub::close::Close;
use crate::hub::{Hub, Topic};
use crate::store::effect::{ChatChange, Effect, Standing};
use crate::store::error::StoreError;
use crate::store::{Listener, Store};
use crate::wire::entries::{AgentEntry, VisitorEntry};
use crate::wire::frames::{AgentFrame, CommonFrame, VisitorFrame, encode};
use crate::wire::views::{AgentChat, AgentView, DepartmentState, OfflineMessageView, VisitorChat, department_states, departments_for};

/// The least time between two rounds of ephemera.
const EPHEMERA_INTERVAL: Duration = Duration::from_secs(1);

/// Agents that are told of in one go, far fewer than frames that may wait for a socket.
const AGENTS_AT_ONCE: usize = 32;
/// How long sockets then have to send them.
const PAUSE: Duration = Duration::from_millis(20);

/// Publishes what the store commits.
#[derive(Clone)]
pub struct Relay {
    store: Store,
    hub: Hub,
    stale: Arc<Stale>,
    cards: Arc<Cards>,
}

/// Visitor cards that changed. They are made from what the database and the visitor's tabs say, so not here.
#[derive(Default)]
struct Cards {
    stale: Mutex<HashMap<ChatId, Option<AgentId>>>,
    told: Notify,
}

/// What ephemera must be told anew.
#[derive(Default)]
struct Stale {
    parts: Mutex<Parts>,
    told: Notify,
}

#[derive(Default)]
struct Parts {
    departments: HashSet<DepartmentId>,
    agents: HashSet<AgentId>,
    offline_messages: Vec<OfflineMessage>,
    settings: bool,
}

impl Relay {
    /// A relay between a store and a hub.
    #[must_use]
    pub fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub, stale: Arc::default(), cards: Arc::default() }
    }

    /// Publishes from now on what the store commits, where it is committed: encoding never waits, and nobody has to be woken for it.
    pub fn follow(&self) {
        self.store.listen(Following { relay: self.clone(), known: self.store.directory() });
    }

    /// Tells ephemera, at most once a second, for ever.
    pub async fn run_ephemera(self) {
        let mut departments_told: Vec<DepartmentState> = Vec::new();
        let mut looked = self.store.clock().now();
        loop {
            let soon = async {
                match self.next_gone(looked) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stale.told.notified() => {}
                () = soon => {}
            }
            looked = self.note_gone(looked);
            let parts = std::mem::take(&mut *self.stale.parts.lock().unwrap_or_else(PoisonError::into_inner));
            if let Err(error) = self.tell(parts, &mut departments_told).await {
                tracing::warn!(%error, "positions could not be told");
            }
            tokio::time::sleep(EPHEMERA_INTERVAL).await;
        }
    }

    /// How long until the next agent who left counts as gone, none at all where that came after `looked`: nothing else would tell it.
    fn next_gone(&self, looked: Moment) -> Option<Duration> {
        let (directory, now) = (self.store.directory(), self.store.clock().now());
        let ends = directory.agents.values().filter_map(Agent::gone_at).filter(|end| *end > looked.steady);
        ends.min().map(|end| Duration::from_millis(u64::try_from(end.ms_since(now.steady)).unwrap_or(0)))
    }

    /// Lets be told who counts as gone since `looked`. Returns the present.
    fn note_gone(&self, looked: Moment) -> Moment {
        let (directory, now) = (self.store.directory(), self.store.clock().now());
        let is_gone = |agent: &&Agent| agent.gone_at().is_some_and(|end| looked.steady < end && end <= now.steady);
        let mut parts = self.stale.parts.lock().unwrap_or_else(PoisonError::into_inner);
        for agent in directory.agents.values().filter(is_gone) {
            parts.agents.insert(agent.id);
            parts.departments.extend(directory.departments.values().filter(|found| found.member(agent.id).is_some()).map(|found| found.id));
        }
        now
    }

    /// Closes the sockets of agents who may see other departments than before: what they listen to was chosen when they came.
    fn call_back(&self, before: &Directory, after: &Directory) {
        let sees = |directory: &Directory, agent| -> HashSet<DepartmentId> {
            directory.departments_of(agent).iter().map(|department| department.id).collect()
        };
        // An archived account's sockets end with its sessions, and say so.
        let in_use = after.agents.values().filter(|agent| agent.archived_at.is_none()).map(|agent| &agent.id);
        for agent in in_use.filter(|agent| self.hub.has(Topic::Agent(**agent))) {
            if sees(before, *agent) != sees(after, *agent) {
                self.hub.close(Topic::Agent(*agent), Close::Changed);
            }
        }
    }

    fn publish(&self, effect: Effect, directory: &Directory, now: Moment) {
        match effect {
            Effect::Chat(change) => self.publish_change(&change, directory, now),
            Effect::Marks { chat, visitor, department: _, agent, marks } => {
                let frame = encode(&CommonFrame::Marks { chat_id: chat.to_string(), marks: marks.into() });
                let mut topics = vec![Topic::Visitor(visitor), Topic::Chat(chat)];
                topics.extend(agent.map(Topic::Agent));
                self.hub.publish(&topics, &frame);
            }
            Effect::VisitorPresence { chat, department, agent, present } => {
                let frame = encode(&AgentFrame::Presence { chat_id: chat.to_string(), present });
                self.hub.publish(&[agent.map_or(Topic::Department(department), Topic::Agent), Topic::Chat(chat)], &frame);
            }
            Effect::VisitorCard { chat, standing, visitor, name } => self.publish_visitor(chat, standing, visitor, name.as_deref()),
            Effect::Deadline { .. } | Effect::Outbox | Effect::OutboxRecalled | Effect::DeliveriesMoved => {}
            Effect::Agent(agent) => self.make_stale(|parts| {
                parts.agents.insert(agent);
                let own = directory.departments.values().filter(|department| department.member(agent).is_some());
                parts.departments.extend(own.map(|department| department.id));
            }),
            Effect::Directory => self.make_stale(|parts| parts.settings = true),
            Effect::OfflineMessage(message) => self.make_stale(|parts| parts.offline_messages.push(*message)),
            Effect::SessionsEnded(sessions) => {
                sessions.into_iter().for_each(|session| self.hub.close(Topic::Session(session), Close::SignedOut))
            }
        }
    }

    /// The name stands in lists, which all have who hear of the chat; the card is shown where it is open.
    fn publish_visitor(&self, chat: ChatId, standing: Standing, visitor: VisitorId, name: Option<&str>) {
        if let Some(name) = name {
            let audience = match standing.agent {
                Some(agent) => Topic::Agent(agent),
                None => Topic::Department(standing.department),
            };
            let frame = AgentFrame::Visitor { chat_id: chat.to_string(), visitor_id: visitor.to_string(), name };
            self.hub.publish(&[audience, Topic::Chat(chat)], &encode(&frame));
        }
        self.cards.stale.lock().unwrap_or_else(PoisonError::into_inner).insert(chat, standing.agent);
        self.cards.told.notify_one();
    }

    /// The chats whose visitor cards changed since the last call, with the agent who answers; waits until there is one.
    pub async fn stale_cards(&self) -> HashMap<ChatId, Option<AgentId>> {
        loop {
            let told = self.cards.told.notified();
            let stale = std::mem::take(&mut *self.cards.stale.lock().unwrap_or_else(PoisonError::into_inner));
            if !stale.is_empty() {
                return stale;
            }
            told.await;
        }
    }

    fn publish_change(&self, change: &ChatChange, directory: &Directory, now: Moment) {
        let chat = &change.chat;
        let after = Standing::of(chat);
        let standing_changed = change.before != Some(after);
        let visitors = [Topic::Visitor(chat.request.visitor)];
        let agents = agent_topics(change);
        for entry in &change.recorded {
            self.count(&entry.event);
            // A chat's standing comes with every entry but messages and notes, as it is after the last of this step.
            let with_chat = !matches!(entry.event, Event::Written(_) | Event::Noted(_));
            if let Some(view) = VisitorEntry::of(entry, directory) {
                // The visitor is warned before silence ends the chat, so a message that moves that deadline brings it along.
                let chat_view = (with_chat || change.idle_moved).then(|| VisitorChat::of(chat, directory, now));
                self.hub.publish(&visitors, &encode(&VisitorFrame::Event { chat_id: chat.id.to_string(), entry: view, chat: chat_view }));
            }
            let chat_view = with_chat.then(|| AgentChat::of(chat, change.visitor_name.as_deref(), change.unread, directory, now));
            let frame = AgentFrame::Event { chat_id: chat.id.to_string(), entry: AgentEntry::of(entry, directory), chat: chat_view };
            self.hub.publish(&agents, &encode(&frame));
            self.ring(change, entry);
        }
        if standing_changed {
            self.tell_who_lost_it(change, directory);
            let departments = change.before.map(|before| before.department).into_iter().chain([after.department]);
            self.make_stale(|parts| parts.departments.extend(departments));
        }
    }

    fn count(&self, event: &Event) {
        let metrics = self.store.metrics();
        metrics.chat_event(event.as_str());
        match event {
            Event::Started { first: true, waited_seconds, .. } => metrics.waited(*waited_seconds),
            Event::Rated { rating, .. } => metrics.rated(rating.score),
            _ => {}
        }
    }

    /// Calls sound and stop here: an offer rings one agent, a call a circle, and whatever ends the wait silences everybody.
    fn ring(&self, change: &ChatChange, entry: &Recorded) {
        let chat_id = change.chat.id.to_string();
        match &entry.event {
            Event::Offered(offer) => {
                let frame = AgentFrame::Ring { chat_id, circle: "offer" };
                self.hub.publish(&[Topic::Agent(offer.to)], &encode(&frame));
            }
            Event::Called { circle, agents } => {
                let topics: Vec<Topic> = agents.iter().map(|agent| Topic::Agent(*agent)).collect();
                if !topics.is_empty() {
                    self.hub.publish(&topics, &encode(&AgentFrame::Ring { chat_id, circle: Circle::as_str(*circle) }));
                }
            }
            Event::OfferPassed(agent) => self.hub.publish(&[Topic::Agent(*agent)], &encode(&AgentFrame::Unring { chat_id })),
            _ => {
                let stopped_waiting =
                    change.before.is_some_and(|before| before.state == State::Waiting) && Some(Standing::of(&change.chat)) != change.before;
                if let Some(before) = change.before.filter(|_| stopped_waiting) {
                    self.hub.publish(&[Topic::Department(before.department)], &encode(&AgentFrame::Unring { chat_id }));
                }
            }
        }
    }

    /// Who had the chat in a list and has it no more, because they may not see its department or because it is another's.
    fn tell_who_lost_it(&self, change: &ChatChange, directory: &Directory) {
        let Some(before) = change.before else { return };
        let chat = &change.chat;
        let frame = encode(&AgentFrame::ChatLeft { chat_id: chat.id.to_string() });
        let left_queue = before.state == State::Waiting && (chat.state != State::Waiting || before.department != chat.department);
        if left_queue {
            let keep: Vec<Topic> = chat.agent.map(Topic::Agent).into_iter().collect();
            self.hub.publish_but(Topic::Department(before.department), &keep, &frame);
        }
        if let Some(agent) = before.agent.filter(|agent| chat.agent != Some(*agent)) {
            let still_sees =
                chat.state == State::Waiting && directory.rights(agent, chat.department) != crate::domain::directory::Rights::None;
            let ended_with = !chat.state.is_open();
            if !still_sees && !ended_with {
                self.hub.publish(&[Topic::Agent(agent)], &frame);
            }
        }
    }

    fn make_stale(&self, change: impl FnOnce(&mut Parts)) {
        change(&mut self.stale.parts.lock().unwrap_or_else(PoisonError::into_inner));
        self.stale.told.notify_one();
    }

    async fn tell(&self, parts: Parts, departments_told: &mut Vec<DepartmentState>) -> Result<(), StoreError> {
        let (directory, now) = (self.store.directory(), self.store.clock().now());
        for department in &parts.departments {
            for place in self.store.places(*department).await? {
                let queue = place.view(now);
                let frame = VisitorFrame::Queue { chat_id: place.chat.to_string(), queue };
                self.hub.publish(&[Topic::Visitor(place.visitor)], &encode(&frame));
            }
        }
        let loads = self.store.loads();
        for (told, agent) in parts.agents.iter().filter_map(|agent| directory.agents.get(agent)).enumerate() {
            // Every agent hears of every other: a large house must not fill everybody's queue in one go.
            if told % AGENTS_AT_ONCE == AGENTS_AT_ONCE - 1 {
                tokio::time::sleep(PAUSE).await;
            }
            let load = i64::from(loads.get(&agent.id).copied().unwrap_or(0));
            self.hub.publish(&[Topic::Agents], &encode(&AgentFrame::Agent { agent: AgentView::of(agent, load, &directory, now) }));
        }
        self.tell_offline_messages(&parts.offline_messages, &directory).await?;
        let states = department_states(&directory, &loads, now);
        if states != *departments_told || parts.settings {
            for site in directory.sites.keys() {
                self.hub.publish(&[Topic::Site(*site)], &encode(&VisitorFrame::Departments { departments: &states }));
            }
            let mut by_agent: HashMap<AgentId, _> = HashMap::new();
            for agent in directory.agents.keys().filter(|agent| self.hub.has(Topic::Agent(**agent))) {
                by_agent.insert(*agent, departments_for(*agent, &directory, &loads, now));
            }
            for (agent, departments) in by_agent {
                self.hub.publish(&[Topic::Agent(agent)], &encode(&AgentFrame::Departments { departments }));
            }
            *departments_told = states;
        }
        Ok(())
    }

    async fn tell_offline_messages(&self, messages: &[OfflineMessage], directory: &Directory) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        for agent in directory.agents.keys().filter(|agent| self.hub.has(Topic::Agent(**agent))) {
            let own: Vec<DepartmentId> = directory.departments_of(*agent).iter().map(|department| department.id).collect();
            let unread = self.store.open_offline_messages(own.clone()).await?;
            for message in messages.iter().filter(|message| own.contains(&message.department)) {
                let frame = AgentFrame::OfflineMessage { offline_message: OfflineMessageView::of(message, directory), unread };
                self.hub.publish(&[Topic::Agent(*agent)], &encode(&frame));
            }
        }
        Ok(())
    }
}

/// On the writer's thread.
struct Following {
    relay: Relay,
    /// The settings as they were told last.
    known: Arc<Directory>,
}

impl Listener for Following {
    fn committed(&mut self, effects: Vec<Effect>) {
        let relay = &self.relay;
        // An author's event and answer leave in one write, and a batch wakes each worker once.
        relay.hub.cork();
        let (directory, now) = (relay.store.directory(), relay.store.clock().now());
        for effect in effects {
            if matches!(effect, Effect::Directory) {
                relay.call_back(&self.known, &directory);
                self.known = Arc::clone(&directory);
            }
            relay.publish(effect, &directory, now);
        }
    }

    fn answered(&mut self) {
        self.relay.hub.uncork();
    }
}

/// Which agents hear of a step: the department while the chat waits or stops waiting there, its agents before and after, and who has it open.
fn agent_topics(change: &ChatChange) -> Vec<Topic> {
    let chat = &change.chat;
    let mut topics = vec![Topic::Chat(chat.id)];
    let mut add = |standing: Standing| {
        topics.extend(standing.agent.map(Topic::Agent));
        if standing.state == State::Waiting {
            topics.push(Topic::Department(standing.department));
        }
    };
    add(Standing::of(chat));
    if let Some(before) = change.before {
        // Of a chat that moved on, the old queue is told only that it left.
        let before = if chat.state == before.state { before } else { Standing { state: chat.state, ..before } };
        add(before);
    }
    // Who took part sees how it ends, and ratings and tags after it.
    if !chat.state.is_open() {
        topics.extend(chat.agents.iter().map(|agent| Topic::Agent(*agent)));
    }
    topics
}
