//! Who is asked, and in which order. In the fixture Suporte has Ana, Bruno and its supervisor Dora; Eva is the admin and a member of none.

use super::{call, route};
use crate::domain::agent::Availability;
use crate::domain::chat::Circle;
use crate::domain::chat::command::{Actor, Command};
use crate::domain::chat::event::Event;
use crate::domain::chat::tests::fixture::{ANA, BRUNO, CARLA, CHATS_MAX, DORA, EVA, Scene, record, second};
use crate::domain::department::Routing;
use crate::domain::ids::AgentId;

/// A waiting chat with these loads.
fn waiting(loads: &[(AgentId, i32)]) -> Scene {
    let mut scene = Scene::waiting();
    scene.loads.extend(loads.iter().copied());
    scene
}

fn manual(loads: &[(AgentId, i32)]) -> Scene {
    waiting(loads).with(|department| department.routing = Routing::Manual)
}

fn routed(scene: &Scene) -> Option<Event> {
    route(&scene.chat, &scene.directory, &scene.loads, scene.now)
}

fn offered_to(scene: &Scene) -> Option<AgentId> {
    match routed(scene) {
        Some(Event::Offered(offer)) => Some(offer.to),
        _ => None,
    }
}

fn called(event: &Event) -> Option<(Circle, Vec<AgentId>)> {
    match event {
        Event::Called { circle, agents } => Some((*circle, agents.clone())),
        _ => None,
    }
}

fn next_call(scene: &Scene) -> Option<(Circle, Vec<AgentId>)> {
    called(&call(&scene.chat, &scene.directory, scene.now))
}

/// The same after what routing says, if it says anything.
fn after_routing(mut scene: Scene) -> Scene {
    if let Some(event) = routed(&scene) {
        record(&mut scene.chat, Actor::System, scene.now, event);
    }
    scene
}

#[test]
fn the_member_with_the_fewest_chats_gets_the_offer_for_the_departments_seconds() {
    let scene = waiting(&[(ANA, 2), (BRUNO, 1), (DORA, 2)]).with(|department| department.limits.offer_seconds = 45).at(7);
    assert_eq!(offered_to(&scene), Some(BRUNO));
    let until = after_routing(scene).chat.offer.map(|offer| offer.until);
    assert_eq!(until, Some(second(52).steady));
}

#[test]
fn of_equally_busy_members_the_one_who_is_free_for_longest_is_asked() {
    let scene = waiting(&[]).with_agent(BRUNO, |bruno| bruno.availability_at = second(-7200).wall);
    assert_eq!(offered_to(&scene), Some(BRUNO));
}

#[test]
fn fewer_chats_count_more_than_a_longer_rest() {
    let scene = waiting(&[(BRUNO, 1), (DORA, 1)]).with_agent(BRUNO, |bruno| bruno.availability_at = second(-7200).wall);
    assert_eq!(offered_to(&scene), Some(ANA));
}

#[test]
fn a_standing_offer_is_not_made_twice() {
    assert_eq!(routed(&after_routing(waiting(&[]))), None);
}

#[test]
fn an_offer_that_stands_elsewhere_counts_as_a_chat() {
    // Ana has one place left, which an offer of another chat holds.
    let scene = waiting(&[(ANA, CHATS_MAX), (BRUNO, CHATS_MAX - 1), (DORA, CHATS_MAX)]);
    assert_eq!(offered_to(&scene), Some(BRUNO));
}

#[test]
fn a_declined_offer_passes_to_the_next() {
    let scene = after_routing(waiting(&[(BRUNO, 1), (DORA, 2)]));
    let scene = scene.after(Actor::Agent(ANA), &Command::Decline);
    assert_eq!(offered_to(&scene), Some(BRUNO));
}

#[test]
fn an_unanswered_offer_passes_to_the_next_and_never_back() {
    let scene = after_routing(waiting(&[(BRUNO, 1), (DORA, 2)])).at(30).after(Actor::System, &Command::Expire);
    assert_eq!(scene.chat.passed, [ANA]);
    let scene = after_routing(scene).at(60).after(Actor::System, &Command::Expire);
    assert_eq!(scene.chat.passed, [ANA, BRUNO]);
    assert_eq!(offered_to(&scene), Some(DORA));
}

#[test]
fn who_let_an_offer_pass_may_still_start_the_chat() {
    let scene = after_routing(waiting(&[])).after(Actor::Agent(ANA), &Command::Decline);
    assert_eq!(scene.after(Actor::Agent(ANA), &Command::Start).chat.agent, Some(ANA));
}

#[test]
fn with_room_nowhere_there_is_no_offer_and_everyone_is_called() {
    let full = [(ANA, CHATS_MAX), (BRUNO, CHATS_MAX), (DORA, CHATS_MAX)];
    for scene in [waiting(&full), manual(&full)] {
        assert_eq!(routed(&scene).as_ref().and_then(called), Some((Circle::Everyone, vec![ANA, BRUNO, DORA])));
    }
}

#[test]
fn with_nobody_at_work_nobody_is_called_yet() {
    let offline = |scene: Scene, id| scene.with_agent(id, |agent| agent.availability = Availability::Offline);
    let scene = [ANA, BRUNO, DORA, EVA].into_iter().fold(Scene::waiting(), offline);
    assert_eq!(routed(&scene), None);
}

#[test]
fn a_freed_member_gets_the_next_offer_at_once() {
    let mut scene = waiting(&[(ANA, CHATS_MAX), (BRUNO, CHATS_MAX), (DORA, CHATS_MAX)]);
    scene.loads.insert(BRUNO, CHATS_MAX - 1);
    assert_eq!(offered_to(&scene), Some(BRUNO));
}

