//! Who hears what: topics, and the outlets of the sockets that listen.
//!
//! The hub never waits. An outlet's queue is bounded; one that is full belongs to a socket that is too slow, which is told to close and heals by resuming.
//! A frame is encoded once and shared by reference count. Deliberately knows no JSON, no sockets and no store; the audience is part of the topic.

pub mod close;
pub mod outlet;

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytestring::ByteString;

use self::close::Close;
use self::outlet::{Inlet, Outlet};
use crate::domain::ids::{AgentId, ChatId, DepartmentId, SessionId, SiteId, VisitorId};

/// Parts of the registry that are locked apart.
const SHARDS: usize = 32;

/// An audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The tabs of a visitor.
    Visitor(VisitorId),
    /// The widgets that are open on a site.
    Site(SiteId),
    /// The tabs of an agent.
    Agent(AgentId),
    /// The tabs that one sign-in opened.
    Session(SessionId),
    /// The agents who see a department's queue.
    Department(DepartmentId),
    /// The agents who have a chat open that may not be theirs.
    Chat(ChatId),
    /// Every agent.
    Agents,
    /// Every socket.
    Everyone,
}

/// The outlets of a topic by their number: a site's or everyone's may be many thousand, and come and go.
type Listeners = HashMap<Topic, BTreeMap<u64, Arc<Outlet>>>;

/// The registry; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Registry>);

struct Registry {
    shards: Vec<Mutex<Listeners>>,
    hasher: RandomState,
    next_id: AtomicU64,
    /// Outlets with frames whose sockets were not woken yet; none while sockets are woken at once.
    corked: Mutex<Option<Vec<Arc<Outlet>>>>,
    /// Why everybody who comes has to go again.
    shut: OnceLock<Close>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            hasher: RandomState::new(),
            next_id: AtomicU64::new(1),
            corked: Mutex::default(),
            shut: OnceLock::new(),
        }
    }
}

impl Hub {
    /// An outlet for a new socket, without a topic yet. Dropping the subscription ends all its topics.
    #[must_use]
    pub fn connect(&self) -> (Subscription, Inlet) {
        let (outlet, inlet) = outlet::pair(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        let subscription = Subscription { hub: self.clone(), outlet, topics: Vec::new() };
        (subscription, inlet)
    }

    /// Sends a frame to everybody who listens to any of these topics, once each.
    pub fn publish(&self, topics: &[Topic], frame: &ByteString) {
        match topics {
            [topic] => {
                if let Some(outlets) = self.shard(topic).get(topic) {
                    outlets.values().for_each(|outlet| self.offer(outlet, frame));
                }
            }
            topics => {
                let mut reached: Vec<u64> = Vec::new();
                for topic in topics {
                    for outlet in self.shard(topic).get(topic).into_iter().flat_map(BTreeMap::values) {
                        if !reached.contains(&outlet.id()) {
                            reached.push(outlet.id());
                            self.offer(outlet, frame);
                        }
                    }
                }
            }
        }
    }

    /// Wakes no socket for its frames until [`Hub::uncork`]: many that come in one go are cheaper to send when all are there.
    pub fn cork(&self) {
        self.corked().get_or_insert_default();
    }

    /// Wakes the sockets that got frames since [`Hub::cork`].
    pub fn uncork(&self) {
        let waiting = self.corked().take();
        waiting.iter().flatten().for_each(|outlet| outlet.wake());
    }

    fn corked(&self) -> MutexGuard<'_, Option<Vec<Arc<Outlet>>>> {
        self.0.corked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, outlet: &Arc<Outlet>, frame: &ByteString) {
        outlet.offer(frame);
        match self.corked().as_mut() {
            Some(waiting) => waiting.push(Arc::clone(outlet)),
            None => outlet.wake(),
        }
    }

    /// Sends a frame to the listeners of a topic, without those of others.
    pub fn publish_but(&self, topic: Topic, but: &[Topic], frame: &ByteString) {
        let kept: Vec<u64> = but
            .iter()
            .flat_map(|topic| self.shard(topic).get(topic).into_iter().flat_map(BTreeMap::keys).copied().collect::<Vec<_>>())
            .collect();
        for outlet in self.shard(&topic).get(&topic).into_iter().flat_map(BTreeMap::values).filter(|outlet| !kept.contains(&outlet.id())) {
            self.offer(outlet, frame);
        }
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn has(&self, topic: Topic) -> bool {
        self.shard(&topic).contains_key(&topic)
    }

    /// How many listen.
    #[must_use]
    pub fn count(&self, topic: Topic) -> usize {
        self.shard(&topic).get(&topic).map_or(0, BTreeMap::len)
    }

    /// Tells the sockets of a topic to close.
    pub fn close(&self, topic: Topic, close: Close) {
        if let Some(outlets) = self.shard(&topic).get(&topic) {
            outlets.values().for_each(|outlet| outlet.close(close));
        }
    }

    /// Tells every socket to close, those that are still to come too.
    pub fn shut(&self, close: Close) {
        self.0.shut.get_or_init(|| close);
        self.close(Topic::Everyone, close);
    }

    fn shard(&self, topic: &Topic) -> MutexGuard<'_, Listeners> {
        let hash = usize::try_from(self.0.hasher.hash_one(topic) % 32).unwrap_or(0);
        let shard = self.0.shards.get(hash).or_else(|| self.0.shards.first()).expect("the registry has shards");
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, topic: Topic, outlet: &Arc<Outlet>) {
        self.shard(&topic).entry(topic).or_default().insert(outlet.id(), Arc::clone(outlet));
    }

