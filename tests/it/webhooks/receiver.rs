//! Somebody's own system: a server on a thread of its own that keeps every POST and answers by a script, rudely if it is told to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

/// What the receiver does with a POST.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These bytes, and the connection goes on.
    Raw(Vec<u8>),
    /// These bytes, and the connection is closed.
    RawThenClose(Vec<u8>),
    /// Nothing, until the test ends.
    Hang,
    /// These bytes, then one more byte after each pause, until the test ends.
    Drip(Vec<u8>),
}

impl Answer {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self::with(status, &[], "")
    }

    /// A whole answer.
    pub fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self::Raw(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }
}

/// One POST as it came.
#[derive(Clone, Debug)]
pub struct Post {
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Post {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the official library makes the same signature with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let library = standardwebhooks::Webhook::new(secret).expect("a secret");
        let timestamp = self.header("webhook-timestamp").parse().expect("seconds");
        let expected = library.sign(self.header("webhook-id"), timestamp, &self.body).expect("a signature");
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

/// The server; its connections end with it.
pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    posts: Vec<Post>,
    script: VecDeque<Answer>,
    otherwise: Option<Answer>,
    streams: Vec<TcpStream>,
    connections: usize,
    over: bool,
}

impl Receiver {
    /// Listens on a free port and answers 204.
    pub fn opens() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                {
                    let mut state = shared.state.lock().expect("no panic while held");
                    if state.over {
                        return;
                    }
                    state.connections += 1;
                    state.streams.push(stream.try_clone().expect("a second handle"));
                }
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers the next POSTs so, then as before.
    pub fn answers_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.state.lock().expect("no panic while held").script.extend(answers);
    }

    /// Answers so whenever the script has nothing.
    pub fn answers_always(&self, answer: Answer) {
        self.shared.state.lock().expect("no panic while held").otherwise = Some(answer);
    }

    pub fn posts(&self) -> Vec<Post> {
        self.shared.state.lock().expect("no panic while held").posts.clone()
    }

    /// The POSTs since the last call.
    pub fn takes(&self) -> Vec<Post> {
        std::mem::take(&mut self.shared.state.lock().expect("no panic while held").posts)
    }

    pub fn connections(&self) -> usize {
        self.shared.state.lock().expect("no panic while held").connections
    }

    /// Closes every connection that stands, as a server that is started anew does.
    pub fn drops_connections(&self) {
        for stream in self.shared.state.lock().expect("no panic while held").streams.drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.state.lock().expect("no panic while held").over = true;
        self.shared.changed.notify_all();
        self.drops_connections();
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut buffer = Vec::new();
    while let Some(post) = take_post(&mut stream, &mut buffer) {
        let answer = {
            let mut state = shared.state.lock().expect("no panic while held");
            state.posts.push(post);
            state.script.pop_front().or_else(|| state.otherwise.clone()).unwrap_or_else(|| Answer::status(204))
        };
        let done = match answer {
            Answer::Raw(bytes) => stream.write_all(&bytes).is_err(),
            Answer::RawThenClose(bytes) => {
                drop(stream.write_all(&bytes));
                true
            }
            Answer::Hang => {
                waits(shared, None);
                true
            }
            Answer::Drip(bytes) => {
                drop(stream.write_all(&bytes));
                while !waits(shared, Some(Duration::from_millis(20))) && stream.write_all(b" ").is_ok() {}
                true
            }
        };
        if done {
            drop(stream.shutdown(Shutdown::Both));
            return;
        }
    }
}

/// Waits for the end of the test, or for a pause; answers whether it is the end.
fn waits(shared: &Shared, pause: Option<Duration>) -> bool {
    let mut state = shared.state.lock().expect("no panic while held");
    match pause {
        Some(pause) => state = shared.changed.wait_timeout(state, pause).expect("no panic while held").0,
        None => {
            while !state.over {
                state = shared.changed.wait(state).expect("no panic while held");
            }
        }
    }
    state.over
}

fn take_post(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Post> {
    loop {
        if let Some(post) = parse(buffer) {
            return Some(post);
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}

fn parse(buffer: &mut Vec<u8>) -> Option<Post> {
    let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let target = head.lines().next()?.split(' ').nth(1)?.to_owned();
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> = pairs.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let body = buffer.get(end + 4..end + 4 + length)?.to_vec();
    buffer.drain(..end + 4 + length);
    Some(Post { target, headers, body })
}
