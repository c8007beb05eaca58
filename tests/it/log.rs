//! The log at its default level is read by operators: it tells of the house, never of the people in it.

use serde_json::{Value, json};

use crate::support::demo::{Demo, OPENED};
use crate::support::raw_socket::RawSocket;
use crate::support::socket::Socket;
use crate::support::visitor::PAGE;

/// What people do in a chat, and what they get wrong around it. Gives every secret that was made meanwhile.
async fn a_day_with_people(demo: &Demo) -> Vec<String> {
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent_online(0).await);
    let request = json!({"type": "request", "name": "Ana Beatriz", "email": "ana.b@example.com", "phone": "+55 81 98765-4321", "fields": {"pedido": "AX-77"},
        "message": "meu CPF é 123.456.789-09", "consent": {"version": 1, "marketing": false}});
    let asked = visitor.tries(request).await;
    let chat = asked["chat_id"].as_str().unwrap_or_else(|| panic!("refused: {asked}")).to_owned();
    visitor.chat = Some(chat.clone());
    agent.accepts(&chat).await;
    agent.says(&chat, "a entrega é na rua do Sol").await;
    agent.notes(&chat, "cliente difícil").await;
    visitor.shares_location().await;
    visitor.says("moro no número 12").await;
    visitor.tries(json!({"type": "finish"})).await;
    visitor.rates(1, "atendimento ruim demais").await;

    let http = demo.http();
    // A receiver that isn't there, with a key in its address.
    let endpoint = json!({"url": "http://127.0.0.1:9/hook?key=chave-do-crm", "plain_http_accepted": true, "events": ["offline_message.created"],
        "headers": [{"name": "X-Key", "value": "outra-chave"}]});
    let made = demo.tells_api("/endpoints", &endpoint).await;
    let left =
        visitor.tries(json!({"type": "offline_message", "body": "me liguem à noite", "consent": {"version": 1, "marketing": false}})).await;
    assert_eq!(left["type"], "ack", "{left}");

    let wrong = [("email", "curioso@example.com"), ("password", "senha-errada-1")];
    assert_eq!(http.post_form("/login", &[], &wrong).await.status, 401);
    http.get("/api/v1/chats?visitor=ana.b@example.com", &[("authorization", "Bearer papo_chave-inventada")]).await;
    http.get("/password/elo-inventado", &[("x-forwarded-for", "203.0.113.77")]).await;
    let mut stranger = Socket::connect(demo.fact("ws_visitor_url"), &[]).await;
    stranger.send(&json!({"type": "hello", "protocol": 1, "site": "site-inventado", "token": "token-inventado"})).await;
    stranger.end().await;
    visitor.socket.send(&json!({"type": "dance", "client_id": "c", "body": "texto perdido"})).await;
    visitor.socket.settle().await;
    vec![visitor.token.clone(), agent.session().to_owned(), made["secret"].as_str().expect("a secret").to_owned()]
}

/// What strangers send isn't the house's fault: alerts are set on errors.
#[test]
fn the_log_at_its_default_level_calls_nothing_an_error_that_strangers_send() {
    let demo = Demo::starts();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for head in ["no request at all\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"] {
            assert_eq!(demo.http().raw(head.as_bytes()).await.status, 400, "{head}");
        }
        let mut raw = RawSocket::connect(demo.fact("ws_visitor_url")).await;
        // A ping that says it goes on.
        raw.send(0x09, b"").await;
        assert_eq!(raw.end().await, Some(1002));
    });
    let log = demo.stops_and_shows_its_log();
    assert!(log.contains("INFO") && !log.contains("ERROR"), "{log}");
}

#[test]
fn the_log_at_its_default_level_tells_nothing_about_people() {
    let demo = Demo::starts_with(&[OPENED]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut secrets = runtime.block_on(a_day_with_people(&demo));
    let accounts = demo.facts["agents"].as_array().cloned().unwrap_or_default().into_iter().chain([demo.facts["admin"].clone()]);
    let told = |account: &Value, key: &str| account[key].as_str().expect("text").to_owned();
    secrets.extend(accounts.flat_map(|account| [told(&account, "email"), told(&account, "password")]));
    secrets.extend(["api_token", "site_key"].map(|name| demo.fact(name).to_owned()));
    secrets.extend(PAGE.split(['/', '?', '&', '=', '#']).filter(|part| ["secret", "shop.example"].contains(part)).map(str::to_owned));
    let written = [
        "Ana",
        "Beatriz",
        "ana.b",
        "98765",
        "AX-77",
        "123.456",
        "rua do Sol",
        "difícil",
        "-8.0476",
        "-34.877",
        "número 12",
        "ruim demais",
        "liguem",
        "chave",
        "curioso",
        "senha",
        "inventad",
        "203.0.113",
        "perdido",
        "Marina",
    ];
    let log = demo.stops_and_shows_its_log();
    assert!(log.contains("INFO"), "there is a log to look at: {log}");
    // Its own address is the house's.
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("listening on")).collect();
    for personal in secrets.iter().map(String::as_str).chain(written).chain(["127.0.0.1"]) {
        assert!(!lines.iter().any(|line| line.contains(personal)), "{personal:?} is in the log:\n{log}");
    }
}
