//! The receivers: one process of their own, so that what they cost is not counted as ours. As little HTTP as a keep-alive POST needs.
//!
//! Listens on 127.0.0.1, 127.0.0.2 and so on, one address for each endpoint, and on [`HUNG`], which reads and never answers. Each body carries a mark; its
//! arrival is noted by the wall clock, which both processes share.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::machine::now_ns;

/// What stands before a mark in a body.
pub const MARK: &str = "recado ";
/// The address that never answers.
pub const HUNG: &str = "127.0.1.1";
/// Arrivals that are kept: a long run is counted, not listed.
const ARRIVALS_MAX: usize = 400_000;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// One POST that came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The event.
    pub mark: usize,
    /// The receiver, from 0.
    pub host: usize,
    /// When its first byte was there, in nanoseconds.
    pub at_ns: i64,
}

/// The receivers' process as its parent sees it.
pub struct Receiver {
    child: Child,
    pipes: Arc<Mutex<(ChildStdin, BufReader<ChildStdout>)>>,
    pub port: u16,
}

impl Receiver {
    /// Starts `hosts` receivers and the one that hangs.
    pub fn start(hosts: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["receiver", &hosts.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let pipes = (child.stdin.take().expect("a pipe"), BufReader::new(child.stdout.take().expect("a pipe")));
        let mut receiver = Self { child, pipes: Arc::new(Mutex::new(pipes)), port: 0 };
        receiver.port = receiver.asker()("port").parse().expect("a port");
        receiver
    }

    /// Asks for one line, from any thread.
    fn asker(&self) -> impl Fn(&str) -> String + Send + use<> {
        let pipes = Arc::clone(&self.pipes);
        move |question| {
            let mut pipes = pipes.lock().expect("no panic");
            writeln!(pipes.0, "{question}").expect("a living receiver");
            let mut line = String::new();
            pipes.1.read_line(&mut line).expect("an answer");
            line.trim().to_owned()
        }
    }

    /// POSTs that came since the start.
    pub fn counter(&self) -> impl Fn() -> u64 + Send + use<> {
        let ask = self.asker();
        move || ask("count").parse().expect("a number")
    }

    /// What came since the last call.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let listed = self.asker()("arrivals");
        let numbers: Vec<i64> = listed.split_ascii_whitespace().map(|number| number.parse().expect("a number")).collect();
        let index = |number| usize::try_from(number).expect("an index");
        numbers.chunks_exact(3).map(|one| Arrival { mark: index(one[0]), host: index(one[1]), at_ns: one[2] }).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Default)]
struct Book {
    count: AtomicU64,
    arrivals: Mutex<Vec<Arrival>>,
}

/// The receivers' process.
pub fn run(hosts: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let book = Arc::new(Book::default());
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let first = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = first.local_addr().expect("an address").port();
        let mut listeners = vec![first];
        for host in 2..=hosts {
            listeners.push(TcpListener::bind((format!("127.0.0.{host}"), port)).await.expect("the same port on every address"));
        }
        for (host, listener) in listeners.into_iter().enumerate() {
            let book = Arc::clone(&book);
            tokio::task::spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    drop(stream.set_nodelay(true));
                    tokio::task::spawn_local(answer(stream, host, Arc::clone(&book)));
                }
            });
        }
        tokio::task::spawn_local(hang(TcpListener::bind((HUNG, port)).await.expect("an address that hangs")));
        let questions = std::thread::spawn(move || answer_parent(port, &book));
        tokio::task::spawn_blocking(move || questions.join()).await.ok();
    });
    std::process::exit(0);
}

fn answer_parent(port: u16, book: &Book) {
    for question in std::io::stdin().lines() {
        let answer = match question.as_deref() {
            Ok("port") => port.to_string(),
            Ok("count") => book.count.load(Ordering::Acquire).to_string(),
            Ok("arrivals") => {
                let arrivals = std::mem::take(&mut *book.arrivals.lock().expect("no panic"));
                let listed: Vec<String> = arrivals.iter().map(|one| format!("{} {} {}", one.mark, one.host, one.at_ns)).collect();
                listed.join(" ")
            }
            Ok(_) | Err(_) => return,
        };
        println!("{answer}");
    }
}

/// Takes connections and requests and says nothing.
async fn hang(listener: TcpListener) {
    let kept = Rc::new(RefCell::new(Vec::new()));
    while let Ok((stream, _)) = listener.accept().await {
        kept.borrow_mut().push(stream);
    }
}

async fn answer(mut stream: TcpStream, host: usize, book: Arc<Book>) {
    let mut buffer: Vec<u8> = Vec::with_capacity(16 * 1024);
    let mut arrived = None;
    loop {
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let at_ns = *arrived.get_or_insert_with(now_ns);
        let Some(end) = request_end(&buffer) else { continue };
        if buffer.len() < end {
            continue;
        }
        arrived = None;
        if let Some(mark) = mark_of(&buffer[..end]) {
            let mut arrivals = book.arrivals.lock().expect("no panic");
            if arrivals.len() < ARRIVALS_MAX {
                arrivals.push(Arrival { mark, host, at_ns });
            }
        }
        book.count.fetch_add(1, Ordering::AcqRel);
        buffer.drain(..end);
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// Where a request ends, if its head is whole.
fn request_end(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let length = text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(head + length.1.trim().parse::<usize>().ok()?)
}

/// The mark in a body. It stands near its end.
fn mark_of(request: &[u8]) -> Option<usize> {
    let place = request.windows(MARK.len()).rposition(|found| found == MARK.as_bytes())? + MARK.len();
    let digits = request.get(place..place + 8)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
