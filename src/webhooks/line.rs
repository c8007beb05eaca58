//! A connection to a receiver, whose answers are put into the one shape that awc reads right.
//!
//! awc takes an interim answer (`103 Early Hints`) for the final one, and a body that ends with its connection for none at all unless the answer is
//! HTTP/1.0 — which is how PHP's own server and many a small script answer. So interim answers are left out here, and an HTTP/1.1 answer that
//! announces `Connection: close` and no length passes as HTTP/1.0. Nothing else is changed. Knows bytes, not requests or endpoints.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a head that are waited for here; awc itself gives up at twice as many.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Interim answers to one request that are left out.
const INTERIM_MAX: u32 = 100;
/// Bytes of one answer that are read in all, head and framing included: whoever sends a body of chunk extensions alone would be listened to until the deadline.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
const CHUNK_BYTES: usize = 8 * 1024;
const HTTP: &[u8] = b"HTTP/1.";

/// A connection over `S`.
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
    answer: Answer,
    interim: u32,
    read: usize,
}

#[derive(Debug)]
enum Answer {
    /// A request was written; of its answer's head this has come.
    Awaited(Vec<u8>),
    /// These bytes are handed on first.
    Ready(Vec<u8>, usize),
    /// Bytes pass as they come.
    Passing,
}

impl<S> Line<S> {
    /// A line over a stream that was just connected.
    pub const fn new(stream: S) -> Self {
        Self { stream, answer: Answer::Passing, interim: 0, read: 0 }
    }

    /// What it runs over.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// What follows from the bytes of a head so far.
    fn judge(&mut self, mut head: Vec<u8>) -> Answer {
        loop {
            let is_http = head.iter().zip(HTTP).all(|(byte, expected)| byte == expected);
            let Some(end) = head_end(&head).filter(|_| is_http) else {
                let waits = is_http && head.len() < HEAD_BYTES_MAX;
                return if waits { Answer::Awaited(head) } else { Answer::Ready(head, 0) };
            };
            if is_interim(&head) && self.interim < INTERIM_MAX {
                self.interim += 1;
                head.drain(..end);
                continue;
            }
            if ends_with_its_connection(head.get(..end).unwrap_or_default())
                && let Some(minor) = head.get_mut(HTTP.len())
            {
                *minor = b'0';
            }
            return Answer::Ready(head, 0);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        loop {
            match &mut line.answer {
                Answer::Passing => {
                    let before = buf.filled().len();
                    ready!(Pin::new(&mut line.stream).poll_read(cx, buf))?;
                    line.read += buf.filled().len().saturating_sub(before);
                    let is_flood = line.read > ANSWER_BYTES_MAX;
                    return Poll::Ready(if is_flood { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) });
                }
                Answer::Ready(bytes, done) => {
                    let rest = bytes.get(*done..).unwrap_or_default();
                    if rest.is_empty() {
                        line.answer = Answer::Passing;
                        continue;
                    }
                    let count = rest.len().min(buf.remaining());
                    buf.put_slice(rest.get(..count).unwrap_or_default());
                    *done += count;
                    return Poll::Ready(Ok(()));
                }
                Answer::Awaited(head) => {
                    let mut chunk = [0; CHUNK_BYTES];
                    let mut chunk = ReadBuf::new(&mut chunk);
                    ready!(Pin::new(&mut line.stream).poll_read(cx, &mut chunk))?;
                    line.read += chunk.filled().len();
                    let head = std::mem::take(head);
                    line.answer = if chunk.filled().is_empty() {
                        Answer::Ready(head, 0)
                    } else {
                        line.judge([head.as_slice(), chunk.filled()].concat())
                    };
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if matches!(line.answer, Answer::Passing) {
            line.answer = Answer::Awaited(Vec::new());
            (line.interim, line.read) = (0, 0);
        }
        Pin::new(&mut line.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Behind the empty line, which some write without carriage returns.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let ends = |at: usize| match bytes.get(at + 1..) {
        Some([b'\n', ..]) => Some(at + 2),
        Some([b'\r', b'\n', ..]) => Some(at + 3),
        Some(_) | None => None,
    };
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').find_map(|(at, _)| ends(at))
}

/// 1xx but for 101, which ends the HTTP on the connection.
fn is_interim(head: &[u8]) -> bool {
    matches!(head.get(HTTP.len() + 1..), Some([b' ', b'1', b'0'..=b'9', b'0'..=b'9', ..])) && head.get(9..12) != Some(b"101")
}

fn ends_with_its_connection(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let values = |name: &str| {
        let pairs = text.lines().skip(1).filter_map(|line| line.split_once(':')).collect::<Vec<_>>();
        pairs.into_iter().filter(|pair| pair.0.trim() == name).map(|pair| pair.1.to_owned()).collect::<Vec<_>>()
    };
    values("connection").iter().any(|value| value.split(',').any(|option| option.trim() == "close"))
        && values("content-length").is_empty()
        && values("transfer-encoding").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What awc gets to read of `bytes`, which come one at a time or all at once.
    fn read(bytes: &[u8], at_a_time: usize) -> Vec<u8> {
        let mut line = Line::new(());
        let (mut waiting, mut got) = (Some(Vec::new()), Vec::new());
        for chunk in bytes.chunks(at_a_time) {
            match waiting.take() {
                None => got.extend_from_slice(chunk),
                Some(head) => match line.judge([head.as_slice(), chunk].concat()) {
                    Answer::Awaited(head) => waiting = Some(head),
                    Answer::Ready(bytes, _) => got.extend(bytes),
                    Answer::Passing => {}
                },
            }
        }
        got.extend(waiting.unwrap_or_default());
        got
    }

    #[test]
    fn interim_answers_are_left_out_and_bodies_without_a_length_are_read_to_their_end() {
        for (came, read_as) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 204 X\r\n\r\n", "HTTP/1.1 204 X\r\n\r\n"),
            ("HTTP/1.1 101 Switching\r\n\r\nbytes", "HTTP/1.1 101 Switching\r\n\r\nbytes"),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{}"),
            ("HTTP/1.1 200 OK\r\nConnection: X, CLOSE\r\n\r\n{}", "HTTP/1.0 200 OK\r\nConnection: X, CLOSE\r\n\r\n{}"),
            (
                "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\n\nok", "HTTP/1.1 200 OK\n\nok"),
            ("SSH-2.0-OpenSSH\r\n", "SSH-2.0-OpenSSH\r\n"),
            ("HTTP/1.1 200 OK\r\nhalf", "HTTP/1.1 200 OK\r\nhalf"),
            ("", ""),
        ] {
            for at_a_time in [1, 7, usize::MAX] {
                assert_eq!(String::from_utf8_lossy(&read(came.as_bytes(), at_a_time)), read_as, "{came}");
            }
        }
    }

    #[test]
    fn a_head_without_an_end_is_not_kept_for_ever() {
        let flood = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'a'; HEAD_BYTES_MAX]].concat();
        assert!(matches!(Line::new(()).judge(flood), Answer::Ready(..)));
        let storm = "HTTP/1.1 100 Continue\r\n\r\n".repeat(200);
        let left = read(storm.as_bytes(), usize::MAX);
        assert!(left.starts_with(b"HTTP/1.1 100"), "a storm of interim answers is an answer at last");
    }
}
