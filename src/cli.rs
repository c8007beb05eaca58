//! The command line: what is read from flags, environment and the TOML file, and what is said to the person who starts the server.
//!
//! Flags win over the environment, which wins over the file. Usage errors end with code 2 and a sentence that says what to do; other faults with 1.

mod upkeep;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Arg, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use ipnet::IpNet;
use url::Url;

use crate::clock::Clock;
use crate::config::file::File;
use crate::config::{Config, Demo, Rates};
use crate::i18n::{Locale, Texts};
use crate::startup::{self, StartError, demo};

/// Where `serve` listens unless told otherwise.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

#[derive(Parser)]
#[command(name = "papo", version, about = "A complete live-chat server: widget, agent console, signed webhooks")]
struct Cli {
    #[command(subcommand)]
    command: CommandLine,
}

#[derive(Subcommand)]
enum CommandLine {
    /// Run the server
    Serve(Serve),
    /// Show the whole product with a shop, a console and a webhook inspector, on this machine only
    Demo(DemoArgs),
    /// Copy the data into one file, also while the server runs
    Backup(upkeep::Backup),
    /// Put a backup into a new data directory
    Restore(upkeep::Restore),
    /// Look at settings, data and machine, and say what stands in the way
    Check(Serve),
}

#[derive(Args)]
struct Serve {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "PAPO_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Directory of the data; made where it is missing [default: ./papo-data]
    #[arg(long, env = "PAPO_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address that people use, such as https://chat.example.com; required off loopback
    #[arg(long, env = "PAPO_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// A TOML file with the same settings
    #[arg(long, env = "PAPO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For is believed, as networks
    #[arg(long, env = "PAPO_TRUSTED_PROXIES", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,
    /// Networks that webhooks may reach though they are not public
    #[arg(long, env = "PAPO_WEBHOOK_ALLOW", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    webhook_allow: Vec<IpNet>,
    /// A private authority (PEM) that webhooks trust too
    #[arg(long, env = "PAPO_WEBHOOK_CA", value_name = "FILE")]
    webhook_ca: Option<PathBuf>,
    /// Key that seals secrets, instead of the file in the data directory
    #[arg(long, env = "PAPO_SECRET_KEY", value_name = "BASE64", hide_env_values = true)]
    secret_key: Option<String>,
}

#[derive(Args)]
struct DemoArgs {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080, or a free port where that is taken]
    #[arg(long, env = "PAPO_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Keep the demo's data in this directory
    #[arg(long, env = "PAPO_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print one line of JSON when ready, for scripts
    #[arg(long)]
    json: bool,
    /// Networks that webhooks may reach beside the inspector
    #[arg(long, env = "PAPO_WEBHOOK_ALLOW", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    webhook_allow: Vec<IpNet>,
}

/// A sentence for the person, and the exit code.
struct Failure {
    text: String,
    code: u8,
}

/// A network, or an address that stands for itself.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_error| "write an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_unread| format!("{text:?} is neither an IP address nor a range such as 10.0.0.0/8"))
}

/// The whole program.
#[must_use]
pub fn run() -> ExitCode {
    let texts = texts();
    let cli = match without_empty_variables(Cli::command()).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        // Help and version go to standard output with code 0; misuse to standard error with 2.
        Err(error) => error.exit(),
    };
    drop(rustls::crypto::ring::default_provider().install_default());
    let done = start_log(texts).and_then(|()| match cli.command {
        CommandLine::Serve(args) => serve_config(args, texts).and_then(|(config, key)| serve(config, key, texts)),
        CommandLine::Demo(args) => run_demo(&args, texts),
        CommandLine::Backup(args) => upkeep::back_up(&args, texts),
        CommandLine::Restore(args) => upkeep::restore(&args, texts),
        CommandLine::Check(args) => upkeep::check(args, texts),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("papo: {}", failure.text);
            ExitCode::from(failure.code)
        }
    }
}

