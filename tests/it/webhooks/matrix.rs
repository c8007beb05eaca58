//! Every way in which a receiver can misbehave: what it comes to, under which code and text, and what follows.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use papo::domain::delivery::AttemptCode::{self, ConnectFailed, ConnectTimeout, Delivered, DnsFailed, ResponseBroken, Status, Timeout};
use papo::domain::delivery::{DeliveryState, Settlement};
use papo::domain::endpoint::health::DisabledReason;
use papo::i18n::{Locale, Texts};
use papo::webhooks::attempt::{ANSWER_KEPT_BYTES_MAX, ANSWER_READ_BYTES_MAX, HEADERS_KEPT_BYTES_MAX};
use papo::webhooks::client::Limits;

use super::receiver::{Answer, Greeting, Receiver};
use super::single::{HASTY, Made, PATIENT, Sender, met, open};
use super::world::on_one_thread;

/// What the kernel may have taken of a flood beyond what was read.
const IN_FLIGHT_BYTES_MAX: usize = 16 * 1024 * 1024;

fn raw(text: &str) -> Answer {
    Answer::RawThenClose(text.as_bytes().to_vec())
}

fn whole(text: &str) -> Answer {
    Answer::Raw(text.as_bytes().to_vec())
}

fn assert_met(name: &str, made: &Made, code: AttemptCode, status: Option<u16>) {
    assert_eq!((made.attempt.code, made.attempt.status), (code, status), "{name}");
    for locale in [Locale::PtBr, Locale::En, Locale::Es] {
        let key = format!("webhook.code.{}", code.as_str());
        assert!(Texts::for_locale(locale).find(&key).is_some_and(|text| text.len() > 5), "{key} in {locale:?}");
    }
    assert!(made.attempt.response_body.len() <= ANSWER_KEPT_BYTES_MAX, "{name}");
    let expected = if code == Delivered { DeliveryState::Delivered } else { DeliveryState::Due };
    assert_eq!((made.next.state, made.next.disable, made.next.pause_ms), (expected, None, None), "{name}");
    assert_eq!(made.next.retry_in_ms, (code != Delivered).then_some(5_000), "{name}");
}