    fn remove(&self, topic: Topic, outlet: &Outlet) {
        let mut shard = self.shard(&topic);
        if let Some(outlets) = shard.get_mut(&topic) {
            outlets.remove(&outlet.id());
            if outlets.is_empty() {
                shard.remove(&topic);
            }
        }
    }
}

/// One socket's place in the registry.
pub struct Subscription {
    hub: Hub,
    outlet: Arc<Outlet>,
    topics: Vec<Topic>,
}

impl Subscription {
    /// Begins to listen; twice is once. Subscribe first, then read: what comes in between is then not missed.
    pub fn listen(&mut self, topic: Topic) {
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
            self.hub.add(topic, &self.outlet);
            if let Some(close) = self.hub.0.shut.get() {
                self.outlet.close(*close);
            }
        }
    }

    /// Stops listening.
    pub fn leave(&mut self, topic: Topic) {
        if let Some(index) = self.topics.iter().position(|known| *known == topic) {
            self.topics.swap_remove(index);
            self.hub.remove(topic, &self.outlet);
        }
    }

    /// Stops listening to everything but `kept`.
    pub fn leave_all_but(&mut self, kept: Topic) {
        for topic in self.topics.clone() {
            if topic != kept {
                self.leave(topic);
            }
        }
    }

    /// What it listens to.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for topic in std::mem::take(&mut self.topics) {
            self.hub.remove(topic, &self.outlet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_reaches_each_listener_of_any_topic_once() {
        let hub = Hub::default();
        let (agent, chat) = (Topic::Agent(AgentId::new()), Topic::Chat(ChatId::new()));
        let (mut subscription, mut inlet) = hub.connect();
        subscription.listen(agent);
        subscription.listen(chat);
        hub.publish(&[agent, chat], &ByteString::from_static("one"));
        hub.publish(&[chat], &ByteString::from_static("two"));
        assert_eq!(inlet.next().await, Ok(ByteString::from_static("one")));
        assert_eq!(inlet.next().await, Ok(ByteString::from_static("two")));
        drop(subscription);
        assert!(!hub.has(agent) && !hub.has(chat));
    }

    #[tokio::test]
    async fn who_says_hello_anew_hears_nothing_of_before() {
        let hub = Hub::default();
        let before = Topic::Agent(AgentId::new());
        let (mut subscription, mut inlet) = hub.connect();
        subscription.listen(Topic::Everyone);
        subscription.listen(before);
        subscription.leave_all_but(Topic::Everyone);
        assert!(!hub.has(before));
        hub.publish(&[Topic::Everyone], &ByteString::from_static("still here"));
        assert_eq!(inlet.next().await, Ok(ByteString::from_static("still here")));
    }

    #[tokio::test]
    async fn whoever_comes_after_the_end_is_told_as_those_before() {
        let hub = Hub::default();
        let (mut before, mut inlet_before) = hub.connect();
        before.listen(Topic::Everyone);
        hub.shut(Close::Restart);
        let (mut after, mut inlet_after) = hub.connect();
        after.listen(Topic::Everyone);
        assert_eq!((inlet_before.next().await, inlet_after.next().await), (Err(Close::Restart), Err(Close::Restart)));
    }

    #[tokio::test]
    async fn a_slow_listener_is_closed_and_the_others_hear_everything() {
        let hub = Hub::default();
        let topic = Topic::Agents;
        let (mut slow, mut slow_inlet) = hub.connect();
        let (mut quick, mut quick_inlet) = hub.connect();
        slow.listen(topic);
        quick.listen(topic);
        for number in 0..=outlet::FRAMES_MAX {
            hub.publish(&[topic], &ByteString::from(number.to_string()));
            assert_eq!(quick_inlet.next().await, Ok(ByteString::from(number.to_string())));
        }
        assert_eq!(slow_inlet.next().await, Err(Close::Slow));
    }
}
