//! From the shop's page to the signed POST, and out of the queue.

use super::desk::Desk;
use super::window::Guest;
use super::{DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK};
use crate::support::browser::{Browser, Look};
use crate::support::demo::Demo;

/// A visitor asks, shares the location and is answered; the agent tags; the visitor finishes and rates; the inspector shows it all.
async fn a_chat_whole(visitor: Look, agent: Look) {
    let demo = Demo::starts();
    let mut browser = Browser::starts(agent).await;
    Desk::at(&mut browser).signs_in(&demo).await;
    let desk = browser.window().await;
    let window = browser.opens_window(visitor).await;
    browser.stands_at(-8.0476, -34.877).await;
    Guest::at(&mut browser).visits(&demo).await;
    Guest::at(&mut browser).opens_the_window().await;
    Guest::at(&mut browser).asks("Meu pedido não chegou").await;
    Guest::at(&mut browser).shares_the_location().await;

    browser.turns_to(&desk, agent).await;
    Desk::at(&mut browser).accepts().await;
    Desk::at(&mut browser).reads("Meu pedido não chegou").await;
    Desk::at(&mut browser).says("Olá, Ana! Vou verificar o seu pedido.").await;

    browser.turns_to(&window, visitor).await;
    let mut guest = Guest::at(&mut browser);
    guest.steps_in().await;
    guest.reads("Olá, Ana! Vou verificar o seu pedido.").await;
    guest.says("Obrigada! É o 1234 😊").await;

    browser.turns_to(&desk, agent).await;
    Desk::at(&mut browser).reads("Obrigada! É o 1234").await;
    Desk::at(&mut browser).tags().await;

    browser.turns_to(&window, visitor).await;
    let mut guest = Guest::at(&mut browser);
    guest.steps_in().await;
    guest.finishes_and_rates().await;

    browser.turns_to(&desk, agent).await;
    let told = ["chat.requested", "visitor.located", "chat.started", "message.created", "chat.tagged", "chat.finished", "chat.rated"];
    Desk::at(&mut browser).inspects(&demo, &told).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new(), "no page complains");
    browser.ends().await;
}

#[tokio::test]
async fn a_visitor_on_a_phone_is_answered_and_rates() {
    a_chat_whole(PHONE, DESKTOP).await;
}

#[tokio::test]
async fn a_visitor_at_a_desk_is_answered_by_an_agent_on_a_phone() {
    a_chat_whole(DESKTOP_DARK, PHONE_DARK).await;
}

#[tokio::test]
async fn a_visitor_who_leaves_the_queue_makes_chat_abandoned_arrive() {
    let demo = Demo::starts();
    let mut browser = Browser::starts(DESKTOP_DARK).await;
    Desk::at(&mut browser).signs_in(&demo).await;
    let desk = browser.window().await;
    browser.opens_window(PHONE_DARK).await;
    let mut guest = Guest::at(&mut browser);
    guest.visits(&demo).await;
    guest.opens_the_window().await;
    guest.asks("Vocês entregam em Olinda?").await;
    guest.leaves_the_queue().await;

    browser.turns_to(&desk, DESKTOP_DARK).await;
    Desk::at(&mut browser).inspects(&demo, &["chat.requested", "chat.abandoned"]).await;
    browser.ends().await;
}
