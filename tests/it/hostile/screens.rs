//! Text that wants to be a program, through every field into every screen of a real Chromium: it stays text, and no policy is even asked to stop it.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use papo::config::Rates;
use papo::domain::agent::Availability;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::ids::ChatId;
use papo::domain::site::{Consent, Site};
use papo::domain::text::Body;
use papo::i18n::{Locale, Texts};
use papo::store::organisation::OrganisationChange;
use papo::store::people::AgentData;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::cast::hello;
use super::table::{TABLE, expected};
use crate::api::server::{ADMIN, EVERY_SCOPE, PASSWORD, Server};
use crate::browser::DESKTOP;
use crate::browser::stranger::website;
use crate::browser::window::{FRAME, LAUNCHER};
use crate::support::browser::Browser;
use crate::support::eventually;
use crate::support::socket::Socket;

/// For fields of one line.
const LINE: &str = r#"ZXZ"'><img src=x onerror=ran=1><svg onload=ran=1>{{7*7}}"#;
/// Where a program or its address could begin, in as many ways as there are places; then a word without an end.
fn text() -> String {
    let ways = [
        r#"ZXZ</script><script>window.ran=1</script></textarea></title></template>"'><img src=x onerror=window.ran=1>"#,
        r#"<svg/onload=window.ran=1><iframe srcdoc="<script>parent.ran=1</script>"></iframe><math><a xlink:href="javascript:ran=1">"#,
        r#"javascript:window.ran=1 https://a.example/"onmouseover="window.ran=1 [x](javascript:window.ran=1) data:text/html,<script>"#,
        r#"{{constructor.constructor('window.ran=1')()}} ${window.ran=1} <%= ran=1 %> #{ran=1} \u003cscript\u003e &lt;script&gt;"#,
        "\u{202e}gpj.exe\u{202c} \u{200b}\u{feff} <scr\u{0}ipt> \u{ff1c}script\u{ff1e}",
    ];
    format!("{} {}", ways.join(" "), "W".repeat(600)).replace('\0', "")
}

/// Runs before anything of a page.
const WATCH: &str = "window.violations = [];
    window.addEventListener('securitypolicyviolation', (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    }, true);";

/// What ran, what a policy stopped, and what waits for a click or a load to run.
const FOUND: &str = "const armed = (node) => [...node.attributes].some(({ name, value }) => /^on/i.test(name)
        || (/^(href|src|srcdoc|action|formaction|xlink:href)$/i.test(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value)));
    return [window.ran ?? null, window.violations ?? 'nobody watches', [...document.querySelectorAll('*')].filter(armed).map((node) => node.outerHTML)];";

struct Stage {
    browser: Browser,
    server: Server,
    screens: u32,
}

impl Stage {
    /// Asserts that the present document is quiet.
    async fn is_quiet(&mut self, screen: &str) {
        assert_eq!(self.browser.looks(FOUND).await, json!([null, [], []]), "{screen}");
        self.screens += 1;
    }

    /// As `is_quiet`, once the text stands there to be read.
    async fn shows_the_text(&mut self, screen: &str, selector: &str) {
        let there = format!(
            "return [...document.querySelectorAll({selector:?})].some((part) => (part.innerText + (part.value ?? '')).includes('ZXZ'))"
        );
        self.browser.finds(&there, &json!(true)).await;
        self.is_quiet(screen).await;
    }

    async fn goes_to(&self, path: &str) {
        self.browser.goes_to(&format!("{}{path}", self.server.url)).await;
    }
}

/// Somebody else's server: every answer is a failure in words that want to run.
async fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let body = text();
    let answer = format!(
        "HTTP/1.1 500 No\r\nx-payload: {LINE}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 16_384];
            if stream.read(&mut asked).await.is_ok() {
                stream.write_all(answer.as_bytes()).await.ok();
            }
        }
    });
    url
}