/// The language of the person's shell.
fn texts() -> &'static Texts {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    let tag = named.map(|value| value.split('.').next().unwrap_or_default().replace('_', "-"));
    Texts::for_locale(tag.and_then(|tag| Locale::parse(&tag)).unwrap_or(Locale::En))
}

/// A variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}

/// An empty variable is one that wasn't given: a file for containers names them all, and leaves empty what isn't set.
fn without_empty_variables(command: Command) -> Command {
    let given = |arg: Arg| {
        let is_empty = arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
        if is_empty { arg.env(Resettable::Reset) } else { arg }
    };
    let names: Vec<String> = command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |subcommand| subcommand.mut_args(given)))
}

fn start_log(texts: &Texts) -> Result<(), Failure> {
    let filter = match variable("PAPO_LOG") {
        None => tracing_subscriber::EnvFilter::new(startup::LOG_DEFAULT),
        Some(text) => {
            tracing_subscriber::EnvFilter::try_new(&text).map_err(|error| misuse(texts, "log_malformed", &format!("{text}: {error}")))?
        }
    };
    let format = variable("PAPO_LOG_FORMAT");
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match format.as_deref() {
        Some("json") => log.json().init(),
        None | Some("text") => log.init(),
        Some(other) => return Err(misuse(texts, "log_format_unknown", other)),
    }
    Ok(())
}

fn misuse(texts: &Texts, key: &str, what: &str) -> Failure {
    Failure { text: texts.with(&format!("cli.error.{key}"), [("what", what)]), code: 2 }
}

fn failed(texts: &Texts, error: &StartError) -> Failure {
    let text = texts.with(&format!("cli.error.{}", error.code()), [("what", error.to_string().as_str())]);
    Failure { text: format!("{text} [{}]", error.code()), code: 1 }
}

fn serve_config(args: Serve, texts: &Texts) -> Result<(Config, Option<String>), Failure> {
    let file = match &args.config {
        None => File::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| misuse(texts, "config_unreadable", &format!("{}: {error}", path.display())))?;
            toml::from_str(&text).map_err(|error| misuse(texts, "config_malformed", &error.to_string()))?
        }
    };
    let listen = args.listen.or(file.listen).unwrap_or_else(|| LISTEN_DEFAULT.parse().expect("the default is an address"));
    let public_url = public_url(args.public_url.or(file.public_url).as_deref(), listen, texts)?;
    let or = |given: Vec<IpNet>, file: Vec<IpNet>| if given.is_empty() { file } else { given };
    let config = Config {
        listen,
        data_dir: args.data_dir.or(file.data_dir).unwrap_or_else(|| PathBuf::from("papo-data")),
        public_url,
        trusted_proxies: or(args.trusted_proxies, file.trusted_proxies),
        webhook_allow: or(args.webhook_allow, file.webhook_allow),
        webhook_ca: args.webhook_ca.or(file.webhook_ca),
        workers: workers(),
        rates: file.rates.over_usual(),
        demo: None,
    };
    Ok((config, args.secret_key))
}

