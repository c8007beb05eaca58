//! What each address does for the methods that nobody wrote a line for: `HEAD`, and the wrong ones.

use std::collections::{BTreeMap, BTreeSet};

use super::cast::Cast;
use super::walk::{all_routes, kept, knock, takes_bearer};
use crate::support::routes::Route;

#[actix_web::test]
async fn head_says_of_every_address_what_get_would_and_not_a_byte_more() {
    let cast = Cast::gathers().await;
    let (kept, http, admin) = (kept(&cast).await, &cast.server.http, cast.server.admin);
    let (cookie, bearer) =
        (format!("papo_session={}", cast.session(admin, false).await), format!("Bearer {}", cast.session(admin, true).await));
    let (mut asked, mut good) = (0, 0);
    for route in all_routes(&cast).iter().filter(|route| route.method == "GET") {
        let path = knock(&cast, &kept, route, Some(admin)).await.path;
        let headers = if takes_bearer(&route.path) { [("authorization", bearer.as_str())] } else { [("cookie", cookie.as_str())] };
        let got = if path.ends_with("/stream") { http.begins("GET", &path, &headers).await } else { http.get(&path, &headers).await };
        let said = http.head(&path, &headers).await;
        assert_eq!((said.status, said.header_names()), (got.status, got.header_names()), "{path}");
        for name in ["content-type", "content-length", "content-encoding", "transfer-encoding", "location", "cache-control"] {
            assert_eq!(said.header(name), got.header(name), "{name} of {path}");
        }
        assert!(said.body.is_empty(), "{path}: {}", said.text());
        asked += 1;
        good += u32::from(said.status == 200);
    }
    assert!(asked > 50 && good > 35, "most are there: {good} of {asked}");
}

#[actix_web::test]
async fn head_opens_no_socket() {
    let cast = Cast::gathers().await;
    let handshake = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ];
    for path in ["/ws/visitor", "/ws/agent"] {
        assert_eq!(cast.server.http.head(path, &handshake).await.status, 400, "{path}");
    }
}

#[actix_web::test]
async fn a_wrong_method_is_told_which_ones_are_right() {
    let cast = Cast::gathers().await;
    let kept = kept(&cast).await;
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in all_routes(&cast) {
        let methods = known.entry(route.path).or_default();
        methods.extend((route.method == "GET").then(|| "HEAD".to_owned()));
        methods.insert(route.method);
    }
    for (path, methods) in known {
        let allow = methods.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let wrong = ["POST", "PUT", "DELETE", "OPTIONS", "BREW"].into_iter().filter(|method| !methods.contains(*method));
        let real = knock(&cast, &kept, &Route { method: "GET".to_owned(), path: path.clone() }, None).await.path;
        for method in wrong {
            let answer = cast.server.http.send(method, &real, &[("accept", "text/html")], b"").await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allow.as_str())), "{method} {path}");
            let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            assert_eq!(is_page, !path.starts_with("/api/"), "{method} {path}");
            if !is_page {
                assert_eq!(answer.json()["error"]["code"], "method_not_allowed", "{method} {path}");
            }
        }
    }
}
