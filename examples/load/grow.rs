//! A data file with the past of years: chats are played once through the store's own rules and then copied, row by row with all their indexes,
//! in large transactions. Copies have ids, protocols and times of their own, older ones first, the last an hour ago.
//!
//! The file's size is bounded by the free disk: what a copy takes is known after the first ones.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use papo::auth::token::Token;
use papo::clock::Clock;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::ids::{AgentId, ChatId, DepartmentId};
use papo::domain::intake::Intake;
use papo::domain::page::Page;
use papo::domain::text::Body;
use papo::domain::visitor::Device;
use papo::store::Store;
use papo::store::commands::{NewRequest, Receipt};
use papo::store::error::StoreError;

/// Chats that are played; each is copied many times.
const PLAYED: usize = 16;
/// Chats copied in one transaction.
const COPIED: i64 = 4_000;
/// Disk that stays free.
const FREE_BYTES_MIN: u64 = 5 * 1024 * 1024 * 1024;
/// Milliseconds between two chats of the past.
const APART_MS: i64 = 60_000;

/// What was made.
pub struct Grown {
    pub chats: i64,
    pub messages: i64,
    pub bytes: u64,
    pub took: Duration,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Fills the data that a house was founded in.
///
/// # Errors
/// In words; also where the disk is too small for it.
pub async fn grow(folder: &Path, chats: i64, messages_each: usize) -> Result<Grown, String> {
    let began = Instant::now();
    let file = folder.join("data/papo.db");
    play(&file, messages_each).await.map_err(|error| error.to_string())?;
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| error.to_string())?;
    let fault = |error: diesel::result::Error| error.to_string();
    conn.batch_execute("pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -524288; pragma foreign_keys = off; pragma temp_store = memory;")
        .map_err(fault)?;
    conn.batch_execute(PATTERNS).map_err(fault)?;
    let copies = Copies::of(&mut conn).map_err(fault)?;
    let (mut made, mut empty) = (0, None);
    while made < chats {
        let count = COPIED.min(chats - made);
        conn.transaction::<_, diesel::result::Error, _>(|conn| copies.make(conn, made, count, chats)).map_err(fault)?;
        made += count;
        let size = std::fs::metadata(&file).map_or(0, |file| file.len());
        let (first_made, first_size) = *empty.get_or_insert((made, size));
        if made > first_made {
            let each = size.saturating_sub(first_size) / u64::try_from(made - first_made).unwrap_or(1);
            let (wanted, free) = (each * u64::try_from(chats - made).unwrap_or(0), free_bytes(folder));
            if wanted + FREE_BYTES_MIN > free {
                return Err(format!(
                    "{made} of {chats} chats were made: the rest takes {} GB and {} GB are free, of which 5 stay so",
                    wanted >> 30,
                    free >> 30
                ));
            }
        }
    }
    conn.batch_execute("drop table copied; pragma wal_checkpoint(truncate); pragma optimize;").map_err(fault)?;
    let messages =
        sql_query("select count(*) as count from timeline where type = 'message'").get_result::<Count>(&mut conn).map_err(fault)?;
    let bytes = std::fs::metadata(&file).map_or(0, |file| file.len());
    Ok(Grown { chats: made, messages: messages.count, bytes, took: began.elapsed() })
}

/// The chats to copy, with a number each.
const PATTERNS: &str = "create table copied as select row_number() over (order by id) - 1 as number, id, visitor_id, requested_at from chats where state = 'finished';";

/// The statements that copy, with the tables' columns as they are.
struct Copies(Vec<String>);

/// A UUID of version 7 made of a time and a number.
fn id_of(time: &str, kind: u8) -> String {
    format!("unhex(printf('%012x', {time}) || '7000{kind}' || printf('%015x', n))")
}

impl Copies {
    fn of(conn: &mut SqliteConnection) -> diesel::QueryResult<Self> {
        let at = "(:now - (:all - n) * :apart)";
        let (chat, visitor) = (id_of(at, 8), id_of(at, 9));
        let moved = |column: &str| (column.to_owned(), format!("t.{column} - p.requested_at + {at}"));
        let times = [
            "requested_at",
            "queued_at",
            "queued_steady",
            "started_at",
            "ended_at",
            "ended_steady",
            "last_message_at",
            "first_response_at",
            "absent_at",
            "absent_steady",
        ];
        let mut of_chats: Vec<(String, String)> = times.into_iter().map(moved).collect();
        of_chats.extend(
            [("id", chat.clone()), ("visitor_id", visitor.clone()), ("protocol", "printf('G%010d', n)".to_owned())]
                .map(|(name, sql)| (name.to_owned(), sql)),
        );
        let person = |column: &str| format!("case when t.{column} = p.visitor_id then {visitor} else t.{column} end");
        let pair = |name: &str, sql: &str| (name.to_owned(), sql.to_owned());
        Ok(Self(vec![
            copy(
                conn,
                "visitors",
                "t.id = p.visitor_id",
                &[pair("id", &visitor), pair("token_hash", "randomblob(32)"), moved("first_seen_at")],
            )?,
            copy(conn, "chats", "t.id = p.id", &of_chats)?,
            copy(
                conn,
                "timeline",
                "t.chat_id = p.id",
                &[
                    pair("chat_id", &chat),
                    pair("id", "randomblob(16)"),
                    pair("actor_id", &person("actor_id")),
                    moved("at"),
                    moved("steady"),
                ],
            )?,
            copy(conn, "receipts", "t.scope = p.id", &[pair("scope", &chat), pair("chat_id", &chat), pair("author", &person("author"))])?,
            copy(conn, "chat_tags", "t.chat_id = p.id", &[pair("chat_id", &chat)])?,
            copy(conn, "chat_agents", "t.chat_id = p.id", &[pair("chat_id", &chat)])?,
        ]))
    }

