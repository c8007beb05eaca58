//! What an answer told reaches open consoles at once, and never the visitor.

use futures_util::FutureExt as _;
use papo::hub::{Hub, Topic};
use papo::relay::Relay;
use serde_json::{Value, json};

use super::office::{Office, ok};
use crate::support::demo::{Demo, OPENED};
use crate::webhooks::receiver::Receiver;
use crate::webhooks::world::on_one_thread;

async fn endpoint(demo: &Demo, receiver: &Receiver, fields: &[&str]) {
    demo.tells_api("/endpoints", &json!({"name": "CRM", "url": receiver.url(), "events": ["chat.started"], "enrich": fields})).await;
}

fn answer() -> Value {
    json!({
        "visitor": {"name": "Outra", "phone": "(81) 99876-0142", "custom": {"plano": "ouro"}},
        "card": [{"title": "Último pedido", "content": "10482", "url": "https://loja.example/10482"}],
        "note": "cliente antigo",
    })
}

#[tokio::test]
async fn an_open_card_shows_what_a_webhook_answered_and_the_visitor_is_not_told() {
    let demo = Demo::starts_with(&[OPENED]);
    let receiver = Receiver::opens();
    receiver.answers_always(ok(&answer()));
    endpoint(&demo, &receiver, &["name", "phone", "custom", "card", "note"]).await;
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent_online(0).await);
    let chat = visitor.asks("oi").await;
    let opened = agent.opens(&chat).await;
    assert_eq!((&opened["card"]["visitor"]["phone"], &opened["card"]["cards"]), (&Value::Null, &json!([])));
    agent.accepts(&chat).await;
    let frame = agent.socket.first("a card", |frame| frame["type"] == "card" && frame["chat_id"] == chat.as_str()).await;
    let shown = &frame["card"];
    assert_eq!((&shown["visitor"]["name"], &shown["visitor"]["phone"]), (&json!("Ana"), &json!("+5581998760142")));
    assert_eq!(shown["visitor"]["custom"], json!({"plano": "ouro"}));
    let filled = shown["visitor"]["filled"].as_object().expect("names");
    assert_eq!(filled.keys().collect::<Vec<_>>(), ["custom.plano", "phone"]);
    assert!(filled.values().all(|by| by["from"] == "CRM" && by["at"].is_string()));
    let card = &shown["cards"][0];
    assert_eq!(
        (&card["title"], &card["url"], &card["from"]),
        (&json!("Último pedido"), &json!("https://loja.example/10482"), &json!("CRM"))
    );
    assert!(shown["page"]["url"].is_string(), "where the visitor is now stands there still");
    let noted = agent.sees_that(&chat, "note").await;
    assert_eq!((&noted["entry"]["by"]["kind"], &noted["entry"]["by"]["name"]), (&json!("webhook"), &json!("CRM")));
    let again = visitor.opens_second_tab().await;
    assert_eq!(
        again.welcome["visitor"]["phone"],
        Value::Null,
        "whoever asks is not shown what a system knows: {}",
        again.welcome["visitor"]
    );
    assert_eq!(again.welcome["visitor"]["name"], "Ana");
}

#[test]
fn a_name_that_a_webhook_told_reaches_the_queue_of_its_department_alone() {
    on_one_thread(async {
        let office = Office::opens().await;
        let hub = Hub::default();
        let relay = Relay::new(office.world.store.clone(), hub.clone());
        relay.follow();
        let listens = |topic| {
            let (mut subscription, inlet) = hub.connect();
            subscription.listen(topic);
            (subscription, inlet)
        };
        let (_members, mut members) = listens(Topic::Department(office.world.department));
        office.receiver.answers_next([ok(&json!({"visitor": {"name": "Ana Beatriz", "email": "ana@example.com"}}))]);
        let (chat, visitor) = office.world.asks_as(None, None).await;
        let (_visitor, mut to_visitor) = listens(Topic::Visitor(visitor));
        office.world.dispatcher().tick().await;
        let frame = loop {
            let frame: Value = serde_json::from_str(&members.next().await.expect("a frame")).expect("JSON");
            if frame["type"] == "visitor" {
                break frame;
            }
        };
        assert_eq!(
            frame,
            json!({"type": "visitor", "chat_id": chat.to_string(), "visitor_id": visitor.to_string(), "name": "Ana Beatriz"})
        );
        assert_eq!(relay.stale_cards().await.keys().collect::<Vec<_>>(), [&chat], "and its card is made anew where it is open");
        // The request itself may still be on its way there.
        while let Some(Ok(frame)) = to_visitor.next().now_or_never() {
            assert!(!frame.contains("Ana Beatriz") && !frame.contains("ana@example.com"), "the visitor's own tabs are not told: {frame}");
        }
    });
}
