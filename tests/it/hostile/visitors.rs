//! A visitor never sees anything of another one: ids guessed, names of commands reused, tokens carried to another site.

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use papo::domain::chat::command::{Actor, Command};
use papo::domain::ids::{ChatId, SiteId};
use papo::domain::site::{Consent, Site};
use serde_json::{Value, json};

use super::cast::{Cast, asking, hello};
use crate::support::founding;
use crate::support::socket::Socket;

/// Asks for help; the chat's id and the visitor's socket and token.
async fn somebody(cast: &Cast, message: &str) -> (ChatId, Socket, String) {
    let (mut socket, token) = cast.visitor_socket(None).await;
    let answer = socket.command(asking(message)).await;
    let chat = answer["chat_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no chat: {answer}"));
    (chat, socket, token)
}

async fn welcomed(cast: &Cast, hello: &Value) -> Value {
    let mut socket = Socket::connect(&cast.socket_url("visitor"), &[]).await;
    socket.send(hello).await;
    socket.first("an answer", |frame| ["welcome", "error"].contains(&frame["type"].as_str().unwrap_or_default())).await
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Nobody takes the chat in time.
async fn is_missed(cast: &Cast, chat: ChatId) {
    let store = cast.server.store();
    let mut department = store.directory().departments.get(&cast.server.department).cloned().expect("the department");
    department.limits.wait_limit_seconds = Some(60);
    store.change_department(department, cast.server.by_admin()).await.expect("a change");
    cast.server.clock.advance_ms(61_000);
    store.execute(chat, Actor::System, Command::Expire, None).await.expect("time");
    assert_eq!(store.chat(chat).await.expect("a chat").state.as_str(), "missed");
}

#[actix_web::test]
async fn a_guessed_chat_is_not_resumed() {
    let cast = Cast::gathers().await;
    let (victims, ..) = somebody(&cast, "segredo").await;
    let (own, _, token) = somebody(&cast, "meu").await;
    for token in [None, Some(token.as_str())] {
        let mut hello = hello(token);
        hello["resume"] = json!({"chat_id": victims.to_string(), "seq": 0});
        let welcome = welcomed(&cast, &hello).await;
        assert_eq!(welcome["type"], "welcome");
        assert!(!welcome.to_string().contains("segredo") && !welcome.to_string().contains(&victims.to_string()), "{welcome}");
        assert_eq!(welcome["chat"]["id"], if token.is_some() { json!(own.to_string()) } else { Value::Null });
    }
}

#[actix_web::test]
async fn a_token_is_somebody_on_its_own_site_alone() {
    let cast = Cast::gathers().await;
    let site = Site { id: SiteId::new(), key: "other".to_owned(), default_department: cast.server.department, ..founding::set_up().site };
    cast.server.store().create_site(site, cast.server.by_admin()).await.expect("a site");
    let (chat, _, token) = somebody(&cast, "segredo").await;
    let mut elsewhere = hello(Some(&token));
    elsewhere["site"] = json!("other");
    elsewhere["resume"] = json!({"chat_id": chat.to_string(), "seq": 0});
    let answer = welcomed(&cast, &elsewhere).await;
    let mut unknown = hello(Some("made-up"));
    unknown["site"] = json!("other");
    assert_eq!(answer, welcomed(&cast, &unknown).await, "as any token that nobody has");
    assert_eq!(answer["code"], "token_unknown");
}

#[actix_web::test]
async fn a_message_for_later_carries_on_only_ones_own_missed_chat() {
    let cast = Cast::gathers().await;
    let (missed, mut owner, _) = somebody(&cast, "ninguém veio").await;
    is_missed(&cast, missed).await;
    let (_, mut other, _) = somebody(&cast, "outra").await;
    let (waiting, mut third, _) = somebody(&cast, "terceira").await;
    let (mut newcomer, _) = cast.visitor_socket(None).await;
    let left = |chat: Value| json!({"type": "offline_message", "body": "me liguem", "email": "a@b.co", "chat_id": chat});
    for (who, socket, chat) in
        [("another visitor", &mut other, missed), ("whose chat waits", &mut third, waiting), ("a newcomer", &mut newcomer, missed)]
    {
        let refused = socket.command(left(json!(chat.to_string()))).await;
        assert_eq!(refused["code"], "not_found", "{who}");
        let mut of_nothing = socket.command(left(json!(ChatId::new().to_string()))).await;
        of_nothing["client_id"] = refused["client_id"].clone();
        assert_eq!(refused, of_nothing, "{who}");
    }
    let store = cast.server.store();
    let kept = async || store.offline_messages(vec![cast.server.department]).await.expect("messages");
    assert!(kept().await.is_empty(), "what is refused is not kept");
    let answer = owner.command(left(json!(missed.to_string()))).await;
    assert_eq!((&answer["type"], &answer["chat_id"]), (&json!("ack"), &json!(missed.to_string())), "{answer}");
    assert_eq!(kept().await[0].chat, Some(missed));
    assert_eq!(other.command(left(Value::Null)).await["type"], "ack", "without a chat it is a message like any other");
    assert_eq!(kept().await.len(), 2);
}

#[actix_web::test]
async fn what_was_agreed_to_with_a_missed_chat_holds_for_the_message_that_carries_it() {
    let cast = Cast::gathers().await;
    let store = cast.server.store();
    let site = store.directory().sites.values().next().cloned().expect("a site");
    let agrees_to = async |text: &str| {
        let consent = Some(Consent { version: 0, text: text.to_owned() });
        store.change_site(Site { consent, marketing: true, ..site.clone() }, cast.server.by_admin()).await.expect("a consent text");
    };
    agrees_to("Usaremos seus dados para responder.").await;
    let (mut owner, _) = cast.visitor_socket(None).await;
    let mut request = asking("ninguém veio");
    request["consent"] = json!({"version": 1, "marketing": true});
    let answer = owner.command(request).await;
    let missed: ChatId = answer["chat_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no chat: {answer}"));
    is_missed(&cast, missed).await;
    let shown = owner.first("the end", |frame| frame["entry"]["type"] == "missed").await;
    assert_eq!(shown["chat"]["consent_version"], 1, "{shown}");
    let left = |chat: Value| json!({"type": "offline_message", "body": "me liguem", "email": "a@b.co", "consent": null, "chat_id": chat});
    let (mut other, _) = cast.visitor_socket(None).await;
    for (who, socket, chat) in
        [("another visitor", &mut other, json!(missed.to_string())), ("who carries nothing on", &mut owner, Value::Null)]
    {
        assert_eq!(socket.command(left(chat)).await["code"], "consent_required", "{who}");
    }
    assert_eq!(owner.command(left(json!(missed.to_string()))).await["type"], "ack");
    let agreed = "select count(*) as n from offline_messages where consent_version = 1 and marketing";
    let kept: Counted = store.read(move |conn| Ok(sql_query(agreed).get_result(conn)?)).await.expect("a count");
    assert_eq!(kept.n, 1, "the message records it");
    agrees_to("Também para ofertas.").await;
    assert_eq!(owner.command(left(json!(missed.to_string()))).await["code"], "consent_required", "the text is another one now");
}

