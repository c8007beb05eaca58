//! Nobody is there, or nobody came: the message that is left instead, from the widget to the inbox and to the receiver.

use serde_json::json;

use super::desk::Desk;
use super::window::Guest;
use super::{DESKTOP, NARROW};
use crate::support::browser::Browser;
use crate::support::demo::Demo;

#[tokio::test]
async fn messages_left_for_later_reach_the_inbox_and_the_receiver() {
    let demo = Demo::starts();
    let mut browser = Browser::starts(NARROW).await;
    let phone = browser.window().await;
    Guest::at(&mut browser).visits(&demo).await;
    Guest::at(&mut browser).opens_the_window().await;
    Guest::at(&mut browser).leaves_a_message("widget.offline.title", "Vocês abrem aos domingos?").await;

    let _agent = demo.agent_online(0).await;
    Guest::at(&mut browser).starts_anew().await;
    Guest::at(&mut browser).asks("Meu pedido veio quebrado").await;
    let desk = browser.opens_window(DESKTOP).await;
    Desk::at(&mut browser).enters(&demo, &demo.facts["admin"]).await;
    Desk::at(&mut browser).limits_the_wait(&demo, "Vendas", "1").await;
    browser.turns_to(&phone, NARROW).await;
    Guest::at(&mut browser).steps_in().await;
    Guest::at(&mut browser).need_not_agree_again("widget.missed.title").await;
    Guest::at(&mut browser).leaves_a_message("widget.missed.title", "Me respondam por e-mail, por favor").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new(), "the shop's page complains of nothing");

    browser.turns_to(&desk, DESKTOP).await;
    Desk::at(&mut browser).handles_a_message(&demo, "Vocês abrem aos domingos?", 1).await;
    Desk::at(&mut browser).reads("Me respondam por e-mail").await;
    let told = ["chat.requested", "chat.missed", "offline_message.created"];
    Desk::at(&mut browser).inspects(&demo, &told).await;
    let verified = "return [...document.querySelectorAll('.post')].filter((post) => post.querySelector('code').textContent === 'offline_message.created')
        .map((post) => post.querySelector('.pills .is-ok') !== null)";
    browser.finds(verified, &json!([true, true])).await;
    browser.ends().await;

    let missed = demo.bodies_of("chat.missed").await;
    let left = demo.bodies_of("offline_message.created").await;
    let message = |at: usize| &left[at]["data"]["offline_message"];
    assert_eq!((&message(0)["body"], &message(0)["chat_id"]), (&json!("Vocês abrem aos domingos?"), &json!(null)));
    assert_eq!(
        (&message(1)["body"], &message(1)["chat_id"]),
        (&json!("Me respondam por e-mail, por favor"), &missed[0]["data"]["chat"]["id"])
    );
    assert_eq!(message(1)["email"], "ana@example.com", "what was told once is not asked again");
    assert_eq!((left.len(), missed.len()), (2, 1));
}
