//! People on sockets: agents who signed in, visitors from many addresses, and the chats between them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::house::{AgentKey, House};
use crate::line::Line;

/// Connections that are made at the same time.
const AT_ONCE: usize = 64;
/// Sockets from one address: like offices, and within the ports that an address has.
const PER_ADDRESS: usize = 250;

/// A chat with both its ends.
#[derive(Clone)]
pub struct Pair {
    pub chat: String,
    pub visitor: Line,
    pub agent: Line,
}

/// The loopback address that the `number`th socket comes from: 127.0.1.1 and up.
pub fn source(number: usize) -> IpAddr {
    let block = u32::try_from(number / PER_ADDRESS).unwrap_or(0);
    IpAddr::V4(Ipv4Addr::from(0x7f00_0101 + (block / 250) * 0x1_0000 + (block % 250) * 0x100))
}

/// The text at `key` of a frame, where it is a string.
pub fn field(frame: &str, key: &str) -> String {
    let value: Value = serde_json::from_str(frame).unwrap_or_default();
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What it says when something else came than was wanted.
pub fn odd(what: &str, came: &str) -> String {
    format!("{what}: {}", came.chars().take(300).collect::<String>())
}

/// Opens a visitor's socket and says hello; gives the token too.
///
/// # Errors
/// In words.
pub async fn visitor(server: SocketAddr, site: &str, number: usize, token: Option<&str>, resume: Value) -> Result<(Line, String), String> {
    let line = Line::open(server, source(number), "/ws/visitor", None).await?;
    let hello = json!({"type": "hello", "protocol": 1, "site": site, "token": token, "locale": "pt-BR", "timezone": "America/Recife",
        "page": {"url": "https://shop.example/shoes?utm_source=mail", "title": "Shoes", "referrer": "https://search.example/"}, "resume": resume});
    line.send(&hello.to_string());
    let welcome = line.next().await.map_err(|code| format!("the visitor's socket ended with {code}"))?;
    if !welcome.starts_with(r#"{"type":"welcome""#) {
        return Err(odd("no welcome", &welcome));
    }
    Ok((line, field(&welcome, "token")))
}

/// Opens an agent's socket and says hello.
///
/// # Errors
/// In words.
pub async fn agent(server: SocketAddr, number: usize, key: &AgentKey) -> Result<Line, String> {
    let line = Line::open(server, source(PER_ADDRESS * 100 + number), "/ws/agent", None).await?;
    line.send(&json!({"type": "hello", "protocol": 1, "token": key.token}).to_string());
    let welcome = |text: &str| text.starts_with(r#"{"type":"welcome""#) || text.starts_with(r#"{"type":"error""#);
    let answer = line.first(welcome).await.map_err(|code| format!("the agent's socket ended with {code}"))?;
    if answer.starts_with(r#"{"type":"welcome""#) { Ok(line) } else { Err(odd("no welcome", &answer)) }
}

/// The first `count` agents of the house.
///
/// # Errors
/// In words.
pub async fn agents(house: &House, count: usize) -> Result<Vec<Line>, String> {
    let opened =
        futures_util::stream::iter(house.agents.iter().take(count).enumerate().map(|(number, key)| agent(house.server, number, key)));
    opened.buffered(16).collect::<Vec<_>>().await.into_iter().collect()
}

/// `count` visitors who have said hello, with their tokens.
///
/// # Errors
/// In words.
pub async fn visitors(house: &House, count: usize) -> Result<Vec<(Line, String)>, String> {
    let opened = futures_util::stream::iter((0..count).map(|number| visitor(house.server, &house.site, number, None, Value::Null)));
    opened.buffered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}

/// `count` active chats, spread evenly over the agents.
///
/// # Errors
/// In words.
pub async fn pairs(house: &House, agents: &[Line], count: usize) -> Result<Vec<Pair>, String> {
    let visitors = visitors(house, count).await?;
    let mut pairs = Vec::with_capacity(count);
    let asked = visitors.into_iter().enumerate().map(|(number, (line, _))| async move {
        let department = house.agents.get(number % agents.len()).and_then(|key| key.department.clone());
        let chat = request(&line, department.as_deref()).await?;
        Ok::<_, String>((line, chat))
    });
    let asked: Vec<_> = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (number, asked) in asked.into_iter().enumerate() {
        let (visitor, chat) = asked?;
        let agent = agents.get(number % agents.len()).cloned().ok_or("there are no agents")?;
        pairs.push(Pair { chat, visitor, agent });
    }
    for pair in &pairs {
        accept(&pair.agent, &pair.chat).await?;
    }
    Ok(pairs)
}

/// Asks for a chat; its id.
///
/// # Errors
/// In words.
pub async fn request(visitor: &Line, department: Option<&str>) -> Result<String, String> {
    let request = json!({"type": "request", "client_id": "request", "department_id": department, "name": "Ana", "email": "ana@example.com", "phone": null,
        "message": "Bom dia, o pedido não chegou", "consent": null, "previous_chat_id": null, "fields": {}});
    visitor.send(&request.to_string());
    let answer = |text: &str| text.contains(r#""client_id":"request""#) && !text.starts_with(r#"{"type":"event""#);
    let ack = visitor.first(answer).await.map_err(|code| format!("the visitor's socket ended with {code}"))?;
    if ack.starts_with(r#"{"type":"ack""#) { Ok(field(&ack, "chat_id")) } else { Err(odd("a request was refused", &ack)) }
}

async fn accept(agent: &Line, chat: &str) -> Result<(), String> {
    let id = format!("accept-{chat}");
    agent.send(&json!({"type": "accept", "client_id": id, "chat_id": chat}).to_string());
    let answer = |text: &str| text.contains(&id) && !text.starts_with(r#"{"type":"event""#);
    let ack = agent.first(answer).await.map_err(|code| format!("the agent's socket ended with {code}"))?;
    if ack.starts_with(r#"{"type":"ack""#) { Ok(()) } else { Err(odd("an accept was refused", &ack)) }
}