    fn make(&self, conn: &mut SqliteConnection, from: i64, count: i64, all: i64) -> diesel::QueryResult<()> {
        let now = Clock::system().now().wall.ms() - 3_600_000;
        for statement in &self.0 {
            let sql = statement
                .replace(":now", &now.to_string())
                .replace(":all", &all.to_string())
                .replace(":apart", &APART_MS.to_string())
                .replace(":from", &from.to_string())
                .replace(":count", &count.to_string());
            sql_query(sql).execute(conn)?;
        }
        Ok(())
    }
}

/// `insert … select` that copies the rows of `table` for each number, with these columns made anew.
fn copy(conn: &mut SqliteConnection, table: &str, of_pattern: &str, anew: &[(String, String)]) -> diesel::QueryResult<String> {
    let columns: Vec<Column> = sql_query(format!("select name from pragma_table_info('{table}')")).load(conn)?;
    let value = |column: &Column| {
        let made = anew.iter().find(|(name, _)| *name == column.name).map(|(_, sql)| sql.clone());
        made.unwrap_or_else(|| format!("t.\"{}\"", column.name))
    };
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    Ok(format!(
        "with recursive numbers (n) as (select :from union all select n + 1 from numbers where n + 1 < :from + :count)
         insert into {table} ({}) select {} from numbers cross join copied p on p.number = n % {PLAYED} cross join {table} t on {of_pattern}",
        names.join(", "),
        values.join(", ")
    ))
}

/// Bytes that are free where the folder is, as `df` says.
fn free_bytes(folder: &Path) -> u64 {
    let told = std::process::Command::new("df").args(["--output=avail", "-B1"]).arg(folder).output();
    let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    told.lines().nth(1).and_then(|free| free.trim().parse().ok()).unwrap_or(u64::MAX)
}

/// Plays whole chats through the store: every column and every stored shape is what the server writes.
async fn play(file: &Path, messages_each: usize) -> Result<(), StoreError> {
    let store = Store::open(file, Clock::system())?;
    let directory = store.directory();
    let site = directory.sites.keys().next().copied().ok_or(StoreError::NotFound)?;
    let mut places: Vec<(AgentId, DepartmentId)> = Vec::new();
    for agent in directory.agents.values().filter(|agent| agent.email.starts_with("agent")) {
        let department = directory.departments.values().find(|department| department.member(agent.id).is_some());
        places.extend(department.map(|department| (agent.id, department.id)));
    }
    places.sort();
    let tag = directory.tags.keys().next().copied();
    for number in 0..PLAYED {
        let (agent, department) = places.get(number % places.len().max(1)).copied().ok_or(StoreError::NotFound)?;
        let asked = store.request_chat(request(site, department, number)).await?;
        let (visitor, agent) = (Actor::Visitor(asked.visitor), Actor::Agent(agent));
        does(&store, asked.chat, agent, Command::Start, 0).await?;
        for message in 0..messages_each.saturating_sub(1) {
            let body = format!("Mensagem {message}: o pedido ainda não chegou e eu queria saber onde está, por favor");
            let body = Body::parse(&body).map_err(|_refused| StoreError::NotFound)?;
            does(&store, asked.chat, if message % 2 == 0 { agent } else { visitor }, Command::Write(body), message + 1).await?;
        }
        does(&store, asked.chat, agent, Command::Tag(tag.into_iter().collect()), messages_each + 1).await?;
        does(&store, asked.chat, agent, Command::Finish, messages_each + 2).await?;
        let rating = Command::Rate { score: i32::try_from(number % 5 + 1).unwrap_or(5), comment: None };
        does(&store, asked.chat, visitor, rating, messages_each + 3).await?;
    }
    store.close().await;
    Ok(())
}

async fn does(store: &Store, chat: ChatId, actor: Actor, command: Command, number: usize) -> Result<(), StoreError> {
    let receipt = Receipt { client_id: uuid::Uuid::from_u64_pair(0, u64::try_from(number).unwrap_or(0)).to_string(), fingerprint: [0; 16] };
    store.execute(chat, actor, command, Some(receipt)).await.map(|_| ())
}

fn request(site: papo::domain::ids::SiteId, department: DepartmentId, number: usize) -> NewRequest {
    let intake = Intake {
        name: Some(format!("Visitante {number}")),
        email: Some(format!("visitante{number}@example.com")),
        message: Body::parse("Bom dia, o pedido não chegou").ok(),
        department: Some(department),
        ..Intake::default()
    };
    NewRequest {
        site,
        token_hash: *Token::new().hash().bytes(),
        intake,
        fields: "{}".to_owned(),
        origin: "widget".to_owned(),
        locale: "pt-BR".to_owned(),
        timezone: Some("America/Recife".to_owned()),
        page: Page::claimed(Some("https://shop.example/shoes"), Some("Shoes"), None),
        device: Device::default(),
        user_agent: None,
        address: Some("127.0.0.1".to_owned()),
        previous_chat: None,
        receipt: None,
    }
}
