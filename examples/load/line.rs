//! A WebSocket client that costs little: the generator shares the machine with the server it measures.
//!
//! Only what RFC 6455 asks of a client: masked text frames out; whole or continued text, ping and close in. One task per socket; frames are
//! handled where they are read, so that an answer leaves in the same turn.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;

/// What is done with each text frame.
type Hear = Box<dyn FnMut(&str)>;

/// One socket, from the side that writes. Cheap to clone; ends with [`Line::hang_up`].
#[derive(Clone)]
pub struct Line(Rc<Inner>);

struct Inner {
    out: RefCell<Vec<u8>>,
    told: Notify,
    /// Frames that came while nobody handled them.
    inbox: RefCell<VecDeque<String>>,
    came: Notify,
    hear: RefCell<Option<Hear>>,
    closed: Cell<Option<u16>>,
    hung_up: Cell<bool>,
}

/// The close code of a line that broke without one.
pub const BROKEN: u16 = 1006;

impl Line {
    /// Opens a socket from `source` and begins to pump it on this thread.
    ///
    /// # Errors
    /// What the network or the server says.
    pub async fn open(server: SocketAddr, source: IpAddr, path: &str, bearer: Option<&str>) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().map_err(|error| error.to_string())?;
        socket.bind(SocketAddr::new(source, 0)).map_err(|error| format!("{source}: {error}"))?;
        let stream = socket.connect(server).await.map_err(|error| error.to_string())?;
        drop(stream.set_nodelay(true));
        let rest = upgrade(&stream, server, path, bearer).await?;
        let line = Self(Rc::new(Inner {
            out: RefCell::default(),
            told: Notify::new(),
            inbox: RefCell::default(),
            came: Notify::new(),
            hear: RefCell::new(None),
            closed: Cell::new(None),
            hung_up: Cell::new(false),
        }));
        let pumped = line.clone();
        tokio::task::spawn_local(async move {
            let code = pumped.pump(stream, rest).await;
            pumped.0.closed.set(Some(code));
            pumped.0.hear.replace(None);
            pumped.0.came.notify_waiters();
        });
        Ok(line)
    }

    /// Queues a text frame; it leaves with the next turn.
    pub fn send(&self, text: &str) {
        let mut out = self.0.out.borrow_mut();
        if out.is_empty() {
            self.0.told.notify_one();
        }
        push_frame(&mut out, 0x81, text.as_bytes());
    }

    /// The next text frame.
    ///
    /// # Errors
    /// The close code where the line ended; 0 after half a minute without a frame.
    pub async fn next(&self) -> Result<String, u16> {
        loop {
            let came = self.0.came.notified();
            if let Some(text) = self.0.inbox.borrow_mut().pop_front() {
                return Ok(text);
            }
            if let Some(code) = self.0.closed.get() {
                return Err(code);
            }
            if tokio::time::timeout(Duration::from_secs(30), came).await.is_err() && self.0.inbox.borrow().is_empty() {
                return Err(0);
            }
        }
    }

    /// The next frame that fulfils `wanted`; others are dropped.
    ///
    /// # Errors
    /// As [`Line::next`].
    pub async fn first(&self, wanted: impl Fn(&str) -> bool) -> Result<String, u16> {
        loop {
            let text = self.next().await?;
            if wanted(&text) {
                return Ok(text);
            }
        }
    }

    /// From now on every frame goes to `hear`, in order, those that wait first.
    pub fn hand_over(&self, mut hear: impl FnMut(&str) + 'static) {
        let waiting: Vec<String> = self.0.inbox.borrow_mut().drain(..).collect();
        waiting.iter().for_each(|text| hear(text));
        self.0.hear.replace(Some(Box::new(hear)));
    }

    /// The close code, once the line ended.
    pub fn closed(&self) -> Option<u16> {
        self.0.closed.get()
    }

    /// Drops the connection without a word.
    pub fn hang_up(&self) {
        self.0.hung_up.set(true);
        self.0.told.notify_one();
    }

    async fn pump(&self, stream: TcpStream, mut buffer: Vec<u8>) -> u16 {
        let mut parts = Vec::new();
        let mut chunk = vec![0; 16 * 1024];
        loop {
            match self.take_in(&mut buffer, &mut parts) {
                Ok(()) => {}
                Err(code) => return code,
            }
            if let Err(code) = self.flush(&stream).await {
                return code;
            }
            tokio::select! {
                () = self.0.told.notified() => {}
                ready = stream.readable() => {
                    if ready.is_err() {
                        return BROKEN;
                    }
                    match stream.try_read(&mut chunk) {
                        Ok(0) => return BROKEN,
                        Ok(read) => buffer.extend_from_slice(chunk.get(..read).unwrap_or_default()),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_broken) => return BROKEN,
                    }
                }
            }
            if self.0.hung_up.get() {
                return BROKEN;
            }
        }
    }

    async fn flush(&self, stream: &TcpStream) -> Result<(), u16> {
        loop {
            let written = {
                let out = self.0.out.borrow();
                if out.is_empty() {
                    return Ok(());
                }
                stream.try_write(&out)
            };
            match written {
                Ok(count) => drop(self.0.out.borrow_mut().drain(..count)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => stream.writable().await.map_err(|_broken| BROKEN)?,
                Err(_broken) => return Err(BROKEN),
            }
        }
    }

    /// Handles the whole frames in the buffer.
    fn take_in(&self, buffer: &mut Vec<u8>, parts: &mut Vec<u8>) -> Result<(), u16> {
        let mut at = 0;
        while let Some(frame) = Frame::parse(buffer.get(at..).unwrap_or_default()) {
            let payload = buffer.get(at + frame.start..at + frame.end).unwrap_or_default();
            match frame.opcode {
                0 | 1 if !frame.last || !parts.is_empty() => {
                    parts.extend_from_slice(payload);
                    if frame.last {
                        let whole = std::mem::take(parts);
                        self.heard(std::str::from_utf8(&whole).map_err(|_text| BROKEN)?);
                    }
                }
                1 => self.heard(std::str::from_utf8(payload).map_err(|_text| BROKEN)?),
                8 => return Err(payload.first_chunk::<2>().map_or(1005, |code| u16::from_be_bytes(*code))),
                9 => push_frame(&mut self.0.out.borrow_mut(), 0x8a, payload),
                _ => {}
            }
            at += frame.end;
        }
        drop(buffer.drain(..at));
        Ok(())
    }

    fn heard(&self, text: &str) {
        // Taken out while it runs, since it may write to this very line.
        let hear = self.0.hear.borrow_mut().take();
        if let Some(mut hear) = hear {
            hear(text);
            let mut place = self.0.hear.borrow_mut();
            if place.is_none() {
                *place = Some(hear);
            }
        } else {
            self.0.inbox.borrow_mut().push_back(text.to_owned());
            self.0.came.notify_waiters();
        }
    }
}

