//! A live demo that may call this machine, its endpoints by REST, and a chat that goes through every state.

use serde_json::{Value, json};

use crate::support::agent::Agent;
use crate::support::demo::{Demo, OPENED};
use crate::support::eventually;
use crate::support::visitor::Visitor;

/// How long to wait between two looks at the deliveries: a token may ask 600 times a minute.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(150);

pub struct Live {
    pub demo: Demo,
}

/// What a receiver subscribed with, and is verified by.
pub struct Subscription {
    pub id: String,
    pub secret: String,
}

impl Live {
    pub fn starts() -> Self {
        Self { demo: Demo::starts_with(&[OPENED]) }
    }

    /// Makes an endpoint with what the settings would have ticked.
    pub async fn subscribes(&self, url: &str, events: &[&str], more: Value) -> Subscription {
        let mut wish = json!({"url": url, "events": events});
        wish.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let made = self.demo.tells_api("/endpoints", &wish).await;
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no endpoint: {made}")).to_owned();
        Subscription { id: text(&made["endpoint"]["id"]), secret: text(&made["secret"]) }
    }

    /// The endpoint gets a new secret; the one before signs beside it.
    pub async fn rotates(&self, endpoint: &Subscription) -> String {
        let rotated = self.demo.tells_api(&format!("/endpoints/{}/secret/rotation", endpoint.id), &json!({})).await;
        rotated["secret"].as_str().expect("a secret").to_owned()
    }

    /// Sends a delivery once more.
    pub async fn resends(&self, delivery: &Value) {
        let again = self.demo.tells_api(&format!("/deliveries/{}/resend", delivery["id"].as_str().expect("an id")), &json!({})).await;
        assert_eq!(again["cause"], "resend");
    }

    /// Waits until the endpoint got this many, each at the first attempt; gives their types, oldest first.
    pub async fn delivered(&self, endpoint: &Subscription, count: usize) -> Vec<Value> {
        let path = format!("/deliveries?endpoint_id={}&limit=200", endpoint.id);
        let mut deliveries = eventually(&format!("{count} deliveries of {}", endpoint.id), async || {
            let deliveries = self.demo.asks_api(&path).await["data"].as_array().cloned().expect("a list");
            for delivery in deliveries.iter().filter(|delivery| !delivery["last_code"].is_null()) {
                assert_eq!((&delivery["state"], &delivery["attempts_made"]), (&json!("delivered"), &json!(1)), "{delivery}");
            }
            let whole = deliveries.len() >= count && deliveries.iter().all(|delivery| delivery["state"] == "delivered");
            if !whole {
                tokio::time::sleep(PAUSE).await;
            }
            whole.then_some(deliveries)
        })
        .await;
        assert_eq!(deliveries.len(), count, "{deliveries:#?}");
        deliveries.reverse();
        deliveries
    }

    /// The delivery with its body and attempts.
    pub async fn looks_at(&self, delivery: &Value) -> Value {
        self.demo.asks_api(&format!("/deliveries/{}", delivery["id"].as_str().expect("an id"))).await
    }

    /// The id of the tag with this name.
    pub async fn tag(&self, name: &str) -> Value {
        let tags = self.demo.asks_api("/tags").await;
        let tag = tags["data"].as_array().into_iter().flatten().find(|tag| tag["name"] == name);
        tag.unwrap_or_else(|| panic!("no tag {name}: {tags}"))["id"].clone()
    }

    /// Somebody asks and an agent takes the chat.
    pub async fn chat_begins(&self) -> (Visitor, Agent, String) {
        let (mut visitor, agent, chat) = self.demo.chat("=1+1, \"minha\" jarra veio lascada").await;
        visitor.sees_that("started").await;
        (visitor, agent, chat)
    }

    /// A whole chat: asked, taken, tagged, located, finished, rated. Gives its protocol.
    pub async fn chat(&self, score: u8) -> String {
        let (mut visitor, mut agent, chat) = self.chat_begins().await;
        agent.tags(&chat, &["troca"]).await;
        visitor.shares_location().await;
        visitor.finishes().await;
        visitor.rates(score, "a jarra é linda & frágil <3").await;
        agent.opens(&chat).await["chat"]["protocol"].as_str().expect("a protocol").to_owned()
    }
}

/// The events of `Live::chat`, in order.
pub const EVENTS: [&str; 6] = ["chat.requested", "chat.started", "chat.tagged", "visitor.located", "chat.finished", "chat.rated"];
