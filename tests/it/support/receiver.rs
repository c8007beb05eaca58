//! Somebody's own system: a real HTTP server that takes webhooks, verifies them with the official library and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::eventually;

/// One POST as it arrived.
#[derive(Clone, Debug)]
pub struct Post {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Post {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON: {error}"))
    }

    /// The event's type.
    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts that the official library accepts it, and refuses it with one byte changed.
    pub fn assert_signed_with(&self, secret: &str) {
        let verifier = standardwebhooks::Webhook::new(secret).expect("a secret");
        let mut headers = http_headers();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, self.header(name).parse().expect("a header value"));
        }
        verifier.verify(&self.body, &headers).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let mut other = self.body.clone();
        if let Some(last) = other.last_mut() {
            *last ^= 1;
        }
        assert!(verifier.verify(&other, &headers).is_err(), "a changed body is refused");
    }
}

fn http_headers() -> tokio_tungstenite::tungstenite::http::HeaderMap {
    tokio_tungstenite::tungstenite::http::HeaderMap::new()
}

/// The server; ends with the test.
pub struct Receiver {
    pub url: String,
    posts: Arc<Mutex<Vec<Post>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Listens on a free port and answers 204.
    pub async fn opens() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let (posts, answers) = (Arc::<Mutex<Vec<Post>>>::default(), Arc::<Mutex<VecDeque<u16>>>::default());
        let (log, script) = (Arc::clone(&posts), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&script)));
            }
        });
        Self { url, posts, answers }
    }

    /// Answers the next POSTs with these statuses, then 204 again.
    pub fn answers_next(&self, statuses: &[u16]) {
        self.answers.lock().expect("no panic while held").extend(statuses);
    }

    /// Everything that came so far, in order.
    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().expect("no panic while held").clone()
    }

    /// Waits until a POST of this event has come.
    pub async fn gets(&self, event: &str) -> Post {
        eventually(&format!("a POST of {event}"), async || self.posts().into_iter().find(|post| post.event() == event)).await
    }
}

async fn serve(mut stream: TcpStream, posts: Arc<Mutex<Vec<Post>>>, answers: Arc<Mutex<VecDeque<u16>>>) {
    let mut buffer = Vec::new();
    loop {
        let Some(post) = take_post(&mut buffer) else {
            match stream.read_buf(&mut buffer).await {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            }
        };
        posts.lock().expect("no panic while held").push(post);
        let status = answers.lock().expect("no panic while held").pop_front().unwrap_or(204);
        let answer = format!("HTTP/1.1 {status} .\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Takes one whole request off the buffer.
fn take_post(buffer: &mut Vec<u8>) -> Option<Post> {
    let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(buffer.get(..end)?).into_owned();
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let body = buffer.get(end + 4..end + 4 + length)?.to_vec();
    buffer.drain(..end + 4 + length);
    Some(Post { headers, body })
}
