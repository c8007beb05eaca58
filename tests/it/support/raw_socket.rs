//! A WebSocket whose frames are written by hand, byte by byte: what no proper client would send.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, connect_async};

use super::CEILING;

/// A socket after its upgrade.
pub struct RawSocket(MaybeTlsStream<TcpStream>);

impl RawSocket {
    pub async fn connect(url: &str) -> Self {
        Self(connect_async(url).await.expect("an upgrade").0.into_inner())
    }

    /// One frame with this first byte (end, reserved bits and kind), masked with zeros.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        let length = u64::try_from(payload.len()).expect("a small number");
        self.write(&[&head(first, length), payload].concat()).await;
    }

    /// Only the beginning of a frame that announces so many bytes.
    pub async fn announce(&mut self, first: u8, length: u64) {
        self.write(&head(first, length)).await;
    }

    /// Bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the server still listens");
    }

    /// Waits for the end; gives the close code, none where the line was cut. Who said no hello is sent nothing before.
    pub async fn end(mut self) -> Option<u16> {
        let mut sent = Vec::new();
        tokio::time::timeout(CEILING, self.0.read_to_end(&mut sent)).await.expect("the socket ends").ok();
        match sent.as_slice() {
            [0x88, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }
}

fn head(first: u8, length: u64) -> Vec<u8> {
    let length_bytes = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..126), _) => vec![0x80 | short],
        (_, Ok(medium)) => [vec![0x80 | 126], medium.to_be_bytes().to_vec()].concat(),
        _ => [vec![0x80 | 127], length.to_be_bytes().to_vec()].concat(),
    };
    [vec![first], length_bytes, vec![0; 4]].concat()
}
