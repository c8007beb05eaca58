//! Paths that climb, lines that break, SQL where words belong, and too much of everything.

use papo::config::Rates;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::api::server::{ADMIN, EVERY_SCOPE, PASSWORD, Server};
use crate::support::CEILING;
use crate::support::http::Answer;

const SQL: [&str; 6] = ["' or 1=1 --", "\"; drop table chats; --", "%", "_", "') union select * from agents --", "\0"];

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn server() -> Server {
    Server::with(Rates { api_requests_per_minute: u32::MAX, ..Rates::default() }).await
}

async fn cookie(server: &Server) -> String {
    server.http.post_form("/login", &[], &[("email", ADMIN), ("password", PASSWORD)]).await.cookies()
}

#[actix_web::test]
async fn no_path_leads_out_of_what_is_there() {
    let server = server().await;
    let cookie = cookie(&server).await;
    let climbs = [
        "../Cargo.toml",
        "../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%252f..%252fetc%252fpasswd",
        "..\\..\\etc\\passwd",
        "..%5c..%5cetc%5cpasswd",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "css/../../../secret.key",
        "%00",
        "css/base.css%00.png",
        "....//....//etc/passwd",
        "file:///etc/passwd",
    ];
    let places = [
        "/static/",
        "/widget/",
        "/inspector/",
        "/password/",
        "/settings/sites/",
        "/settings/webhooks/deliveries/",
        "/settings/webhooks/catalogue/chat.requested/",
        "/settings/webhooks/catalogue/",
        "/api/v1/chats/",
        "/",
    ];
    for place in places {
        for climb in climbs {
            let answer = server.http.get(&format!("{place}{climb}"), &[("cookie", &cookie)]).await;
            assert!((400..500).contains(&answer.status) || answer.status == 303, "{place}{climb}: {}", answer.status);
            let text = answer.text();
            assert!(!text.contains("root:") && !text.contains("[package]"), "{place}{climb}: {text}");
        }
    }
}

/// The names of an answer's headers, and whether one was smuggled in.
fn is_untouched(answer: &Answer) -> bool {
    answer.header("x-evil").is_none() && !answer.cookies().contains("evil")
}

#[actix_web::test]
async fn no_text_becomes_a_header() {
    let server = server().await;
    let cookie = cookie(&server).await;
    let breaks =
        ["/\r\nx-evil: 1", "/\nx-evil: 1", "/\r\n\r\n<script>", "/%0d%0ax-evil:%201", "/\u{2028}x-evil: 1", "/é\rset-cookie: evil=1"];
    for line in breaks {
        let fields = [("email", ADMIN), ("password", PASSWORD), ("next", line)];
        let entered = server.http.post_form("/login", &[], &fields).await;
        assert_eq!(entered.status, 303, "{line:?}: {}", entered.text());
        assert!(entered.header("location").is_some_and(|path| path.starts_with('/') && !path.starts_with("//")), "{line:?}");
        let page = [("cookie", cookie.as_str()), ("accept", "text/html")];
        let preferred = server.http.post_form("/preferences", &page, &[("theme", "dark"), ("return_to", line)]).await;
        let asked = [format!("/login?next={}", encoded(line)), format!("/console?x={}", encoded(line)), format!("/demo/{}", encoded(line))];
        assert!(is_untouched(&entered) && is_untouched(&preferred), "{line:?}");
        for path in &asked {
            let answer = server.http.get(path, &[]).await;
            assert!(is_untouched(&answer) && answer.status < 500, "{path}: {}", answer.status);
        }
    }
    // A site's domains stand in a policy, an endpoint's headers in its requests.
    for domain in
        ["shop.example; script-src *", "shop.example 'unsafe-inline'", "*", "shop.example\r\nx-evil: 1", "https://a/;", "a.example,b"]
    {
        let fields = [("name", "Loja"), ("domains", domain), ("allowed_domains", domain)];
        let answer = server.http.post_form("/settings/sites", &[("cookie", &cookie)], &fields).await;
        assert_eq!(answer.status, 422, "{domain:?}");
        assert!(is_untouched(&answer));
    }
    let token = server.token(EVERY_SCOPE).await;
    for (name, value) in
        [("x-a", "1\r\nx-evil: 1"), ("x-a\r\nx-evil", "1"), ("x a", "1"), ("host", "evil.example"), ("content-length", "0")]
    {
        let body = json!({"url": "https://crm.example/", "events": ["chat.requested"], "headers": [{"name": name, "value": value}]});
        assert_eq!(server.post("/endpoints", &token, body).await.status, 422, "{name:?}: {value:?}");
    }
    let key = server
        .send("POST", &format!("/chats/{}/tags", uuid::Uuid::new_v4()), &token, &[("idempotency-key", "é")], Some(json!({"tags": []})))
        .await;
    assert_eq!(key.status, 422, "{}", key.text());
}

