//! Who is signed in stays so when the server is started again: sessions are rows, and only time or a revocation ends them.

use serde_json::json;
use tempfile::tempdir;

use crate::settings::office::{Admin, PT};
use crate::support::demo::Demo;
use crate::support::socket::Socket;

#[tokio::test]
async fn an_agents_browser_and_program_stay_signed_in_when_a_kept_demo_starts_again() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let account = demo.facts["agents"][0].clone();
    let agent = demo.agent(0).await;
    let credentials = json!({"email": account["email"], "password": account["password"]});
    let session = demo.http().post_json("/api/v1/sessions", &[], &credentials).await.json();
    assert_eq!(demo.stops(), Some(0));

    let demo = Demo::starts_in(folder.path(), &[]);
    let agent = agent.returns_to(&demo.http(), demo.fact("ws_agent_url")).await;
    assert_eq!(agent.welcome["agent"]["email"], account["email"]);
    let mut program = Socket::connect(demo.fact("ws_agent_url"), &[]).await;
    program.send(&json!({"type": "hello", "protocol": 1, "token": session["token"]})).await;
    program.first("welcome", |frame| frame["type"] == "welcome").await;

    assert_ne!(demo.facts["agents"][0]["password"], account["password"], "a demo's passwords are of one start");
    let old = demo.http().post_json("/api/v1/sessions", &[], &credentials).await;
    assert_eq!(old.status, 401, "{}", old.text());
    demo.agent(0).await;
}

#[tokio::test]
async fn an_admin_stays_signed_in_when_a_killed_server_starts_again() {
    let admin = Admin::sets_up().await;
    let Admin { server, cookie } = admin;
    let server = server.restarts();
    let console = server.http.get("/console", &[("cookie", &cookie), PT]).await;
    assert_eq!(console.status, 200, "{}", console.text());
    let signed_out = server.http.post_form("/logout", &[("cookie", &cookie), PT], &[]).await;
    assert_eq!(signed_out.status, 303, "{}", signed_out.text());
    let server = server.restarts();
    assert_eq!(server.http.get("/console", &[("cookie", &cookie), PT]).await.status, 303, "a session that was ended stays so");
}