/// Every field that the settings have; gives the id of the endpoint whose receiver answers in kind.
async fn furnishes(server: &Server, host: &str) -> String {
    let (store, by) = (server.store(), || server.by_admin());
    let directory = store.directory();
    let name = LINE.to_owned();
    let change = OrganisationChange { name: name.clone(), timezone: "America/Recife".to_owned(), locale: "pt-BR".to_owned() };
    store.change_organisation(change, by()).await.expect("an organisation");
    let admin = directory.agents.get(&server.admin).cloned().expect("the admin");
    let data = AgentData {
        name: name.clone(),
        email: admin.email,
        role: admin.role,
        chats_max: 20,
        external_id: None,
        places: vec![(server.department, true)],
    };
    store.change_agent(server.admin, data, by()).await.expect("a name");
    store.create_tag(name.clone(), by()).await.expect("a tag");
    let mut department = store.directory().departments.get(&server.department).cloned().expect("the department");
    department.name.clone_from(&name);
    store.change_department(department, by()).await.expect("a department");
    let site = store.directory().sites.values().next().cloned().expect("the site");
    let site = Site {
        name: name.clone(),
        title: name.clone(),
        greeting: name.clone(),
        label: name.clone(),
        allowed_domains: vec![host.to_owned()],
        consent: Some(Consent { version: 1, text: text().chars().take(400).collect() }),
        privacy_url: Some("https://a.example/\"onclick=ran=1".to_owned()),
        location_recipients: name.clone(),
        ..site
    };
    store.change_site(site, by()).await.expect("a site");
    let token = server.token(EVERY_SCOPE).await;
    let headers = json!([{"name": "x-payload", "value": LINE}]);
    let events: Vec<&str> = vec!["chat.requested", "message.created", "chat.rated"];
    let mut ids = Vec::new();
    for url in [receiver().await, format!("{}/inspector/inspector", server.url)] {
        let body = json!({"name": LINE, "url": url, "events": events, "headers": headers, "plain_http_accepted": true});
        let made = server.post("/endpoints", &token, body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        ids.push(made.json()["endpoint"]["id"].as_str().expect("an id").to_owned());
    }
    ids.swap_remove(0)
}

/// A visitor whose every word is bad; the chat and the socket.
async fn asks(server: &Server) -> (ChatId, Socket) {
    let mut socket = Socket::connect(&format!("{}/ws/visitor", server.url.replacen("http", "ws", 1)), &[]).await;
    let mut hello = hello(None);
    let page = format!("https://shop.example/?utm_source={LINE}&utm_campaign=javascript:ran=1");
    hello["page"] = json!({"url": page, "title": LINE, "referrer": "https://a.example/<script>ran=1</script>"});
    hello["timezone"] = json!(LINE);
    socket.send(&hello).await;
    socket.first("welcome", |frame| frame["type"] == "welcome").await;
    let request = json!({"type": "request", "name": LINE, "email": "ana@example.com", "message": text(), "fields": {LINE: text()},
        "consent": {"version": 1, "marketing": false}});
    let answer = socket.command(request).await;
    let chat = answer["chat_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no chat: {answer}"));
    (chat, socket)
}

async fn does(server: &Server, chat: ChatId, command: Command) {
    server.store().execute(chat, Actor::Agent(server.admin), command, None).await.expect("a command");
}

fn body() -> Body {
    Body::parse(&text()).expect("a text")
}

/// A chat that is answered, one that ended, one that waits, and a message for later. What only programs will write stands in the rows already.
async fn plays(server: &Server) -> [ChatId; 3] {
    let (active, mut first) = asks(server).await;
    let tag = server.store().directory().tags.keys().next().copied().expect("a tag");
    for command in [Command::Start, Command::Write(body()), Command::Note(body()), Command::Tag([tag].into())] {
        does(server, active, command).await;
    }
    let (ended, mut second) = asks(server).await;
    does(server, ended, Command::Start).await;
    does(server, ended, Command::Finish).await;
    let rated = second.command(json!({"type": "rate", "chat_id": ended.to_string(), "score": 1, "comment": text()})).await;
    assert_eq!(rated["type"], "ack", "{rated}");
    let (waiting, _) = asks(server).await;
    let mut note = json!({"type": "offline_message", "name": LINE, "email": "a@b.co", "body": text()});
    note["consent"] = json!({"version": 1});
    assert_eq!(first.command(note).await["type"], "ack");
    let cards = json!([{"title": LINE, "content": text(), "url": "javascript:ran=1", "from": LINE, "at": "2026-11-22T12:00:00.000Z"}]);
    let file = server.data().join("papo.db");
    let mut connection = SqliteConnection::establish(file.to_str().expect("a path in UTF-8")).expect("a second connection");
    connection.batch_execute("pragma busy_timeout = 10000").expect("the server writes too");
    diesel::sql_query("update visitors set custom = ?, cards = ?")
        .bind::<diesel::sql_types::Text, _>(json!({LINE: text()}).to_string())
        .bind::<diesel::sql_types::Text, _>(cards.to_string())
        .execute(&mut connection)
        .expect("what webhooks and the organisation's systems tell");
    [active, ended, waiting]
}

