//! What a socket's peer sends, before its frames are read and where they can't be: how each fault ends the socket. Knows no command.
//!
//! The WebSocket library waits for the whole of a frame, however long it says it is, before it refuses it. So the lengths are read here first.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_ws::ProtocolError;
use bytes::Bytes;
use futures_util::Stream;

use super::FRAME_BYTES_MAX;
use crate::hub::close::Close;

/// Longest head of a frame: two bytes, eight of length, four of mask (RFC 6455, 5.2).
const HEAD_BYTES_MAX: usize = 14;

/// The bytes of a connection, up to a frame that announces more than [`FRAME_BYTES_MAX`].
pub struct Measured {
    bytes: Payload,
    head: Vec<u8>,
    /// What is still to come of the frame whose head was read, in bytes.
    rest: usize,
}

impl Measured {
    /// Of a connection whose first frame is still to come.
    pub fn new(bytes: Payload) -> Self {
        Self { bytes, head: Vec::with_capacity(HEAD_BYTES_MAX), rest: 0 }
    }

    /// As what the WebSocket library reads from.
    pub fn into_payload(self) -> Payload {
        Payload::Stream { payload: Box::pin(self) }
    }

    /// Whether what came goes on within the limit.
    fn allows(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let (Some(next), rest) = (bytes.first(), bytes.get(1..).unwrap_or_default()) else { return true };
            self.head.push(*next);
            bytes = rest;
            if let Some(length) = length_of(&self.head) {
                let Some(length) = usize::try_from(length).ok().filter(|length| *length <= FRAME_BYTES_MAX) else { return false };
                self.rest = length;
                self.head.clear();
            }
        }
        true
    }
}

impl Stream for Measured {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.bytes).poll_next(cx);
        match polled {
            Poll::Ready(Some(Ok(bytes))) if !self.allows(&bytes) => Poll::Ready(Some(Err(PayloadError::Overflow))),
            polled => polled,
        }
    }
}

/// The length of what follows a frame's head, once the head is whole.
fn length_of(head: &[u8]) -> Option<u64> {
    let second = head.get(1)?;
    let (length, extended_bytes) = match second & 0x7f {
        126 => (None, 2),
        127 => (None, 8),
        length => (Some(u64::from(length)), 0),
    };
    let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
    let extended = head.get(2..2 + extended_bytes)?;
    let is_whole = head.len() >= 2 + extended_bytes + mask_bytes;
    is_whole.then(|| length.unwrap_or_else(|| extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte))))
}

/// How a fault of what was sent ends the socket; none where the line broke.
pub fn close_for(error: &ProtocolError) -> Option<Close> {
    let ProtocolError::Io(error) = error else {
        return Some(if matches!(error, ProtocolError::Overflow) { Close::TooBig } else { Close::Protocol });
    };
    let cause = error.get_ref();
    match cause.and_then(|cause| cause.downcast_ref::<PayloadError>()) {
        Some(PayloadError::Overflow) => return Some(Close::TooBig),
        Some(_broken) => return None,
        None => {}
    }
    // What isn't of the line is of the library, which tells a message that grew too long, text that is none, and reserved bits by no type of their own.
    match error.kind() {
        std::io::ErrorKind::Other => Some(Close::TooBig),
        std::io::ErrorKind::InvalidData if cause.is_some_and(|cause| cause.to_string().contains("utf-8")) => Some(Close::NotText),
        std::io::ErrorKind::InvalidData => Some(Close::Protocol),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::dev::Payload;

    use super::{FRAME_BYTES_MAX, Measured};

    /// A masked text frame's head that announces so many bytes in as many as it takes.
    fn head(length: u64) -> Vec<u8> {
        let mut head = vec![0x81];
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ 0..126), _) => head.push(0x80 | short),
            (_, Ok(medium)) => head.extend([vec![0x80 | 126], medium.to_be_bytes().to_vec()].concat()),
            _ => head.extend([vec![0x80 | 127], length.to_be_bytes().to_vec()].concat()),
        }
        head.extend([1, 2, 3, 4]);
        head
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_before_it_comes_however_it_is_cut() {
        let max = u64::try_from(FRAME_BYTES_MAX).expect("a small number");
        let small = |length: u64| [head(length), vec![b'x'; usize::try_from(length).expect("a small number")]].concat();
        let before = [small(0), small(3), small(125), small(126), small(max)].concat();
        for (last, allowed) in [(max, true), (max + 1, false), (1 << 40, false), (u64::MAX, false)] {
            let sent = [before.clone(), head(last)].concat();
            for piece in [1, 2, 7, 4096, sent.len()] {
                let mut measured = Measured::new(Payload::None);
                assert_eq!(sent.chunks(piece).all(|bytes| measured.allows(bytes)), allowed, "{last} in pieces of {piece}");
            }
        }
    }
}
