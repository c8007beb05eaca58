//! Every audited act of SECURITY.md writes its row: readings of other people's chats, reveals, tests, and every change of the settings.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection};
use papo::domain::ids::{AgentId, ChatId};
use papo::store::Store;
use serde_json::json;

use super::cast::{Cast, Knocker};
use crate::api::server::{EVERY_SCOPE, PASSWORD};
use crate::support::eventually;
use crate::support::socket::Socket;

/// A line of the log.
#[derive(QueryableByName, PartialEq)]
pub struct Act {
    #[diesel(sql_type = Text)]
    act: String,
    #[diesel(sql_type = Nullable<Binary>)]
    actor_id: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    target_id: Option<Vec<u8>>,
}

/// The whole log.
pub async fn acts(store: &Store) -> Vec<Act> {
    store
        .read(|conn| Ok(diesel::sql_query("select act, actor_id, target_id from audit_log order by id").load(conn)?))
        .await
        .expect("the log")
}

async fn readings(cast: &Cast, agent: AgentId, chat: ChatId) -> usize {
    let (agent, chat) = (Some(agent.0.as_bytes().to_vec()), Some(chat.0.as_bytes().to_vec()));
    let row = Act { act: "chat.read".to_owned(), actor_id: agent, target_id: chat };
    acts(cast.server.store()).await.iter().filter(|act| **act == row).count()
}

async fn desk(cast: &Cast, agent: AgentId) -> Socket {
    let token = cast.session(agent, true).await;
    let mut socket = Socket::connect(&cast.socket_url("agent"), &[]).await;
    socket.send(&json!({"type": "hello", "protocol": 1, "token": token})).await;
    socket.first("welcome", |frame| frame["type"] == "welcome").await;
    socket
}

fn person(cast: &Cast, role: &str) -> AgentId {
    cast.knockers.iter().find(|knocker| knocker.role == role).and_then(|knocker: &Knocker| knocker.agent).expect("a person")
}

async fn opens(socket: &mut Socket, chat: ChatId) {
    let answer = socket.command(json!({"type": "open", "chat_id": chat.to_string(), "after": null})).await;
    assert_eq!(answer["type"], "chat", "{answer}");
}

#[actix_web::test]
async fn who_reads_a_chat_that_others_answer_is_written_down_once_in_an_hour() {
    let cast = Cast::gathers().await;
    let (supervisor, chat) = (person(&cast, "supervisor"), cast.server.chat("oi").await);
    let mut desk_of_supervisor = desk(&cast, supervisor).await;
    opens(&mut desk_of_supervisor, chat).await;
    cast.server.starts_chat(chat, cast.colleague).await;
    let mut own = desk(&cast, cast.colleague).await;
    opens(&mut own, chat).await;
    for _ in 0..3 {
        opens(&mut desk_of_supervisor, chat).await;
    }
    let once = async |times: usize| {
        eventually("a row", async || (readings(&cast, supervisor, chat).await == times).then_some(())).await;
    };
    once(1).await;
    assert_eq!(readings(&cast, cast.colleague, chat).await, 0, "one's own is no reading");
    let admin = person(&cast, "admin");
    desk(&cast, admin).await.command(json!({"type": "history", "chat_id": chat.to_string(), "before": 9})).await;
    eventually("an admin's row", async || (readings(&cast, admin, chat).await == 1).then_some(())).await;
    cast.server.clock.advance_ms(3_600_000);
    opens(&mut desk_of_supervisor, chat).await;
    once(2).await;
}

