//! Guessing: a wrong token of any kind is answered as one that nobody ever had, and the database has none that could be read.

use papo::auth::token::Token;
use papo::domain::agent::Role;
use serde_json::json;

use super::cast::{Cast, hello};
use crate::api::server::Server;
use crate::support::http::Answer;
use crate::support::socket::Socket;

/// An answer without what differs each time: the request's id and the marks of pages.
fn told(answer: &Answer) -> (u16, String) {
    let text = answer.text();
    let marks = text.split("nonce=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let ids = text.split("request_id\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let varying: Vec<&str> = marks.chain(ids).collect();
    (answer.status, varying.iter().fold(text.clone(), |text, part| text.replace(part, "")))
}

/// The token with its last character changed, cut by one, and longer by one.
fn near(token: &str) -> Vec<String> {
    let (head, last) = token.split_at(token.len() - 1);
    vec![format!("{head}{}", if last == "A" { "B" } else { "A" }), head.to_owned(), format!("{token}A"), token.to_uppercase()]
}

#[actix_web::test]
async fn a_bearer_that_is_nearly_right_is_answered_as_nonsense() {
    let cast = Cast::gathers().await;
    let session = cast.session(cast.server.admin, true).await;
    let token = cast.server.token(&["chats:read"]).await;
    let dead: Vec<String> = cast
        .knockers
        .iter()
        .filter(|knocker| ["revoked", "expired", "visitor"].contains(&knocker.role))
        .filter_map(|knocker| knocker.proof.clone())
        .collect();
    for path in ["/api/v1/chats", "/api/v1/agents", "/metrics"] {
        let ask = async |token: &str| cast.server.http.get(path, &[("authorization", &format!("Bearer {token}"))]).await;
        let nonsense = told(&ask("nonsense").await);
        assert_eq!(nonsense.0, 401);
        for wrong in near(&session).into_iter().chain(near(&token)).chain(dead.clone()).chain(["x".repeat(6_000), "é".to_owned()]) {
            assert_eq!(told(&ask(&wrong).await), nonsense, "{path} with {wrong}");
        }
    }
    assert_eq!(cast.server.get("/chats", &token).await.status, 200, "the right one works all the while");
}

#[actix_web::test]
async fn a_link_that_is_spent_or_nearly_right_is_a_link_that_never_was() {
    let server = Server::starts().await;
    let by = || server.by_admin();
    let agent = server.agent("bia").await;
    let ended = server.store().create_password_link(agent, by()).await.expect("a link");
    let link = server.store().create_password_link(agent, by()).await.expect("a link that ends the one before");
    let ask = async |token: &str| told(&server.http.get(&format!("/password/{token}"), &[]).await);
    let never = ask(Token::new().text()).await;
    assert_eq!(never.0, 404);
    for wrong in near(link.text()).iter().map(String::as_str).chain([ended.text()]) {
        assert_eq!(ask(wrong).await, never, "{wrong}");
        let posted = server.http.post_form(&format!("/password/{wrong}"), &[], &[("password", "uma senha bem longa")]).await;
        assert_eq!(told(&posted), never, "{wrong}");
    }
    assert_eq!(ask(link.text()).await.0, 200);
    server.clock.advance_ms(3 * 24 * 3600 * 1000);
    assert_eq!(ask(link.text()).await, never, "its time is over");
    let entry = async |token: &str| {
        let answer = told(&server.http.get(&format!("/demo/{token}"), &[]).await);
        (answer.0, answer.1.replace(token, ""))
    };
    assert_eq!(entry("nonsense").await, entry(link.text()).await, "and here is no demo to enter");
}

#[actix_web::test]
async fn a_visitors_token_that_is_nearly_right_is_unknown_and_guessing_is_slowed() {
    let server = Server::starts().await;
    let url = format!("{}/ws/visitor", server.url.replacen("http", "ws", 1));
    let mut owner = Socket::connect(&url, &[]).await;
    owner.send(&hello(None)).await;
    let token = owner.first("welcome", |frame| frame["type"] == "welcome").await["token"].as_str().expect("a token").to_owned();
    assert_eq!(owner.command(json!({"type": "request", "message": "oi"})).await["type"], "ack");
    let mut guesser = Socket::connect(&url, &[]).await;
    let mut codes = Vec::new();
    let tries = near(&token).into_iter().chain((0..100).map(|number| format!("guess-{number}")));
    for guess in tries {
        guesser.send(&hello(Some(&guess))).await;
        let answer = guesser.first("an answer", |frame| frame["type"] != "departments").await;
        codes.push(answer["code"].as_str().unwrap_or("welcome").to_owned());
    }
    assert!(codes[..4].iter().all(|code| code == "token_unknown"), "{codes:?}");
    assert!(codes.iter().all(|code| code == "token_unknown" || code == "rate_limited"), "{codes:?}");
    assert_eq!(codes.last().map(String::as_str), Some("rate_limited"), "a hundred guesses in a minute are too many");
}

/// Whoever looks a token up has only its hash to look for: the time of a comparison tells nothing about the token.
#[test]
fn every_secret_is_stored_as_a_hash_or_sealed() {
    let schema = include_str!("../../../src/store/schema.rs");
    let columns = schema.lines().filter_map(|line| line.trim().split_once(" -> ")).map(|(name, kind)| (name, kind.trim_end_matches(',')));
    let telling: Vec<_> = columns.filter(|(name, _)| ["token", "password", "secret"].iter().any(|word| name.contains(word))).collect();
    assert!(telling.len() >= 5, "{telling:?}");
    for (name, kind) in telling {
        assert!(name.ends_with("_hash") || !kind.contains("Text"), "{name} holds {kind}");
    }
}

#[actix_web::test]
async fn the_database_has_no_token_in_it() {
    let cast = Cast::gathers().await;
    let agent = cast.person(Role::Agent, Vec::new()).await;
    let link = cast.server.store().create_password_link(agent, cast.server.by_admin()).await.expect("a link").text().to_owned();
    let mut tokens = vec![link, cast.session(agent, true).await, cast.session(agent, false).await];
    tokens.extend(cast.knockers.iter().filter_map(|knocker| knocker.proof.clone()));
    let disk: Vec<u8> =
        ["papo.db", "papo.db-wal"].iter().flat_map(|name| std::fs::read(cast.server.data().join(name)).unwrap_or_default()).collect();
    assert!(disk.len() > 4096);
    for token in &tokens {
        // 256 random bits each, in 43 characters.
        let secret = token.strip_prefix("papo_").unwrap_or(token);
        assert_eq!(secret.len(), 43, "{token}");
        assert!(!disk.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "a token stands in the database");
    }
}
