//! What of an answer is kept in the log. How receivers misbehave, and what follows, is in `matrix`.

use papo::domain::delivery::AttemptCode::{Delivered, ResponseBroken};
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
fn of_a_large_answer_the_first_bytes_are_kept_and_the_rest_is_not_waited_for() {
    on_one_thread(async {
        let attempt = comes_to(Answer::with(200, &[], &"a".repeat(1_000_000))).await;
        assert_eq!((attempt.code, attempt.response_body.len(), attempt.response_truncated), (Delivered, ANSWER_KEPT_BYTES_MAX, true));
        let exact = comes_to(Answer::with(200, &[], &"a".repeat(ANSWER_KEPT_BYTES_MAX))).await;
        assert_eq!((exact.response_body.len(), exact.response_truncated), (ANSWER_KEPT_BYTES_MAX, false));
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
