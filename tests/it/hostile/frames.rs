//! Every word that a socket may say, by everybody, over real sockets: the table of frames. A word without a row is a fault of its own.

use papo::domain::chat::Chat;
use papo::domain::chat::command::{Actor, Command, Recipient};
use papo::domain::ids::ChatId;
use papo::wire::commands::{AGENT_WORDS, VISITOR_WORDS};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cast::{Cast, asking, hello};
use crate::support::socket::Socket;

/// What the chat is like before the word is said.
#[derive(Clone, Copy, PartialEq)]
enum Scene {
    Waiting,
    /// Answered by a colleague, who is none of the roles.
    Active,
}
use Scene::{Active, Waiting};

/// A word, the scene, what is said beside `type`, `client_id` and `chat_id`, and what each role is answered, in the order of the head.
type Row<const N: usize> = (&'static str, Scene, fn(&Stage) -> Value, [&'static str; N]);

/// What a row may name.
struct Stage {
    chat: ChatId,
    /// A department that is not the chat's.
    department: String,
    offline_message: String,
}

fn nothing(_: &Stage) -> Value {
    json!({})
}

/// Visitors: whose chat it is, another one. `silent` has no answer, to nobody.
const VISITOR_ROLES: [&str; 2] = ["owner", "other"];
const VISITOR_TABLE: &[Row<2>] = &[
    ("hello", Waiting, |_| hello(None), ["welcome", "welcome"]),
    ("ping", Waiting, nothing, ["pong", "pong"]),
    ("typing", Active, |_| json!({"on": true}), ["silent", "silent"]),
    ("mark", Active, |_| json!({"delivered": 2, "read": 2}), ["silent", "silent"]),
    ("page", Active, |_| json!({"page": {"url": "https://shop.example/b", "title": "B", "referrer": ""}}), ["silent", "silent"]),
    ("request", Waiting, |stage| json!({"message": "oi", "previous_chat_id": stage.chat.to_string()}), ["ok", "ok"]),
    ("message", Active, |_| json!({"body": "sou eu"}), ["ok", "not_found"]),
    ("locate", Active, |_| json!({"latitude": 1.0, "longitude": 1.0, "accuracy_m": 5, "source": "queue"}), ["ok", "not_found"]),
    ("revoke_location", Active, nothing, ["ok", "not_found"]),
    ("stay", Active, nothing, ["ok", "not_found"]),
    ("leave", Waiting, nothing, ["ok", "not_found"]),
    ("finish", Active, nothing, ["ok", "not_found"]),
    ("rate", Active, |_| json!({"score": 1, "comment": "eu não"}), ["ok", "not_found"]),
    // Only a missed chat of one's own can be carried on; this one is being answered.
    ("offline_message", Active, |_| json!({"body": "oi", "email": "a@b.co"}), ["not_found", "not_found"]),
    ("history", Active, |_| json!({"before": 100}), ["ok", "not_found"]),
];

/// The agents' side. `program` is the agent, signed in with a token.
const AGENT_ROLES: [&str; 5] = ["elsewhere", "agent", "program", "supervisor", "admin"];
const MEMBERS: [&str; 5] = ["not_found", "ok", "ok", "ok", "ok"];
const OWN_OR_SUPERVISOR: [&str; 5] = ["not_found", "not_your_chat", "not_your_chat", "ok", "ok"];
const OWN: [&str; 5] = ["not_found", "not_your_chat", "not_your_chat", "not_your_chat", "not_your_chat"];
const AGENT_TABLE: &[Row<5>] = &[
    ("hello", Waiting, |_| json!({"protocol": 1, "token": "made-up"}), ["unauthenticated"; 5]),
    ("ping", Waiting, nothing, ["pong"; 5]),
    ("typing", Active, |_| json!({"on": true}), ["silent"; 5]),
    ("mark", Active, |_| json!({"delivered": 2, "read": 2}), ["silent"; 5]),
    ("open", Active, nothing, MEMBERS),
    // Says nothing about any chat, and stops what may never have begun.
    ("shut", Active, nothing, ["ok"; 5]),
    ("history", Active, |_| json!({"before": 100}), MEMBERS),
    ("accept", Waiting, nothing, MEMBERS),
    ("decline", Waiting, nothing, MEMBERS),
    ("message", Active, |_| json!({"body": "oi"}), OWN),
    ("note", Active, |_| json!({"body": "oi"}), MEMBERS),
    ("tag", Active, |_| json!({"tags": []}), MEMBERS),
    ("transfer", Active, |stage| json!({"to": {"department_id": stage.department}, "note": null}), OWN_OR_SUPERVISOR),
    ("ask_location", Active, nothing, OWN),
    ("finish", Active, nothing, OWN_OR_SUPERVISOR),
    ("availability", Active, |_| json!({"state": "offline", "reason": null}), ["ok"; 5]),
    ("offline_messages", Active, nothing, ["ok"; 5]),
    ("offline_done", Active, |stage| json!({"offline_message_id": stage.offline_message}), MEMBERS),
];

