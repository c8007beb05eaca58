//! Two want it at once: one transaction after the other decides, and the timeline tells the same story as the answers.

use papo::domain::chat::State;
use papo::domain::chat::command::{Actor, Command, Recipient};
use papo::domain::chat::event::Event;
use papo::domain::chat::refusal::Refusal;
use papo::domain::department::{Limits, Routing};
use papo::domain::text::Body;
use papo::store::error::StoreError;

use crate::support::house::House;

/// How often each race is run: the order of two tasks is the scheduler's to choose.
const ROUNDS: usize = 25;

#[tokio::test]
async fn of_two_agents_who_start_at_once_exactly_one_wins() {
    let mut house = House::with(Limits::default()).await;
    let (bia, caio) = (house.agent("bia").await, house.agent("caio").await);
    for _ in 0..ROUNDS {
        let (chat, _) = house.asks("oi").await;
        let start = |agent| house.does(chat, Actor::Agent(agent), Command::Start);
        let (first, second) = tokio::join!(start(bia), start(caio));
        let winner = house.chat(chat).await.agent.expect("somebody won");
        let (won, lost) = if winner == bia { (first, second) } else { (second, first) };
        assert!(won.is_ok(), "{won:?}");
        assert!(matches!(lost, Err(StoreError::Refused(Refusal::AlreadyTaken { by })) if by == winner), "{lost:?}");
        house.does(chat, Actor::Agent(winner), Command::Finish).await.expect("a finish");
    }
    house.finishes().await;
}

#[tokio::test]
async fn a_message_and_a_finish_at_once_never_leave_a_message_after_the_end() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    for _ in 0..ROUNDS {
        let (chat, visitor) = house.asks("oi").await;
        house.starts(chat, agent).await;
        let write = house.does(chat, Actor::Visitor(visitor), Command::Write(Body::parse("espera").expect("a text")));
        let (written, finished) = tokio::join!(write, house.does(chat, Actor::Agent(agent), Command::Finish));
        assert!(finished.is_ok(), "{finished:?}");
        let timeline = house.store.whole_timeline(chat).await.expect("a timeline");
        assert!(matches!(timeline.last().map(|entry| &entry.event), Some(Event::Finished(_))), "{timeline:?}");
        let stored = timeline.iter().filter(|entry| matches!(&entry.event, Event::Written(body) if body.as_str() == "espera")).count();
        match written {
            Ok(_) => assert_eq!(stored, 1, "acknowledged is stored"),
            Err(StoreError::Refused(Refusal::ChatFinished)) => assert_eq!(stored, 0, "refused is not"),
            Err(other) => panic!("{other}"),
        }
    }
    house.finishes().await;
}

#[tokio::test]
async fn a_start_and_a_leave_at_once_agree_on_the_end() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    for _ in 0..ROUNDS {
        let (chat, visitor) = house.asks("oi").await;
        let leave = house.does(chat, Actor::Visitor(visitor), Command::Leave);
        let (started, left) = tokio::join!(house.does(chat, Actor::Agent(agent), Command::Start), leave);
        let state = house.chat(chat).await.state;
        assert_eq!((started.is_ok(), left.is_ok()), (state == State::Active, state == State::Abandoned), "{started:?} {left:?}");
        if state == State::Active {
            house.does(chat, Actor::Agent(agent), Command::Finish).await.expect("a finish");
        }
    }
    house.finishes().await;
}

#[tokio::test]
async fn an_agents_last_place_is_given_once() {
    let mut house = House::with(Limits::default()).await;
    house.routes(Routing::Manual).await;
    let (bia, caio, davi) = (house.agent("bia").await, house.agent("caio").await, house.agent("davi").await);
    let mut held = Vec::new();
    // Everybody has room for three: five chats are handed to bia at once.
    for holder in [caio, caio, caio, davi, davi] {
        let (chat, _) = house.asks("oi").await;
        house.starts(chat, holder).await;
        held.push((chat, holder));
    }
    let to_bia = Command::Transfer { to: Recipient::Agent(bia), note: None };
    let give = |(chat, holder)| house.does(chat, Actor::Agent(holder), to_bia.clone());
    let [a, b, c, d, e] = held[..] else { panic!("five chats") };
    let (a, b, c, d, e) = tokio::join!(give(a), give(b), give(c), give(d), give(e));
    let given = [a, b, c, d, e];
    assert_eq!(given.iter().filter(|answer| answer.is_ok()).count(), 3, "{given:?}");
    let refused = given.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.into_iter().all(|error| matches!(error, StoreError::Refused(Refusal::AgentNoRoom))), "{given:?}");
    house.finishes().await;
}
