//! What time does to chats: grace, limits, inactivity, lost agents; across restarts and jumps of the clock.

use papo::domain::agent::Availability;
use papo::domain::chat::State;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::department::{Limits, Routing};

use crate::support::house::House;

const DAY: i64 = 24 * 3600;

fn reason(chat: &papo::domain::chat::Chat) -> Option<&str> {
    chat.end_reason.as_deref()
}

#[tokio::test]
async fn a_visitor_who_is_absent_longer_than_the_grace_abandons() {
    let mut house = House::with(Limits::default()).await;
    let (chat, visitor) = house.asks("oi").await;
    house.visitor_is_there(visitor, false).await;
    house.passes(59).await;
    assert_eq!(house.chat(chat).await.state, State::Waiting);
    house.passes(1).await;
    let ended = house.chat(chat).await;
    assert_eq!((ended.state, reason(&ended)), (State::Abandoned, Some("disconnected")));
    house.finishes().await;
}

#[tokio::test]
async fn who_comes_back_too_late_is_told_and_who_left_is_not() {
    let mut house = House::with(Limits { wait_limit_seconds: Some(600), ..Limits::default() }).await;
    let (away, there) = (house.asks("oi").await, house.asks("olá").await);
    let (left, comes_back) = (house.asks("e aí").await, async |house: &House, visitor| {
        house.store.chat_to_resume(visitor, None).await.expect("a snapshot").map(|shown| (shown.chat.id, shown.chat.state))
    });
    house.does(left.0, Actor::Visitor(left.1), Command::Leave).await.expect("a way out");
    house.visitor_is_there(away.1, false).await;
    house.passes(600).await;
    assert_eq!(comes_back(&house, away.1).await, Some((away.0, State::Abandoned)));
    assert_eq!(comes_back(&house, there.1).await, Some((there.0, State::Missed)));
    assert_eq!(comes_back(&house, left.1).await, None);
    house.passes(7 * DAY).await;
    assert_eq!(comes_back(&house, there.1).await, None);
    house.finishes().await;
}

#[tokio::test]
async fn a_visitor_who_is_back_within_the_grace_keeps_the_place() {
    let mut house = House::with(Limits::default()).await;
    let (chat, visitor) = house.asks("oi").await;
    let (behind, _) = house.asks("também").await;
    house.visitor_is_there(visitor, false).await;
    house.passes(59).await;
    house.visitor_is_there(visitor, true).await;
    house.passes(DAY).await;
    let (first, second) = (house.chat(chat).await, house.chat(behind).await);
    assert_eq!((first.state, second.state), (State::Waiting, State::Waiting));
    assert!(first.queued < second.queued || first.requested_at <= second.requested_at);
    assert_eq!(house.store.shown(chat).await.expect("a chat").place.map(|place| place.position), Some(1));
    house.finishes().await;
}

#[tokio::test]
async fn a_wait_over_the_limit_is_missed() {
    let mut house = House::with(Limits { wait_limit_seconds: Some(300), ..Limits::default() }).await;
    let (chat, _) = house.asks("oi").await;
    house.passes(299).await;
    assert_eq!(house.chat(chat).await.state, State::Waiting);
    house.passes(1).await;
    assert_eq!(house.chat(chat).await.state, State::Missed);
    house.finishes().await;
}

#[tokio::test]
async fn where_several_limits_have_passed_the_earliest_decides() {
    let mut house = House::with(Limits { wait_limit_seconds: Some(300), ..Limits::default() }).await;
    let (left, visitor) = house.asks("oi").await;
    house.passes(200).await;
    house.visitor_is_there(visitor, false).await;
    let (stayed, _) = house.asks("oi").await;
    // Nobody looked for an hour: grace ended at 260 s, the limit at 300 s.
    house.passes(3600).await;
    assert_eq!(house.chat(left).await.state, State::Abandoned);
    assert_eq!(house.chat(stayed).await.state, State::Missed);
    house.finishes().await;
}

#[tokio::test]
async fn inactivity_counts_only_while_the_last_word_is_the_agents() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    let (chat, visitor) = house.asks("oi").await;
    house.starts(chat, agent).await;
    house.passes(DAY).await;
    assert_eq!(house.chat(chat).await.state, State::Active, "the last word is the visitor's");
    house.writes(chat, Actor::Agent(agent), "olá").await;
    house.passes(899).await;
    house.does(chat, Actor::Visitor(visitor), Command::Stay).await.expect("the visitor can stay");
    house.passes(899).await;
    assert_eq!(house.chat(chat).await.state, State::Active);
    house.passes(1).await;
    let ended = house.chat(chat).await;
    assert_eq!((ended.state, reason(&ended)), (State::Finished, Some("inactive")));
    house.finishes().await;
}

#[tokio::test]
async fn a_lost_agents_chat_returns_to_the_head_of_the_queue() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    let (chat, _) = house.asks("primeira").await;
    house.starts(chat, agent).await;
    house.passes(600).await;
    let (other, _) = house.asks("segunda").await;
    house.agent_is_there(agent, false).await;
    house.passes(119).await;
    assert_eq!(house.chat(chat).await.state, State::Active);
    house.passes(1).await;
    let returned = house.chat(chat).await;
    assert_eq!((returned.state, returned.agent), (State::Waiting, None));
    let place = async |chat| house.store.shown(chat).await.expect("a chat").place.map(|place| place.position);
    assert_eq!((place(chat).await, place(other).await), (Some(1), Some(2)), "it keeps its place");
    house.agent_is_there(agent, true).await;
    house.starts(chat, agent).await;
    let again = house.chat(chat).await;
    assert_eq!((again.state, again.agent), (State::Active, Some(agent)));
    assert!(again.started_at < Some(again.queued.wall), "the first start never changes");
    house.finishes().await;
}