#[test]
fn an_answer_that_is_no_good_http_has_its_code_and_is_tried_again() {
    on_one_thread(async {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        for (name, answer, code, status) in [
            ("nothing at all", raw(""), ResponseBroken, None),
            ("half a status line", raw("HTTP/1.1 20"), ResponseBroken, None),
            ("half a head", raw("HTTP/1.1 200 OK\r\nconte"), ResponseBroken, None),
            ("HTTP/0.9", raw("hello"), ResponseBroken, None),
            ("another protocol", raw("SSH-2.0-OpenSSH_9.2\r\n"), ResponseBroken, None),
            ("HTTP/2 without being asked", raw("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"), ResponseBroken, None),
            ("an HTTP/2 preface", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ResponseBroken, None),
            ("status 99", raw("HTTP/1.1 099 X\r\n\r\n"), ResponseBroken, None),
            ("status abc", raw("HTTP/1.1 abc X\r\n\r\n"), ResponseBroken, None),
            ("a NUL in a header", raw("HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n"), ResponseBroken, None),
            ("two equal lengths", raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok"), ResponseBroken, None),
            ("two lengths", raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"), ResponseBroken, None),
            ("a negative length", raw("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), ResponseBroken, None),
            ("a length with a sign", raw("HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok"), ResponseBroken, None),
            ("a length beyond all", raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n"), ResponseBroken, None),
            ("a length in words", raw("HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok"), ResponseBroken, None),
            ("less than promised", raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"), ResponseBroken, Some(200)),
            ("a lie of a gigabyte", raw("HTTP/1.1 500 X\r\ncontent-length: 1000000000\r\n\r\nabc"), ResponseBroken, Some(500)),
            ("chunked garbage", raw(&format!("{chunked}zz\r\n")), ResponseBroken, Some(200)),
            ("a chunk beyond all", raw(&format!("{chunked}ffffffffffffffffff\r\nok")), ResponseBroken, Some(200)),
            ("a chunk that breaks off", raw(&format!("{chunked}5\r\nok")), ResponseBroken, Some(200)),
            ("chunks without an end", raw(&format!("{chunked}2\r\nok\r\n")), ResponseBroken, Some(200)),
            ("an unknown coding", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), ResponseBroken, None),
            ("reset instead of a head", Answer::RawThenReset(Vec::new()), ResponseBroken, None),
            ("reset in the head", Answer::RawThenReset(b"HTTP/1.1 200 OK\r\nx".to_vec()), ResponseBroken, None),
        ] {
            assert_met(name, &met(answer, PATIENT).await, code, status);
        }
    });
}

#[test]
fn an_answer_that_can_be_understood_counts() {
    on_one_thread(async {
        let gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 14\r\n\r\n\x1f not a gzip b";
        for (name, answer, status, body) in [
            ("204", whole("HTTP/1.1 204 X\r\n\r\n"), 204, ""),
            ("204 that promises a body", Answer::RawThenHang(b"HTTP/1.1 204 X\r\ncontent-length: 9\r\n\r\n".to_vec()), 204, ""),
            ("204 with a body", whole("HTTP/1.1 204 X\r\ncontent-length: 2\r\n\r\nok"), 204, ""),
            ("more than promised", whole("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more"), 200, "ok"),
            ("no length, but an end", raw("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"a\":1}"), 200, "{\"a\":1}"),
            ("HTTP/1.0", raw("HTTP/1.0 200 OK\r\n\r\nok"), 200, "ok"),
            ("HTTP/1.0 with a length", raw("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"), 200, "ok"),
            ("bare line feeds", raw("HTTP/1.1 200 OK\ncontent-length: 2\n\nok"), 200, "ok"),
            ("chunked", whole("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n"), 200, "ok"),
            (
                "chunked and a length",
                whole("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
                200,
                "ok",
            ),
            ("no reason phrase", whole("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"), 200, ""),
            ("letters beyond ASCII in a header", whole("HTTP/1.1 200 Çà\r\nx: ção\r\ncontent-length: 0\r\n\r\n"), 200, ""),
            (
                "interim answers first",
                whole(
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nlink: </a>\r\n\r\nHTTP/1.1 202 A\r\ncontent-length: 0\r\n\r\n",
                ),
                202,
                "",
            ),
            ("gzip stays as it came", whole(gzip), 200, "\x1f not a gzip b"),
        ] {
            let made = met(answer, Limits { attempt: Duration::from_secs(20), ..PATIENT }).await;
            assert_met(name, &made, Delivered, Some(status));
            assert_eq!(String::from_utf8_lossy(&made.attempt.response_body), body, "{name}");
        }
    });
}

#[test]
fn whoever_hangs_or_drips_is_left_at_the_deadline() {
    on_one_thread(async {
        let hang = |text: &str| Answer::RawThenHang(text.as_bytes().to_vec());
        for (name, answer, status) in [
            ("no answer", Answer::Hang, None),
            ("half a status line", hang("HTTP/1."), None),
            ("half a head", hang("HTTP/1.1 200 OK\r\nx: y\r\n"), None),
            ("no body", hang("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), Some(200)),
            ("half a body", hang("HTTP/1.1 500 X\r\ncontent-length: 5\r\n\r\nab"), Some(500)),
            ("no end of chunks", hang("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"), Some(200)),
            ("no end of the connection", hang("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok"), Some(200)),
            ("an interim answer alone", hang("HTTP/1.1 100 Continue\r\n\r\n"), None),
            ("a head by drips", Answer::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec()), None),
            ("a body by drips", Answer::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec()), Some(200)),
        ] {
            assert_met(name, &met(answer, HASTY).await, Timeout, status);
        }
        let receiver = Receiver::opens_with(Greeting::Ignore);
        let mut sender = Sender::new(open(), None, HASTY);
        assert_met("a connection that is left alone", &sender.posts(&receiver.url()).await, Timeout, None);
        sender.body = vec![b'a'; 32 * 1024 * 1024].into();
        assert_met("a body that is not read", &sender.posts(&receiver.url()).await, Timeout, None);
    });
}

#[test]
fn whoever_cannot_be_reached_has_a_code_of_its_own() {
    on_one_thread(async {
        let sender = Sender::new(open(), None, PATIENT);
        let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        assert_met("nobody listens", &sender.posts(&format!("http://{nobody}/")).await, ConnectFailed, None);
        for (name, greeting) in [("closed at once", Greeting::Close), ("reset at once", Greeting::Reset)] {
            let receiver = Receiver::opens_with(greeting);
            let made = sender.posts(&receiver.url()).await;
            // A reset that comes before the connection was looked at is one that was never made.
            let is_reset = name == "reset at once" && made.attempt.code == ConnectFailed;
            assert_met(name, &made, if is_reset { ConnectFailed } else { ResponseBroken }, None);
        }
        let quick = Limits { connect: Duration::from_millis(200), ..PATIENT };
        let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into()).expect("a port");
        full.listen(0).expect("a backlog of none");
        let address = full.local_addr().expect("bound").as_socket().expect("IP");
        let _waiting = std::net::TcpStream::connect(address).expect("the only place");
        let made = Sender::new(open(), None, quick).posts(&format!("http://{address}/")).await;
        assert_met("a backlog that is full", &made, ConnectTimeout, None);
        let mut policy = open();
        policy.lookup = Arc::new(|_, _| Box::pin(std::future::pending()));
        let made = Sender::new(policy.clone(), None, quick).posts("http://slow.example/").await;
        assert_met("a name server that hangs", &made, ConnectTimeout, None);
        policy.lookup = Arc::new(|_, _| Box::pin(async { Ok(Vec::new()) }));
        assert_met("a name without addresses", &Sender::new(policy, None, quick).posts("http://none.example/").await, DnsFailed, None);
    });
}

#[test]
fn of_a_flood_no_more_is_read_than_is_kept() {
    on_one_thread(async {
        let flood = |first: &str, more: &[u8]| Answer::Flood(first.as_bytes().to_vec(), more.to_vec());
        let letters = [b'a'; 4096];
        let chunk = [b"1000\r\n".as_slice(), &letters, b"\r\n"].concat();
        for (name, answer, code, status) in [
            ("a body with a length", flood("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", &letters), Delivered, Some(200)),
            ("chunks", flood("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunk), Delivered, Some(200)),
            ("a body to the end", flood("HTTP/1.0 500 X\r\n\r\n", &letters), Status, Some(500)),
            ("one header without an end", flood("HTTP/1.1 200 OK\r\nx: ", &letters), ResponseBroken, None),
            ("headers without an end", flood("HTTP/1.1 200 OK\r\n", b"x: yyyyyyyyyyyyyyyyyyyy\r\n"), ResponseBroken, None),
            ("chunk extensions", flood("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;", &letters), ResponseBroken, Some(200)),
            ("no HTTP", flood("a", &letters), ResponseBroken, None),
        ] {
            let receiver = Receiver::opens();
            receiver.answers_always(answer);
            let made = Sender::new(open(), None, PATIENT).posts(&receiver.url()).await;
            assert_met(name, &made, code, status);
            assert!(made.attempt.response_truncated == (code != ResponseBroken), "{name}");
            let headers: usize = made.attempt.response_headers.iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(headers <= HEADERS_KEPT_BYTES_MAX, "{name}");
            assert!(receiver.flooded() < ANSWER_READ_BYTES_MAX + IN_FLIGHT_BYTES_MAX, "{name}: {}", receiver.flooded());
        }
        let storm = met(Answer::Flood(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()), PATIENT).await;
        assert_eq!((storm.attempt.code, storm.attempt.status), (Status, Some(103)), "interim answers without an end");
    });
}

#[test]
fn every_status_is_told_apart() {
    on_one_thread(async {
        let (receiver, elsewhere) = (Receiver::opens(), Receiver::opens());
        let sender = Sender::new(open(), None, PATIENT);
        let retried = Settlement { state: DeliveryState::Due, retry_in_ms: Some(5_000), pause_ms: None, disable: None };
        for status in 100..600_u16 {
            let head = format!("HTTP/1.1 {status} X\r\nlocation: {}\r\n", elsewhere.url());
            let is_interim = (100..200).contains(&status) && status != 101;
            let follows = if is_interim { "\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" } else { "content-length: 0\r\n\r\n" };
            receiver.answers_next([whole(&format!("{head}{follows}"))]);
            let made = sender.posts(&receiver.url()).await;
            let seen = if is_interim { 200 } else { status };
            let is_good = (200..300).contains(&seen);
            assert_eq!((made.attempt.code, made.attempt.status), (if is_good { Delivered } else { Status }, Some(seen)));
            let expected = match seen {
                200..300 => Settlement { state: DeliveryState::Delivered, retry_in_ms: None, ..retried },
                410 => Settlement { state: DeliveryState::Failed, retry_in_ms: None, disable: Some(DisabledReason::Gone), ..retried },
                429 => Settlement { pause_ms: Some(5_000), ..retried },
                _ => retried,
            };
            assert_eq!(made.next, expected, "{status}");
        }
        assert_eq!(elsewhere.connections(), 0, "no redirect was followed");
    });
}

#[test]
fn retry_after_is_read_in_every_form_and_never_shortens_the_wait() {
    on_one_thread(async {
        let http_date =
            |seconds: i64| (chrono::Utc::now() + chrono::Duration::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        for (asked, at_least_ms, at_most_ms) in [
            ("0", 5_000, 5_000),
            ("3", 5_000, 5_000),
            ("90", 90_000, 90_000),
            ("90.5", 90_500, 90_500),
            ("  90  ", 90_000, 90_000),
            ("999999999999999999999", 36_000_000, 36_000_000),
            ("-90", 5_000, 5_000),
            ("soon", 5_000, 5_000),
            ("", 5_000, 5_000),
            ("90, 120", 5_000, 5_000),
            (http_date(-3600).as_str(), 5_000, 5_000),
            (http_date(3600).as_str(), 3_500_000, 3_600_000),
            (http_date(999_999).as_str(), 36_000_000, 36_000_000),
            ("Sun, 99 Foo 2026 99:99:99 GMT", 5_000, 5_000),
        ] {
            for status in [429, 503, 500, 400, 302] {
                let made = met(Answer::with(status, &[("Retry-After", asked)], ""), PATIENT).await;
                let wait = made.next.retry_in_ms.expect("another attempt");
                assert!((at_least_ms..=at_most_ms).contains(&wait), "{status} {asked:?}: {wait}");
                assert_eq!(made.next.pause_ms.is_some(), status == 429, "{status} {asked:?}");
                assert!(made.next.pause_ms.is_none_or(|pause| pause <= wait), "{asked:?}");
            }
            let taken = met(Answer::with(200, &[("Retry-After", asked)], ""), PATIENT).await;
            assert_eq!(taken.next.state, DeliveryState::Delivered, "{asked:?}");
        }
    });
}

#[test]
fn what_a_receiver_asks_for_is_done_unless_it_took_the_event() {
    on_one_thread(async {
        for status in [200, 204, 302, 400, 410, 429, 500] {
            for (word, is_known) in [("abort-message", true), ("Disable", true), ("explode", false), ("", false)] {
                let made = met(Answer::with(status, &[("webhook-delivery", word)], ""), PATIENT).await;
                let next = (made.next.state, made.next.disable);
                let asked = (word.eq_ignore_ascii_case("disable")).then_some(DisabledReason::Asked);
                let expected = match (status, is_known) {
                    (200..300, _) => (DeliveryState::Delivered, None),
                    (_, true) if asked.is_none() => (DeliveryState::Aborted, None),
                    (_, true) => (DeliveryState::Failed, asked),
                    (410, false) => (DeliveryState::Failed, Some(DisabledReason::Gone)),
                    (_, false) => (DeliveryState::Due, None),
                };
                assert_eq!(next, expected, "{status} {word:?}");
            }
        }
    });
}

#[test]
fn a_connection_that_was_closed_while_it_was_idle_costs_no_attempt() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        let sender = Sender::new(open(), None, PATIENT);
        assert_eq!(sender.posts(&receiver.url()).await.attempt.code, Delivered);
        // The next POST meets the close on its way: sent once more, on a new connection, under the same id.
        receiver.answers_next([raw("")]);
        assert_eq!(sender.posts(&receiver.url()).await.attempt.code, Delivered);
        let posts = receiver.takes();
        assert_eq!((posts.len(), posts[1].header("webhook-id") == posts[2].header("webhook-id"), receiver.connections()), (3, true, 2));
        receiver.answers_next([raw(""), raw("")]);
        assert_eq!(sender.posts(&receiver.url()).await.attempt.code, ResponseBroken, "but only once");
        receiver.drops_connections();
        assert_eq!(sender.posts(&receiver.url()).await.attempt.code, Delivered);
    });
}
