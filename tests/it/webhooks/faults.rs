//! Receivers that misbehave: what each comes to, and that it ends.

use papo::domain::delivery::AttemptCode::{Delivered, ResponseBroken, Status};
use papo::domain::event_type::EventType;
use papo::webhooks::attempt::{ANSWER_KEPT_BYTES_MAX, HEADERS_KEPT_BYTES_MAX};

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

async fn comes_to(answer: Answer) -> papo::domain::delivery::Attempt {
    let (world, receiver) = (World::opens().await, Receiver::opens());
    let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
    receiver.answers_always(answer);
    world.asks().await;
    world.dispatcher().tick().await;
    world.the_delivery(endpoint).await.attempts[0].1.clone()
}

#[test]
fn every_answer_has_its_code() {
    on_one_thread(async {
        let raw = |text: &str| Answer::RawThenClose(text.as_bytes().to_vec());
        for (name, answer, code, status) in [
            ("200", Answer::status(200), Delivered, Some(200)),
            ("299", Answer::status(299), Delivered, Some(299)),
            ("404", Answer::status(404), Status, Some(404)),
            ("204 without a length", raw("HTTP/1.1 204 No Content\r\n\r\n"), Delivered, Some(204)),
            ("HTTP/1.0 that closes", raw("HTTP/1.0 200 OK\r\n\r\nok"), Delivered, Some(200)),
            ("chunked", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), Delivered, Some(200)),
            ("nothing at all", raw(""), ResponseBroken, None),
            ("half a head", raw("HTTP/1.1 200 OK\r\nconte"), ResponseBroken, None),
            ("no HTTP", raw("SSH-2.0-OpenSSH_9.2\r\n"), ResponseBroken, None),
            ("less than promised", raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"), ResponseBroken, Some(200)),
            ("a broken chunk", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), ResponseBroken, Some(200)),
            ("a lie of a gigabyte", raw("HTTP/1.1 500 X\r\ncontent-length: 1000000000\r\n\r\nabc"), ResponseBroken, Some(500)),
        ] {
            let attempt = comes_to(answer).await;
            assert_eq!((attempt.code, attempt.status), (code, status), "{name}");
        }
    });
}

#[test]
fn a_redirect_is_not_followed() {
    on_one_thread(async {
        let elsewhere = Receiver::opens();
        for status in [301, 302, 303, 307, 308] {
            let attempt = comes_to(Answer::with(status, &[("location", &elsewhere.url())], "")).await;
            assert_eq!((attempt.code, attempt.status), (Status, Some(status)));
        }
        assert_eq!(elsewhere.connections(), 0);
    });
}

#[test]
fn of_a_large_answer_the_first_bytes_are_kept_and_the_rest_is_not_waited_for() {
    on_one_thread(async {
        let attempt = comes_to(Answer::with(200, &[], &"a".repeat(1_000_000))).await;
        assert_eq!((attempt.code, attempt.response_body.len(), attempt.response_truncated), (Delivered, ANSWER_KEPT_BYTES_MAX, true));
        let exact = comes_to(Answer::with(200, &[], &"a".repeat(ANSWER_KEPT_BYTES_MAX))).await;
        assert_eq!((exact.response_body.len(), exact.response_truncated), (ANSWER_KEPT_BYTES_MAX, false));
    });
}

#[test]
fn a_compressed_answer_is_kept_as_it_came() {
    on_one_thread(async {
        let attempt = comes_to(Answer::with(200, &[("content-encoding", "gzip")], "not even gzip")).await;
        assert_eq!((attempt.code, attempt.response_body.as_slice()), (Delivered, b"not even gzip".as_slice()));
    });
}

#[test]
fn headers_are_kept_up_to_their_limit_and_cookies_masked() {
    on_one_thread(async {
        let long = "x".repeat(1_000);
        let names: Vec<String> = (0..30).map(|number| format!("x-{number}")).collect();
        let mut headers: Vec<(&str, &str)> = vec![("set-cookie", "session=s3cret")];
        headers.extend(names.iter().map(|name| (name.as_str(), long.as_str())));
        let attempt = comes_to(Answer::with(200, &headers, "")).await;
        let kept: usize = attempt.response_headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(kept <= HEADERS_KEPT_BYTES_MAX, "{kept}");
        assert!(!format!("{:?}", attempt.response_headers).contains("s3cret"));
        let flood: Vec<(&str, &str)> = names.iter().flat_map(|name| std::iter::repeat_n((name.as_str(), long.as_str()), 40)).collect();
        assert_eq!(comes_to(Answer::with(200, &flood, "")).await.code, ResponseBroken, "a megabyte of headers is no answer");
    });
}
