//! The walk along the table: every address, knocked at as everybody. A route without a row, or a row without a route, is a fault of its own.

use std::collections::BTreeSet;

use papo::domain::agent::Role;
use papo::domain::ids::{AgentId, DepartmentId, SiteId};
use papo::domain::site::Site;
use serde_json::{Value, json};

use super::cast::{Cast, Knocker};
use super::table::{TABLE, expected};
use crate::api::server::EVERY_SCOPE;
use crate::support::founding;
use crate::support::http::Answer;
use crate::support::routes::{self, Route};

/// What is sent: a path without placeholders, and a body.
pub(super) struct Knock {
    pub(super) path: String,
    body: Option<Value>,
}

/// Records that may be looked at again and again.
pub(super) struct Kept {
    asset: String,
    endpoint: String,
    delivery: String,
}

async fn endpoint(cast: &Cast) -> String {
    let token = cast.server.token(EVERY_SCOPE).await;
    let url = format!("{}/inspector/inspector", cast.server.url);
    let body = json!({"url": url, "events": ["chat.requested"], "plain_http_accepted": true});
    let answer = cast.server.post("/endpoints", &token, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["endpoint"]["id"].as_str().expect("an id").to_owned()
}

pub(super) async fn kept(cast: &Cast) -> Kept {
    let endpoint = endpoint(cast).await;
    let token = cast.server.token(EVERY_SCOPE).await;
    let test = cast.server.post(&format!("/endpoints/{endpoint}/test"), &token, json!({})).await;
    assert_eq!(test.status, 202, "{}", test.text());
    cast.server.store().create_tag(cast.name(), cast.server.by_admin()).await.expect("a tag");
    let login = cast.server.http.get("/login", &[]).await.text();
    let asset = login.split('"').find_map(|word| word.strip_prefix("/static/")).expect("an asset").to_owned();
    Kept { asset, endpoint, delivery: test.json()["id"].as_str().expect("an id").to_owned() }
}

/// A chat of the first department that the colleague answers.
async fn chat(cast: &Cast) -> String {
    let chat = cast.server.chat("oi").await;
    cast.server.starts_chat(chat, cast.colleague).await;
    chat.to_string()
}

async fn site(cast: &Cast) -> String {
    let (id, key) = (SiteId::new(), cast.name());
    let site = Site { id, key, default_department: cast.server.department, ..founding::set_up().site };
    cast.server.store().create_site(site, cast.server.by_admin()).await.expect("a site");
    id.to_string()
}

async fn session_id(cast: &Cast, agent: AgentId) -> String {
    let store = cast.server.store();
    let before: BTreeSet<String> = ids_of_sessions(cast, agent).await;
    cast.session(agent, true).await;
    let after = store.sessions_of(agent).await.expect("sessions");
    after.iter().map(|session| session.id.to_string()).find(|id| !before.contains(id)).expect("the new one")
}

async fn ids_of_sessions(cast: &Cast, agent: AgentId) -> BTreeSet<String> {
    cast.server.store().sessions_of(agent).await.expect("sessions").iter().map(|session| session.id.to_string()).collect()
}

async fn api_token_id(cast: &Cast) -> String {
    cast.server.token(&["chats:read"]).await;
    cast.server.store().api_tokens().await.expect("tokens")[0].id.to_string()
}

/// The `{id}` of a settings page: a new record, since the knock may end it.
async fn settings_id(cast: &Cast, kept: &Kept, path: &str, who: Option<AgentId>) -> String {
    let (store, by) = (cast.server.store(), cast.server.by_admin());
    let part = |name: &str| path.starts_with(&format!("/settings/{name}/"));
    match who {
        Some(agent) if part("account") => session_id(cast, agent).await,
        None | Some(_) if part("account") => AgentId::new().to_string(),
        _ if part("agents") => cast.person(Role::Agent, Vec::new()).await.to_string(),
        _ if part("departments") => cast.department().await.to_string(),
        _ if part("sites") => site(cast).await,
        _ if part("tags") => store.create_tag(cast.name(), by).await.expect("a tag").to_string(),
        _ if part("tokens") => api_token_id(cast).await,
        _ if part("webhooks/deliveries") => kept.delivery.clone(),
        _ if part("webhooks/resendings") => AgentId::new().to_string(),
        _ if path.ends_with("/archive") => endpoint(cast).await,
        _ if part("webhooks/endpoints") => kept.endpoint.clone(),
        _ => panic!("what is the id of {path}?"),
    }
}

/// The path of a route with records that are there, and a body that is right where it needs to be.
pub(super) async fn knock(cast: &Cast, kept: &Kept, route: &Route, who: Option<AgentId>) -> Knock {
    let template = route.path.as_str();
    let id = match template {
        path if path.contains("/api/v1/chats/{id}") => chat(cast).await,
        "/api/v1/endpoints/{id}" if route.method == "DELETE" => endpoint(cast).await,
        path if path.contains("/api/v1/endpoints/{id}") => kept.endpoint.clone(),
        path if path.contains("/api/v1/deliveries/{id}") => kept.delivery.clone(),
        path if path.contains("/api/v1/resendings/{id}") => AgentId::new().to_string(),
        path if path.contains("{id}") => settings_id(cast, kept, path, who).await,
        _ => String::new(),
    };
    let token = if template.starts_with("/password/") {
        let agent = cast.person(Role::Agent, Vec::new()).await;
        cast.server.store().create_password_link(agent, cast.server.by_admin()).await.expect("a link").text().to_owned()
    } else {
        "nobodys".to_owned()
    };
    let key = if template.starts_with("/inspector") { "inspector" } else { "key" };
    let path = template
        .replace("{id}", &id)
        .replace("{token}", &token)
        .replace("{key}", key)
        .replace("{address:.*}", &kept.asset)
        .replace("{type}/{part}", "chat.requested/example");
    let body = match (route.method.as_str(), template) {
        ("POST", path) if path.ends_with("/tags") && path.starts_with("/api") => Some(json!({"tags": []})),
        ("POST", path) if path.ends_with("/transfer") => Some(json!({"department_id": cast.elsewhere.to_string()})),
        ("POST", path) if path.ends_with("/mode") => Some(json!({"manner": "well"})),
        ("POST" | "PATCH", path) if path.starts_with("/api") => Some(json!({})),
        _ => None,
    };
    Knock { path, body }
}

/// Whether proof goes into `Authorization`.
pub(super) fn takes_bearer(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

async fn answered(cast: &Cast, route: &Route, who: &Knocker, knock: &Knock) -> Answer {
    let bearer = takes_bearer(&route.path);
    let proof = match (who.agent, &who.proof) {
        (Some(agent), _) => Some(cast.session(agent, bearer).await),
        (None, proof) => proof.clone(),
    };
    let origin = cast.server.http.origin();
    let authorization = proof.as_ref().map(|proof| format!("Bearer {proof}"));
    let cookie = proof.as_ref().map(|proof| format!("papo_session={proof}"));
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if let Some(authorization) = authorization.as_deref().filter(|_| bearer || !who.is_person()) {
        headers.push(("authorization", authorization));
    }
    if let Some(cookie) = cookie.as_deref().filter(|_| !bearer) {
        headers.push(("cookie", cookie));
    }
    if route.method != "GET" && !bearer {
        headers.push(("origin", &origin));
    }
    let text = knock.body.as_ref().map(ToString::to_string);
    headers.push(("content-type", if text.is_some() { "application/json" } else { "application/x-www-form-urlencoded" }));
    if route.path.ends_with("/stream") {
        return cast.server.http.begins(&route.method, &knock.path, &headers).await;
    }
    cast.server.http.send(&route.method, &knock.path, &headers, text.unwrap_or_default().as_bytes()).await
}

/// An answer in one word.
fn outcome(answer: &Answer) -> String {
    let code = || answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    let is_empty = || serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["data"] == json!([]));
    match answer.status {
        200..300 if is_empty() => "empty".to_owned(),
        200..300 => "ok".to_owned(),
        303 if answer.header("location").is_some_and(|path| path.starts_with("/login")) => "sign_in".to_owned(),
        303 => "ok".to_owned(),
        401 | 403 => code(),
        404 => "not_found".to_owned(),
        410 => "gone".to_owned(),
        400 | 409 | 415 | 422 => "refused".to_owned(),
        status => status.to_string(),
    }
}

pub(super) fn all_routes(cast: &Cast) -> Vec<Route> {
    let mut all = routes::pages();
    all.extend(routes::operations(cast.server.document()));
    all
}

#[actix_web::test]
async fn every_route_gives_everybody_what_the_table_says() {
    let cast = Cast::gathers().await;
    let all = all_routes(&cast);
    let declared: BTreeSet<String> = all.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row stands twice");
    let missing: Vec<_> = declared.difference(&rows).collect();
    let unknown: Vec<_> = rows.difference(&declared).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "routes without a row: {missing:?}; rows without a route: {unknown:?}");

    let kept = kept(&cast).await;
    let (mut wrong, mut knocks) = (Vec::new(), 0);
    for (name, cells) in TABLE {
        let route = all.iter().find(|route| **name == format!("{} {}", route.method, route.path)).expect("declared");
        let stale = knock(&cast, &kept, route, None).await;
        for who in &cast.knockers {
            let wanted = expected(cells, who.role, who.is_person());
            // What is let in may end its record.
            let fresh = if ["ok", "refused"].contains(&wanted) { Some(knock(&cast, &kept, route, who.agent).await) } else { None };
            let answer = answered(&cast, route, who, fresh.as_ref().unwrap_or(&stale)).await;
            let got = outcome(&answer);
            if got != wanted {
                wrong.push(format!("{name} as {}: {got} ({}) instead of {wanted}", who.role, answer.status));
            }
            knocks += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {knocks} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} routes, {} roles, {knocks} cells", TABLE.len(), cast.knockers.len());
}

#[actix_web::test]
async fn a_browsers_cookie_opens_nothing_of_the_api_and_a_programs_token_no_page() {
    let cast = Cast::gathers().await;
    let http = &cast.server.http;
    let (browser, program) = (cast.session(cast.server.admin, false).await, cast.session(cast.server.admin, true).await);
    let (cookie, origin) = (format!("papo_session={browser}"), http.origin());
    for (name, cells) in TABLE {
        let (method, path) = name.split_once(' ').expect("a method and a path");
        let path = path.replace("{id}", &DepartmentId::new().to_string());
        if path.starts_with("/api/") && expected(cells, "stranger", false) == "unauthenticated" {
            let bearer = format!("Bearer {browser}");
            for proof in [("cookie", cookie.as_str()), ("authorization", bearer.as_str())] {
                let answer = http.send(method, &path, &[proof, ("origin", &origin)], b"").await;
                assert_eq!(answer.status, 401, "{name} with {}", proof.0);
            }
        } else if expected(cells, "stranger", false) == "sign_in" && !path.contains('{') {
            let (cookie, bearer) = (format!("papo_session={program}"), format!("Bearer {program}"));
            let headers = [("cookie", cookie.as_str()), ("authorization", bearer.as_str()), ("origin", origin.as_str())];
            assert_eq!(http.send(method, &path, &headers, b"").await.status, 303, "{name} with a program's token");
        }
    }
}

#[actix_web::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let cast = Cast::gathers().await;
    let of = |role: &str| cast.knockers.iter().find(|knocker| knocker.role == role).and_then(|knocker| knocker.agent).expect("a person");
    let victim = session_id(&cast, of("agent")).await;
    for role in ["elsewhere", "supervisor", "admin"] {
        let cookie = format!("papo_session={}", cast.session(of(role), false).await);
        let path = format!("/settings/account/sessions/{victim}/revoke");
        let answer = cast.server.http.post_form(&path, &[("cookie", cookie.as_str())], &[]).await;
        assert_eq!(answer.status, 404, "{role}");
    }
    assert!(ids_of_sessions(&cast, of("agent")).await.contains(&victim));
}