#[test]
fn only_members_who_are_online_and_connected_are_asked() {
    let scene = waiting(&[(DORA, 2)])
        .at(30)
        .with_agent(ANA, |ana| ana.availability = Availability::Paused)
        .with_agent(BRUNO, |bruno| bruno.absent_since = Some(second(0)));
    assert_eq!(offered_to(&scene), Some(DORA));
    let archived = scene.with_agent(DORA, |dora| dora.archived_at = Some(second(0).wall));
    assert_eq!(routed(&archived).as_ref().and_then(called), Some((Circle::Supervisors, vec![EVA])));
}

#[test]
fn a_reload_of_the_console_costs_nobody_an_offer() {
    let scene = waiting(&[(BRUNO, 1), (DORA, 1)]).at(29).with_agent(ANA, |ana| ana.absent_since = Some(second(0)));
    assert_eq!(offered_to(&scene), Some(ANA));
}

#[test]
fn people_of_other_departments_are_never_asked() {
    let full = waiting(&[(ANA, CHATS_MAX), (BRUNO, CHATS_MAX), (DORA, CHATS_MAX), (CARLA, 0), (EVA, 0)]);
    assert_eq!(offered_to(&full), None);
}

#[test]
fn a_chat_that_does_not_wait_is_not_routed() {
    for scene in [Scene::active(), Scene::finished(), Scene::abandoned(), Scene::missed()] {
        assert_eq!(routed(&scene), None);
    }
}

#[test]
fn manual_routing_calls_all_members_with_room_at_once_and_sets_no_offer() {
    let scene = manual(&[(BRUNO, CHATS_MAX)]);
    assert_eq!(routed(&scene).as_ref().and_then(called), Some((Circle::Department, vec![ANA, DORA])));
    let scene = after_routing(scene);
    assert_eq!((scene.chat.offer, scene.chat.called_at), (None, Some(second(0).steady)));
    assert_eq!(routed(&scene), None, "a call is made once");
}

#[test]
fn a_manual_call_goes_to_those_with_room() {
    let mut scene = manual(&[(ANA, CHATS_MAX), (BRUNO, CHATS_MAX), (DORA, CHATS_MAX)]);
    scene.loads.insert(ANA, 0);
    assert_eq!(routed(&scene).as_ref().and_then(called), Some((Circle::Department, vec![ANA])));
}

#[test]
fn an_unanswered_call_widens_to_everyone_online_and_then_to_supervisors_and_stops() {
    let scene = after_routing(manual(&[(BRUNO, CHATS_MAX)]));
    assert_eq!(scene.clone().at(29).decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    let everyone = scene.at(30).decide(Actor::System, &Command::Expire);
    assert_eq!(everyone.ok().as_deref().and_then(<[Event]>::first).and_then(called), Some((Circle::Everyone, vec![ANA, BRUNO, DORA])));
    let scene = after_routing(manual(&[])).at(30).after(Actor::System, &Command::Expire);
    let supervisors = scene.clone().at(60).decide(Actor::System, &Command::Expire);
    assert_eq!(supervisors.ok().as_deref().and_then(<[Event]>::first).and_then(called), Some((Circle::Supervisors, vec![DORA, EVA])));
    let scene = scene.at(60).after(Actor::System, &Command::Expire);
    assert_eq!(scene.at(599).decide(Actor::System, &Command::Expire), Ok(Vec::new()), "there is nobody further out");
}

#[test]
fn a_circle_with_nobody_in_it_is_skipped() {
    let offline = |id| move |scene: Scene| scene.with_agent(id, |agent| agent.availability = Availability::Offline);
    let scene = [ANA, BRUNO, DORA].into_iter().fold(Scene::waiting(), |scene, id| offline(id)(scene));
    assert_eq!(next_call(&scene), Some((Circle::Supervisors, vec![EVA])));
    assert_eq!(next_call(&offline(EVA)(scene)), Some((Circle::Supervisors, Vec::new())), "the timeline tells that nobody could be called");
}

#[test]
fn when_every_member_let_it_pass_everyone_is_called() {
    let mut scene = waiting(&[]);
    for agent in [ANA, BRUNO, DORA] {
        scene = after_routing(scene);
        assert_eq!(scene.chat.offer.map(|offer| offer.to), Some(agent));
        scene = scene.after(Actor::Agent(agent), &Command::Decline);
    }
    assert_eq!(routed(&scene).as_ref().and_then(called), Some((Circle::Everyone, vec![ANA, BRUNO, DORA])));
    assert_eq!(routed(&after_routing(scene)), None, "a call is made once");
}

#[test]
fn a_call_of_everyone_still_offers_to_a_member_who_is_freed_later() {
    let full = waiting(&[(BRUNO, CHATS_MAX), (DORA, CHATS_MAX)]);
    let mut scene = after_routing(after_routing(full).after(Actor::Agent(ANA), &Command::Decline));
    assert_eq!(scene.chat.circle, Circle::Everyone);
    scene.loads.insert(BRUNO, 0);
    assert_eq!(offered_to(&scene), Some(BRUNO));
}

#[test]
fn a_returned_chat_is_offered_anew_to_those_who_let_it_pass_before() {
    let scene = after_routing(waiting(&[(BRUNO, 1), (DORA, 1)])).after(Actor::Agent(ANA), &Command::Decline);
    let scene = scene.after(Actor::Agent(BRUNO), &Command::Start).after(Actor::System, &Command::Return);
    assert_eq!(offered_to(&scene), Some(ANA));
}
