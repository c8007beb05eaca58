//! Requests that nobody but an attacker sends, and those that look odd and are right.

use std::time::{SystemTime, UNIX_EPOCH};

use papo::domain::endpoint::secret::{Secret, Signing};
use papo::domain::event_type::EventType;
use papo::webhooks::signature;
use papo::wire::catalogue;
use serde_json::json;

use super::process::Process;
use crate::support::http::Http;

/// What is sent to a receiver.
struct Request {
    id: &'static str,
    time: String,
    signature: String,
    body: Vec<u8>,
}

/// Makes requests that are right, for tests to spoil.
pub struct Forge {
    secret: Secret,
}

/// Read for each request: the receiver under test may take its time to start.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("in this age")
}

impl Forge {
    pub fn new(signing: Signing) -> Self {
        Self { secret: signature::generate(signing) }
    }

    /// What the receiver is told to verify with.
    pub fn verifier(&self) -> String {
        signature::verifier_text(&self.secret)
    }

    fn by(&self, secret: &Secret, id: &'static str, seconds: i64) -> Request {
        let time = now() + seconds;
        let body = body(id);
        let signature = signature::sign(std::slice::from_ref(secret), id, time, &body);
        Request { id, time: time.to_string(), signature, body }
    }

    fn right(&self, id: &'static str) -> Request {
        self.by(&self.secret, id, 0)
    }

    /// Asserts that the receiver refuses every forgery with a 4xx, and takes what is right; gives the ids of these.
    pub async fn tries(&self, process: &Process) -> Vec<&'static str> {
        for (what, request) in self.forgeries() {
            let status = sends(process, &request).await;
            assert!((400..500).contains(&status), "{what}: {status}");
        }
        for (what, request) in self.oddities() {
            let status = sends(process, &request).await;
            assert!((200..300).contains(&status), "{what}: {status}");
        }
        self.oddities().iter().map(|(_, request)| request.id).collect()
    }

    fn forgeries(&self) -> Vec<(&'static str, Request)> {
        let id = "evt_forged";
        let right = || self.right(id);
        let signed = |change: fn(&str) -> String| Request { signature: change(&right().signature), ..right() };
        let longer = [body(id), b" ".to_vec()].concat();
        vec![
            ("another body", Request { body: body("evt_other"), ..right() }),
            ("a blank more", Request { body: longer, ..right() }),
            ("no body", Request { body: Vec::new(), ..right() }),
            ("six minutes old", self.by(&self.secret, id, -360)),
            ("six minutes early", self.by(&self.secret, id, 360)),
            ("another time than was signed", Request { time: (now() + 1).to_string(), ..right() }),
            ("a time in words", Request { time: "now".to_owned(), ..right() }),
            ("no time", Request { time: String::new(), ..right() }),
            ("a wrong secret", self.by(&signature::generate(self.secret.signing), id, 0)),
            ("another event's signature", Request { id: "evt_other", ..right() }),
            ("no id", Request { id: "", ..right() }),
            ("no signature", signed(|_| String::new())),
            ("a signature without content", signed(|_| "v1,".to_owned())),
            ("short", signed(|right| right.chars().take(30).collect())),
            ("not base64", signed(|_| "v1,••••".to_owned())),
            ("no version", signed(|right| right.split(',').nth(1).unwrap_or_default().to_owned())),
            ("another version", signed(|right| right.replace("v1,", "v2,").replace("v1a,", "v1,"))),
        ]
    }

    fn oddities(&self) -> Vec<(&'static str, Request)> {
        let other = |signing| self.by(&signature::generate(signing), "evt_rotating", 0).signature;
        let rotating = Request {
            signature: format!("{} {} {}", other(Signing::Ed25519), other(Signing::Hmac), self.right("evt_rotating").signature),
            ..self.right("evt_rotating")
        };
        vec![
            ("as it comes", self.right("evt_plain")),
            ("twice", self.right("evt_plain")),
            ("four minutes old", self.by(&self.secret, "evt_slow", -240)),
            ("a clock that is late", self.by(&self.secret, "evt_early", 240)),
            ("several signatures", rotating),
        ]
    }
}

/// A real body, with this id.
fn body(id: &str) -> Vec<u8> {
    let mut event = catalogue::of(EventType::ChatRequested).expect("in the catalogue").example.clone();
    event["id"] = json!(id);
    event.to_string().into_bytes()
}

async fn sends(process: &Process, request: &Request) -> u16 {
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", request.id),
        ("webhook-timestamp", &request.time),
        ("webhook-signature", &request.signature),
    ];
    // A header that isn't sent and one that is empty are the same to a receiver.
    let sent: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Http::of(&process.url()).send("POST", "/papo", &sent, &request.body).await.status
}
