//! Programs sign in with an account and act as its holder, by their token alone.

use papo::auth::token::Token;
use papo::store::sessions::NewSession;
use serde_json::json;

use super::server::{ADMIN, PASSWORD, Server, code, refusal};

#[actix_web::test]
async fn a_program_signs_in_acts_and_signs_out() {
    let server = Server::starts().await;
    let answer = server.post("/sessions", "", json!({"email": ADMIN, "password": PASSWORD})).await;
    let session = answer.json();
    assert_eq!((answer.status, &session["agent"]["role"], &session["agent"]["email"]), (201, &json!("admin"), &json!(ADMIN)));
    assert_eq!(session["expires_at"], "2026-12-22T12:00:00.000Z");
    assert!(answer.cookies().is_empty(), "programs get no cookie");
    let token = session["token"].as_str().expect("a token");
    assert_eq!(server.get("/chats", token).await.status, 200);
    assert_eq!(server.send("DELETE", "/sessions/current", token, &[], None).await.status, 204);
    assert_eq!(code(&server.get("/chats", token).await), refusal(401, "unauthenticated"));
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_account_get_the_same_words() {
    let server = Server::starts().await;
    let wrong = server.post("/sessions", "", json!({"email": ADMIN, "password": "cuscuz sem café"})).await;
    let unknown = server.post("/sessions", "", json!({"email": "nobody@example.com", "password": PASSWORD})).await;
    assert_eq!(code(&wrong), refusal(401, "credentials_wrong"));
    assert_eq!(code(&unknown), code(&wrong));
    assert_eq!(unknown.json()["error"]["message"], wrong.json()["error"]["message"]);
}

#[actix_web::test]
async fn guessing_is_slowed_down() {
    let server = Server::starts().await;
    let guess = json!({"email": ADMIN, "password": "cuscuz sem café"});
    for _ in 0..5 {
        assert_eq!(server.post("/sessions", "", guess.clone()).await.status, 401);
    }
    let answer = server.post("/sessions", "", guess).await;
    assert_eq!(code(&answer), refusal(429, "rate_limited"));
    assert!(answer.header("retry-after").is_some());
}

#[actix_web::test]
async fn a_browsers_session_is_no_programs_in_a_cookie_or_as_a_bearer() {
    let server = Server::starts().await;
    let token = Token::new();
    let new = NewSession {
        agent: server.admin,
        token: token.hash(),
        program: false,
        user_agent: String::new(),
        address: String::new(),
        idle_ms: 60_000,
    };
    server.store().open_session(new).await.expect("a session");
    let cookies = format!("papo_session={0}; __Host-papo_session={0}; papo={0}", token.text());
    assert_eq!(server.send("GET", "/chats", "", &[("cookie", &cookies)], None).await.status, 401);
    assert_eq!(server.get("/chats", token.text()).await.status, 401);
}

#[actix_web::test]
async fn a_page_of_somebody_else_is_refused_and_ours_is_not() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    let foreign = server.send("GET", "/chats", &token, &[("origin", "https://evil.example")], None).await;
    assert_eq!(code(&foreign), refusal(403, "foreign_origin"));
    assert_eq!(server.send("GET", "/chats", &token, &[("origin", &server.url)], None).await.status, 200);
    let signing_in = server.send("POST", "/sessions", "", &[("origin", "null")], Some(json!({}))).await;
    assert_eq!(signing_in.status, 403, "before anything is looked at");
}
