//! One chat's talk, alone first and then beside whatever else the server holds: what it suffers is the quotient.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cast;
use crate::house::House;
use crate::messages::{self, Course, Outcome};
use crate::meter::Latencies;

/// Messages per second: few, so that each is on its own, and enough for a p99.
const RATE: u32 = 50;

/// The same talk of the house's first agent as often as wanted, each time in a new chat on new sockets: a chat knows each `client_id` for ever, and a line
/// that was handed over keeps nothing.
pub struct Talk<'a> {
    house: &'a House,
    course: Course,
}

impl<'a> Talk<'a> {
    /// Each talk is measured for so long.
    pub const fn of(house: &'a House, measured: Duration) -> Self {
        Self { house, course: Course { warm_up: Duration::from_millis(500), measured, rate: Some(RATE) } }
    }

    /// Talks for a while.
    ///
    /// # Errors
    /// In words; anything lost, doubled or out of order is one, since such a talk measures nothing.
    pub async fn goes_on(&self) -> Result<Outcome, String> {
        let agents = cast::agents(self.house, 1).await?;
        let pairs = cast::pairs(self.house, &agents, 1).await?;
        let outcome = messages::run(&pairs, self.house.pid, self.course).await;
        for pair in &pairs {
            pair.visitor.hang_up();
            pair.agent.hang_up();
        }
        match outcome.faults.first() {
            Some(fault) => Err(format!("the talk: {fault} ({} faults)", outcome.faults.len())),
            None => Ok(outcome),
        }
    }
}

/// The same talk twice.
pub struct Beside {
    pub alone: Outcome,
    pub beside: Outcome,
}

impl Beside {
    /// How much later the other side hears a message that `percent` of all stay within, in milliseconds: alone, and beside them.
    pub fn ms(&self, percent: f64) -> (f64, f64) {
        let of = |heard: &Latencies| heard.ms(percent);
        (of(&self.alone.push), of(&self.beside.push))
    }

    /// Beside them by alone.
    pub fn ratio(&self, percent: f64) -> f64 {
        let (alone, beside) = self.ms(percent);
        beside / alone
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({"alone": self.alone.to_json(), "beside": self.beside.to_json(), "p50_ratio": self.ratio(50.0), "p99_ratio": self.ratio(99.0)})
    }

    /// For people.
    pub fn words(&self) -> String {
        let line = |percent: f64| {
            let (alone, beside) = self.ms(percent);
            format!("p{percent:.0} {alone:.2} ms alone, {beside:.2} ms beside them, {:.2} times", self.ratio(percent))
        };
        format!(
            "heard by the other side: {}; {}\n  alone {}\n  beside them {}",
            line(50.0),
            line(99.0),
            self.alone.words(),
            self.beside.words()
        )
    }
}
