//! Every state × command × actor as one snapshot, which reads as the specification.

use std::fmt::Write;

use super::fixture::{
    ANA, BILLING, BRUNO, CARLA, DELIVERY, DORA, ENDPOINT, EVA, RECIFE, SALES, STRANGER, Scene, TOKEN, VISITOR, body, locate, rate, second,
    tags, transfer,
};
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::event::{Event, TransferReason};
use crate::domain::chat::refusal::Refusal;
use crate::domain::chat::{Chat, Location, LocationSource, State};

const LEGEND: &str = "\
Cells: what happens, in order; `=` succeeds without an event; `! code` is a refusal.
ana: the chat's agent while active, its last one after. bruno: colleague. dora: supervisor of the department. eva: admin. carla: another department.
";

const ACTORS: [(&str, Actor); 10] = [
    ("visitor", Actor::Visitor(VISITOR)),
    ("other visitor", Actor::Visitor(STRANGER)),
    ("ana", Actor::Agent(ANA)),
    ("bruno", Actor::Agent(BRUNO)),
    ("carla", Actor::Agent(CARLA)),
    ("dora", Actor::Agent(DORA)),
    ("eva", Actor::Agent(EVA)),
    ("api", Actor::Api(TOKEN)),
    ("webhook", Actor::Webhook(ENDPOINT)),
    ("system", Actor::System),
];

const SHARED: Location = Location::Shared { coordinates: RECIFE, source: LocationSource::Queue, at: second(15).wall };

#[test]
fn every_command_of_every_actor_has_a_defined_answer_in_every_state() {
    let states = [
        ("waiting, offered to ana", Scene::waiting().at(10).offered_to(ANA)),
        ("waiting again: started by ana, then returned", Scene::returned().at(50).offered_to(ANA)),
        ("active with ana, whose word is the last", Scene::active().at(30).after(Actor::Agent(ANA), &Command::Write(body("bom dia")))),
        ("finished by ana", Scene::finished().at(70)),
        ("abandoned: the visitor left the queue", Scene::abandoned().at(70)),
        ("missed", Scene::missed().at(670)),
    ];
    let mut text = LEGEND.to_owned();
    for (title, scene) in states {
        // A tag, so that setting the same again can be told from setting another.
        let scene = scene.after(Actor::Api(TOKEN), &Command::Tag(tags(&[BILLING])));
        write!(text, "\n{title}\n{}", table(&rows(&scene))).expect("a string takes everything");
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("life_of_a_chat", text) });
}

fn rows(scene: &Scene) -> Vec<(&'static str, Scene, Command)> {
    let row = |name, command| (name, scene.clone(), command);
    let mut rows = vec![
        row("write", Command::Write(body("oi"))),
        row("note", Command::Note(body("cliente antigo"))),
        row("start", Command::Start),
        row("decline", Command::Decline),
        row("transfer to bruno", transfer(Recipient::Agent(BRUNO))),
        row("transfer to another department", transfer(Recipient::Department(SALES))),
        row("return", Command::Return),
        row("ask location", Command::AskLocation),
        row("locate", locate(RECIFE)),
        row("revoke location, none shared", Command::RevokeLocation),
        row("tag", Command::Tag(tags(&[DELIVERY]))),
        row("tag, the same", Command::Tag(tags(&[BILLING]))),
        row("rate", rate(5)),
        row("stay", Command::Stay),
        row("finish", Command::Finish),
        row("leave", Command::Leave),
        row("expire, nothing due", Command::Expire),
    ];
    let shared = Chat { location: SHARED, ..scene.chat.clone() };
    let place = rows.iter().position(|(_, _, command)| *command == Command::RevokeLocation).map_or(0, |before| before + 1);
    rows.insert(place, ("revoke location, shared", Scene { chat: shared, ..scene.clone() }, Command::RevokeLocation));
    let later = |seconds: i64| Scene { now: scene.now.max(second(seconds)), ..scene.clone() };
    let unoffered = |seconds: i64| {
        let scene = later(seconds);
        Scene { chat: Chat { offer: None, ..scene.chat.clone() }, ..scene }
    };
    let lost = unoffered(300).with_agent(ANA, |ana| ana.absent_since = Some(second(100)));
    let silent = unoffered(2_000).with(|department| department.limits.wait_limit_seconds = None);
    rows.push(("expire, the offer has run out", later(80), Command::Expire));
    rows.push(("expire, the visitor is gone", unoffered(100).absent_since(40), Command::Expire));
    rows.push(("expire, the wait limit is over", unoffered(700), Command::Expire));
    rows.push(("expire, ana's last tab is gone", lost, Command::Expire));
    rows.push(("expire, the visitor is silent", silent, Command::Expire));
    rows
}

fn table(rows: &[(&'static str, Scene, Command)]) -> String {
    let mut lines: Vec<Vec<String>> = vec![[""].into_iter().chain(ACTORS.map(|(name, _)| name)).map(str::to_owned).collect()];
    for (name, scene, command) in rows {
        let cells = ACTORS.iter().map(|(_, actor)| cell(&scene.decide(*actor, command)));
        lines.push([(*name).to_owned()].into_iter().chain(cells).collect());
    }
    let columns = ACTORS.len() + 1;
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let padded = |line: &Vec<String>| {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join(" | ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

fn cell(decision: &Result<Vec<Event>, Refusal>) -> String {
    match decision {
        Ok(events) if events.is_empty() => "=".to_owned(),
        Ok(events) => events.iter().map(words).collect::<Vec<_>>().join(", "),
        Err(refusal) => format!("! {}", refusal.code()),
    }
}

/// The event's word with what tells it from others of its kind.
fn words(event: &Event) -> String {
    let word = event.as_str();
    match event {
        Event::Started { first: false, .. } => format!("{word} again"),
        Event::Transferred { reason: TransferReason::Transferred, to, .. } if to.agent.is_none() => format!("{word} to queue"),
        Event::Transferred { reason, to, .. } if to.agent.is_none() => format!("{word} to queue: {}", reason.as_str()),
        Event::Finished(reason) => format!("{word}: {}", reason.as_str()),
        Event::Abandoned { reason, .. } => format!("{word}: {}", reason.as_str()),
        _ => word.to_owned(),
    }
}

#[test]
fn a_stranger_learns_nothing_not_even_that_the_chat_exists() {
    for scene in [Scene::waiting(), Scene::returned(), Scene::active(), Scene::finished(), Scene::abandoned(), Scene::missed()] {
        for (name, scene, command) in rows(&scene) {
            for outsider in [Actor::Visitor(STRANGER), Actor::Agent(CARLA)] {
                assert_eq!(scene.decide(outsider, &command), Err(Refusal::NotFound), "{name} in {}", scene.chat.state.as_str());
            }
        }
    }
}

#[test]
fn the_matrix_shows_a_chat_in_every_state() {
    let scenes = [Scene::waiting(), Scene::active(), Scene::finished(), Scene::abandoned(), Scene::missed()];
    assert_eq!(scenes.map(|scene| scene.chat.state), State::ALL);
}
