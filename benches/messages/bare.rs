//! The same stack with nothing on it: what actix-ws, one writer thread and SQLite can do on this machine when there are no rules, no rights, no
//! counts and no second tab. Its figures are the measure of ours.
//!
//! Two sockets per room. A message is parsed, written as one row (in a transaction with all that wait, synced to disk), acknowledged
//! to its author and pushed to the other side. Its frames are shaped like ours, so that the same generator talks to both.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::{self, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use actix_ws::AggregatedMessage;
use bytestring::ByteString;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, ExpressionMethods as _, RunQueryDsl as _, SqliteConnection};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

/// Rows in one transaction.
const BATCH_MAX: usize = 512;
const HEARTBEAT: Duration = Duration::from_secs(30);

diesel::table! {
    rows (id) {
        id -> Binary,
        room -> Text,
        seq -> BigInt,
        side -> Text,
        body -> Text,
        at -> BigInt,
    }
}

type Outlet = mpsc::Sender<ByteString>;

#[derive(Default)]
struct Room {
    visitor: Option<Outlet>,
    agent: Option<Outlet>,
    seq: i64,
}

type Rooms = Arc<Vec<Mutex<HashMap<String, Room>>>>;

struct Row {
    room: String,
    side: &'static str,
    client_id: String,
    body: String,
    own: Outlet,
}

#[derive(Deserialize)]
struct Message {
    client_id: String,
    chat_id: String,
    body: String,
}

struct State {
    rooms: Rooms,
    writer: mpsc::Sender<Row>,
}

/// Serves until it is killed; the first line says where.
pub fn serve(file: &Path) -> std::io::Result<()> {
    let rooms: Rooms = Arc::new(std::iter::repeat_with(Mutex::default).take(16).collect());
    let (writer, queue) = mpsc::channel(8_192);
    let (known, file) = (Arc::clone(&rooms), file.to_owned());
    std::thread::Builder::new().name("bare-writer".to_owned()).spawn(move || write(&file, &known, queue))?;
    let state = Data::new(State { rooms, writer });
    rt::System::new().block_on(async move {
        let server = HttpServer::new(move || App::new().app_data(state.clone()).route("/ws", web::get().to(connect)))
            .on_connect(|io, _| {
                if let Some(stream) = io.downcast_ref::<rt::net::TcpStream>() {
                    drop(stream.set_nodelay(true));
                }
            })
            .workers(std::thread::available_parallelism().map_or(2, usize::from))
            .backlog(4_096)
            .bind("127.0.0.1:0")?;
        println!("listening on http://{}", server.addrs().first().map(ToString::to_string).unwrap_or_default());
        server.run().await
    })
}

fn shard<'a>(rooms: &'a Rooms, room: &str) -> std::sync::MutexGuard<'a, HashMap<String, Room>> {
    let sum: usize = room.bytes().map(usize::from).sum();
    let place = rooms.get(sum % 16).or_else(|| rooms.first()).expect("there are shards");
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn connect(request: HttpRequest, body: Payload, state: Data<State>) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut session, stream) = actix_ws::handle(&request, body)?;
    let mut stream = stream.aggregate_continuations();
    let (outlet, mut inlet) = mpsc::channel::<ByteString>(64);
    let query = request.query_string().to_owned();
    let (room, side) = query.split_once('&').unwrap_or((&query, "visitor"));
    let (room, side) = (room.to_owned(), if side == "agent" { "agent" } else { "visitor" });
    if !room.is_empty() {
        let mut rooms = shard(&state.rooms, &room);
        let place = rooms.entry(room).or_default();
        *(if side == "agent" { &mut place.agent } else { &mut place.visitor }) = Some(outlet.clone());
    }
    rt::spawn(async move {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.reset();
        loop {
            let sent = tokio::select! {
                frame = inlet.recv() => match frame {
                    Some(frame) => session.text(frame).await,
                    None => break,
                },
                message = stream.next() => match message {
                    Some(Ok(AggregatedMessage::Text(text))) => {
                        let Ok(Message { client_id, chat_id, body }) = serde_json::from_str(&text) else { break };
                        let row = Row { room: chat_id, side, client_id, body, own: outlet.clone() };
                        if state.writer.send(row).await.is_err() {
                            break;
                        }
                        Ok(())
                    }
                    Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
                    _ => break,
                },
                _ = heartbeat.tick() => session.ping(b"").await,
            };
            if sent.is_err() {
                break;
            }
        }
    });
    Ok(response)
}

/// The writer: all that wait are one transaction.
fn write(file: &Path, rooms: &Rooms, mut queue: mpsc::Receiver<Row>) {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).expect("a database");
    conn.batch_execute(
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536; pragma temp_store = memory; pragma wal_autocheckpoint = 4000;
         create table rows (id blob primary key not null, room text not null, seq bigint not null, side text not null, body text not null, at bigint not null) without rowid;
         create unique index rows_of_room on rows (room, seq);",
    )
    .expect("a schema");
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while queue.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let ids: Vec<uuid::Uuid> = batch.iter().map(|_| uuid::Uuid::now_v7()).collect();
        let seqs: Vec<i64> = batch.iter().map(|row| next_seq(rooms, &row.room)).collect();
        conn.immediate_transaction::<_, diesel::result::Error, _>(|conn| {
            for ((row, id), seq) in batch.iter().zip(&ids).zip(&seqs) {
                diesel::insert_into(rows::table)
                    .values((
                        rows::id.eq(id.as_bytes().as_slice()),
                        rows::room.eq(&row.room),
                        rows::seq.eq(seq),
                        rows::side.eq(row.side),
                        rows::body.eq(&row.body),
                        rows::at.eq(1_795_348_800_000_i64),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        })
        .expect("a commit");
        for ((row, id), seq) in batch.drain(..).zip(&ids).zip(&seqs) {
            tell(rooms, &row, *id, *seq);
        }
    }
}

fn next_seq(rooms: &Rooms, room: &str) -> i64 {
    let mut rooms = shard(rooms, room);
    let room = rooms.entry(room.to_owned()).or_default();
    room.seq += 1;
    room.seq
}

fn tell(rooms: &Rooms, row: &Row, id: uuid::Uuid, seq: i64) {
    let at = "2026-11-22T12:34:56.789Z";
    let client_id = &row.client_id;
    let ack = format!(r#"{{"type":"ack","client_id":"{client_id}","chat_id":"{}","seq":{seq},"at":"{at}"}}"#, row.room);
    let entry = json!({"seq": seq, "id": id.to_string(), "at": at, "type": "message", "by": {"kind": row.side, "id": id.to_string(), "name": null},
        "client_id": client_id, "data": {"body": row.body}});
    let push = format!(r#"{{"type":"event","chat_id":"{}","entry":{entry}}}"#, row.room);
    drop(row.own.try_send(ack.into()));
    let rooms = shard(rooms, &row.room);
    let peer = rooms.get(&row.room).and_then(|room| if row.side == "agent" { room.visitor.as_ref() } else { room.agent.as_ref() });
    if let Some(peer) = peer {
        drop(peer.try_send(push.into()));
    }
}
