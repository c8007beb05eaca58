//! One WebSocket as the protocol page describes it: commands with their answers, frames in the order of their arrival.

use std::collections::VecDeque;

use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::CEILING;

/// What arrives: a frame, or the end with its close code (none where the line was cut).
pub enum Arrival {
    Frame(Value),
    End(Option<u16>),
}

/// A connected socket. A task of its own reads it all the time, as a browser does.
pub struct Socket {
    sink: SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    /// Frames that nobody has asked for yet, oldest first.
    waiting: VecDeque<Value>,
    ended: Option<Option<u16>>,
}

impl Socket {
    /// Connects; `headers` as a program or a browser would add.
    pub async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::try_connect(url, headers).await.unwrap_or_else(|error| panic!("{url} refused the socket: {error}"))
    }

    /// As `connect`, for tests of refusals.
    pub async fn try_connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header value"));
        }
        let (stream, _) = connect_async(request).await?;
        let (sink, mut stream) = stream.split();
        let (sender, arrivals) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let end = loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let frame = serde_json::from_str(&text).unwrap_or_else(|error| panic!("not JSON ({error}): {text}"));
                        if sender.send(Arrival::Frame(frame)).is_err() {
                            return;
                        }
                    }
                    Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break None,
                }
            };
            sender.send(Arrival::End(end)).ok();
        });
        Ok(Self { sink, arrivals, waiting: VecDeque::new(), ended: None })
    }

    /// Sends one frame; a line that is cut already swallows it, as in life.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends text that need not be a frame.
    pub async fn send_text(&mut self, text: &str) {
        self.sink.send(Message::text(text)).await.ok();
    }

    /// Sends bytes, which the protocol refuses.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.sink.send(Message::binary(bytes.to_vec())).await.ok();
    }

    /// Sends a command with a `client_id` of its own (where it has none yet) and gives the answer: `ack`, `error`, or the frame that stands for it.
    pub async fn command(&mut self, command: Value) -> Value {
        let what = format!("an answer to {command}");
        self.command_or_end(command).await.unwrap_or_else(|code| panic!("the socket ended ({code:?}) without {what}"))
    }

    /// As `command`, or the close code where the socket ends before the answer.
    pub async fn command_or_end(&mut self, mut command: Value) -> Result<Value, Option<u16>> {
        if command["client_id"].is_null() {
            command["client_id"] = json!(uuid::Uuid::new_v4().to_string());
        }
        self.send(&command).await;
        let id = command["client_id"].clone();
        self.first_or_end(&format!("an answer to {command}"), |frame| frame["client_id"] == id && frame["type"] != "event").await
    }

    /// The first frame that fits, now or later; those before it stay for other questions.
    pub async fn first(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.first_or_end(what, fits).await.unwrap_or_else(|code| panic!("the socket ended ({code:?}) without {what}"))
    }

    /// As `first`, or the close code where the socket ends before.
    pub async fn first_or_end(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value, Option<u16>> {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return Ok(self.waiting.remove(at).expect("just found"));
        }
        let search = async {
            loop {
                if let Some(code) = self.ended {
                    return Err(code);
                }
                match self.arrivals.recv().await {
                    Some(Arrival::Frame(frame)) if fits(&frame) => return Ok(frame),
                    Some(Arrival::Frame(frame)) => self.waiting.push_back(frame),
                    Some(Arrival::End(code)) => self.ended = Some(code),
                    None => self.ended = Some(None),
                }
            }
        };
        match tokio::time::timeout(CEILING, search).await {
            Ok(found) => found,
            Err(_) => panic!("never saw {what}; waiting were {:#?}", self.waiting),
        }
    }

    /// Every frame that came so far and that nobody has asked for.
    pub fn leftovers(&mut self) -> Vec<Value> {
        while let Ok(arrival) = self.arrivals.try_recv() {
            match arrival {
                Arrival::Frame(frame) => self.waiting.push_back(frame),
                Arrival::End(code) => self.ended = Some(code),
            }
        }
        self.waiting.drain(..).collect()
    }

    /// Waits for the server's answer to a ping: whatever was sent before it has been read, whatever was published before it has come.
    pub async fn settle(&mut self) {
        self.send(&json!({"type": "ping"})).await;
        self.first("a pong", |frame| frame["type"] == "pong").await;
    }

    /// Waits for the end; gives the close code.
    pub async fn end(&mut self) -> Option<u16> {
        match self.first_or_end("the end of the socket", |_| false).await {
            Ok(_) => None,
            Err(code) => code,
        }
    }
}
