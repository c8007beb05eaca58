//! Bad weather between clients and a server: a proxy that cuts, delays, half-opens and holds back, each connection by its own fate.
//!
//! What it does is drawn from a seed, so that a failure can be had again. Each connection reaches the server from a loopback address of its own, as visitors do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What becomes of a connection after so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fair,
    /// Gone on both sides.
    Cut(usize),
    /// Every piece comes late.
    Slow,
    /// Nothing passes any more, and nobody is told.
    HalfOpen(usize),
    /// The client is cut off; what it had sent reaches the server later, after the client has come back on another connection.
    Late(usize),
}

impl Fate {
    fn draw(random: &mut StdRng) -> Self {
        let after = random.random_range(300..6_000);
        match random.random_range(0..100) {
            0..55 => Self::Fair,
            55..70 => Self::Cut(after),
            70..80 => Self::Slow,
            80..90 => Self::HalfOpen(after),
            _ => Self::Late(after),
        }
    }
}

/// The proxy.
#[derive(Clone)]
pub struct Weather {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    random: StdRng,
    /// Where the server is now; none while it is down.
    server: Option<SocketAddr>,
    /// Whether the storm is over: connections pass unharmed from then on.
    calm: bool,
    connections: u32,
    fates: Vec<Fate>,
}

impl Weather {
    pub async fn starts(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = State { random: StdRng::seed_from_u64(seed), server: None, calm: false, connections: 0, fates: Vec::new() };
        let weather = Self { address, state: Arc::new(Mutex::new(state)) };
        let own = weather.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (fate, number, server) = own.next();
                if let Some(server) = server {
                    tokio::spawn(carry(client, server, number, fate));
                }
            }
        });
        weather
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> (Fate, u32, Option<SocketAddr>) {
        let mut state = self.lock();
        state.connections += 1;
        let fate = if state.calm { Fate::Fair } else { Fate::draw(&mut state.random) };
        state.fates.push(fate);
        (fate, state.connections, state.server)
    }

    /// The server is there from now on, or nowhere.
    pub fn leads_to(&self, url: Option<&str>) {
        let authority = url.map(|url| url.trim_start_matches("http://").split('/').next().unwrap_or_default());
        self.lock().server = authority.map(|authority| authority.parse().expect("an address"));
    }

    pub fn calms_down(&self) {
        self.lock().calm = true;
    }

    /// The same path at the proxy's address.
    pub fn through(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// How many connections were harmed.
    pub fn harmed(&self) -> usize {
        self.lock().fates.iter().filter(|fate| **fate != Fate::Fair).count()
    }
}

async fn carry(mut client: TcpStream, to: SocketAddr, number: u32, fate: Fate) {
    let socket = TcpSocket::new_v4().expect("a socket");
    let [_, high, middle, low] = number.to_be_bytes();
    let own = SocketAddr::from((Ipv4Addr::new(127, 1 + high, middle, low.max(1)), 0));
    socket.bind(own).expect("every loopback address is ours");
    let Ok(mut server) = socket.connect(to).await else { return };
    let (mut passed, mut up, mut down) = (0, vec![0; 4_096], vec![0; 4_096]);
    loop {
        let (is_up, read) = tokio::select! {
            read = client.read(&mut up) => (true, read),
            read = server.read(&mut down) => (false, read),
        };
        let Ok(length @ 1..) = read else { return };
        passed += length;
        match fate {
            Fate::Cut(after) if passed > after => return,
            Fate::HalfOpen(after) if passed > after => {
                // Longer than any client of these tests is patient.
                tokio::time::sleep(Duration::from_secs(20)).await;
                return;
            }
            Fate::Late(after) if passed > after => {
                drop(client);
                tokio::time::sleep(Duration::from_millis(300)).await;
                if is_up {
                    drop(server.write_all(up.get(..length).unwrap_or_default()).await);
                }
                return;
            }
            Fate::Slow => tokio::time::sleep(Duration::from_millis(15)).await,
            Fate::Fair | Fate::Cut(_) | Fate::HalfOpen(_) | Fate::Late(_) => {}
        }
        let (from, target) = if is_up { (&up, &mut server) } else { (&down, &mut client) };
        if target.write_all(from.get(..length).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}