/// Words that nobody answers.
const SIGNALS: [&str; 3] = ["typing", "mark", "page"];

/// An answer in one word.
fn outcome(answer: &Value) -> &str {
    match answer["type"].as_str().unwrap_or_default() {
        "ack" | "chat" | "history" | "offline_messages" => "ok",
        "error" => answer["code"].as_str().unwrap_or_default(),
        other => other,
    }
}

fn frame(word: &str, chat: ChatId, more: Value) -> Value {
    let mut frame = json!({"type": word, "chat_id": chat.to_string()});
    frame.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    frame["type"] = json!(word);
    frame
}

/// Says it and gives the answer; null where the word has none.
async fn said(socket: &mut Socket, frame: Value) -> Value {
    let word = frame["type"].as_str().unwrap_or_default().to_owned();
    if SIGNALS.contains(&word.as_str()) {
        socket.send(&frame).await;
        // Marks are gathered; one of another chat, sent after it, makes these be looked at.
        let mut after = frame;
        after["chat_id"] = json!(Uuid::new_v4());
        socket.send(&after).await;
        socket.settle().await;
        return json!({"type": "silent"});
    }
    if word == "ping" || word == "hello" {
        socket.send(&frame).await;
        return socket.first(&word, |frame| ["pong", "welcome", "error"].contains(&frame["type"].as_str().unwrap_or_default())).await;
    }
    socket.command(frame).await
}

/// A chat with its visitor's socket, as the scene wants it.
async fn stage(cast: &Cast, scene: Scene) -> (Stage, Socket) {
    let (mut owner, _) = cast.visitor_socket(None).await;
    let asked = owner.command(asking("segredo")).await;
    let chat: ChatId = asked["chat_id"].as_str().and_then(|id| id.parse().ok()).expect("a chat");
    owner.first("the chat", |frame| frame["type"] == "chat").await;
    if scene == Active {
        cast.server.starts_chat(chat, cast.colleague).await;
        owner.first("the start", |frame| frame["entry"]["type"] == "started").await;
    }
    let left = cast.server.store().offline_messages(vec![cast.server.department]).await.expect("messages");
    let offline_message = left.iter().find(|message| message.done.is_none()).map(|message| message.id.to_string()).unwrap_or_default();
    (Stage { chat, department: cast.elsewhere.to_string(), offline_message }, owner)
}

async fn leaves_a_message(cast: &Cast) {
    let (mut socket, _) = cast.visitor_socket(None).await;
    let answer = socket.command(json!({"type": "offline_message", "body": "me liguem", "email": "a@b.co"})).await;
    assert_eq!(answer["type"], "ack", "{answer}");
}

async fn row_of(cast: &Cast, chat: ChatId) -> Chat {
    cast.server.store().chat(chat).await.expect("a chat")
}

/// Asserts that what was refused changed nothing and nobody heard of it, and that a chat which isn't there is answered the same.
async fn is_as_if_it_were_not_there(cast: &Cast, stage: &Stage, before: &Chat, owner: &mut Socket, told: (&mut Socket, Value, &Value)) {
    let (socket, mut frame, answer) = told;
    assert_eq!(row_of(cast, stage.chat).await, *before, "{frame} changed the chat");
    owner.settle().await;
    let is_news = |frame: &Value| match frame["type"].as_str().unwrap_or_default() {
        "event" => frame["entry"]["seq"].as_i64() > Some(before.last_seq),
        word => ["typing", "marks"].contains(&word),
    };
    let heard = owner.leftovers();
    assert!(!heard.iter().any(is_news), "{frame} was heard: {heard:?}");
    let nowhere = Uuid::new_v4().to_string();
    for key in ["chat_id", "offline_message_id"] {
        if frame.get(key).is_some() {
            frame[key] = json!(nowhere);
        }
    }
    let without_id = |answer: &Value| {
        let mut answer = answer.clone();
        answer.as_object_mut().expect("an object").remove("client_id");
        answer
    };
    let of_nothing = said(socket, frame.clone()).await;
    assert_eq!(without_id(answer), without_id(&of_nothing), "{frame}: a chat of others is told from one that isn't there");
}

