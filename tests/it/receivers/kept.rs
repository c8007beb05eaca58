//! What a receiver has in its file: the chats as it knows them, and which events.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Nullable, Text};
use serde_json::Value;

/// How a receiver keeps its data.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// The tables of `receber.php`.
    Tabelas,
    /// The tables of `receive.py`.
    Tables,
    /// A line of JSON for each event.
    Lines,
    /// A line of the spreadsheet that `receber.php` writes where PHP has no SQLite.
    Csv,
}

/// A chat as the receiver knows it.
#[derive(Debug, PartialEq, Eq, QueryableByName)]
pub struct Chat {
    #[diesel(sql_type = Text)]
    pub protocol: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub rating: Option<i32>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

impl Shape {
    /// The ids of the events that it remembers.
    pub fn events(self, file: &Path) -> BTreeSet<String> {
        match self {
            Self::Tabelas => rows::<Id>(file, "select id from eventos").into_iter().map(|row| row.id).collect(),
            Self::Tables => rows::<Id>(file, "select id from events").into_iter().map(|row| row.id).collect(),
            Self::Lines => lines(file).iter().map(|event| text(&event["id"])).collect(),
            Self::Csv => csv(file).iter().map(|row| row["evento"].clone()).collect(),
        }
    }

    /// The chats, by protocol.
    pub fn chats(self, file: &Path) -> Vec<Chat> {
        match self {
            Self::Tabelas => {
                rows(file, "select protocolo as protocol, estado as state, nome as name, nota as rating from atendimentos order by 1")
            }
            Self::Tables => rows(file, "select protocol, state, name, rating from chats order by 1"),
            Self::Lines => {
                let counted = lines(file).into_iter().filter(|event| event["sequence"].is_i64());
                latest(counted.map(|event| (event["sequence"].as_i64().unwrap_or_default(), of_event(&event))))
            }
            Self::Csv => latest(csv(file).iter().map(|row| {
                let rating = row["nota"].parse().ok();
                let chat = Chat { protocol: row["protocolo"].clone(), state: row["estado"].clone(), name: row["nome"].clone(), rating };
                (row["sequencia"].parse().expect("a number"), chat)
            })),
        }
    }
}

/// What a query of the file's database gives.
pub fn rows<Row>(file: &Path, query: &str) -> Vec<Row>
where
    Row: QueryableByName<diesel::sqlite::Sqlite> + 'static,
{
    let mut connection = SqliteConnection::establish(file.to_str().expect("a path in UTF-8")).expect("a database");
    sql_query(query).load(&mut connection).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Changes the file's database.
pub fn executes(file: &Path, statement: &str) {
    let mut connection = SqliteConnection::establish(file.to_str().expect("a path in UTF-8")).expect("a database");
    sql_query(statement).execute(&mut connection).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn of_event(event: &Value) -> Chat {
    let chat = &event["data"]["chat"];
    Chat {
        protocol: text(&chat["protocol"]),
        state: text(&chat["state"]),
        name: text(&event["data"]["visitor"]["name"]),
        rating: chat["rating"]["score"].as_i64().and_then(|score| score.try_into().ok()),
    }
}

fn latest(states: impl Iterator<Item = (i64, Chat)>) -> Vec<Chat> {
    let mut by_protocol = BTreeMap::new();
    for (sequence, chat) in states {
        let known = by_protocol.get(&chat.protocol).is_some_and(|(highest, _)| *highest > sequence);
        if !known {
            by_protocol.insert(chat.protocol.clone(), (sequence, chat));
        }
    }
    by_protocol.into_values().map(|(_, chat)| chat).collect()
}

fn lines(file: &Path) -> Vec<Value> {
    let content = std::fs::read_to_string(file).unwrap_or_default();
    content.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The lines by the names of their columns.
fn csv(file: &Path) -> Vec<BTreeMap<String, String>> {
    let content = std::fs::read_to_string(file.with_extension("csv")).unwrap_or_default();
    assert!(!content.contains(",=") && !content.contains(",\"="), "a spreadsheet would execute it: {content}");
    let mut lines = content.lines().map(cells);
    let head = lines.next().unwrap_or_default();
    lines.map(|values| head.iter().cloned().zip(values).collect()).collect()
}

/// The cells of a line: those with commas stand between quotation marks, and theirs are doubled.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match (letter, cells.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted => cells.push(String::new()),
            (letter, Some(cell)) => cell.push(letter),
            (_, None) => {}
        }
    }
    cells
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