async fn signs_in(stage: &mut Stage, t: &Texts) {
    stage.goes_to("/login").await;
    stage.shows_the_text("sign-in", "body").await;
    stage.browser.fills("input[name=email]", ADMIN).await;
    stage.browser.fills("input[name=password]", PASSWORD).await;
    stage.browser.presses(t.text("login.submit")).await;
    stage.browser.sees("#availability:not([disabled])").await;
}

async fn walks_the_console(stage: &mut Stage, chats: [ChatId; 3]) {
    stage.shows_the_text("the lists", "#lists").await;
    for chat in chats {
        stage.browser.looks(&format!("location.hash = '{chat}'")).await;
        stage.shows_the_text("a conversation", "#conversation").await;
        stage.shows_the_text("a card", "#visitor, #card").await;
    }
    stage.browser.looks(&format!("location.hash = '{}'", chats[0])).await;
    for (button, dialog) in [("#act-tags", "#tagging[open]"), ("#act-transfer", "#transfer[open]")] {
        stage.browser.clicks(button).await;
        stage.shows_the_text(dialog, dialog).await;
        stage.browser.clicks(&format!("{dialog} button[value=cancel]")).await;
        stage.browser.sees_no(dialog).await;
    }
    stage.browser.types("#search", "ZXZ").await;
    stage.shows_the_text("the search", "#lists").await;
    stage.goes_to("/offline").await;
    stage.shows_the_text("the inbox", ".offline-item").await;
}

async fn walks_the_settings(stage: &mut Stage, endpoint: &str) {
    let token = stage.server.token(EVERY_SCOPE).await;
    let found = stage.server.get(&format!("/deliveries?endpoint_id={endpoint}"), &token).await.json();
    // Those after it wait until it has got through, which it never will.
    let first = found["data"].as_array().and_then(|found| found.last()).expect("a delivery");
    let delivery = first["id"].as_str().expect("an id").to_owned();
    eventually("an attempt", async || {
        let detail = stage.server.get(&format!("/deliveries/{delivery}"), &token).await.json();
        detail["attempts"].as_array().is_some_and(|attempts| !attempts.is_empty()).then_some(())
    })
    .await;
    let directory = stage.server.store().directory();
    let (site, tag) = (directory.sites.keys().next().expect("a site"), directory.tags.keys().next().expect("a tag"));
    let id_of = |path: &str| match path.split('/').nth(2) {
        Some("agents") => stage.server.admin.to_string(),
        Some("departments") => stage.server.department.to_string(),
        Some("sites") => site.to_string(),
        Some("tags") => tag.to_string(),
        Some(_) if path.contains("endpoints") => endpoint.to_owned(),
        _ => delivery.clone(),
    };
    let pages = TABLE.iter().filter_map(|(route, cells)| Some((route.strip_prefix("GET ")?, cells)));
    let settings: Vec<(&str, String)> = pages
        .filter(|(path, cells)| {
            path.starts_with("/settings/")
                && ![".json", "/stream"].iter().any(|end| path.ends_with(end))
                && expected(cells, "admin", true) == "ok"
        })
        .map(|(path, _)| (path, path.replace("{id}", &id_of(path))))
        .collect();
    assert!(settings.len() > 20, "{settings:?}");
    for (route, path) in settings {
        stage.goes_to(&path).await;
        stage.browser.looks("document.querySelectorAll('details').forEach((part) => { part.open = true; })").await;
        if route == "/settings/webhooks/deliveries/{id}" {
            stage.shows_the_text("a delivery with its answer", "body").await;
        } else {
            stage.is_quiet(route).await;
        }
    }
    stage.goes_to("/inspector").await;
    stage.browser.reads("chat.requested").await;
    stage.browser.looks("document.querySelectorAll('.post-line').forEach((line) => line.click())").await;
    stage.shows_the_text("the inspector", ".post-whole").await;
}

