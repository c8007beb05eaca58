//! What a dispatcher has in its hands: the lanes, what it knows of the store, results on their way there.
//!
//! Plain state of one thread; when to read and what to start is the dispatcher's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::board::{Board, Restraint};
use super::lane::{Lane, Terms};
use crate::domain::delivery::{Attempt, AttemptCode, Outcome};
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::ids::EndpointId;
use crate::domain::time::{Moment, Timestamp};
use crate::store::deliveries::{Ended, Job, LaneAsk, LaneDue, News, Past, Recorded, Released};
use crate::store::endpoints::Keys;

/// The lanes, and what is known of the store.
#[derive(Default)]
pub struct Work {
    /// As of the last look at the settings.
    pub endpoints: Option<Arc<HashMap<EndpointId, Endpoint>>>,
    pub keys: HashMap<EndpointId, Keys>,
    pub lanes: HashMap<EndpointId, Lane>,
    /// Deliveries in a lane's window, under way, or not yet recorded.
    pub known: HashSet<i64>,
    /// Deliveries that were recorded while the store was being read: what was read of them is old.
    pub recorded_meanwhile: HashSet<i64>,
    pub last_position: Option<i64>,
    /// Deliveries that were let pass and have not been read yet.
    pub released: Vec<Released>,
    /// Whether deliveries may have been written since the last look.
    pub has_news: bool,
    pub in_flight: usize,
    pub unrecorded: Vec<Ended>,
    pub is_recording: bool,
    /// Whether the lanes know of the attempts before this dispatcher.
    pub remembers: bool,
    pub recalls: u64,
    pub quiet_since: Timestamp,
    pub rotation: usize,
    /// Where pages see what holds endpoints back.
    pub board: Arc<Board>,
    /// What stands there.
    pub shown: HashMap<EndpointId, Restraint>,
}

impl Work {
    /// Takes a delivery that was read into its lane, but for one that is known or was recorded meanwhile. `false`: there is no room for it.
    fn accept(&mut self, job: Job) -> bool {
        let position = job.position;
        if self.recorded_meanwhile.contains(&position) || self.known.contains(&position) {
            return true;
        }
        let has_room = self.lanes.entry(job.endpoint).or_default().push(job).is_ok();
        if has_room {
            self.known.insert(position);
        }
        has_room
    }

    /// Takes what has just been queued or let pass. What comes to a lane that has everything before it moves the place where reading goes on.
    pub fn accept_news(&mut self, news: News) {
        self.last_position = Some(news.last);
        for endpoint in &news.more {
            self.lanes.entry(*endpoint).or_default().reading.fresh_backlog = true;
        }
        for job in news.jobs {
            if let Some(lane) = self.lanes.get_mut(&job.endpoint)
                && news.is_all
                && lane.room_for_news() > 0
            {
                lane.reading.has_read(job.due, job.position);
            }
            self.accept(job);
        }
    }

    /// Takes what a lane asked for.
    pub fn accept_due(&mut self, ask: &LaneAsk, due: LaneDue, now: Timestamp) {
        let is_full = |jobs: &[Job], asked: usize| jobs.len() >= asked;
        let lane = self.lanes.entry(ask.endpoint).or_default();
        if let Some(asked) = ask.again {
            lane.reading.again_backlog = is_full(&due.again, asked);
            // What was recorded while this was read may be sooner.
            lane.reading.next_due = [due.next, lane.reading.next_due.filter(|next| *next > now)].into_iter().flatten().min();
        }
        if let Some(asked) = ask.fresh {
            lane.reading.fresh_backlog = is_full(&due.fresh, asked.count);
        }
        for job in due.fresh {
            let (due, position, keeps_order) = (job.due, job.position, job.cause.keeps_order());
            // What people asked for never stops the others: it is found from the beginning, once there is room for it.
            if !self.accept(job) && keeps_order {
                break;
            }
            if let Some(lane) = self.lanes.get_mut(&ask.endpoint) {
                lane.reading.has_read(due, position);
            }
        }
        for job in due.again {
            self.accept(job);
        }
    }

    /// Where there is room for news, how much; and what was let pass that finds some. The rest is read in the store's order.
    pub fn rooms(&mut self) -> (HashMap<EndpointId, usize>, Vec<i64>) {
        let mut rooms: HashMap<EndpointId, usize> = self.lanes.iter().map(|(id, lane)| (*id, lane.room_for_news())).collect();
        let mut positions = Vec::new();
        for released in self.released.drain(..) {
            match rooms.get_mut(&released.endpoint) {
                Some(room) if *room > 0 => {
                    *room -= 1;
                    positions.push(released.position);
                }
                Some(_) | None => self.lanes.entry(released.endpoint).or_default().reading.has_more_since(released.at),
            }
        }
        (rooms, positions)
    }

    /// These results are in the store.
    pub fn recorded(&mut self, batch: &[Ended], recorded: &Recorded) {
        for result in batch {
            self.known.remove(&result.position);
            self.recorded_meanwhile.insert(result.position);
            if let Some(lane) = self.lanes.get_mut(&result.endpoint) {
                lane.outstanding = lane.outstanding.saturating_sub(1);
                if let Some(wait) = result.settlement.retry_in_ms {
                    lane.reading.will_be_due(result.ended_steady.plus_ms(wait));
                }
            }
        }
        self.released.extend(&recorded.released);
        for endpoint in &recorded.disabled {
            tracing::warn!(%endpoint, "a webhook endpoint was disabled by what it answered");
        }
        for (endpoint, warning) in &recorded.warned {
            tracing::warn!(%endpoint, ?warning, "a webhook endpoint has been failing for long");
        }
    }

    /// Shows what holds endpoints back, if that has changed.
    pub fn show(&mut self, now: Timestamp) {
        let held_back = |(id, lane): (&EndpointId, &Lane)| Some((*id, lane.patience.restraint(now)?));
        let restraints: HashMap<_, _> = self.lanes.iter().filter_map(held_back).collect();
        if restraints != self.shown {
            self.board.show(restraints.clone());
            self.shown = restraints;
        }
    }

    /// Bears with endpoints as what became of these attempts has taught, the earliest end first.
    pub fn remember(&mut self, past: &[Past], now: Moment) {
        for past in past {
            if let Some(lane) = self.lanes.get_mut(&past.endpoint) {
                lane.patience.remember(past, now);
            }
        }
        self.remembers = true;
    }

    /// What to ask the store for.
    pub fn asks(&mut self, now: Timestamp) -> Vec<LaneAsk> {
        self.lanes.iter_mut().filter_map(|(id, lane)| lane.ask(*id, now)).collect()
    }
}

/// What of an endpoint's settings its lane goes by.
pub fn terms(endpoint: &Endpoint) -> Terms {
    Terms { is_live: endpoint.is_live(), rate_per_second: endpoint.draft.rate_per_second }
}

/// An attempt that came to nothing through no fault of the receiver.
pub fn interrupted(url: &WebhookUrl, at: Timestamp) -> (Attempt, Outcome) {
    let attempt = Attempt {
        at,
        duration_ms: 0,
        resolved_ms: None,
        connected_ms: None,
        answered_ms: None,
        url: url.masked(),
        request_headers: Vec::new(),
        status: None,
        code: AttemptCode::Interrupted,
        response_headers: Vec::new(),
        response_body: Vec::new(),
        response_truncated: false,
        remote_address: None,
    };
    (attempt, Outcome { code: AttemptCode::Interrupted, status: None, retry_after_ms: None, control: None })
}