struct Frame {
    last: bool,
    opcode: u8,
    start: usize,
    end: usize,
}

impl Frame {
    /// The frame at the head of `bytes`, if it is whole. Servers don't mask.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let &[first, second] = bytes.first_chunk::<2>()?;
        let (start, length) = match second & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
            short => (2, usize::from(short)),
        };
        (bytes.len() >= start + length).then_some(Self { last: first & 0x80 != 0, opcode: first & 0x0f, start, end: start + length })
    }
}

/// A masked frame. The mask is a constant zero: it protects proxies from scripts, and there are neither here.
fn push_frame(out: &mut Vec<u8>, head: u8, payload: &[u8]) {
    out.push(head);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => out.push(0x80 | length),
        (_, Ok(length)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&u64::try_from(payload.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Asks for the upgrade as a browser would, with a browser's headers; gives what came behind the answer.
async fn upgrade(stream: &TcpStream, server: SocketAddr, path: &str, bearer: Option<&str>) -> Result<Vec<u8>, String> {
    let authorization = bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7\r\n{authorization}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut left = ask.as_bytes();
    while !left.is_empty() {
        stream.writable().await.map_err(|error| error.to_string())?;
        match stream.try_write(left) {
            Ok(count) => left = left.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    let mut answer = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        stream.readable().await.map_err(|error| error.to_string())?;
        match stream.try_read(&mut chunk) {
            Ok(0) => return Err("the server closed before it answered".to_owned()),
            Ok(read) => answer.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.to_string()),
        }
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            if !answer.starts_with(b"HTTP/1.1 101") {
                return Err(String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).lines().next().unwrap_or_default().to_owned());
            }
            return Ok(answer.split_off(end + 4));
        }
    }
}
