//! Single rules, each with the numbers or the order of events that the matrix cannot show.

use super::fixture::{
    ANA, BILLING, BRUNO, CARLA, CHATS_MAX, DELIVERY, DORA, EVA, OBSOLETE, OLINDA, RECIFE, SALES, SUPPORT, Scene, TOKEN, VISITOR, body,
    directory, locate, rate, request, second, tags, transfer,
};
use crate::domain::agent::Availability;
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::deadline::{self, DeadlineKind};
use crate::domain::chat::decide::open;
use crate::domain::chat::event::{AbandonReason, Event, FinishReason, Place, TransferReason};
use crate::domain::chat::refusal::Refusal;
use crate::domain::chat::{Coordinates, LastMessage, Location, RATING_DAYS_MAX, Rating, Side, State, TAGS_MAX};
use crate::domain::ids::TagId;
use crate::domain::site::LocationMode;
use crate::domain::tag::Tag;
use crate::domain::text::PREVIEW_LENGTH_MAX;
use crate::domain::time::Moment;
use uuid::Uuid;

const CLIENT: Actor = Actor::Visitor(VISITOR);
const AGENT: Actor = Actor::Agent(ANA);

#[test]
fn a_request_to_an_archived_department_is_refused() {
    let mut directory = directory();
    assert!(matches!(open(request(VISITOR), &directory).as_deref(), Ok([Event::Requested(_)])));
    directory.departments.get_mut(&SUPPORT).expect("the fixture has it").archived_at = Some(second(0).wall);
    assert_eq!(open(request(VISITOR), &directory), Err(Refusal::DepartmentUnavailable));
    directory.departments.remove(&SUPPORT);
    assert_eq!(open(request(VISITOR), &directory), Err(Refusal::DepartmentUnavailable));
}

#[test]
fn the_second_of_two_agents_who_click_at_once_is_told_who_was_first() {
    let scene = Scene::waiting().after(AGENT, &Command::Start);
    assert_eq!(scene.decide(Actor::Agent(BRUNO), &Command::Start), Err(Refusal::AlreadyTaken { by: ANA }));
    assert_eq!(scene.decide(AGENT, &Command::Start), Ok(Vec::new()));
}

#[test]
fn nobody_starts_more_chats_than_one_may_have() {
    let mut scene = Scene::waiting();
    scene.loads.insert(ANA, CHATS_MAX);
    assert_eq!(scene.decide(AGENT, &Command::Start), Err(Refusal::AgentNoRoom));
    assert_eq!(scene.decide(AGENT, &Command::Write(body("oi"))), Err(Refusal::AgentNoRoom));
    let offered = scene.offered_to(ANA);
    assert_eq!(offered.decide(AGENT, &Command::Start), Err(Refusal::AgentNoRoom), "an offer is a call and makes no room");
}

#[test]
fn the_first_start_stays_though_another_agent_starts_again() {
    let scene = Scene::returned().at(90).after(Actor::Agent(BRUNO), &Command::Start);
    assert_eq!(scene.chat.started_at, Some(second(20).wall));
    assert_eq!((scene.chat.agent, scene.chat.agents), (Some(BRUNO), vec![ANA, BRUNO]));
}

#[test]
fn a_wait_is_told_from_the_entry_into_the_present_queue() {
    let started = Scene::returned().at(90).decide(Actor::Agent(BRUNO), &Command::Start);
    assert_eq!(started, Ok(vec![Event::Started { agent: BRUNO, first: false, waited_seconds: 50 }]));
}