#[actix_web::test]
async fn sql_in_a_filter_is_a_word_that_nothing_has() {
    let server = server().await;
    let cookie = cookie(&server).await;
    let chat = server.chat("oi").await;
    let token = server.token(EVERY_SCOPE).await;
    let filters = [
        (
            "/chats",
            &[
                "state",
                "department_id",
                "tag_id",
                "agent_id",
                "visitor_id",
                "requested_from",
                "requested_to",
                "protocol",
                "cursor",
                "limit",
            ][..],
        ),
        ("/deliveries", &["endpoint_id", "type", "state", "chat_id", "from", "to", "cursor", "limit"][..]),
    ];
    for sql in SQL {
        for (list, names) in filters {
            for name in names {
                let answer = server.get(&format!("{list}?{name}={}", encoded(sql)), &token).await;
                let found = answer.status == 200 && answer.json()["data"] != json!([]);
                assert!(!found && [200, 422].contains(&answer.status), "{list} {name}={sql}: {} {}", answer.status, answer.text());
            }
        }
        assert_eq!(server.get(&format!("/chats/{}", encoded(sql)), &token).await.status, 404);
        for name in ["endpoint", "type", "state", "since", "text", "q", "before", "period"] {
            let path = format!("/settings/webhooks/deliveries?{name}={}", encoded(sql));
            let answer = server.http.get(&path, &[("cookie", &cookie)]).await;
            assert!(answer.status < 500, "{path}: {}", answer.status);
        }
        let body = json!({"email": sql, "password": sql}).to_string();
        let login = server.http.send("POST", "/api/v1/sessions", &[("content-type", "application/json")], body.as_bytes()).await;
        assert!([401, 422, 429].contains(&login.status), "{sql}: {}", login.text());
    }
    assert_eq!(server.get(&format!("/chats/{chat}"), &token).await.status, 200, "and everything is still there");
}

/// Sends bytes as they are; the status, or none where the server hangs up.
async fn raw(server: &Server, bytes: &[u8]) -> Option<u16> {
    let exchange = async {
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.ok()?;
        // It may refuse before everything is sent.
        stream.write_all(bytes).await.ok();
        let mut answer = vec![0; 64];
        let read = stream.read(&mut answer).await.ok()?;
        String::from_utf8_lossy(answer.get(..read)?).split(' ').nth(1)?.parse().ok()
    };
    tokio::time::timeout(CEILING, exchange).await.expect("an answer or an end")
}

#[actix_web::test]
async fn too_much_of_anything_is_refused_and_costs_nothing() {
    let server = server().await;
    let long = "a".repeat(200_000);
    let many = "x-a: b\r\n".repeat(5_000);
    let heads = [
        format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("GET /login?next={long} HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("GET /login HTTP/1.1\r\nhost: a\r\ncookie: papo_session={long}\r\n\r\n"),
        format!("GET /login HTTP/1.1\r\nhost: a\r\n{many}\r\n"),
        format!("{long} / HTTP/1.1\r\n\r\n"),
        "POST /login HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello".to_owned(),
        "POST /login HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "POST /login HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
    ];
    for head in &heads {
        let status = raw(&server, head.as_bytes()).await;
        let start: String = head.chars().take(60).collect();
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{start}: {status:?}");
    }
    let own = server.http.origin();
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", own.as_str())];
    let size = |megabytes: usize| "a=b&".repeat(megabytes * 262_144);
    assert_eq!(server.http.send("POST", "/login", &form, size(1).as_bytes()).await.status, 413);
    let token = server.token(EVERY_SCOPE).await;
    let body = format!("{{\"url\":\"{}\"}}", "a".repeat(100_000));
    let bearer = format!("Bearer {token}");
    let answer = server.http.send("POST", "/api/v1/endpoints", &[("authorization", &bearer)], body.as_bytes()).await;
    assert_eq!(answer.status, 413);
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    let answer = server.http.send("POST", "/api/v1/endpoints", &[("authorization", &bearer)], deep.as_bytes()).await;
    assert_eq!(answer.status, 400);
    let headers: Vec<_> = (0..2_000).map(|number| json!({"name": format!("x-{number}"), "value": "1"})).collect();
    let body = json!({"url": "https://crm.example/", "events": ["chat.requested"], "headers": headers});
    assert_eq!(server.post("/endpoints", &token, body).await.status, 422);
    assert_eq!(server.http.get("/readyz", &[]).await.status, 200);
}