#[actix_web::test]
async fn a_new_chat_never_carries_on_somebody_elses() {
    let cast = Cast::gathers().await;
    let (victims, ..) = somebody(&cast, "segredo").await;
    let (mut socket, _) = cast.visitor_socket(None).await;
    let mut request = asking("oi");
    request["previous_chat_id"] = json!(victims.to_string());
    let answer = socket.command(request).await;
    let chat: ChatId = answer["chat_id"].as_str().and_then(|id| id.parse().ok()).expect("a chat");
    assert_ne!(chat, victims);
    assert_eq!(cast.server.store().chat(chat).await.expect("a chat").request.previous_chat, None);
}

#[actix_web::test]
async fn the_same_client_id_is_another_command_of_another_visitor() {
    let cast = Cast::gathers().await;
    let (mut one, _) = cast.visitor_socket(None).await;
    let (mut other, _) = cast.visitor_socket(None).await;
    let mut request = asking("oi");
    request["client_id"] = json!("same");
    let (first, second) = (one.command(request.clone()).await, other.command(request).await);
    assert_eq!((&first["type"], &second["type"]), (&json!("ack"), &json!("ack")), "{first} {second}");
    assert_ne!(first["chat_id"], second["chat_id"]);
    assert!(second["repeated"].is_null(), "{second}");
}
