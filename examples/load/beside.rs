//! One chat's talk, alone first and then beside whatever else the server holds: what it suffers is the quotient.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cast::{self, Pair};
use crate::house::House;
use crate::messages::{self, Course, Outcome};
use crate::meter::Latencies;

/// Messages per second: few, so that each is on its own, and enough for a p99.
const RATE: u32 = 50;

/// A chat that can talk again and again.
pub struct Talk {
    pairs: Vec<Pair>,
    pid: u32,
    course: Course,
}

impl Talk {
    /// A chat of the house's first agent, whose talk is measured for so long each time.
    ///
    /// # Errors
    /// In words.
    pub async fn begin(house: &House, measured: Duration) -> Result<Self, String> {
        let agents = cast::agents(house, 1).await?;
        let pairs = cast::pairs(house, &agents, 1).await?;
        Ok(Self { pairs, pid: house.pid, course: Course { warm_up: Duration::from_millis(500), measured, rate: Some(RATE) } })
    }

    /// Talks for a while.
    pub async fn goes_on(&self) -> Outcome {
        messages::run(&self.pairs, self.pid, self.course).await
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

    /// What was lost, doubled or out of order, in words.
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        self.alone.faults.iter().chain(&self.beside.faults)
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