#[actix_web::test]
async fn a_reading_that_can_not_be_written_down_is_a_reading_all_the_same() {
    let cast = Cast::gathers().await;
    let (agent, chat) = (person(&cast, "agent"), cast.server.chat("oi").await);
    cast.server.starts_chat(chat, cast.colleague).await;
    let (mut socket, session) = (desk(&cast, agent).await, cast.session(agent, true).await);
    let file = cast.server.data().join("papo.db");
    let mut connection = SqliteConnection::establish(file.to_str().expect("a path in UTF-8")).expect("a second connection");
    // The server may be writing down what it could not at this very moment.
    connection.batch_execute("pragma busy_timeout = 30000").expect("patience");
    connection.batch_execute("alter table audit_log rename to elsewhere").expect("a table that is gone");
    opens(&mut socket, chat).await;
    assert_eq!(cast.server.get(&format!("/chats/{chat}"), &session).await.status, 200);
    connection.batch_execute("alter table elsewhere rename to audit_log").expect("the table again");
    // What failed is tried again with the next reading.
    eventually("a row", async || {
        opens(&mut socket, chat).await;
        (readings(&cast, agent, chat).await == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn what_a_person_reads_over_rest_is_written_down_too() {
    let cast = Cast::gathers().await;
    let (agent, chat) = (person(&cast, "agent"), cast.server.chat("oi").await);
    cast.server.starts_chat(chat, cast.colleague).await;
    let (session, own) = (cast.session(agent, true).await, cast.session(cast.colleague, true).await);
    let token = cast.server.token(EVERY_SCOPE).await;
    for bearer in [&session, &own, &token] {
        assert_eq!(cast.server.get(&format!("/chats/{chat}/timeline"), bearer).await.status, 200);
        assert_eq!(cast.server.get(&format!("/chats/{chat}"), bearer).await.status, 200);
    }
    eventually("a row", async || (readings(&cast, agent, chat).await == 1).then_some(())).await;
    let all = acts(cast.server.store()).await;
    assert_eq!(all.iter().filter(|line| line.act == "chat.read").count(), 1, "of this person alone");
    let elsewhere = cast.session(person(&cast, "elsewhere"), true).await;
    assert_eq!(cast.server.get(&format!("/chats/{chat}"), &elsewhere).await.status, 404);
    assert_eq!(readings(&cast, person(&cast, "elsewhere"), chat).await, 0, "what isn't shown isn't read");
}

#[actix_web::test]
async fn each_change_reveal_and_test_writes_its_row() {
    let cast = Cast::gathers().await;
    let http = &cast.server.http;
    let cookie = format!("papo_session={}", cast.session(cast.server.admin, false).await);
    let program = cast.session(cast.server.admin, true).await;
    let endpoint =
        json!({"url": format!("{}/inspector/inspector", cast.server.url), "events": ["chat.requested"], "plain_http_accepted": true});
    let made = cast.server.post("/endpoints", &program, endpoint).await.json();
    let endpoint = made["endpoint"]["id"].as_str().expect("an id");
    let by = || cast.server.by_admin();
    let store = cast.server.store();
    let tag = store.create_tag(cast.name(), by()).await.expect("a tag");
    let agent = cast.person(papo::domain::agent::Role::Agent, Vec::new()).await;
    let department = cast.department().await;
    let settings = |path: String| format!("/settings/{path}");
    let posts = [
        (settings(format!("webhooks/endpoints/{endpoint}/reveal")), "endpoint.secret_revealed"),
        (settings(format!("webhooks/endpoints/{endpoint}/rotate")), "endpoint.secret_rotated"),
        (settings(format!("webhooks/endpoints/{endpoint}/test")), "endpoint.tested"),
        (settings(format!("webhooks/endpoints/{endpoint}/archive")), "endpoint.archived"),
        (settings("webhooks".to_owned()), "webhooks.quick_set_up"),
        (settings(format!("tags/{tag}/archive")), "tag.archived"),
        (settings(format!("tags/{tag}/restore")), "tag.restored"),
        (settings(format!("agents/{agent}/password-link")), "password_link.created"),
        (settings(format!("agents/{agent}/archive")), "agent.archived"),
        (settings(format!("agents/{agent}/restore")), "agent.restored"),
        (settings(format!("departments/{department}/archive")), "department.archived"),
        (settings(format!("departments/{department}/restore")), "department.restored"),
    ];
    let count = async |act: &str| acts(store).await.iter().filter(|line| line.act == act).count();
    for act in ["endpoint.created", "tag.created", "agent.created", "department.created", "api_token.created", "api_token.revoked"] {
        assert!(count(act).await > 0, "{act}");
    }
    for (path, act) in posts {
        let before = count(act).await;
        let answer = http
            .post_form(
                &path,
                &[("cookie", cookie.as_str())],
                &[("password", PASSWORD), ("type", "chat.rated"), ("since", "2026-01-01T00:00")],
            )
            .await;
        assert!(answer.status < 400, "{path}: {} {}", answer.status, answer.text());
        assert_eq!(count(act).await, before + 1, "{path} writes {act}");
    }
    let log = acts(store).await;
    assert!(log.iter().all(|line| line.actor_id.is_some()), "each by somebody");
}
