//! A receiver as a process of its own, on a port of its own; killed when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::support::eventually;

/// What runs a receiver.
#[derive(Clone, Copy, Debug)]
pub enum Language {
    Php,
    /// Without `php.ini`, and so without the extensions that it loads: no SQLite, no sodium.
    BarePhp,
    Python,
    Node,
    Rust,
}

impl Language {
    fn command(self, file: &str, port: u16) -> Command {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let mut command = match self {
            Self::Php | Self::BarePhp => Command::new("php"),
            Self::Python => Command::new("python3"),
            Self::Node => Command::new("node"),
            Self::Rust => Command::new(receiver_in_rust()),
        };
        match self {
            Self::Php => command.args(["-d", "log_errors=1", "-S", &format!("127.0.0.1:{port}")]).arg(file),
            Self::BarePhp => command.args(["-n", "-d", "log_errors=1", "-S", &format!("127.0.0.1:{port}")]).arg(file),
            // Compiled files would stay in the repository.
            Self::Python => command.arg("-B").arg(file),
            Self::Node => command.arg(file),
            Self::Rust => &mut command,
        };
        command
    }
}

/// The program that the example `receive` is, which is the file of the docs: `cargo test` builds it with the tests. Built here where only these were wanted.
fn receiver_in_rust() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let tests = std::env::current_exe().expect("the tests have a path");
        // target/debug/deps/it-…
        let built = tests.ancestors().nth(2).expect("a target directory").join("examples/receive");
        if built.exists() {
            return built;
        }
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--example", "receive", "--message-format", "json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo tells the tests about their package would make it build ring anew.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_")) {
            build.env_remove(name);
        }
        let output = build.output().expect("cargo can be started");
        let messages = String::from_utf8_lossy(&output.stdout);
        let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let program = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
        program.unwrap_or_else(|| panic!("the example receive: {}", String::from_utf8_lossy(&output.stderr)))
    })
}

/// A receiver that listens.
pub struct Process {
    child: Child,
    port: u16,
    /// Where it keeps its data.
    pub folder: TempDir,
}

impl Process {
    /// Starts the receiver in `file`, a path in the repository, and waits until it listens.
    pub async fn starts(language: Language, file: &str, port: u16, secret: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let log = || File::options().create(true).append(true).open(folder.path().join("log")).expect("a log");
        let mut command = language.command(file, port);
        command.env("PORT", port.to_string()).current_dir(folder.path());
        // The receiver in PHP, written for Brazilians, has its settings in Portuguese.
        command.env("PAPO_SECRET", secret).env("PAPO_SEGREDO", secret).env("PAPO_DATA", &data).env("PAPO_DADOS", &data);
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(log()).stderr(log());
        let child = command.spawn().unwrap_or_else(|error| panic!("{file}: {error}; ./tests/run installs what runs it"));
        let mut process = Self { child, port, folder };
        eventually(&format!("{file} listens"), async || {
            let ended = process.child.try_wait().expect("a child");
            assert!(ended.is_none(), "{file} ended: {ended:?}\n{}", process.log());
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        process
    }

    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Its data, as it was told by `PAPO_DATA`.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it wrote to its outputs.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- the receiver's log ---\n{}", self.log());
        }
    }
}

/// The address of a receiver on this port.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/papo")
}

/// A port that nobody listens on. Below those that systems hand out for connections, so that none of these takes it before its receiver does.
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Two runs at once begin at different places.
    let next = NEXT.get_or_init(|| AtomicU16::new(20_000 + u16::try_from(std::process::id() % 10_000).unwrap_or_default()));
    loop {
        let port = next.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
