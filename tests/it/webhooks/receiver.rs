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
    /// These bytes, and then nothing until the test ends.
    RawThenHang(Vec<u8>),
    /// These bytes, and the connection is reset.
    RawThenReset(Vec<u8>),
    /// These bytes, then one more byte after each pause, until the test ends.
    Drip(Vec<u8>),
    /// The first bytes, then the others again and again as long as they are taken.
    Flood(Vec<u8>, Vec<u8>),
    /// An answer after a pause, as of a server with something to do.
    Later(Duration, Vec<u8>),
}

/// What the receiver does with a connection.
#[derive(Clone, Default)]
pub enum Greeting {
    /// Speaks HTTP.
    #[default]
    Plain,
    /// Speaks TLS.
    Secure(Arc<rustls::ServerConfig>),
    /// Says this without having been asked, and closes it.
    Says(&'static [u8]),
    /// Closes it.
    Close,
    /// Resets it.
    Reset,
    /// Leaves it as it is, reading nothing.
    Ignore,
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
    flooded: usize,
    open: usize,
    over: bool,
}

impl Receiver {
    /// Listens on a free port and answers 204.
    pub fn opens() -> Self {
        Self::opens_with(Greeting::Plain)
    }

    /// Listens on a free port and does so with each connection.
    pub fn opens_with(greeting: Greeting) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, greeting) = (Arc::clone(&serving), greeting.clone());
                {
                    let mut state = shared.state.lock().expect("no panic while held");
                    if state.over {
                        return;
                    }
                    state.connections += 1;
                    state.open += 1;
                    state.streams.push(stream.try_clone().expect("a second handle"));
                }
                std::thread::spawn(move || {
                    greet(stream, &shared, greeting);
                    shared.state.lock().expect("no panic while held").open -= 1;
                    shared.changed.notify_all();
                });
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

    /// Bytes of floods that were taken.
    pub fn flooded(&self) -> usize {
        self.shared.state.lock().expect("no panic while held").flooded
    }

    /// Waits until everything that was sent to it by a process that is gone has been read.
    pub fn settles(&self) {
        let known = self.connections();
        drop(TcpStream::connect(self.address));
        let state = self.shared.state.lock().expect("no panic while held");
        // Connections are accepted in turn: once ours has come, all before it have.
        let is_busy = |state: &mut State| state.open > 0 || state.connections <= known;
        let waited = self.shared.changed.wait_timeout_while(state, Duration::from_secs(30), is_busy).expect("no panic while held");
        assert!(!waited.1.timed_out(), "connections of a dead process stay open");
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

fn greet(stream: TcpStream, shared: &Shared, greeting: Greeting) {
    let socket = stream.try_clone().expect("a second handle");
    match greeting {
        Greeting::Plain => serve(stream, &socket, shared),
        Greeting::Secure(config) => {
            let connection = rustls::ServerConnection::new(config).expect("a usable configuration");
            serve(rustls::StreamOwned::new(connection, stream), &socket, shared);
        }
        Greeting::Says(bytes) => {
            sends(&mut &stream, bytes);
            drop(stream.shutdown(Shutdown::Write));
            // What it was sent is read, lest the kernel answers with a reset.
            drop((&stream).read_to_end(&mut Vec::new()));
        }
        Greeting::Close => drop(stream.shutdown(Shutdown::Both)),
        Greeting::Reset => reset(&socket, shared),
        Greeting::Ignore => drop(waits(shared, None)),
    }
}

/// Both handles must go for the reset to be sent; closing with nothing lingering is what sends it.
fn reset(socket: &TcpStream, shared: &Shared) {
    drop(socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO)));
    shared.state.lock().expect("no panic while held").streams.retain(|known| known.peer_addr().ok() != socket.peer_addr().ok());
}

fn serve(mut stream: impl Read + Write, socket: &TcpStream, shared: &Shared) {
    let mut buffer = Vec::new();
    while let Some(post) = take_post(&mut stream, &mut buffer) {
        let answer = {
            let mut state = shared.state.lock().expect("no panic while held");
            state.posts.push(post);
            state.script.pop_front().or_else(|| state.otherwise.clone()).unwrap_or_else(|| Answer::status(204))
        };
        let goes_on = match answer {
            Answer::Raw(bytes) => sends(&mut stream, &bytes),
            Answer::Later(pause, bytes) => !waits(shared, Some(pause)) && sends(&mut stream, &bytes),
            Answer::RawThenReset(bytes) => {
                sends(&mut stream, &bytes);
                reset(socket, shared);
                return;
            }
            other => {
                misbehaves(&mut stream, shared, other);
                false
            }
        };
        if !goes_on {
            break;
        }
    }
    drop(socket.shutdown(Shutdown::Both));
}

fn misbehaves(stream: &mut (impl Read + Write), shared: &Shared, answer: Answer) {
    match answer {
        Answer::Hang => drop(waits(shared, None)),
        Answer::RawThenHang(bytes) => {
            sends(stream, &bytes);
            waits(shared, None);
        }
        Answer::Drip(bytes) => {
            sends(stream, &bytes);
            while !waits(shared, Some(Duration::from_millis(20))) && sends(stream, b" ") {}
        }
        Answer::Flood(first, more) => {
            sends(stream, &first);
            while sends(stream, &more) {
                shared.state.lock().expect("no panic while held").flooded += more.len();
            }
        }
        Answer::RawThenClose(bytes) | Answer::Raw(bytes) | Answer::Later(_, bytes) | Answer::RawThenReset(bytes) => {
            sends(stream, &bytes);
        }
    }
}

fn sends(stream: &mut impl Write, bytes: &[u8]) -> bool {
    stream.write_all(bytes).and_then(|()| stream.flush()).is_ok()
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

fn take_post(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Option<Post> {
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
