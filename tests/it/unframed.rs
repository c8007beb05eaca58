//! Frames that RFC 6455 forbids or that are too much end a socket with their code, never as if the line had broken.

use crate::support::demo::Demo;
use crate::support::raw_socket::RawSocket;

/// A text frame; one that goes on; what goes on with it; its end.
const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;
const PING: u8 = 0x89;
const CLOSE: u8 = 0x88;
const RESERVED_BIT: u8 = 0x40;

/// First bytes, and what follows each.
type Frames = &'static [(u8, &'static [u8])];

#[tokio::test]
async fn a_message_of_several_frames_beyond_the_limit_is_too_big() {
    let demo = Demo::starts();
    let part = vec![b'x'; 100 * 1024];
    for last in [GOES_ON, ENDS] {
        let mut socket = RawSocket::connect(demo.fact("ws_visitor_url")).await;
        socket.send(TEXT_BEGINS, &part).await;
        socket.send(last, &part).await;
        assert_eq!(socket.end().await, Some(1009), "{last:#x}");
    }
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_not_waited_for() {
    let demo = Demo::starts();
    for length in [160 * 1024 + 1, 1 << 40, u64::MAX] {
        let mut socket = RawSocket::connect(demo.fact("ws_agent_url")).await;
        socket.announce(TEXT, length).await;
        assert_eq!(socket.end().await, Some(1009), "{length}");
    }
}

#[tokio::test]
async fn a_text_that_is_none_is_called_so_in_one_frame_and_in_several() {
    let demo = Demo::starts();
    let mut socket = RawSocket::connect(demo.fact("ws_visitor_url")).await;
    socket.send(TEXT, b"\"\xc3\x28\"").await;
    assert_eq!(socket.end().await, Some(1007));
    for last in [&b"\x28\""[..], b""] {
        let mut socket = RawSocket::connect(demo.fact("ws_visitor_url")).await;
        socket.send(TEXT_BEGINS, b"\"\xc3").await;
        socket.send(ENDS, last).await;
        assert_eq!(socket.end().await, Some(1007), "{last:?}");
    }
}

#[tokio::test]
async fn frames_against_the_rules_are_called_so() {
    let demo = Demo::starts();
    let wrong: [(&str, Frames); 9] = [
        ("a reserved bit", &[(TEXT | RESERVED_BIT, b"{}")]),
        ("a reserved bit within", &[(TEXT_BEGINS, b"{"), (ENDS | RESERVED_BIT, b"}")]),
        ("an unknown kind", &[(0x83, b"")]),
        ("the end of nothing", &[(ENDS, b"{}")]),
        ("a text within a text", &[(TEXT_BEGINS, b"{"), (TEXT, b"{}")]),
        ("a ping in parts", &[(0x09, b"")]),
        ("a ping that is too long", &[(PING, &[0; 126])]),
        ("half a code", &[(CLOSE, &[3])]),
        ("a code that nobody may send", &[(CLOSE, &[3, 0xed])]),
    ];
    for (what, frames) in wrong {
        let mut socket = RawSocket::connect(demo.fact("ws_visitor_url")).await;
        for (first, payload) in frames {
            socket.send(*first, payload).await;
        }
        assert_eq!(socket.end().await, Some(1002), "{what}");
    }
    let mut unmasked = RawSocket::connect(demo.fact("ws_agent_url")).await;
    unmasked.write(&[TEXT, 2, b'{', b'}']).await;
    assert_eq!(unmasked.end().await, Some(1002));
}