#[test]
fn a_jump_of_the_wall_clock_changes_no_wait_and_ends_nothing() {
    let mut scene = Scene::waiting().absent_since(0);
    scene.now = Moment { wall: second(86_400).wall, steady: second(12).steady };
    assert_eq!(scene.decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    let left = scene.decide(CLIENT, &Command::Leave);
    assert_eq!(left, Ok(vec![Event::Abandoned { reason: AbandonReason::Left, waited_seconds: 12, position: 1, short: false }]));
}

#[test]
fn who_leaves_within_ten_seconds_made_a_short_abandonment() {
    let short = |seconds| match Scene::waiting().at(seconds).decide(CLIENT, &Command::Leave).as_deref() {
        Ok([Event::Abandoned { short, .. }]) => Some(*short),
        _ => None,
    };
    assert_eq!((short(9), short(10)), (Some(true), Some(false)));
}

#[test]
fn the_grace_ends_exactly_after_its_seconds() {
    let scene = Scene::waiting().absent_since(5);
    assert_eq!(scene.clone().at(64).decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    let expired = scene.at(65).after(Actor::System, &Command::Expire).chat;
    assert_eq!((expired.state, expired.end_reason.as_deref()), (State::Abandoned, Some("disconnected")));
}

#[test]
fn of_several_limits_that_passed_the_earliest_decides() {
    let gone_before_the_limit = Scene::waiting().absent_since(539).at(9_999).after(Actor::System, &Command::Expire);
    assert_eq!(gone_before_the_limit.chat.state, State::Abandoned);
    let limit_before_the_grace = Scene::waiting().absent_since(541).at(9_999).after(Actor::System, &Command::Expire);
    assert_eq!(limit_before_the_grace.chat.state, State::Missed);
}

#[test]
fn without_a_limit_a_present_visitor_waits_for_ever() {
    let scene = Scene::waiting().with(|department| department.limits.wait_limit_seconds = None);
    assert_eq!(deadline::next(&scene.chat, &scene.directory), None);
}

#[test]
fn the_wait_limit_is_the_present_departments_and_counts_from_the_entry_there() {
    let scene = Scene::waiting().at(500).after(Actor::Agent(DORA), &transfer(Recipient::Department(SALES)));
    let scene = scene.with(|sales| sales.limits.wait_limit_seconds = Some(60));
    assert_eq!(scene.clone().at(559).decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    assert_eq!(scene.at(560).decide(Actor::System, &Command::Expire), Ok(vec![Event::Missed { waited_seconds: 60, position: 1 }]));
}

#[test]
fn an_active_chat_never_ends_by_the_visitors_absence_alone() {
    let scene = Scene::active().after(CLIENT, &Command::Write(body("volto já"))).absent_since(30).at(999_999);
    assert_eq!(deadline::next(&scene.chat, &scene.directory), None);
}

#[test]
fn silence_counts_only_while_the_last_word_is_the_agents() {
    let asked = Scene::active().at(100).after(AGENT, &Command::Write(body("qual o pedido?")));
    let answered = asked.clone().at(200).after(CLIENT, &Command::Write(body("o 42")));
    let due = |scene: &Scene| deadline::next(&scene.chat, &scene.directory).map(|deadline| (deadline.kind, deadline.due));
    assert_eq!(due(&asked), Some((DeadlineKind::Inactivity, second(1_000).steady)));
    assert_eq!(due(&answered), None);
    let asked_twice = asked.at(300).after(AGENT, &Command::Write(body("ainda aí?")));
    assert_eq!(due(&asked_twice), Some((DeadlineKind::Inactivity, second(1_200).steady)));
}

#[test]
fn a_visitor_who_stays_gets_the_whole_patience_again() {
    let scene = Scene::active().at(100).after(AGENT, &Command::Write(body("ainda aí?"))).at(950).after(CLIENT, &Command::Stay);
    assert_eq!(deadline::warned(&scene.chat, &scene.directory).map(|warned| warned.due), Some(second(1_850).steady));
}

#[test]
fn an_agent_who_is_back_in_time_keeps_the_chat() {
    let scene = Scene::active().with_agent(ANA, |ana| ana.absent_since = Some(second(100)));
    assert_eq!(scene.clone().at(219).decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    let back = scene.clone().with_agent(ANA, |ana| ana.absent_since = None);
    assert_eq!(back.at(220).decide(Actor::System, &Command::Expire), Ok(Vec::new()));
    let place = |agent| Place { agent, department: SUPPORT };
    let lost = Event::Transferred { reason: TransferReason::AgentLost, from: place(Some(ANA)), to: place(None), note: None };
    assert_eq!(scene.at(220).decide(Actor::System, &Command::Expire), Ok(vec![lost]));
}

#[test]
fn a_pause_returns_no_chat() {
    let paused = Scene::active().with_agent(ANA, |ana| ana.availability = Availability::Paused).at(99_999);
    assert_eq!(paused.decide(Actor::System, &Command::Expire), Ok(Vec::new()));
}

#[test]
fn a_hand_over_needs_a_receiver_online_with_room_unless_a_supervisor_insists() {
    let full = |mut scene: Scene| {
        scene.loads.insert(BRUNO, CHATS_MAX);
        scene
    };
    let paused = |scene: Scene| scene.with_agent(BRUNO, |bruno| bruno.availability = Availability::Paused);
    let gone = |scene: Scene| scene.at(30).with_agent(BRUNO, |bruno| bruno.absent_since = Some(second(0)));
    for scene in [full(Scene::active()), paused(Scene::active()), gone(Scene::active())] {
        assert_eq!(scene.decide(AGENT, &transfer(Recipient::Agent(BRUNO))), Err(Refusal::AgentNoRoom));
        assert_eq!(scene.decide(Actor::Api(TOKEN), &transfer(Recipient::Agent(BRUNO))), Err(Refusal::AgentNoRoom));
    }
    for scene in [full(Scene::active()), paused(Scene::active())] {
        assert_eq!(scene.after(Actor::Agent(DORA), &transfer(Recipient::Agent(BRUNO))).chat.agent, Some(BRUNO));
    }
    let to_nobody = gone(Scene::active()).decide(Actor::Agent(DORA), &transfer(Recipient::Agent(BRUNO)));
    assert_eq!(to_nobody, Err(Refusal::AgentNoRoom), "the chat would come back at once");
}

#[test]
fn nobody_hands_a_chat_to_an_archived_account() {
    let scene = Scene::active().with_agent(BRUNO, |bruno| bruno.archived_at = Some(second(0).wall));
    assert_eq!(scene.decide(Actor::Agent(EVA), &transfer(Recipient::Agent(BRUNO))), Err(Refusal::AgentNoRoom));
}

#[test]
fn a_chat_handed_to_an_agent_of_another_department_goes_there() {
    let chat = Scene::active().after(AGENT, &transfer(Recipient::Agent(CARLA))).chat;
    assert_eq!((chat.agent, chat.department, chat.request.department), (Some(CARLA), SALES, SUPPORT));
}

#[test]
fn a_chat_handed_to_somebody_of_its_present_department_stays_there() {
    let in_sales = Scene::active().after(AGENT, &transfer(Recipient::Agent(CARLA)));
    let chat = in_sales.after(Actor::Agent(CARLA), &transfer(Recipient::Agent(EVA))).chat;
    assert_eq!((chat.agent, chat.department), (Some(EVA), SALES), "though Suporte is the first of Eva's departments by name");
}

#[test]
fn a_chat_handed_to_its_own_agent_stays_without_an_event() {
    assert_eq!(Scene::active().decide(AGENT, &transfer(Recipient::Agent(ANA))), Ok(Vec::new()));
    let waiting = Scene::waiting().decide(Actor::Agent(DORA), &transfer(Recipient::Department(SUPPORT)));
    assert_eq!(waiting, Ok(Vec::new()));
}

#[test]
fn a_hand_over_to_the_own_department_frees_the_agent_and_carries_the_note() {
    let command = Command::Transfer { to: Recipient::Department(SUPPORT), note: Some(body("pede segunda via")) };
    let place = |agent| Place { agent, department: SUPPORT };
    let note = Some(body("pede segunda via"));
    let handed = Event::Transferred { reason: TransferReason::Transferred, from: place(Some(ANA)), to: place(None), note };
    assert_eq!(Scene::active().decide(AGENT, &command), Ok(vec![handed]));
}

#[test]
fn a_hand_over_to_an_archived_department_is_refused() {
    let mut scene = Scene::active();
    scene.directory.departments.get_mut(&SALES).expect("the fixture has it").archived_at = Some(second(0).wall);
    assert_eq!(scene.decide(AGENT, &transfer(Recipient::Department(SALES))), Err(Refusal::DepartmentUnavailable));
}

#[test]
fn a_supervisor_takes_over_by_handing_the_chat_to_oneself() {
    let mut scene = Scene::active();
    scene.loads.insert(DORA, CHATS_MAX);
    assert_eq!(scene.after(Actor::Agent(DORA), &transfer(Recipient::Agent(DORA))).chat.agent, Some(DORA));
}

#[test]
fn entering_a_queue_forgets_offers_passes_and_calls_of_the_one_before() {
    let scene = Scene::waiting().offered_to(ANA).after(AGENT, &Command::Decline).offered_to(BRUNO);
    assert_eq!((scene.chat.passed.as_slice(), scene.chat.offer.map(|offer| offer.to)), ([ANA].as_slice(), Some(BRUNO)));
    let chat = scene.after(Actor::Agent(DORA), &transfer(Recipient::Department(SALES))).chat;
    assert_eq!((chat.passed, chat.offer, chat.called_at), (Vec::new(), None, None));
}

#[test]
fn tags_tell_what_was_added_and_removed() {
    let scene = Scene::active().after(AGENT, &Command::Tag(tags(&[BILLING])));
    let tagged = scene.decide(AGENT, &Command::Tag(tags(&[DELIVERY])));
    assert_eq!(tagged, Ok(vec![Event::Tagged { tags: tags(&[DELIVERY]), added: tags(&[DELIVERY]), removed: tags(&[BILLING]) }]));
}

#[test]
fn an_archived_tag_stays_on_a_chat_but_is_not_added() {
    let mut scene = Scene::active();
    let with_obsolete = Command::Tag(tags(&[OBSOLETE, BILLING]));
    assert_eq!(scene.decide(AGENT, &with_obsolete), Err(Refusal::TagUnknown));
    scene.chat.tags = tags(&[OBSOLETE]);
    assert!(scene.decide(AGENT, &with_obsolete).is_ok());
}

#[test]
fn a_chat_takes_twenty_tags_and_not_one_more() {
    let mut scene = Scene::active();
    let ids: Vec<TagId> = (0u128..).map(|n| TagId(Uuid::from_u128(0x7000 + n))).take(TAGS_MAX + 1).collect();
    for id in &ids {
        scene.directory.tags.insert(*id, Tag { id: *id, name: id.to_string(), archived_at: None });
    }
    assert_eq!(scene.decide(AGENT, &Command::Tag(ids.iter().copied().collect())), Err(Refusal::TagsTooMany));
    assert!(scene.decide(AGENT, &Command::Tag(ids.into_iter().skip(1).collect())).is_ok());
}

#[test]
fn a_department_that_wants_tags_holds_agents_and_nobody_else_to_them() {
    let scene = Scene::active().with(|department| department.tags_required = true);
    assert_eq!(scene.decide(AGENT, &Command::Finish), Err(Refusal::TagsRequired));
    assert_eq!(scene.decide(Actor::Agent(DORA), &Command::Finish), Err(Refusal::TagsRequired));
    assert_eq!(scene.decide(CLIENT, &Command::Finish), Ok(vec![Event::Finished(FinishReason::Closed)]));
    assert!(scene.after(AGENT, &Command::Tag(tags(&[BILLING]))).decide(AGENT, &Command::Finish).is_ok());
}

#[test]
fn a_new_rating_replaces_the_old_one_and_tells_both() {
    let rating = |score| Rating { score, comment: None, agent: Some(ANA) };
    let scene = Scene::finished().after(CLIENT, &rate(2));
    assert_eq!(scene.decide(CLIENT, &rate(5)), Ok(vec![Event::Rated { rating: rating(5), previous: Some(rating(2)) }]));
    assert_eq!(scene.decide(CLIENT, &rate(2)), Ok(Vec::new()));
    let commented = Command::Rate { score: 2, comment: Some("demorou".to_owned()) };
    assert_eq!(scene.decide(CLIENT, &commented).map(|events| events.len()), Ok(1));
}

#[test]
fn a_rating_is_about_the_agent_who_wrote_last() {
    let scene = Scene::active().after(AGENT, &Command::Write(body("passo para o Bruno")));
    let scene = scene.after(AGENT, &transfer(Recipient::Agent(BRUNO)));
    let about = |scene: &Scene| scene.clone().after(CLIENT, &rate(4)).chat.rating.and_then(|rating| rating.agent);
    assert_eq!(about(&scene), Some(ANA), "Bruno has not said a word");
    assert_eq!(about(&scene.after(Actor::Agent(BRUNO), &Command::Write(body("oi")))), Some(BRUNO));
    assert_eq!(about(&Scene::active()), Some(ANA), "where nobody wrote, it is about who started");
}

#[test]
fn a_rating_is_one_to_five() {
    let taken: Vec<i32> = (-1..=7).filter(|score| Scene::active().decide(CLIENT, &rate(*score)).is_ok()).collect();
    assert_eq!(taken, [1, 2, 3, 4, 5]);
}

#[test]
fn a_rating_is_taken_for_seven_days_after_the_end() {
    let closes = 60 + RATING_DAYS_MAX * 24 * 3600;
    assert!(Scene::finished().at(closes - 1).decide(CLIENT, &rate(5)).is_ok());
    assert_eq!(Scene::finished().at(closes).decide(CLIENT, &rate(5)), Err(Refusal::RatingClosed));
}

#[test]
fn a_location_must_be_on_earth() {
    let taken =
        |latitude, longitude, accuracy_m| Scene::waiting().decide(CLIENT, &locate(Coordinates { latitude, longitude, accuracy_m })).is_ok();
    assert!(taken(-90.0, 180.0, 0.0));
    assert!(!taken(-90.1, 0.0, 1.0));
    assert!(!taken(0.0, 180.1, 1.0));
    assert!(!taken(0.0, 0.0, -1.0));
    assert!(!taken(f64::NAN, 0.0, 1.0));
    assert!(!taken(0.0, 0.0, f64::INFINITY));
}

#[test]
fn a_site_that_shares_no_locations_refuses_to_ask_and_to_take_them_but_not_to_forget_them() {
    let scene = Scene::active().after(CLIENT, &locate(RECIFE)).with_location(LocationMode::Off);
    assert_eq!(scene.decide(CLIENT, &locate(OLINDA)), Err(Refusal::LocationOff));
    assert_eq!(scene.decide(AGENT, &Command::AskLocation), Err(Refusal::LocationOff));
    assert_eq!(scene.decide(CLIENT, &Command::RevokeLocation), Ok(vec![Event::LocationRevoked]));
}

#[test]
fn revoking_deletes_the_coordinates_even_after_the_end() {
    let ended = Scene::active().after(CLIENT, &locate(RECIFE)).after(AGENT, &Command::Finish);
    assert!(matches!(ended.chat.location, Location::Shared { .. }));
    assert_eq!(ended.after(CLIENT, &Command::RevokeLocation).chat.location, Location::Revoked);
}

#[test]
fn the_same_place_is_told_once_and_a_new_place_again() {
    let scene = Scene::active().after(CLIENT, &locate(RECIFE));
    assert_eq!(scene.decide(CLIENT, &locate(RECIFE)), Ok(Vec::new()));
    assert_eq!(scene.decide(CLIENT, &locate(OLINDA)).map(|events| events.len()), Ok(1));
}

#[test]
fn a_note_counts_as_nobodys_word() {
    let scene = Scene::active().after(CLIENT, &Command::Write(body("oi"))).at(50).after(AGENT, &Command::Note(body("cliente VIP")));
    let last = LastMessage { by: Side::Visitor, at: second(20).wall, preview: "oi".to_owned() };
    assert_eq!((scene.chat.last_message, scene.chat.agent_messages), (Some(last), 0));
    assert_eq!((scene.chat.waiting_since, scene.chat.first_response_at), (Some(second(20).wall), None));
}

#[test]
fn a_reply_is_awaited_since_the_first_message_that_nobody_answered() {
    let scene = Scene::active().at(30).after(CLIENT, &Command::Write(body("oi"))).at(40).after(CLIENT, &Command::Write(body("alô?")));
    assert_eq!(scene.chat.waiting_since, Some(second(30).wall));
    let answered = scene.at(55).after(AGENT, &Command::Write(body("bom dia"))).at(70).after(AGENT, &Command::Write(body("diga")));
    assert_eq!((answered.chat.waiting_since, answered.chat.first_response_at), (None, Some(second(55).wall)));
}

#[test]
fn the_preview_of_a_long_message_is_cut() {
    let scene = Scene::waiting().after(CLIENT, &Command::Write(body(&"ã".repeat(PREVIEW_LENGTH_MAX + 50))));
    let length = scene.chat.last_message.map(|last| last.preview.chars().count());
    assert!(length.is_some_and(|length| length <= PREVIEW_LENGTH_MAX), "{length:?}");
}
