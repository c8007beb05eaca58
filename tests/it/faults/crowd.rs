//! Many clients from many addresses, and what the server says of itself while they are there.

use std::net::{Ipv4Addr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::demo::Demo;
use crate::support::{CEILING, eventually, visitor};

/// Whose turn it is: a crowd takes most of the descriptors that this process may have.
pub static TURN: Mutex<()> = Mutex::const_new(());
/// Connections that are made at the same time.
pub const AT_ONCE: usize = 64;

/// A visitor's socket, frame by frame.
pub type Line = WebSocketStream<TcpStream>;

/// A connection from a loopback address of its own, as many clients have.
pub async fn connects(demo: &Demo, number: u16) -> TcpStream {
    let to: SocketAddr = demo.http().authority().parse().expect("an address");
    let [high, low] = number.to_be_bytes();
    // One address may make only so many connections at once, too.
    eventually("a connection", async || {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 9, high, low.max(1)), 0))).expect("every loopback address is ours");
        socket.connect(to).await.ok()
    })
    .await
}

/// A visitor's socket that has not said anything yet.
pub async fn upgrades(demo: &Demo, number: u16) -> Line {
    let stream = connects(demo, number).await;
    client_async(demo.fact("ws_visitor_url"), stream).await.expect("an upgrade").0
}

/// Says hello as a widget does; gives the welcome. Who isn't known begins anew.
pub async fn greets(demo: &Demo, line: &mut Line, token: Value) -> Value {
    let mut hello = hello(demo, &token);
    says(line, &hello).await;
    let is_answer = |frame: &Value| frame["type"] == "welcome" || frame["code"] == "token_unknown";
    let welcome = answer(line, is_answer).await;
    if welcome["type"] == "welcome" {
        return welcome;
    }
    // Who never asked was never stored.
    hello["token"] = Value::Null;
    says(line, &hello).await;
    answer(line, is_answer).await
}

/// The first frame of a widget.
pub fn hello(demo: &Demo, token: &Value) -> Value {
    visitor::hello(demo.fact("site_key"), token, &Value::Null)
}

/// Asks for help; gives the chat's id.
pub async fn asks(line: &mut Line, message: &str) -> Value {
    let mut request = visitor::request(message);
    request["client_id"] = "request".into();
    says(line, &request).await;
    answer(line, |frame| frame["type"] == "ack" && frame["client_id"] == "request").await["chat_id"].clone()
}

/// Sends a frame; a line that is cut already swallows it.
pub async fn says(line: &mut Line, frame: &Value) {
    line.send(Message::text(frame.to_string())).await.ok();
}

/// The first frame that fits; an error that doesn't is a failure.
pub async fn answer(line: &mut Line, fits: impl Fn(&Value) -> bool) -> Value {
    let search = async {
        loop {
            if let Message::Text(text) = line.next().await.expect("an open socket").expect("a frame") {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                if fits(&frame) {
                    return frame;
                }
                assert_ne!(frame["type"], "error", "{frame}");
            }
        }
    };
    tokio::time::timeout(CEILING, search).await.expect("an answer")
}

/// A figure of `/metrics`, by its name with its labels.
pub async fn figure(demo: &Demo, name: &str) -> f64 {
    let text = demo.http().get("/metrics", &[]).await.text();
    figure_of(&text, name).unwrap_or_else(|| panic!("{name} in {text}"))
}

/// The same in a text that is there already; none where nothing was counted yet.
pub fn figure_of(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

/// The highest of what the server says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak {
    pub resident_bytes: f64,
    pub descriptors: f64,
    pub jobs_waiting: f64,
}

impl Peak {
    /// Asks once more.
    pub async fn look(&mut self, demo: &Demo) {
        let text = demo.http().get("/metrics", &[]).await.text();
        let higher = |known: &mut f64, name| *known = known.max(figure_of(&text, name).unwrap_or_default());
        higher(&mut self.resident_bytes, "process_resident_memory_bytes");
        higher(&mut self.descriptors, "process_open_fds");
        higher(&mut self.jobs_waiting, "papo_writer_jobs_waiting");
    }

    /// Looks again and again until `done` is there.
    pub async fn during<T>(&mut self, demo: &Demo, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        loop {
            tokio::select! {
                value = &mut done => return value,
                () = self.look(demo) => {}
            }
        }
    }
}
