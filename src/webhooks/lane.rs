//! One endpoint's work and limits: which delivery may go next, and when to look again.
//!
//! Plain state without I/O, counted in steady time; the dispatcher owns one for each endpoint, so that nobody waits for a stranger. Holds a bounded
//! window of what is due; the rest stays in the store.

use std::collections::{HashSet, VecDeque};

use super::breaker::Gate;
use super::patience::Patience;
use super::pulse::VOUCH_MS;
use super::reading::{Reading, Room};
use crate::domain::delivery::AttemptCode;
use crate::domain::ids::{ChatId, EndpointId};
use crate::domain::time::Timestamp;
use crate::store::deliveries::{Job, LaneAsk};

/// Attempts at a time that people asked for: they pass the limits of the others.
const MANUAL_AT_ONCE_MAX: usize = 4;
/// Deliveries that wait in memory, of each kind.
pub const WINDOW_MAX: usize = 64;
/// How far ahead of an even pace a limited endpoint may be called, in microseconds.
const PACE_TOLERANCE_US: i64 = 20_000;

/// One endpoint's work and limits.
#[derive(Debug, Default)]
pub struct Lane {
    fresh: VecDeque<Job>,
    again: VecDeque<Job>,
    manual: VecDeque<Job>,
    fresh_in_flight: usize,
    again_in_flight: usize,
    manual_in_flight: usize,
    pace_us: i64,
    busy: HashSet<ChatId>,
    /// How the endpoint is borne with.
    pub patience: Patience,
    /// Deliveries read from the store whose end is not yet recorded.
    pub outstanding: usize,
    /// How far the store has been read.
    pub reading: Reading,
}

/// What of an endpoint's settings the lane goes by.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether it is to be called at all; what people ask for goes in any case.
    pub is_live: bool,
    /// Posts a second at most.
    pub rate_per_second: Option<u32>,
}

impl Lane {
    /// Takes a delivery into the window; gives it back if there is no room, and remembers that the store has it.
    #[expect(clippy::result_large_err, reason = "the job goes back to where it came from, by move")]
    pub fn push(&mut self, job: Job) -> Result<(), Job> {
        let (queue, has_backlog) = if !job.cause.keeps_order() {
            (&mut self.manual, &mut self.reading.manual_backlog)
        } else if job.attempts == 0 {
            (&mut self.fresh, &mut self.reading.fresh_backlog)
        } else {
            (&mut self.again, &mut self.reading.again_backlog)
        };
        if queue.len() >= WINDOW_MAX {
            *has_backlog = true;
            return Err(job);
        }
        queue.push_back(job);
        self.outstanding += 1;
        Ok(())
    }

    /// How many more first attempts may come past the store's order, as soon as they are queued.
    #[must_use]
    pub fn room_for_news(&self) -> usize {
        if self.reading.is_caught_up() { room(&self.fresh).places } else { 0 }
    }

    /// What to ask the store for, if anything.
    pub fn ask(&mut self, endpoint: EndpointId, now: Timestamp) -> Option<LaneAsk> {
        let rooms = [&self.fresh, &self.again, &self.manual].map(room);
        self.reading.ask(endpoint, now, rooms, self.outstanding)
    }

    /// Empties the window; answers the positions that were in it.
    pub fn drain(&mut self) -> Vec<i64> {
        let queues = [&mut self.fresh, &mut self.again, &mut self.manual];
        let positions: Vec<i64> = queues.into_iter().flat_map(|queue| queue.drain(..)).map(|job| job.position).collect();
        self.outstanding = self.outstanding.saturating_sub(positions.len());
        self.reading.is_stale = true;
        positions
    }