/// The public address: given, or that of the listener on loopback. Off loopback it must be given, and be https.
fn public_url(given: Option<&str>, listen: SocketAddr, texts: &Texts) -> Result<Url, Failure> {
    let Some(given) = given else {
        if !listen.ip().is_loopback() {
            return Err(misuse(texts, "public_url_missing", &listen.to_string()));
        }
        return Ok(Url::parse(&format!("http://{listen}")).expect("an address makes a URL"));
    };
    let url = Url::parse(given).map_err(|_unread| misuse(texts, "public_url_malformed", given))?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(misuse(texts, "public_url_malformed", given)),
    };
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && loopback => Ok(url),
        "http" if plain => Err(misuse(texts, "public_url_insecure", given)),
        _ => Err(misuse(texts, "public_url_malformed", given)),
    }
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn serve(mut config: Config, key: Option<String>, texts: &'static Texts) -> Result<(), Failure> {
    let given_url = config.public_url.port() != Some(0);
    startup::block_on(async move {
        let stop = told_to_stop();
        let listener = startup::listen(config.listen).map_err(|error| failed(texts, &error))?;
        if let (false, Ok(address)) = (given_url, listener.local_addr()) {
            config.public_url = Url::parse(&format!("http://{address}")).expect("an address makes a URL");
        }
        let public_url = config.public_url.clone();
        let running = startup::start(config, listener, Clock::system(), key).await.map_err(|error| failed(texts, &error))?;
        println!("{}", texts.with("cli.listening", [("url", public_url.as_str())]));
        if running.state.store.directory().organisation.is_none() {
            let code = running.state.gate.setup_code().text();
            println!("{}", texts.with("cli.setup", [("url", running.state.config.link("/setup").as_str()), ("code", &code)]));
        }
        stop.await;
        running.stop().await;
        Ok(())
    })
}

fn run_demo(args: &DemoArgs, texts: &'static Texts) -> Result<(), Failure> {
    let wanted: SocketAddr = args.listen.unwrap_or_else(|| LISTEN_DEFAULT.parse().expect("the default is an address"));
    if !wanted.ip().is_loopback() {
        return Err(misuse(texts, "demo_off_loopback", &wanted.to_string()));
    }
    startup::block_on(async move {
        let stop = told_to_stop();
        let listener = match startup::listen(wanted) {
            Err(StartError::PortInUse(_)) if args.listen.is_none() => startup::listen(SocketAddr::new(wanted.ip(), 0)),
            other => other,
        }
        .map_err(|error| failed(texts, &error))?;
        let shop = startup::listen(SocketAddr::new(wanted.ip(), 0)).map_err(|error| failed(texts, &error))?;
        let address =
            |listener: &std::net::TcpListener| listener.local_addr().map_err(|error| failed(texts, &StartError::Listen(wanted, error)));
        let (address, shop_address) = (address(&listener)?, address(&shop)?);
        let temporary = args.data_dir.is_none().then(demo_dir);
        // Another origin, and the same site: browsers that give other sites' frames no storage let a visitor come back to a chat here, too.
        let shop_url = Url::parse(&format!("http://{shop_address}")).expect("an address makes a URL");
        let config = Config {
            listen: address,
            data_dir: args.data_dir.clone().or_else(|| temporary.clone()).unwrap_or_default(),
            public_url: Url::parse(&format!("http://{address}")).expect("an address makes a URL"),
            trusted_proxies: Vec::new(),
            webhook_allow: args.webhook_allow.clone(),
            webhook_ca: None,
            workers: workers(),
            rates: Rates::default(),
            demo: Some(Demo { shop_url }),
        };
        let running = startup::start(config, listener, Clock::system(), None).await.map_err(|error| failed(texts, &error))?;
        let opened = demo::open(&running, shop).await.map_err(|error| failed(texts, &error))?;
        if args.json {
            println!("{}", opened.json())
        } else {
            println!("{}", opened.words(texts))
        }
        stop.await;
        opened.close().await;
        running.stop().await;
        if let Some(path) = temporary {
            drop(std::fs::remove_dir_all(path));
        }
        Ok(())
    })
}

/// A directory of its own for a demo whose data nobody keeps.
fn demo_dir() -> PathBuf {
    std::env::temp_dir().join(format!("papo-demo-{}", uuid::Uuid::now_v7().simple()))
}

/// Hears signals from now on, so that one which comes right after the server is ready is not lost. Ends with the first.
fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match heard {
            (Ok(mut terminated), Ok(mut interrupted)) => {
                tokio::select! {
                    _ = terminated.recv() => {}
                    _ = interrupted.recv() => {}
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "signals can't be heard; stop with SIGKILL");
                std::future::pending().await
            }
        }
        tracing::info!("stopping");
    }
}
