//! A bad line: a proxy in front of the server that counts WebSocket frames in both directions and cuts once, before the chosen one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The proxy. Connections after the cut pass unharmed.
pub struct Line {
    url: String,
    passed: Arc<AtomicUsize>,
}

impl Line {
    /// A line to the socket at `url` that is cut before frame `cut_before` (the first is 1; `usize::MAX`: never).
    pub async fn to(url: &str, cut_before: usize) -> Self {
        let rest = url.strip_prefix("ws://").expect("a plain socket");
        let (authority, path) = rest.split_once('/').expect("a path");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = format!("ws://{}/{path}", listener.local_addr().expect("an address"));
        let passed = Arc::new(AtomicUsize::new(0));
        let (counter, authority) = (Arc::clone(&passed), authority.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&authority).await else { continue };
                tokio::spawn(pass(client, server, Arc::clone(&counter), cut_before));
            }
        });
        Self { url: own, passed }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many frames reached the line, both ways, the one that was cut included.
    pub fn frames(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

/// Passes both ways until one side ends or the line is cut; then both are gone, as with a dead network.
async fn pass(client: TcpStream, server: TcpStream, counter: Arc<AtomicUsize>, cut_before: usize) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = one_way(from_client, to_server, &counter, cut_before) => {}
        () = one_way(from_server, to_client, &counter, cut_before) => {}
    }
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, counter: &AtomicUsize, cut_before: usize) {
    let mut buffer = Vec::new();
    let mut upgraded = false;
    loop {
        let whole = if upgraded { frame_length(&buffer) } else { head_length(&buffer) };
        let Some(length) = whole.filter(|length| *length <= buffer.len()) else {
            match from.read_buf(&mut buffer).await {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            }
        };
        if upgraded && counter.fetch_add(1, Ordering::SeqCst) + 1 == cut_before {
            return;
        }
        let rest = buffer.split_off(length);
        if to.write_all(&buffer).await.is_err() {
            return;
        }
        buffer = rest;
        upgraded = true;
    }
}

fn head_length(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4)
}

/// The length of the frame at the start, header and mask included (RFC 6455, 5.2).
fn frame_length(buffer: &[u8]) -> Option<usize> {
    let second = *buffer.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (header, payload) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    Some(header + mask + payload)
}