    /// Attempts under way.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.fresh_in_flight + self.again_in_flight + self.manual_in_flight
    }

    /// The delivery that goes next, counted as under way from now on.
    pub fn take(&mut self, now: Timestamp, terms: Terms) -> Option<Job> {
        let job = self.take_manual().or_else(|| self.take_ordered(now, terms))?;
        if let Some(rate) = terms.rate_per_second {
            self.pace_us = self.pace_us.max(now.ms().saturating_mul(1000)).saturating_add(1_000_000 / i64::from(rate.max(1)));
        }
        Some(job)
    }

    fn take_manual(&mut self) -> Option<Job> {
        if self.manual_in_flight >= MANUAL_AT_ONCE_MAX {
            return None;
        }
        let job = self.manual.pop_front()?;
        self.manual_in_flight += 1;
        Some(job)
    }

    fn take_ordered(&mut self, now: Timestamp, terms: Terms) -> Option<Job> {
        if !terms.is_live || self.opens_at(now, terms).is_some() {
            return None;
        }
        let gate = self.patience.gate(now);
        let at_once = match gate {
            Gate::Closed => self.patience.at_once,
            Gate::Probe => 1,
            Gate::Open(_) => return None,
        };
        let under_way = self.fresh_in_flight + self.again_in_flight;
        if gate == Gate::Closed && under_way >= at_once {
            return None;
        }
        // What just happened goes first, but one place is kept for what failed before, if there is more than one.
        let fresh_max = if self.again.is_empty() || self.again_in_flight > 0 || at_once == 1 { at_once } else { at_once - 1 };
        let again_turn = at_once == 1 && self.patience.successes % 2 == 1 && !self.again.is_empty();
        let fresh_first = self.fresh_in_flight < fresh_max && !again_turn;
        let job = if fresh_first {
            self.pick_fresh().or_else(|| self.pick_again(at_once))
        } else {
            self.pick_again(at_once).or_else(|| self.pick_fresh())
        }?;
        if gate == Gate::Probe {
            self.patience.probe();
        }
        if let Some(chat) = job.chat {
            self.busy.insert(chat);
        }
        Some(job)
    }

    fn pick_fresh(&mut self) -> Option<Job> {
        let job = pick(&mut self.fresh, &self.busy)?;
        self.fresh_in_flight += 1;
        Some(job)
    }

    /// Retries never take the last quarter of the places, so that what just happened finds one at once.
    fn pick_again(&mut self, at_once: usize) -> Option<Job> {
        let most = (at_once - at_once / 4).max(1);
        if self.again_in_flight >= most {
            return None;
        }
        let job = pick(&mut self.again, &self.busy)?;
        self.again_in_flight += 1;
        Some(job)
    }

    /// An attempt has ended; `pause_ms` is how long the receiver wants to be left alone.
    pub fn finished(&mut self, job: &Job, code: AttemptCode, status: Option<u16>, pause_ms: Option<i64>, now: Timestamp) {
        let counter = if !job.cause.keeps_order() {
            &mut self.manual_in_flight
        } else if job.attempts == 0 {
            &mut self.fresh_in_flight
        } else {
            &mut self.again_in_flight
        };
        *counter = counter.saturating_sub(1);
        if job.cause.keeps_order()
            && let Some(chat) = job.chat
        {
            self.busy.remove(&chat);
        }
        self.patience.note(code, status, pause_ms, now);
    }

    /// When to look at this lane again without being told; `None`: not by the clock.
    #[must_use]
    pub fn wakes_at(&self, now: Timestamp, terms: Terms) -> Option<Timestamp> {
        let waiting = terms.is_live && !(self.fresh.is_empty() && self.again.is_empty());
        let gate = match self.patience.gate(now) {
            Gate::Open(until) => until,
            Gate::Closed | Gate::Probe => None,
        };
        let opens = self.opens_at(now, terms).max(gate).filter(|_| waiting);
        [opens, self.reading.next_due].into_iter().flatten().min()
    }

    /// Until when this lane's work waits for a good reason, or is being done.
    #[must_use]
    pub fn vouched_until(&self, now: Timestamp, terms: Terms) -> Option<Timestamp> {
        let under_way = (self.in_flight() > 0).then(|| now.plus_ms(VOUCH_MS));
        let gate = match self.patience.gate(now) {
            Gate::Open(until) => until,
            Gate::Closed | Gate::Probe => None,
        };
        under_way.max(gate).max(self.opens_at(now, terms))
    }

    /// When the pause ends and the pace allows the next one, if that is not now.
    fn opens_at(&self, now: Timestamp, terms: Terms) -> Option<Timestamp> {
        let paused = self.patience.paused_until(now);
        let ahead_us = self.pace_us - now.ms().saturating_mul(1000) - PACE_TOLERANCE_US;
        let paced = (terms.rate_per_second.is_some() && ahead_us > 0).then(|| now.plus_ms(ahead_us / 1000 + 1));
        paused.max(paced)
    }
}

fn room(queue: &VecDeque<Job>) -> Room {
    Room { places: WINDOW_MAX.saturating_sub(queue.len()), is_wide: queue.len() < WINDOW_MAX / 2 }
}