#[actix_web::test]
async fn every_visitors_word_gives_each_visitor_what_the_table_says() {
    let words: Vec<&str> = VISITOR_TABLE.iter().map(|row| row.0).collect();
    assert_eq!(words, VISITOR_WORDS, "each word has its row, in the order of the parser");
    let cast = Cast::gathers().await;
    for (word, scene, more, cells) in VISITOR_TABLE {
        for (role, wanted) in VISITOR_ROLES.iter().zip(cells) {
            let (stage, mut owner) = stage(&cast, *scene).await;
            let before = row_of(&cast, stage.chat).await;
            let frame = frame(word, stage.chat, more(&stage));
            if *role == "owner" {
                assert_eq!(outcome(&said(&mut owner, frame).await), *wanted, "{word} as {role}");
                continue;
            }
            let (mut other, _) = cast.visitor_socket(None).await;
            // Somebody with a chat of their own, not only a stranger; who asks now, asks for the first.
            if *word != "request" {
                assert_eq!(outcome(&other.command(asking("outra")).await), "ok");
            }
            let answer = said(&mut other, frame.clone()).await;
            assert_eq!(outcome(&answer), *wanted, "{word} as {role}");
            assert_ne!(answer["chat_id"], json!(stage.chat.to_string()), "{word}");
            assert!(!answer.to_string().contains("segredo"), "{answer}");
            if ["not_found", "silent"].contains(wanted) {
                is_as_if_it_were_not_there(&cast, &stage, &before, &mut owner, (&mut other, frame, &answer)).await;
            }
            let seen = other.leftovers();
            assert!(!seen.iter().any(|frame| frame.to_string().contains("segredo")), "{word}: {seen:?}");
        }
    }
}

#[actix_web::test]
async fn every_agents_word_gives_each_role_what_the_table_says() {
    let words: Vec<&str> = AGENT_TABLE.iter().map(|row| row.0).collect();
    assert_eq!(words, AGENT_WORDS, "each word has its row, in the order of the parser");
    let cast = Cast::gathers().await;
    for (word, scene, more, cells) in AGENT_TABLE {
        for (role, wanted) in AGENT_ROLES.iter().zip(cells) {
            if *word == "offline_done" {
                leaves_a_message(&cast).await;
            }
            let (stage, mut owner) = stage(&cast, *scene).await;
            let mut socket = desk(&cast, role).await;
            let before = row_of(&cast, stage.chat).await;
            let frame = frame(word, stage.chat, more(&stage));
            let answer = said(&mut socket, frame.clone()).await;
            assert_eq!(outcome(&answer), *wanted, "{word} as {role}: {answer}");
            if ["not_found", "not_your_chat"].contains(wanted) {
                assert_eq!(row_of(&cast, stage.chat).await, before, "{word} as {role} changed the chat");
            }
            if *wanted == "not_found" || *wanted == "silent" {
                is_as_if_it_were_not_there(&cast, &stage, &before, &mut owner, (&mut socket, frame, &answer)).await;
            }
            if *role == "elsewhere" {
                let seen = socket.leftovers();
                assert!(!answer.to_string().contains("segredo"), "{answer}");
                assert!(!seen.iter().any(|frame| frame.to_string().contains("segredo")), "{word}: {seen:?}");
            }
        }
    }
}

/// A socket of the agents' side that has said hello.
async fn desk(cast: &Cast, role: &str) -> Socket {
    let (account, program) = if role == "program" { ("agent", true) } else { (role, false) };
    let agent = cast.knockers.iter().find(|knocker| knocker.role == account).and_then(|knocker| knocker.agent).expect("a person");
    let token = cast.session(agent, program).await;
    let (cookie, origin) = (format!("papo_session={token}"), cast.server.http.origin());
    let mut socket = if program {
        Socket::connect(&cast.socket_url("agent"), &[]).await
    } else {
        Socket::connect(&cast.socket_url("agent"), &[("cookie", cookie.as_str()), ("origin", origin.as_str())]).await
    };
    socket.send(&json!({"type": "hello", "protocol": 1, "token": program.then_some(token)})).await;
    socket.first("welcome", |frame| frame["type"] == "welcome").await;
    socket
}

