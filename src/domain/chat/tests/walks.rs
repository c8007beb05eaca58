//! Random walks: whatever anybody does in whatever order, some things stay true.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::fixture::{ANA, BILLING, BRUNO, CARLA, DELIVERY, DORA, EVA, OBSOLETE, OLINDA, RECIFE, SALES, SUPPORT, body, locate, rate, tags};
use super::world::{Step, Who, World};
use crate::domain::agent::Availability;
use crate::domain::chat::command::{Command, Recipient};
use crate::domain::ids::AgentId;

/// Steps in one walk.
const STEPS_MAX: usize = 150;

fn agent() -> impl Strategy<Value = AgentId> {
    prop::sample::select(vec![ANA, BRUNO, CARLA, DORA, EVA])
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        8 => Just(Who::Visitor),
        1 => Just(Who::OtherVisitor),
        12 => agent().prop_map(Who::Agent),
        2 => Just(Who::Api),
        1 => Just(Who::Webhook),
        1 => Just(Who::System),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let recipient =
        prop_oneof![agent().prop_map(Recipient::Agent), prop::sample::select(vec![SUPPORT, SALES]).prop_map(Recipient::Department),];
    prop_oneof![
        6 => Just(Command::Write(body("oi"))),
        1 => Just(Command::Note(body("nota"))),
        4 => Just(Command::Start),
        1 => Just(Command::Decline),
        3 => recipient.prop_map(|to| Command::Transfer { to, note: None }),
        2 => Just(Command::Return),
        1 => Just(Command::AskLocation),
        1 => prop::sample::select(vec![RECIFE, OLINDA]).prop_map(locate),
        1 => Just(Command::RevokeLocation),
        2 => prop::sample::subsequence(vec![BILLING, DELIVERY, OBSOLETE], 0..=2).prop_map(|ids| Command::Tag(tags(&ids))),
        2 => (0..=6).prop_map(rate),
        1 => Just(Command::Stay),
        1 => Just(Command::Finish),
        1 => Just(Command::Leave),
        1 => Just(Command::Expire),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let availability = prop::sample::select(vec![Availability::Online, Availability::Online, Availability::Paused, Availability::Offline]);
    prop_oneof![
        3 => Just(Step::Request),
        24 => (any::<prop::sample::Index>(), who(), command()).prop_map(|(chat, who, command)| Step::Command { chat, who, command }),
        5 => (0..90_000i64).prop_map(Step::Pass),
        1 => (1_000..100_000_000i64).prop_map(Step::Jump),
        5 => Just(Step::Tick),
        2 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(chat, present)| Step::VisitorTab { chat, present }),
        2 => (agent(), prop::bool::weighted(0.6)).prop_map(|(agent, present)| Step::AgentTab { agent, present }),
        1 => (agent(), availability).prop_map(|(agent, availability)| Step::Availability { agent, availability }),
    ]
}

fn walk() -> impl Strategy<Value = (bool, Vec<Step>)> {
    (any::<bool>(), vec(step(), 1..STEPS_MAX))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_commands_breaks_the_life_of_a_chat((manual, steps) in walk()) {
        let mut world = World::new(manual);
        for step in &steps {
            world.step(step)?;
        }
        world.rebuilds_from_its_timeline()?;
    }

    #[test]
    fn time_alone_ends_every_chat_that_nobody_looks_after((manual, steps) in walk()) {
        let mut world = World::new(manual);
        for step in &steps {
            world.step(step)?;
        }
        world.everybody_goes_home()?;
        prop_assert!(world.open_chats() == 0, "time left {} chats open", world.open_chats());
    }
}

#[test]
fn the_walks_reach_every_event_and_every_reason() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..400 {
        let (manual, steps) = walk().new_tree(&mut runner).expect("nothing is filtered").current();
        let mut world = World::new(manual);
        for step in &steps {
            world.step(step).expect("the invariants hold");
        }
        seen.extend(world.outcomes());
    }
    let wanted = [
        "message",
        "note",
        "called",
        "offered",
        "offer_passed",
        "started",
        "started again",
        "transferred: transferred",
        "transferred: agent_lost",
        "transferred: agent_deactivated",
        "location_asked",
        "located",
        "location_revoked",
        "tagged",
        "rated",
        "stayed",
        "finished: closed",
        "finished: left_queue",
        "finished: inactive",
        "finished: unattended",
        "abandoned: left",
        "abandoned: disconnected",
        "missed",
    ];
    let missing: Vec<&str> = wanted.into_iter().filter(|outcome| !seen.contains(*outcome)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}
