//! Every address of the server with whatever a stranger makes of it.

use papo::config::Rates;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{text, value};
use crate::api::server::{ADMIN, EVERY_SCOPE, PASSWORD, Server};
use crate::support::CEILING;
use crate::support::routes::{self, Route};

/// Rounds over all addresses; `PROPTEST_CASES` counts single cases, of which one round has some hundred.
fn rounds() -> u32 {
    (TestRunner::default().config().cases / 64).max(2)
}

#[derive(Clone, Debug)]
struct Asked {
    places: String,
    query: String,
    body: Vec<u8>,
    kind: &'static str,
    header: (String, String),
}

fn asked() -> impl Strategy<Value = Asked> {
    let form = prop::collection::vec((prop_oneof!["[a-z_]{1,16}", text()], text()), 0..8)
        .prop_map(|fields| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes());
    let body = prop_oneof![
        value().prop_map(|value| (value.to_string().into_bytes(), "application/json")),
        form.prop_map(|body| (body, "application/x-www-form-urlencoded")),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|body| (body, "application/octet-stream")),
        text().prop_map(|body| (body.into_bytes(), "text/plain")),
    ];
    let name = prop::sample::select(vec![
        "accept-language",
        "cookie",
        "if-none-match",
        "idempotency-key",
        "accept",
        "x-forwarded-for",
        "range",
        "accept-encoding",
    ]);
    let encoded = || text().prop_map(|text| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
    let place = prop_oneof![encoded(), Just("0192f0c1-2345-7abc-8def-0123456789ab".to_owned()), "[A-Za-z0-9_.~%-]{1,40}"];
    let query = prop_oneof![
        encoded(),
        ("[a-z_]{1,12}", encoded()).prop_map(|(key, value)| format!("{key}={value}")),
        encoded().prop_map(|value| format!("limit={value}&cursor={value}"))
    ];
    (place, query, body, name, text()).prop_map(|(places, query, (body, kind), name, value)| Asked {
        places,
        query,
        body,
        kind,
        header: (name.to_owned(), value.chars().filter(|char| !char.is_control()).take(200).collect()),
    })
}

/// Sends it, and gives the status; none where the server hung up, as it may on what isn't HTTP.
async fn status_of(server: &Server, route: &Route, asked: &Asked, proof: &str) -> Option<u16> {
    let authority = server.url.trim_start_matches("http://");
    let mut path = route.path.clone();
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, &asked.places);
    }
    let head = format!(
        "{} {path}?{} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-type: {}\r\ncontent-length: {}\r\n{proof}{}: {}\r\n\r\n",
        route.method,
        asked.query,
        asked.kind,
        asked.body.len(),
        asked.header.0,
        asked.header.1,
    );
    let exchange = async {
        let mut stream = TcpStream::connect(authority).await.expect("the server listens");
        stream.write_all(&[head.as_bytes(), &asked.body].concat()).await.ok()?;
        let mut answer = vec![0; 64];
        let read = stream.read(&mut answer).await.ok()?;
        String::from_utf8_lossy(answer.get(..read)?).split(' ').nth(1)?.parse().ok()
    };
    tokio::time::timeout(CEILING, exchange).await.unwrap_or_else(|_| panic!("{} {path} never answered", route.method))
}

#[actix_web::test]
async fn no_request_makes_the_server_fail() {
    // No rate stands before what is to be tried.
    let rates = Rates { api_requests_per_minute: u32::MAX, address_connections_per_minute: u32::MAX, ..Rates::default() };
    let server = Server::with(rates).await;
    let mut all = routes::pages();
    all.extend(routes::operations(server.document()));
    let token = server.token(EVERY_SCOPE).await;
    let signed_in = server.http.post_form("/login", &[], &[("email", ADMIN), ("password", PASSWORD)]).await.cookies();
    assert!(!signed_in.is_empty(), "the admin is signed in");
    let mut runner = TestRunner::default();
    let (mut answered, mut done) = (0, 0);
    for _ in 0..rounds() {
        for route in all.iter().filter(|route| route.path != "/logout") {
            let case = asked().new_tree(&mut runner).expect("a case").current();
            let origin = server.http.origin();
            for proof in ["", &format!("authorization: Bearer {token}\r\n"), &format!("cookie: {signed_in}\r\norigin: {origin}\r\n")] {
                let status = status_of(&server, route, &case, proof).await;
                assert!(
                    status.is_none_or(|status| status < 500),
                    "{status:?} for {} {} with {case:?} as {proof:?}",
                    route.method,
                    route.path
                );
                answered += u32::from(status.is_some());
                done += u32::from(status.is_some_and(|status| (200..300).contains(&status)));
            }
        }
    }
    assert!(answered > 300 && done > 50, "most of it is HTTP and some of it right: {answered}, {done}");
    assert_eq!(server.http.get("/readyz", &[]).await.status, 200, "and it still works");
}
