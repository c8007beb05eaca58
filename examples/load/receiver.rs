//! A webhook receiver that answers at once and keeps which events of which chat came in which order.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

/// One address that is posted to.
#[derive(Clone, Default)]
pub struct Receiver(Rc<Heard>);

#[derive(Default)]
struct Heard {
    /// Of each chat, the sequences in the order in which they came.
    chats: RefCell<HashMap<String, Vec<i64>>>,
    count: Cell<u64>,
}

impl Receiver {
    /// Listens on a free port; gives the URL.
    ///
    /// # Errors
    /// In words.
    pub async fn open() -> Result<(Self, String), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let receiver = Self::default();
        let heard = receiver.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = heard.clone();
                tokio::task::spawn_local(async move { heard.serve(stream).await });
            }
        });
        Ok((receiver, format!("http://{address}/hook")))
    }

    /// Events that came.
    pub fn count(&self) -> u64 {
        self.0.count.get()
    }

    /// What is missing, doubled or out of order, if each of `chats` had events 1 to `last`.
    pub fn faults(&self, chats: &[String], last: i64) -> Vec<String> {
        let heard = self.0.chats.borrow();
        let wanted: Vec<i64> = (1..=last).collect();
        let came = |chat: &String| heard.get(chat).cloned().unwrap_or_default();
        chats.iter().filter(|chat| came(chat) != wanted).map(|chat| format!("chat {chat}: events came as {:?}", came(chat))).collect()
    }

    async fn serve(&self, stream: TcpStream) {
        let (mut buffer, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
        loop {
            while let Some((body, rest)) = whole_request(&buffer) {
                self.note(&body);
                buffer = rest;
                if stream.writable().await.is_err() || stream.try_write(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
                    return;
                }
            }
            if stream.readable().await.is_err() {
                return;
            }
            match stream.try_read(&mut chunk) {
                Ok(0) => return,
                Ok(read) => buffer.extend_from_slice(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_broken) => return,
            }
        }
    }

    fn note(&self, body: &[u8]) {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let chat = event.pointer("/data/chat/id").and_then(Value::as_str);
        let sequence = event.get("sequence").and_then(Value::as_i64);
        if let (Some(chat), Some(sequence)) = (chat, sequence) {
            self.0.chats.borrow_mut().entry(chat.to_owned()).or_default().push(sequence);
            self.0.count.set(self.0.count.get() + 1);
        }
    }
}

/// The body of the request at the head of the buffer, and what follows it.
fn whole_request(buffer: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(buffer.get(..end)?).to_ascii_lowercase();
    let length: usize = head.split("content-length:").nth(1)?.lines().next()?.trim().parse().ok()?;
    Some((buffer.get(end..end + length)?.to_vec(), buffer.get(end + length..)?.to_vec()))
}
