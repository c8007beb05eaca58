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
use crate::domain::time::Timestamp;
use crate::store::deliveries::{Ended, Job, LaneAsk, Recorded};
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
    /// Whether deliveries may have been written since the last look.
    pub has_news: bool,
    pub in_flight: usize,
    pub unrecorded: Vec<Ended>,
    pub is_recording: bool,
    pub recalls: u64,
    pub quiet_since: Timestamp,
    pub rotation: usize,
    /// Where pages see what holds endpoints back.
    pub board: Arc<Board>,
    /// What stands there.
    pub shown: HashMap<EndpointId, Restraint>,
}

impl Work {
    /// Takes what was read into the lanes, but for what is known or was recorded meanwhile.
    pub fn accept(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            let position = job.position;
            if self.recorded_meanwhile.contains(&position) || self.known.contains(&position) {
                continue;
            }
            if self.lanes.entry(job.endpoint).or_default().push(job).is_ok() {
                self.known.insert(position);
            }
        }
    }

    /// These results are in the store.
    pub fn recorded(&mut self, batch: &[Ended], recorded: &Recorded) {
        for result in batch {
            self.known.remove(&result.position);
            self.recorded_meanwhile.insert(result.position);
            if let Some(lane) = self.lanes.get_mut(&result.endpoint) {
                lane.outstanding = lane.outstanding.saturating_sub(1);
                if let Some(wait) = result.settlement.retry_in_ms {
                    let due = result.ended_steady.plus_ms(wait);
                    lane.next_due = Some(lane.next_due.map_or(due, |next| next.min(due)));
                }
            }
        }
        for endpoint in &recorded.released {
            self.lanes.entry(*endpoint).or_default().is_stale = true;
        }
        for endpoint in &recorded.disabled {
            tracing::warn!(%endpoint, "a webhook endpoint was disabled by what it answered");
        }
        for (endpoint, warning) in &recorded.warned {
            tracing::warn!(%endpoint, ?warning, "a webhook endpoint has been failing for long");
        }
    }

    /// Shows what holds endpoints back, if that has changed.
    pub fn show(&mut self, now: Timestamp) {
        let held_back = |(id, lane): (&EndpointId, &Lane)| Some((*id, lane.restraint(now)?));
        let restraints: HashMap<_, _> = self.lanes.iter().filter_map(held_back).collect();
        if restraints != self.shown {
            self.board.show(restraints.clone());
            self.shown = restraints;
        }
    }

    /// What to ask the store for: the lanes that are stale or whose time has come. What is known of them comes again, so that much more is asked for.
    pub fn asks(&mut self, now: Timestamp) -> Vec<LaneAsk> {
        let mut asks = Vec::new();
        for (id, lane) in &mut self.lanes {
            if lane.next_due.is_some_and(|due| due <= now) {
                lane.is_stale = true;
            }
            if std::mem::take(&mut lane.is_stale) {
                let (fresh, again) = lane.room();
                let more = |room: usize| i64::try_from(room + lane.outstanding).unwrap_or(i64::MAX);
                asks.push(LaneAsk { endpoint: *id, fresh: more(fresh), again: more(again) });
            }
        }
        asks
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