#[tokio::test]
async fn one_place_is_the_same_as_in_the_whole_queue_for_those_who_came_at_once_and_who_came_back() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    let mut chats = Vec::new();
    for message in ["primeira", "segunda", "terceira", "quarta", "quinta"] {
        chats.push(house.asks(message).await.0);
    }
    let returning = chats.remove(3);
    house.starts(returning, agent).await;
    house.agent_is_there(agent, false).await;
    house.passes(120).await;
    house.passes(1).await;
    chats.insert(0, returning);
    let queue = house.store.places(house.department).await.expect("a queue");
    assert_eq!(queue.iter().map(|place| place.chat).collect::<Vec<_>>(), chats);
    for place in queue {
        assert_eq!(house.store.shown(place.chat).await.expect("a chat").place, Some(place));
    }
    house.finishes().await;
}

#[tokio::test]
async fn an_agent_who_is_back_in_time_keeps_the_chat_and_a_pause_returns_none() {
    let mut house = House::with(Limits::default()).await;
    let agent = house.agent("bia").await;
    let (chat, _) = house.asks("oi").await;
    house.starts(chat, agent).await;
    house.agent_is_there(agent, false).await;
    house.passes(119).await;
    house.agent_is_there(agent, true).await;
    house.store.set_availability(agent, Availability::Paused, Some("almoço".to_owned())).await.expect("a pause");
    house.passes(DAY).await;
    assert_eq!(house.chat(chat).await.agent, Some(agent));
    house.finishes().await;
}

#[tokio::test]
async fn a_returned_chat_that_nobody_takes_ends_unattended_and_one_whose_visitor_goes_left_queue() {
    let mut house = House::with(Limits { wait_limit_seconds: Some(300), ..Limits::default() }).await;
    let agent = house.agent("bia").await;
    let (waited, _) = house.asks("um").await;
    let (left, visitor) = house.asks("dois").await;
    house.starts(waited, agent).await;
    house.starts(left, agent).await;
    house.agent_is_there(agent, false).await;
    house.passes(120).await;
    house.visitor_is_there(visitor, false).await;
    house.passes(300).await;
    let (waited, left) = (house.chat(waited).await, house.chat(left).await);
    assert_eq!((waited.state, reason(&waited)), (State::Finished, Some("unattended")));
    assert_eq!((left.state, reason(&left)), (State::Finished, Some("left_queue")));
    house.finishes().await;
}

#[tokio::test]
async fn an_unanswered_offer_passes_on_and_the_chat_keeps_its_place() {
    let mut house = House::with(Limits::default()).await;
    house.routes(Routing::LeastBusy).await;
    let (one, other) = (house.agent("bia").await, house.agent("caio").await);
    let (chat, _) = house.asks("oi").await;
    let first = house.chat(chat).await.offer.expect("an offer").to;
    assert!([one, other].contains(&first));
    house.passes(30).await;
    let second = house.chat(chat).await.offer.expect("another offer").to;
    assert_ne!(second, first);
    assert_eq!(house.chat(chat).await.state, State::Waiting);
    house.starts(chat, first).await;
    assert_eq!(house.chat(chat).await.agent, Some(first), "an offer is a call, not a lock");
    house.finishes().await;
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_moves_no_deadline() {
    let mut house = House::with(Limits { wait_limit_seconds: Some(300), ..Limits::default() }).await;
    let (chat, visitor) = house.asks("oi").await;
    house.visitor_is_there(visitor, false).await;
    house.clock.jump_ms(DAY * 1000);
    house.ticks().await;
    assert_eq!(house.chat(chat).await.state, State::Waiting, "a day by the wall clock is no time");
    house.passes(60).await;
    assert_eq!(house.chat(chat).await.state, State::Abandoned, "a minute is a minute");
    house.finishes().await;
}

#[tokio::test]
async fn the_servers_down_time_is_nobodys_absence() {
    for down_seconds in [5, DAY, -DAY] {
        let mut house = House::with(Limits::default()).await;
        let agent = house.agent("bia").await;
        let (waiting, _) = house.asks("na fila").await;
        let (active, visitor) = house.asks("atendida").await;
        house.starts(active, agent).await;
        let mut house = house.restarts(down_seconds).await;
        house.visitor_is_there(visitor, true).await;
        house.ticks().await;
        assert_eq!(house.chat(waiting).await.state, State::Waiting, "down for {down_seconds} s");
        assert_eq!(house.chat(active).await.state, State::Active, "down for {down_seconds} s");
        house.passes(59).await;
        assert_eq!(house.chat(waiting).await.state, State::Waiting, "the grace counts from the boot");
        house.passes(1).await;
        assert_eq!(house.chat(waiting).await.state, State::Abandoned, "who never came back is gone");
        house.passes(60).await;
        assert_eq!(house.chat(active).await.state, State::Waiting, "a lost agent's chat returns");
        let (next, _) = house.asks("a vida segue").await;
        assert_eq!(house.chat(next).await.state, State::Waiting);
        house.finishes().await;
    }
}

#[tokio::test]
async fn whoever_was_absent_before_a_restart_gets_half_a_minute_more() {
    let mut house = House::with(Limits::default()).await;
    let (chat, visitor) = house.asks("oi").await;
    house.visitor_is_there(visitor, false).await;
    house.passes(59).await;
    let house = house.restarts(600).await;
    house.passes(29).await;
    assert_eq!(house.chat(chat).await.state, State::Waiting);
    house.passes(1).await;
    assert_eq!(house.chat(chat).await.state, State::Abandoned);
    house.finishes().await;
}