#[actix_web::test]
async fn a_card_lists_only_the_chats_that_its_reader_may_open() {
    let cast = Cast::gathers().await;
    let (before, mut visitor) = stage(&cast, Active).await;
    let store = cast.server.store();
    let away = Command::Transfer { to: Recipient::Department(cast.elsewhere), note: None };
    store.execute(before.chat, Actor::Agent(cast.colleague), away, None).await.expect("a transfer");
    assert_eq!(visitor.command(frame("leave", before.chat, json!({}))).await["type"], "ack");
    cast.server.clock.advance_ms(1000);
    let asked = visitor.command(asking("de novo")).await;
    for (role, listed) in [("agent", false), ("supervisor", false), ("admin", true)] {
        let mut socket = desk(&cast, role).await;
        let opened = socket.command(json!({"type": "open", "chat_id": asked["chat_id"], "after": null})).await;
        let previous = opened["card"]["previous"].as_array().unwrap_or_else(|| panic!("no list: {opened}"));
        assert_eq!(previous.iter().any(|chat| chat["id"] == json!(before.chat.to_string())), listed, "{role}: {previous:?}");
        assert_eq!(
            outcome(&socket.command(frame("open", before.chat, json!({}))).await),
            if listed { "ok" } else { "not_found" },
            "{role}"
        );
        visitor.send(&json!({"type": "page", "page": {"url": "https://shop.example/c", "title": role, "referrer": ""}})).await;
        let moved = socket.first("the card", |frame| frame["type"] == "card" && frame["card"]["page"]["title"] == role).await;
        assert!(moved["card"].get("previous").is_none(), "what several read has nothing that some may not: {moved}");
    }
}

#[actix_web::test]
async fn before_hello_no_word_is_heard_and_neither_side_knows_the_others_words() {
    let cast = Cast::gathers().await;
    let chat = cast.server.chat("segredo").await;
    for (side, own, others) in [("visitor", &VISITOR_WORDS[..], &AGENT_WORDS[..]), ("agent", &AGENT_WORDS[..], &VISITOR_WORDS[..])] {
        for word in own.iter().filter(|word| !["hello", "ping"].contains(*word)) {
            let mut socket = Socket::connect(&cast.socket_url(side), &[]).await;
            let more = json!({"client_id": "a", "on": true, "page": {}, "body": "oi", "before": 9, "score": 5, "tags": [], "state": "online",
                "latitude": 1.0, "longitude": 1.0, "accuracy_m": 5, "source": "queue", "to": {"agent_id": Uuid::new_v4()},
                "offline_message_id": Uuid::new_v4()});
            socket.send(&frame(word, chat, more)).await;
            let answer = socket.first("a refusal", |frame| frame["type"] == "error").await;
            assert_eq!(answer["code"], "hello_expected", "{side} {word}");
            assert_eq!(socket.end().await, Some(1008), "{side} {word}");
        }
        let mut socket = if side == "visitor" { cast.visitor_socket(None).await.0 } else { desk(&cast, "admin").await };
        let foreign: Vec<_> = others.iter().filter(|word| !own.contains(word)).take(9).collect();
        assert!(foreign.len() > 5);
        for word in foreign {
            let answer = socket.command(frame(word, chat, json!({"body": "oi"}))).await;
            assert_eq!(answer["code"], "command_unknown", "{side} {word}");
        }
    }
}

#[actix_web::test]
async fn no_other_token_opens_an_agents_socket() {
    let cast = Cast::gathers().await;
    let browser = cast.session(cast.server.admin, false).await;
    let mut tokens: Vec<String> = cast.knockers.iter().filter_map(|knocker| knocker.proof.clone()).collect();
    // What a browser's cookie holds is no program's token.
    tokens.push(browser.clone());
    for token in &tokens {
        let mut socket = Socket::connect(&cast.socket_url("agent"), &[]).await;
        socket.send(&json!({"type": "hello", "protocol": 1, "token": token})).await;
        assert_eq!(socket.first("a refusal", |frame| frame["type"] == "error").await["code"], "unauthenticated");
        assert_eq!(socket.end().await, Some(4001));
    }
    // And without our own page behind it a cookie is not even read.
    let cookie = format!("papo_session={browser}");
    let mut socket = Socket::connect(&cast.socket_url("agent"), &[("cookie", cookie.as_str())]).await;
    socket.send(&json!({"type": "hello", "protocol": 1, "token": null})).await;
    assert_eq!(socket.first("a refusal", |frame| frame["type"] == "error").await["code"], "unauthenticated");
}