/// The first whose chat has nothing under way.
fn pick(queue: &mut VecDeque<Job>, busy: &HashSet<ChatId>) -> Option<Job> {
    let place = queue.iter().position(|job| job.chat.is_none_or(|chat| !busy.contains(&chat)))?;
    queue.remove(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Cause;
    use crate::domain::event_type::EventType;
    use crate::domain::ids::{DeliveryId, EndpointId, EventId};

    const LIVE: Terms = Terms { is_live: true, rate_per_second: None };

    fn job(position: i64, chat: Option<ChatId>, attempts: u32, cause: Cause) -> Job {
        Job {
            position,
            id: DeliveryId::new(),
            endpoint: EndpointId::default(),
            chat,
            event: EventId::new(),
            event_type: EventType::ChatStarted,
            test: false,
            cause,
            attempts,
            due: Timestamp::from_ms(0),
            previous: None,
            body: None,
        }
    }

    fn lane(jobs: impl IntoIterator<Item = Job>) -> Lane {
        let mut lane = Lane::default();
        for job in jobs {
            assert!(lane.push(job).is_ok());
        }
        lane
    }

    fn taken(lane: &mut Lane, at_ms: i64, terms: Terms) -> Vec<i64> {
        std::iter::from_fn(|| lane.take(Timestamp::from_ms(at_ms), terms)).map(|job| job.position).collect()
    }

    #[test]
    fn one_chat_has_one_delivery_under_way_and_others_pass_it() {
        let (a, b) = (ChatId::new(), ChatId::new());
        let mut lane = lane([job(1, Some(a), 0, Cause::Event), job(2, Some(a), 0, Cause::Event), job(3, Some(b), 0, Cause::Event)]);
        assert_eq!(taken(&mut lane, 0, LIVE), [1, 3]);
        lane.finished(&job(1, Some(a), 0, Cause::Event), AttemptCode::Delivered, Some(200), None, Timestamp::from_ms(1));
        assert_eq!(taken(&mut lane, 1, LIVE), [2]);
    }

    #[test]
    fn first_attempts_go_first_and_leave_one_place_to_retries() {
        let fresh = (0..20).map(|n| job(n, None, 0, Cause::Event));
        let mut both = lane(fresh.chain([job(100, None, 1, Cause::Event), job(101, None, 1, Cause::Event)]));
        assert_eq!(taken(&mut both, 0, LIVE), [0, 1, 2, 3, 4, 5, 6, 100]);
        let mut old = lane((0..20).map(|n| job(n, None, 1, Cause::Event)));
        assert_eq!(taken(&mut old, 0, LIVE).len(), 6, "a quarter of the places is kept for what just happened");
    }

    #[test]
    fn a_429_pauses_the_lane_and_halves_it_and_successes_let_it_grow_again() {
        let mut lane = lane((0..60).map(|n| job(n, None, 0, Cause::Event)));
        assert_eq!(taken(&mut lane, 0, LIVE).len(), 8);
        for n in 0..8 {
            let (code, status, pause) = if n == 0 { (AttemptCode::Status, 429, Some(5_000)) } else { (AttemptCode::Delivered, 200, None) };
            lane.finished(&job(n, None, 0, Cause::Event), code, Some(status), pause, Timestamp::from_ms(0));
        }
        assert_eq!(taken(&mut lane, 4_999, LIVE), Vec::<i64>::new());
        assert_eq!(lane.wakes_at(Timestamp::from_ms(0), LIVE), Some(Timestamp::from_ms(5_000)));
        assert_eq!(taken(&mut lane, 5_000, LIVE).len(), 4);
        for n in 0..13 {
            lane.finished(&job(n, None, 0, Cause::Event), AttemptCode::Delivered, Some(200), None, Timestamp::from_ms(5_000));
        }
        assert_eq!(taken(&mut lane, 5_000, LIVE).len(), 5);
    }

    #[test]
    fn an_open_breaker_holds_events_back_and_not_what_people_ask_for() {
        let mut lane = lane((0..20).map(|n| job(n, None, 0, Cause::Event)));
        for n in taken(&mut lane, 0, LIVE) {
            lane.finished(&job(n, None, 0, Cause::Event), AttemptCode::ConnectFailed, None, None, Timestamp::from_ms(0));
        }
        assert!(lane.push(job(100, None, 0, Cause::Test)).is_ok());
        assert_eq!(taken(&mut lane, 1, LIVE), [100]);
        assert_eq!(lane.wakes_at(Timestamp::from_ms(1), LIVE), Some(Timestamp::from_ms(30_000)));
        assert_eq!(taken(&mut lane, 30_000, LIVE).len(), 1, "one probes");
    }

    #[test]
    fn a_lane_that_is_not_live_sends_only_what_people_ask_for() {
        let mut lane = lane([job(1, None, 0, Cause::Event), job(2, None, 0, Cause::Resend)]);
        assert_eq!(taken(&mut lane, 0, Terms { is_live: false, ..LIVE }), [2]);
    }

    #[test]
    fn a_rate_spreads_deliveries_over_the_second() {
        let mut lane = lane((0..20).map(|n| job(n, None, 0, Cause::Event)));
        let slow = Terms { rate_per_second: Some(5), ..LIVE };
        assert_eq!(taken(&mut lane, 1_000, slow).len(), 1);
        assert_eq!(lane.wakes_at(Timestamp::from_ms(1_000), slow), Some(Timestamp::from_ms(1_181)));
        assert_eq!(taken(&mut lane, 1_200, slow).len(), 1);
    }

    #[test]
    fn the_window_is_bounded_and_knows_that_there_is_more() {
        let mut lane = lane((0..64).map(|n| job(n, None, 0, Cause::Event)));
        assert!(lane.push(job(64, None, 0, Cause::Event)).is_err());
        assert!(lane.reading.fresh_backlog);
        assert_eq!(lane.drain().len(), 64);
        assert_eq!(lane.outstanding, 0);
    }
}
