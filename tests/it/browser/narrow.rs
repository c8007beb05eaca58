//! The agents' and the admin's pages on the smallest phone: 320 px, and nothing to scroll sideways for.

use super::NARROW;
use super::desk::Desk;
use crate::support::browser::Browser;
use crate::support::demo::Demo;

const PAGES: [&str; 14] = [
    "/offline",
    "/settings/organisation",
    "/settings/agents",
    "/settings/agents/new",
    "/settings/departments",
    "/settings/departments/new",
    "/settings/sites",
    "/settings/sites/new",
    "/settings/tags",
    "/settings/tokens",
    "/settings/account",
    "/settings/webhooks",
    "/settings/webhooks/endpoints",
    "/settings/webhooks/deliveries",
];

#[tokio::test]
async fn no_page_of_ours_scrolls_sideways_on_the_smallest_phone() {
    let demo = Demo::starts();
    let (mut visitor, mut other) = (demo.visitor().await, demo.visitor().await);
    let chat = visitor.asks("umapalavratãocompridaquenãocabeemtelanenhumadetelefonenenhumatalvezsónodeitado https://loja.example/um/caminho/bem/comprido?com=perguntas").await;
    other.asks("Oi").await;
    let mut browser = Browser::starts(NARROW).await;
    let mut desk = Desk::at(&mut browser);
    desk.enters(&demo, &demo.facts["admin"]).await;
    desk.reads("umapalavra").await;
    desk.screen("lists").await;
    browser.goes_to(&format!("{}/console#{chat}", demo.fact("base_url"))).await;
    browser.sees("#act-accept").await;
    browser.clicks("#act-accept").await;
    browser.sees("#send").await;
    let mut desk = Desk::at(&mut browser);
    desk.says("Boa tarde! Já vejo isso para você.").await;
    desk.screen("conversation").await;
    for page in PAGES {
        browser.goes_to(&format!("{}{page}", demo.fact("base_url"))).await;
        browser.sees("main h1, h1").await;
        browser.needs_no_sideways_scrolling(page).await;
        browser.keeps_a_shot(&format!("admin{}", page.replace('/', "-"))).await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
