//! One visitor who pours as fast as the line takes it: their own rate stops them, everybody else goes on, and what was acknowledged is stored once.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::crowd::{Line, answer, asks, connects, figure, greets, upgrades};
use crate::support::agent::Agent;
use crate::support::demo::Demo;
use crate::support::visitor::Visitor;
use crate::support::{CEILING, eventually};

/// The one address that all of it comes from.
const ADDRESS: u16 = 7_777;
/// Frames on each tab: twice what a socket may send in a minute, for those that it may send meanwhile.
const FRAMES: usize = 12_000;
/// Commands of a visitor in a minute, and what a slow run of this test lets them have besides.
const ACKS_MAX: usize = 60 + 30;
/// What one of the others says at most; a visitor may say 60 in a minute.
const TURNS_MAX: usize = 45;

/// What came of a tab.
#[derive(Debug, Default)]
struct Poured {
    acked: Vec<String>,
    codes: BTreeMap<String, usize>,
    /// How it ended; none where the close was lost behind what was still on the line.
    end: Option<u16>,
}

impl Poured {
    fn takes_in(&mut self, frame: &Value) {
        if frame["type"] == "ack" {
            self.acked.extend(frame["client_id"].as_str().map(str::to_owned));
        }
        if frame["type"] == "error" {
            let code = frame["code"].as_str().expect("a code");
            assert!(code != "rate_limited" || frame["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{frame}");
            *self.codes.entry(code.to_owned()).or_default() += 1;
        }
    }

    /// Whether it was closed for the reason that the protocol names.
    fn was_closed(&self, code: u16) -> bool {
        self.end.is_none_or(|end| end == code)
    }
}

/// Sends all of it without waiting for anything, and takes in what comes until the server has enough.
async fn pours(line: Line, frames: impl Iterator<Item = String>) -> Poured {
    let (mut sink, mut stream) = line.split();
    let sending = async {
        for frame in frames {
            if sink.feed(Message::text(frame)).await.is_err() {
                return;
            }
        }
        sink.flush().await.ok();
    };
    let reading = async {
        let mut poured = Poured::default();
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(text) => poured.takes_in(&serde_json::from_str(&text).expect("JSON")),
                Message::Close(close) => poured.end = close.map(|close| close.code.into()),
                _ => {}
            }
        }
        poured
    };
    let both = async { tokio::join!(sending, reading).1 };
    tokio::time::timeout(CEILING * 2, both).await.expect("the server has enough at some time")
}