async fn meets_errors(stage: &mut Stage) {
    let bad: String = url::form_urlencoded::byte_serialize(LINE.as_bytes()).collect::<String>().replace('+', "%20");
    let places = [
        "/nowhere/",
        "/settings/agents/",
        "/settings/sites/",
        "/demo/",
        "/password/",
        "/widget/",
        "/inspector/",
        "/login?next=",
        "/login?told=",
        "/settings/account?told=",
        "/settings/webhooks/deliveries?text=",
        "/settings/webhooks/deliveries?type=",
        "/offline#",
        "/console#",
    ];
    for place in places {
        stage.goes_to(&format!("{place}{bad}")).await;
        stage.is_quiet(place).await;
    }
}

/// The visitor's own side, from the form to the rating.
async fn chats(stage: &mut Stage, t: &Texts, page: &str) {
    let (store, admin) = (stage.server.store(), stage.server.admin);
    store.agent_present(admin, true).await.expect("present");
    store.set_availability(admin, Availability::Online, None).await.expect("online");
    stage.browser.goes_to(page).await;
    stage.browser.sees_by(LAUNCHER).await;
    stage.is_quiet("the launcher").await;
    stage.browser.clicks_by(LAUNCHER).await;
    stage.browser.enters_frame_by(FRAME).await;
    stage.browser.looks(WATCH).await;
    stage.shows_the_text("the form", "body").await;
    for (field, value) in [("#name", LINE.to_owned()), ("#email", "ana@example.com".to_owned()), ("#message", text())] {
        stage.browser.fills(field, &value).await;
    }
    if stage.browser.shows("#consent").await {
        stage.browser.clicks("#consent").await;
    }
    stage.browser.presses(t.text("widget.form.start")).await;
    stage.browser.reads(t.text("widget.queue.position")).await;
    stage.is_quiet("the queue").await;
    let token = stage.server.token(EVERY_SCOPE).await;
    let last = stage.server.get("/chats?limit=1", &token).await.json()["data"][0]["id"].take();
    let chat: ChatId = last.as_str().and_then(|id| id.parse().ok()).expect("the newest chat");
    does(&stage.server, chat, Command::Start).await;
    does(&stage.server, chat, Command::Write(body())).await;
    stage.shows_the_text("the talk", "#main [role=log], #main").await;
    stage.browser.needs_no_sideways_scrolling("the talk with a word without an end").await;
    does(&stage.server, chat, Command::Finish).await;
    stage.browser.sees(".rate label").await;
    stage.browser.presses(t.text("widget.rate.score_5")).await;
    stage.browser.fills("#comment", &text()).await;
    stage.browser.presses(t.text("widget.rate.send")).await;
    stage.browser.reads(t.text("widget.end.rated")).await;
    stage.is_quiet("the thanks").await;
    stage.browser.leaves_frame().await;
    stage.is_quiet("the page around it").await;
}

#[actix_web::test]
async fn no_text_ever_runs_on_any_screen() {
    let server = Server::reaching(Rates::default(), "127.0.0.0/8").await;
    let tag = format!("<script async src=\"{}/widget.js\" data-site=\"key\"></script>", server.url);
    let page = website("", &tag).await;
    let endpoint = furnishes(&server, page.trim_start_matches("http://").trim_end_matches('/')).await;
    let chats_played = plays(&server).await;
    let browser = Browser::starts(DESKTOP).await;
    browser.prepares_pages(WATCH).await;
    let mut stage = Stage { browser, server, screens: 0 };
    let t = Texts::for_locale(Locale::PtBr);
    signs_in(&mut stage, t).await;
    walks_the_console(&mut stage, chats_played).await;
    walks_the_settings(&mut stage, &endpoint).await;
    meets_errors(&mut stage).await;
    chats(&mut stage, t, &page).await;
    // The console's own words tell of frames, too, where nobody could watch from the first line on.
    let stopped: Vec<String> = stage
        .browser
        .complaints()
        .await
        .into_iter()
        .filter(|line| line.contains("Content Security Policy") || line.contains("Uncaught"))
        .collect();
    assert_eq!(stopped, Vec::<String>::new());
    println!("{} screens", stage.screens);

    // And had anything been a program, it would have been noticed.
    stage.goes_to("/settings/account").await;
    let inserted = "const part = document.createElement('div'); part.innerHTML = '<img src=x onerror=ran=1>'; document.body.append(part);";
    stage.browser.looks(inserted).await;
    let noticed = "return [window.violations.some((line) => line.startsWith('script-src')), window.ran ?? null]";
    stage.browser.finds(noticed, &json!([true, Value::Null])).await;
    stage.browser.ends().await;
}
