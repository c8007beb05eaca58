//! The recipes of `docs/webhooks/recipes/`, each with the settings that its page names.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver as Inbox, Sender};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use super::kept::{executes, rows};
use super::live::Live;
use super::process::{Language, Process, free_port, url};
use crate::support::CEILING;
use crate::webhooks::receiver::{Answer, Receiver};

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Contact {
    #[diesel(sql_type = BigInt)]
    customer: i64,
    #[diesel(sql_type = Text)]
    protocol: String,
}

#[tokio::test]
async fn the_crm_knows_who_asks_and_answers_with_a_card() {
    let live = Live::starts();
    let folder = tempfile::tempdir().expect("a folder");
    let crm = folder.path().join("crm.sqlite");
    executes(&crm, "create table clientes (id integer primary key, nome text, email text, telefone text, desde text, pedidos integer)");
    executes(&crm, "insert into clientes values (7, 'Ana Lima', 'ana@example.com', '+5581998760142', '2019-03-01', 12)");
    let environment = [("CRM_BANCO", format!("sqlite:{}", crm.display()))];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let port = free_port();
    let fills = json!({"enrich": ["name", "phone", "custom", "card"]});
    let endpoint = live.subscribes(&url(port), &["chat.requested"], fills).await;
    let process = Process::starts(Language::Php, "docs/webhooks/recipes/crm.php", port, &endpoint.secret, &environment).await;
    let chat = live.demo.visitor().await.asks("minha jarra veio lascada").await;
    let delivery = live.looks_at(&live.delivered(&endpoint, 1).await[0]).await;
    let card = live.demo.agent(0).await.opens(&chat).await["card"].clone();
    assert_eq!(
        (&card["visitor"]["phone"], &card["visitor"]["name"]),
        (&json!("+5581998760142"), &json!("Ana")),
        "what was typed stays: {card:#}"
    );
    assert_eq!(card["cards"][0]["content"], "2019-03-01", "{card:#}");
    assert_eq!(card["visitor"]["custom"]["cliente"], "7");
    let answer = delivery["attempts"][0]["response_body"].as_str().unwrap_or_default();
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {delivery:#}"));
    let expected = json!({
        "visitor": {"name": "Ana Lima", "phone": "+5581998760142", "custom": {"cliente": "7"}},
        "card": [
            {"title": "Cliente desde", "content": "2019-03-01", "url": "https://crm.example.com/clientes/7"},
            {"title": "Pedidos", "content": "12"}
        ]
    });
    assert_eq!(answer, expected, "{}", process.log());
    executes(&crm, "update clientes set email = 'ana.lima@example.com'");
    live.demo.visitor().await.asks("oi").await;
    let deliveries = live.delivered(&endpoint, 2).await;
    let stranger = live.looks_at(&deliveries[1]).await;
    assert_eq!(stranger["attempts"][0]["status"], 204, "of somebody new there is nothing to tell");
    live.resends(&deliveries[1]).await;
    live.delivered(&endpoint, 3).await;
    let protocol = |delivery: &Value| delivery["body"]["data"]["chat"]["protocol"].as_str().expect("a protocol").to_owned();
    let contacts: Vec<Contact> = rows(&crm, "select cliente as customer, protocolo as protocol from contatos order by protocolo");
    let expected = [(7, protocol(&delivery)), (8, protocol(&stranger))].map(|(customer, protocol)| Contact { customer, protocol });
    assert_eq!(contacts, expected);
}

#[tokio::test]
async fn who_left_the_queue_is_called_back_by_mail() {
    let live = Live::starts();
    let (address, mails) = mail_server();
    let (host, smtp_port) = (address.ip().to_string(), address.port().to_string());
    let environment =
        [("SMTP_HOST", host.as_str()), ("SMTP_PORT", &smtp_port), ("MAIL_FROM", "papo@example.com"), ("MAIL_TO", "tickets@example.com")];
    let port = free_port();
    let endpoint = live.subscribes(&url(port), &["chat.abandoned", "chat.missed"], json!({})).await;
    let process = Process::starts(Language::Python, "docs/webhooks/recipes/abandoned.py", port, &endpoint.secret, &environment).await;
    let mut visitor = live.demo.visitor().await;
    visitor.asks("minha jarra veio lascada").await;
    visitor.leaves().await;
    let delivery = live.looks_at(&live.delivered(&endpoint, 1).await[0]).await;
    let mail = mails.recv_timeout(CEILING).unwrap_or_else(|_| panic!("no mail: {}", process.log()));
    let protocol = delivery["body"]["data"]["chat"]["protocol"].as_str().expect("a protocol");
    for line in [
        &format!("Subject: Call back {protocol}: Ana"),
        "To: tickets@example.com",
        "Reply-To: ana@example.com",
        "Asked: minha jarra veio lascada",
    ] {
        assert!(mail.lines().any(|known| known == line), "{line} is not in\n{mail}");
    }
    live.resends(&delivery["delivery"]).await;
    live.delivered(&endpoint, 2).await;
    assert!(mails.try_recv().is_err(), "a repeated event is no second mail");
}

#[tokio::test]
async fn a_bad_rating_alarms_the_team_and_a_good_one_does_not() {
    let (live, channel) = (Live::starts(), Receiver::opens());
    channel.answers_always(Answer::with(200, &[], "ok"));
    let port = free_port();
    let endpoint = live.subscribes(&url(port), &["chat.rated"], json!({"score_max": 2})).await;
    let environment = [("ALERT_URL", channel.url())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let process = Process::starts(Language::Node, "docs/webhooks/recipes/rating.mjs", port, &endpoint.secret, &environment).await;
    live.chat(5).await;
    let protocol = live.chat(1).await;
    live.delivered(&endpoint, 1).await;
    let posts = channel.posts();
    assert_eq!(posts.len(), 1, "{}", process.log());
    let alert = posts[0].json()["text"].as_str().expect("a text").to_owned();
    assert!(alert.starts_with(&format!("★☆☆☆☆ {protocol}: Ana, ")), "{alert}");
    assert!(alert.contains("“a jarra é linda &amp; frágil &lt;3”\nhttp://"), "{alert}");
}

#[tokio::test]
async fn a_tag_opens_one_deal() {
    let (live, crm) = (Live::starts(), Receiver::opens());
    crm.answers_always(Answer::with(201, &[], "{}"));
    let port = free_port();
    let tag = live.tag("orçamento").await;
    let endpoint = live.subscribes(&url(port), &["chat.tagged"], json!({"tag_ids": [tag]})).await;
    let crm_url = crm.url();
    let environment = [("NEGOCIO_URL", crm_url.as_str()), ("NEGOCIO_TOKEN", "s3cr3t")];
    let process = Process::starts(Language::Php, "docs/webhooks/recipes/deal.php", port, &endpoint.secret, &environment).await;
    let (_visitor, mut agent, chat) = live.chat_begins().await;
    agent.tags(&chat, &["troca"]).await;
    agent.tags(&chat, &["troca", "orçamento"]).await;
    agent.tags(&chat, &["orçamento"]).await;
    live.delivered(&endpoint, 2).await;
    let posts = crm.posts();
    assert_eq!(posts.len(), 1, "{}", process.log());
    assert_eq!((posts[0].header("idempotency-key"), posts[0].header("authorization")), (chat.as_str(), "Bearer s3cr3t"));
    let deal = posts[0].json();
    assert_eq!((&deal["contato"]["email"], &deal["origem"]["campanha"]), (&json!("ana@example.com"), &json!(null)));
    assert_eq!(deal["titulo"], "=1+1, \"minha\" jarra veio lascada");
}

/// A mail server that takes every mail; gives them as they came.
fn mail_server() -> (SocketAddr, Inbox<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (sender, inbox) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if takes_mails(&stream, &sender).is_err() {
                return;
            }
        }
    });
    (address, inbox)
}

fn takes_mails(mut stream: &TcpStream, sender: &Sender<String>) -> Result<(), mpsc::SendError<String>> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut says = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    says("220 mail.example.com");
    while let Some(line) = lines.next() {
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                says("354 go on");
                let mail: Vec<_> = lines.by_ref().take_while(|line| line != ".").collect();
                says("250 taken");
                sender.send(mail.join("\n"))?;
            }
            "QUIT" => {
                says("221 bye");
            }
            _ => {
                says("250 mail.example.com");
            }
        }
    }
    Ok(())
}
