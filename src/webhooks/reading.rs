//! How far an endpoint's work has been read from the store, and what to ask it for next.
//!
//! First attempts are read in the order in which they became due, each once: reading goes on where it ended. It begins anew, which costs reading what is
//! known again, at the start, after a change of the settings and from time to time, so that nothing can be overlooked for long.
//! Later attempts are few and come by time; they are read from the beginning.

use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::deliveries::{Fresh, LaneAsk};

/// Before every delivery.
const BEGINNING: (Timestamp, i64) = (Timestamp::from_ms(i64::MIN), i64::MIN);

/// How far an endpoint's work has been read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whether the store has first attempts after `read_to`.
    pub fresh_backlog: bool,
    /// Whether the store has more later attempts that are due than there was room for.
    pub again_backlog: bool,
    /// Whether the store has more of what people asked for than there was room for.
    pub manual_backlog: bool,
    /// Whether the store must be asked from the beginning.
    pub is_stale: bool,
    /// When the store has a later attempt again, as far as is known.
    pub next_due: Option<Timestamp>,
    /// First attempts up to here, by when they are due and their position, have been read.
    read_to: (Timestamp, i64),
}

/// What there is room for in the window, and whether it is half empty.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub places: usize,
    pub is_wide: bool,
}

impl Default for Reading {
    fn default() -> Self {
        Self { fresh_backlog: false, again_backlog: false, manual_backlog: false, is_stale: true, next_due: None, read_to: BEGINNING }
    }
}

impl Reading {
    /// Whether everything that the store had of first attempts has been read: only then may news come past its order.
    #[must_use]
    pub const fn is_caught_up(&self) -> bool {
        !self.fresh_backlog && !self.is_stale
    }

    /// What to ask for, if anything. `known` deliveries are in hand and come again where reading begins anew, so that much more is asked for.
    pub fn ask(&mut self, endpoint: EndpointId, now: Timestamp, [fresh, again, manual]: [Room; 3], known: usize) -> Option<LaneAsk> {
        let is_stale = std::mem::take(&mut self.is_stale) || self.manual_backlog && manual.is_wide;
        if is_stale {
            self.manual_backlog = false;
            self.read_to = BEGINNING;
        }
        let count = if is_stale { fresh.places + known } else { fresh.places };
        let fresh = (is_stale || self.fresh_backlog && fresh.is_wide).then_some(Fresh { after: self.read_to, count });
        let is_time = self.next_due.is_some_and(|due| due <= now);
        let again = (is_stale || is_time || self.again_backlog && again.is_wide).then_some(again.places + known);
        (fresh.is_some() || again.is_some()).then_some(LaneAsk { endpoint, fresh, again })
    }

    /// First attempts have been read up to this one.
    pub fn has_read(&mut self, due: Timestamp, position: i64) {
        self.read_to = self.read_to.max((due, position));
    }

    /// The store has a first attempt that is due since `at`, whatever its position.
    pub fn has_more_since(&mut self, at: Timestamp) {
        self.fresh_backlog = true;
        self.read_to = self.read_to.min((at, i64::MIN));
    }

    /// A later attempt will be due.
    pub fn will_be_due(&mut self, at: Timestamp) {
        self.next_due = Some(self.next_due.map_or(at, |next| next.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Room = Room { places: 40, is_wide: true };
    const NARROW: Room = Room { places: 4, is_wide: false };

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    /// Where first attempts are asked from, and how many.
    fn asked(reading: &mut Reading, rooms: [Room; 3]) -> Option<((Timestamp, i64), usize)> {
        reading.ask(EndpointId::default(), ms(0), rooms, 10)?.fresh.map(|fresh| (fresh.after, fresh.count))
    }

    #[test]
    fn the_first_reading_begins_at_the_beginning_and_the_next_goes_on() {
        let mut reading = Reading::default();
        assert_eq!(asked(&mut reading, [WIDE; 3]), Some((BEGINNING, 50)));
        assert_eq!(asked(&mut reading, [WIDE; 3]), None, "nothing more is known to be there");
        reading.has_read(ms(7), 3);
        reading.fresh_backlog = true;
        assert_eq!(asked(&mut reading, [NARROW, WIDE, WIDE]), None, "the window is still well filled");
        assert_eq!(asked(&mut reading, [WIDE; 3]), Some(((ms(7), 3), 40)));
    }

    #[test]
    fn what_was_let_pass_in_a_millisecond_that_was_read_is_not_overlooked() {
        let mut reading = Reading::default();
        let _first = asked(&mut reading, [WIDE; 3]);
        reading.has_read(ms(7), 3);
        reading.has_more_since(ms(7));
        assert_eq!(asked(&mut reading, [WIDE; 3]), Some(((ms(7), i64::MIN), 40)));
    }

    #[test]
    fn later_attempts_are_asked_for_when_their_time_has_come() {
        let mut reading = Reading::default();
        let _first = asked(&mut reading, [WIDE; 3]);
        reading.will_be_due(ms(500));
        reading.will_be_due(ms(900));
        assert!(reading.ask(EndpointId::default(), ms(499), [WIDE; 3], 10).is_none());
        let ask = reading.ask(EndpointId::default(), ms(500), [WIDE; 3], 10).expect("an ask");
        assert_eq!((ask.fresh.is_some(), ask.again), (false, Some(50)));
    }

    #[test]
    fn what_people_asked_for_beyond_the_window_is_found_from_the_beginning() {
        let mut reading = Reading::default();
        let _first = asked(&mut reading, [WIDE; 3]);
        reading.has_read(ms(7), 3);
        reading.manual_backlog = true;
        assert_eq!(asked(&mut reading, [WIDE, WIDE, NARROW]), None);
        assert_eq!(asked(&mut reading, [WIDE; 3]), Some((BEGINNING, 50)));
    }
}
