//! Every row of a chat's life, interrupted in its middle: by a stop, by a kill, by a jump of the wall clock. It comes out as without, and tells the
//! same to the outbox.

mod killed;
mod rows;

use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use self::rows::{Row, Scene};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What happens between the two halves of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interruption {
    None,
    /// A stop as asked for, and a start.
    Stop,
    /// No goodbye: the disk is as the last commit left it.
    Kill,
    /// Somebody sets the machine's clock a day ahead.
    Jump,
}

/// How a row came out.
struct Outcome {
    /// Of each chat: state, reason, agent, place in the queue.
    chats: Vec<String>,
    /// Of each chat: its entries.
    timelines: Vec<Vec<String>>,
    /// What the outbox holds.
    told: Vec<Value>,
}

async fn plays(row: Row, interruption: Interruption) -> Outcome {
    let mut scene = Scene::set(row).await;
    scene.first_half(row).await;
    let middle = scene.chats_as_they_are().await;
    let mut scene = match interruption {
        Interruption::None => scene,
        Interruption::Stop => scene.restarts().await,
        Interruption::Kill => scene.dies().await,
        Interruption::Jump => {
            scene.house.clock.jump_ms(DAY_MS);
            scene
        }
    };
    scene.house.ticks().await;
    assert_eq!(scene.chats_as_they_are().await, middle, "{row:?}: {interruption:?} alone moves nothing");
    scene.second_half(row).await;
    let outcome = Outcome { chats: scene.chats_as_they_are().await, timelines: scene.timelines().await, told: scene.house.told().await };
    scene.house.finishes().await;
    outcome
}

/// How the rows come out where nothing interrupts them.
static ALONE: OnceCell<Vec<Outcome>> = OnceCell::const_new();

async fn play_alone() -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for row in Row::ALL {
        outcomes.push(plays(row, Interruption::None).await);
    }
    outcomes
}

async fn comes_out_the_same(interruption: Interruption) {
    for (row, alone) in Row::ALL.into_iter().zip(ALONE.get_or_init(play_alone).await) {
        let interrupted = plays(row, interruption).await;
        assert_eq!(interrupted.chats, alone.chats, "{row:?} with {interruption:?}");
        assert_eq!(interrupted.timelines, alone.timelines, "{row:?} with {interruption:?}");
        let comparable = |outcome: &Outcome| outcome.told.iter().map(|body| comparable(body, interruption)).collect::<Vec<_>>();
        let (told, told_alone) = (comparable(&interrupted), comparable(alone));
        let types = |told: &[Value]| told.iter().map(|body| body["type"].clone()).collect::<Vec<_>>();
        assert_eq!(types(&told), types(&told_alone), "{row:?} with {interruption:?}");
        for (with, without) in told.iter().zip(&told_alone) {
            assert_eq!(with, without, "{row:?} with {interruption:?}");
        }
    }
}

#[tokio::test]
async fn a_stop_in_the_middle_changes_no_row_of_a_chats_life() {
    comes_out_the_same(Interruption::Stop).await;
}

#[tokio::test]
async fn a_kill_in_the_middle_changes_no_row_of_a_chats_life() {
    comes_out_the_same(Interruption::Kill).await;
}

#[tokio::test]
async fn a_clock_set_a_day_ahead_in_the_middle_changes_no_row_of_a_chats_life() {
    comes_out_the_same(Interruption::Jump).await;
}

/// Without ids and times of day; where the clock was set ahead also without the spans that `chat.finished` counts between two of them.
fn comparable(body: &Value, interruption: Interruption) -> Value {
    let spans = interruption == Interruption::Jump && body["type"] == "chat.finished";
    simplified(body.clone(), &|key| spans && ["waited_seconds", "duration_seconds", "first_response_seconds"].contains(&key))
}

fn simplified(value: Value, skips: &impl Fn(&str) -> bool) -> Value {
    match value {
        Value::String(text) if uuid::Uuid::try_parse(&text).is_ok() || text.starts_with("evt_") => Value::from("an id"),
        Value::String(text) if text.starts_with("http://127.0.0.1:8080/") => Value::from("an address"),
        Value::String(text) if text.len() == 24 && text.ends_with('Z') && text.get(10..11) == Some("T") => Value::from("a time"),
        Value::Array(list) => list.into_iter().map(|one| simplified(one, skips)).collect(),
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(key, _)| !skips(key));
            Value::Object(kept.map(|(key, value)| (key, simplified(value, skips))).collect::<Map<_, _>>())
        }
        other => other,
    }
}