/// Sends a ping and waits for its pong, again and again, so that the close finds nothing unread.
async fn pings(mut line: Line) -> Option<u16> {
    loop {
        line.send(Message::text(r#"{"type":"ping"}"#)).await.ok()?;
        match line.next().await? {
            Ok(Message::Close(close)) => return close.map(|close| close.code.into()),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

/// The others: each says something, hears an answer, and is never refused.
async fn talk(others: &mut [(Visitor, String)], agent: &mut Agent, over: &Cell<bool>) {
    for turn in 0..TURNS_MAX {
        for (number, (visitor, _)) in others.iter_mut().enumerate() {
            visitor.talks_with(agent, format_args!("{turn} de {number}")).await;
        }
        if over.get() {
            return;
        }
    }
}

#[tokio::test]
async fn one_visitor_who_pours_is_stopped_and_the_others_dont_notice() {
    let demo = Demo::starts();
    let mut agent = demo.agent_online(0).await;
    let mut others = Vec::new();
    for number in 0..4 {
        let mut visitor = demo.visitor().await;
        let chat = visitor.asks(&format!("sou {number}")).await;
        agent.accepts(&chat).await;
        others.push((visitor, chat));
    }
    let mut first = upgrades(&demo, ADDRESS).await;
    let token = greets(&demo, &mut first, Value::Null).await["token"].clone();
    let chat = asks(&mut first, "enchente").await.as_str().expect("a chat").to_owned();
    agent.opens(&chat).await;
    let mut tabs = vec![first];
    for _ in 0..5 {
        let mut tab = upgrades(&demo, ADDRESS).await;
        greets(&demo, &mut tab, token.clone()).await;
        tabs.push(tab);
    }
    let [says, again, types, greeting, babbles, asks_if_there]: [Line; 6] = tabs.try_into().expect("six tabs");
    let message =
        |number: usize| json!({"type": "message", "client_id": format!("m{number}"), "chat_id": chat, "body": format!("gota {number}")});
    let hello = super::crowd::hello(&demo, &token).to_string();
    let typing = json!({"type": "typing", "chat_id": chat, "on": true}).to_string();
    let over = Cell::new(false);
    let flood = async {
        let poured = tokio::join!(
            pours(says, (0..FRAMES).map(|number| message(number).to_string())),
            // The same commands on another tab, as if the first one's line were lost.
            pours(again, (0..FRAMES).map(|number| message(number).to_string())),
            pours(types, std::iter::repeat_n(typing, FRAMES)),
            pours(greeting, std::iter::repeat_n(hello, FRAMES)),
            pours(babbles, std::iter::repeat_n("{".to_owned(), 10)),
            tokio::time::timeout(CEILING * 2, pings(asks_if_there)),
        );
        over.set(true);
        poured
    };
    let ((said, repeated, typed, greeted, babbled, pinged), ()) = tokio::join!(flood, talk(&mut others, &mut agent, &over));

    for tab in [&said, &repeated, &greeted] {
        assert!(tab.was_closed(4029), "{:?}", tab.end);
        assert!(tab.codes.keys().eq(["rate_limited"]) && tab.codes["rate_limited"] > 1_000, "{:?}", tab.codes);
    }
    assert!(typed.was_closed(4029) && typed.codes.is_empty(), "{typed:?}");
    assert_eq!((babbled.end, babbled.codes.get("frame_malformed")), (Some(1008), Some(&10)), "{babbled:?}");
    assert_eq!(pinged.expect("an end"), Some(4029));

    let mut acked: Vec<String> = said.acked.into_iter().chain(repeated.acked).collect();
    acked.sort_unstable();
    acked.dedup();
    assert!(!acked.is_empty() && acked.len() <= ACKS_MAX, "{}", acked.len());
    let bodies = demo.said_in(&chat).await;
    for id in &acked {
        let body = id.replace('m', "gota ");
        assert_eq!(bodies.iter().filter(|stored| **stored == body).count(), 1, "{body} is stored once");
    }
    let distinct: std::collections::BTreeSet<&String> = bodies.iter().collect();
    assert_eq!(distinct.len(), bodies.len(), "nothing twice");
    agent.socket.settle().await;
    eventually("the tabs are gone", async || (figure(&demo, "papo_sockets{kind=\"visitor\"}").await == 4.0).then_some(())).await;
    for (visitor, chat) in &mut others {
        assert_eq!(demo.said_in(chat).await, visitor.messages(), "what the others said is all there");
    }
}

#[tokio::test]
async fn one_address_opens_only_so_many_sockets_and_others_come_in() {
    let demo = Demo::starts();
    let mut refused = None;
    let mut open = Vec::new();
    for _ in 0..600 {
        let stream = connects(&demo, ADDRESS).await;
        match client_async(demo.fact("ws_visitor_url"), stream).await {
            Ok((line, _)) => open.push(line),
            Err(Error::Http(answer)) => {
                refused = Some(answer);
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let refused = refused.expect("a minute's worth is not endless");
    assert!(open.len() >= 300, "{}", open.len());
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let mut other = upgrades(&demo, ADDRESS + 1).await;
    greets(&demo, &mut other, Value::Null).await;
    // Who is in already stays.
    let mut first = open.swap_remove(0);
    greets(&demo, &mut first, Value::Null).await;
    first.send(Message::text(r#"{"type":"ping"}"#)).await.expect("sent");
    answer(&mut first, |frame| frame["type"] == "pong").await;
}
