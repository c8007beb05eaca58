//! What a page of somebody else makes a browser send: with its cookie, and never with our origin.

use papo::domain::ids::AgentId;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use super::audited::acts;
use super::cast::Cast;
use super::table::{TABLE, expected};
use crate::api::server::{ADMIN, PASSWORD};
use crate::support::socket::Socket;

/// Every form that changes something: routes of pages, not of programs.
fn forms() -> impl Iterator<Item = (&'static str, String)> {
    let pages = TABLE.iter().filter_map(|(route, cells)| Some((route.strip_prefix("POST ")?, cells)));
    let forms = pages.filter(|(path, _)| !path.starts_with("/api/") && !path.starts_with("/inspector/"));
    forms.map(|(path, _)| (path, path.replace("{id}", &AgentId::new().to_string()).replace("{token}", "nobodys")))
}

#[actix_web::test]
async fn no_form_is_taken_from_a_foreign_page_whatever_the_cookie() {
    let cast = Cast::gathers().await;
    let http = &cast.server.http;
    let cookie = format!("papo_session={}", cast.session(cast.server.admin, false).await);
    let own = http.origin();
    let port_of_ours = own.replace("127.0.0.1", "localhost.evil.example");
    let before = acts(cast.server.store()).await.len();
    let foreign: &[&[(&str, &str)]] = &[
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &port_of_ours)],
        &[("origin", "http://127.0.0.1")],
        &[("referer", &own)],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", &own)],
        &[("sec-fetch-site", "none"), ("origin", &own)],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("origin", &own), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-origin"), ("origin", &own), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    ];
    let mut tried = 0;
    for (route, path) in forms() {
        for claims in foreign {
            let form = ("content-type", "application/x-www-form-urlencoded");
            let headers = [&[("cookie", cookie.as_str()), form], *claims].concat();
            let answer = http.send("POST", &path, &headers, b"name=Evil&code=1").await;
            assert_eq!(answer.status, 403, "{route} with {claims:?}: {}", answer.text());
            assert_eq!(answer.json()["error"]["code"], "foreign_origin", "{route}");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(acts(cast.server.store()).await.len(), before, "and nothing was done");
    assert_eq!(http.get("/console", &[("cookie", &cookie)]).await.status, 200, "not even signed out");
}

#[actix_web::test]
async fn a_form_that_is_no_form_and_json_that_is_none_are_refused() {
    let cast = Cast::gathers().await;
    let http = &cast.server.http;
    let cookie = format!("papo_session={}", cast.session(cast.server.admin, false).await);
    let own = http.origin();
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let headers = [("cookie", cookie.as_str()), ("origin", own.as_str()), ("content-type", kind)];
        let answer = http.send("POST", "/settings/tags", &headers, b"{\"name\":\"x\"}").await;
        assert_eq!(answer.status, 400, "{kind}: {}", answer.text());
    }
    // What a foreign form can send is not JSON, and what is JSON no foreign page may send.
    let body = json!({"manner": "gone"}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("cookie", cookie.as_str()), ("content-type", kind)];
        assert_eq!(http.send("POST", "/inspector/inspector/mode", &headers, body.as_bytes()).await.status, 400, "{kind}");
    }
    for claims in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/json"), claims];
        assert_eq!(http.send("POST", "/inspector/inspector/mode", &headers, body.as_bytes()).await.status, 403, "{claims:?}");
        assert_eq!(http.send("DELETE", "/inspector/inspector/posts", &headers, b"").await.status, 403, "{claims:?}");
    }
    let posts = http.get("/inspector/inspector/posts", &[("cookie", &cookie)]).await.json();
    assert_eq!(posts["manner"], json!("well"), "{posts}");
}

#[actix_web::test]
async fn no_page_of_somebody_else_uses_the_api_or_a_socket() {
    let cast = Cast::gathers().await;
    let program = format!("Bearer {}", cast.session(cast.server.admin, true).await);
    let own = cast.server.http.origin();
    let near = format!("{own}.evil.example");
    for origin in ["https://evil.example", "null", "http://127.0.0.1", &near, "file://"] {
        for (route, cells) in TABLE.iter().filter(|(route, _)| route.contains(" /api/")) {
            let (method, path) = route.split_once(' ').expect("a method and a path");
            let path = path.replace("{id}", &AgentId::new().to_string());
            let answer = cast.server.http.send(method, &path, &[("authorization", &program), ("origin", origin)], b"").await;
            assert_eq!(answer.status, 403, "{route} from {origin}, for {}", expected(cells, "admin", true));
            assert!(answer.header("access-control-allow-origin").is_none(), "{route}");
        }
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        let preflight = cast.server.http.send("OPTIONS", "/api/v1/chats", &asked, b"").await;
        assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_none(), "{origin}");
        for side in ["visitor", "agent"] {
            let refused = Socket::try_connect(&cast.socket_url(side), &[("origin", origin)]).await.err();
            let status = if let Some(Error::Http(answer)) = refused { answer.status().as_u16() } else { 0 };
            assert_eq!(status, 403, "{side} from {origin}");
        }
    }
}

#[actix_web::test]
async fn the_sessions_cookie_is_for_our_pages_alone() {
    let cast = Cast::gathers().await;
    let http = &cast.server.http;
    for remember in ["on", ""] {
        let fields = [("email", ADMIN), ("password", PASSWORD), ("remember", remember), ("next", "//evil.example/")];
        let answer = http.post_form("/login", &[], &fields).await;
        let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
        for part in ["papo_session=", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie} lacks {part}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(answer.header("location"), Some("/console"), "and the way on stays here");
    }
}
