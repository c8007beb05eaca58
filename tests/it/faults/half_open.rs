//! Connections that stop half-way: thousands are gone within their limits, cost what a connection may cost, and hurt nobody.

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::crowd::{AT_ONCE, Peak, TURN, connects, figure, upgrades};
use crate::support::agent::Agent;
use crate::support::demo::Demo;
use crate::support::visitor::Visitor;
use crate::support::{CEILING, eventually};

/// How many there are.
const CROWD: u16 = 5_000;
/// What one may cost the server: the two buffers of 8 KiB that the HTTP library gives each connection, its state, and for those that were
/// upgraded their socket's task; half as much again for all that.
const BYTES_EACH_MAX: f64 = 24.0 * 1024.0;

/// Descriptors of the database's readers, which are opened when they are needed: four with three files each.
const READERS: f64 = 12.0;

/// How far a client comes before it falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// Nothing at all.
    Nothing,
    /// A head that never ends.
    Head,
    /// A head that asks for a socket and never ends.
    Upgrade,
    /// A form whose rest never comes, from our own page.
    Form,
    /// A program's body whose rest never comes.
    Body,
    /// The same, refused before it is read.
    Refused,
    /// A socket whose first frame never ends.
    Frame,
    /// A whole request, and half of the next one.
    Second,
}

/// Those that may stay longest come first, so that all are there at once.
const HALVES: [Half; 8] = [Half::Form, Half::Body, Half::Frame, Half::Refused, Half::Second, Half::Upgrade, Half::Head, Half::Nothing];

impl Half {
    async fn comes(self, demo: &Demo, number: u16) -> (Self, TcpStream) {
        let mut stream = connects(demo, number).await;
        let (host, origin) = (demo.http().authority().to_owned(), demo.http().origin());
        let head = match self {
            Self::Nothing => return (self, stream),
            Self::Head => "GET /console HTTP/1.1\r\nhost: a\r\nx-slow: ".to_owned(),
            Self::Upgrade => format!("GET /ws/visitor HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-webso"),
            Self::Form => format!(
                "POST /login HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nemail="
            ),
            Self::Body => format!(
                "POST /api/v1/sessions HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{{\"em"
            ),
            Self::Refused => {
                format!("POST /logout HTTP/1.1\r\nhost: {host}\r\norigin: http://a\r\ntransfer-encoding: chunked\r\n\r\n4\r\na=b")
            }
            Self::Second => {
                stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.expect("taken");
                stream.read_buf(&mut Vec::new()).await.expect("an answer");
                "GET /healthz HTTP/1.1\r\nx-slow: ".to_owned()
            }
            Self::Frame => {
                stream = upgrades(demo, number).await.into_inner();
                "\u{1}".to_owned()
            }
        };
        stream.write_all(head.as_bytes()).await.expect("taken");
        (self, stream)
    }
}

/// A visitor and an agent who talk while it happens.
struct Talk {
    visitor: Visitor,
    agent: Agent,
    said: usize,
}

impl Talk {
    async fn begins(demo: &Demo) -> Self {
        let (visitor, agent, _) = demo.chat("tem alguém?").await;
        Self { visitor, agent, said: 0 }
    }

    async fn goes_on(&mut self, turns: usize) {
        for _ in 0..turns {
            self.said += 1;
            self.visitor.talks_with(&mut self.agent, self.said).await;
        }
    }
}

/// Takes in what comes until the server closes; gives the stream back, still open on this side.
async fn ends(half: Half, mut stream: TcpStream) -> TcpStream {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(CEILING, stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "{half:?} was never closed: {}", String::from_utf8_lossy(&rest));
    stream
}

#[tokio::test]
async fn connections_that_say_nothing_or_half_of_it_are_gone_and_hurt_nobody() {
    let _turn = TURN.lock().await;
    let demo = Demo::starts();
    let mut talk = Talk::begins(&demo).await;
    talk.goes_on(2).await;
    let (mut before, mut peak) = (Peak::default(), Peak::default());
    before.look(&demo).await;
    let each = CROWD / u16::try_from(HALVES.len()).expect("a few");
    let crowd = (0..CROWD).map(|number| {
        let half = HALVES.get(usize::from(number / each)).copied().unwrap_or(Half::Nothing);
        half.comes(&demo, number)
    });
    let coming = futures_util::stream::iter(crowd).buffer_unordered(AT_ONCE).collect::<Vec<(Half, TcpStream)>>();
    let (held, ()) = peak.during(&demo, async { tokio::join!(coming, talk.goes_on(20)) }).await;
    peak.look(&demo).await;
    let open = peak.descriptors - before.descriptors;
    assert!(open > f64::from(CROWD) * 0.6, "they were open: {before:?}, {peak:?}");
    let cost = (peak.resident_bytes - before.resident_bytes) / open;
    assert!(cost < BYTES_EACH_MAX, "each costs {cost:.0} bytes: {before:?}, {peak:?}");
    println!("{open} open at once, {cost:.0} bytes each");
    // The server ends them; nobody here closes anything.
    let gone = async {
        let mut closed = Vec::new();
        for (half, stream) in held {
            closed.push(ends(half, stream).await);
        }
        eventually("their descriptors are free", async || {
            (figure(&demo, "process_open_fds").await <= before.descriptors + READERS).then_some(())
        })
        .await;
        drop(closed);
    };
    tokio::join!(gone, talk.goes_on(20));
    talk.goes_on(1).await;
}

#[tokio::test]
async fn a_socket_that_says_no_hello_is_closed() {
    let demo = Demo::starts();
    let before = figure(&demo, "process_open_fds").await;
    let mut open = Vec::new();
    for number in 0..200 {
        open.push(upgrades(&demo, number).await);
    }
    assert!(figure(&demo, "papo_sockets{kind=\"visitor\"}").await >= 200.0);
    eventually("they are closed", async || (figure(&demo, "papo_sockets{kind=\"visitor\"}").await == 0.0).then_some(())).await;
    eventually("their descriptors are free", async || (figure(&demo, "process_open_fds").await <= before + READERS).then_some(())).await;
}
