//! Receives Papo's webhooks: verifies the signature, drops repetitions and keeps each event as a line of JSON.
//!
//! Settings → Webhooks: this server's address for "Chat requested" (and whatever else you want to hear of).
//! `PAPO_SECRET` is the endpoint's secret (Settings → Webhooks → Endpoints → Edit → Reveal), `PAPO_DATA` the file of the data
//! (`events.jsonl` if not set), `PORT` where to listen, on this machine alone (9000 if not set): a web server with TLS stands
//! in front of it. To try it from Papo's sources: `PAPO_SECRET=whsec_… cargo run --example receive`.
//!
//! Needs the crates actix-web 4, base64 0.22, ed25519-dalek 2, hmac 0.12, serde_json 1 and sha2 0.10.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::dev::Server;
use actix_web::http::header::HeaderMap;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

const TOLERANCE_S: u64 = 300;
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What signatures are verified with.
pub enum Key {
    /// `whsec_…`
    Hmac(Vec<u8>),
    /// `whpk_…`, the public key of an endpoint that signs with Ed25519.
    Ed25519(VerifyingKey),
}

impl Key {
    /// From the text that the settings show.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(encoded) = text.strip_prefix("whsec_") {
            return STANDARD.decode(encoded).ok().filter(|key| key.len() >= 24).map(Self::Hmac);
        }
        let bytes = STANDARD.decode(text.strip_prefix("whpk_")?).ok()?;
        VerifyingKey::try_from(bytes.as_slice()).ok().map(Self::Ed25519)
    }

    /// The time has to be now, so that nobody sends an old request again, and one signature ours: during a rotation there are two.
    pub fn verifies(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if id.is_empty() || time.parse::<u64>().map_or(true, |sent_at| now.abs_diff(sent_at) > TOLERANCE_S) {
            return false;
        }
        let signed = [format!("{id}.{time}.").as_bytes(), body].concat();
        header("webhook-signature").split(' ').filter_map(|given| given.split_once(',')).any(|(version, encoded)| {
            let signature = STANDARD.decode(encoded).unwrap_or_default();
            match (self, version) {
                // `verify_slice` compares in constant time.
                (Self::Hmac(key), "v1") => {
                    Hmac::<Sha256>::new_from_slice(key).is_ok_and(|mac| mac.chain_update(&signed).verify_slice(&signature).is_ok())
                }
                (Self::Ed25519(key), "v1a") => {
                    Signature::from_slice(&signature).is_ok_and(|signature| key.verify_strict(&signed, &signature).is_ok())
                }
                _ => false,
            }
        })
    }
}

/// The events as lines of a file, and which ids are among them.
pub struct Log {
    path: PathBuf,
    ids: Mutex<HashSet<String>>,
}

impl Log {
    pub fn open(path: PathBuf) -> Self {
        let lines = fs::read_to_string(&path).unwrap_or_default();
        let ids = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("id")?.as_str().map(str::to_owned));
        Self { ids: Mutex::new(ids.collect()), path }
    }

    /// Keeps an event unless it is known; the same event comes with the same id.
    fn keep(&self, id: &str, event: &Value) -> io::Result<()> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.contains(id) {
            return Ok(());
        }
        if event.get("type").is_some_and(|kind| kind == "visitor.erased") {
            self.forget(event.pointer("/data/visitor/id"))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        writeln!(file, "{event}")?;
        file.sync_data()?; // Papo forgets the event once it has our 2xx
        ids.insert(id.to_owned());
        Ok(())
    }

    fn forget(&self, visitor: Option<&Value>) -> io::Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        let of_others = |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|event| event.pointer("/data/visitor/id") != visitor);
        let kept: String = fs::read_to_string(&self.path)?.lines().filter(of_others).flat_map(|line| [line, "\n"]).collect();
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(kept.as_bytes())?;
        file.sync_data()?;
        fs::rename(beside, &self.path)
    }
}

async fn receive(request: HttpRequest, body: web::Bytes, key: web::Data<Key>, log: web::Data<Log>) -> HttpResponse {
    if !key.verifies(request.headers(), &body) {
        return HttpResponse::Unauthorized().body("the signature does not fit");
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else { return HttpResponse::BadRequest().finish() };
    let id = event.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if event.get("test") == Some(&Value::Bool(true)) {
        return HttpResponse::NoContent().finish();
    }
    // Files block: not on the thread that answers others.
    match web::block(move || log.keep(&id, &event)).await {
        Ok(Ok(())) => HttpResponse::NoContent().finish(),
        // Any answer but 2xx, and Papo tries again, for three days.
        Ok(Err(_)) | Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// The server on a bound socket.
///
/// # Errors
/// Where the socket can't be served.
pub fn server(listener: TcpListener, key: Key, log: Log) -> io::Result<Server> {
    let (key, log) = (web::Data::new(key), web::Data::new(log));
    let app = move || {
        let limit = web::PayloadConfig::new(BODY_BYTES_MAX);
        App::new().app_data(limit).app_data(key.clone()).app_data(log.clone()).default_service(web::post().to(receive))
    };
    Ok(HttpServer::new(app).workers(1).listen(listener)?.run())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let set = |name: &str| std::env::var(name).ok();
    let key = set("PAPO_SECRET").and_then(|text| Key::parse(&text)).ok_or_else(|| io::Error::other("PAPO_SECRET is not a secret"))?;
    let port = set("PORT").and_then(|port| port.parse().ok()).unwrap_or(9000);
    let log = Log::open(set("PAPO_DATA").unwrap_or_else(|| "events.jsonl".to_owned()).into());
    server(TcpListener::bind(("127.0.0.1", port))?, key, log)?.await
}
