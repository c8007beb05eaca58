//! `papo backup`, `papo restore`, `papo check`: what an operator does beside the server.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Serve, serve_config};
use crate::i18n::Texts;
use crate::startup::backup::{self, BackupError};
use crate::startup::check::{self, Severity};

#[derive(Args)]
pub(super) struct Backup {
    /// The new file to write
    file: PathBuf,
    /// Also write the key that opens stored secrets, to FILE.key
    #[arg(long)]
    with_key: bool,
    /// Directory of the data [default: ./papo-data]
    #[arg(long, env = "PAPO_DATA_DIR", value_name = "DIR", default_value = "papo-data", hide_default_value = true)]
    data_dir: PathBuf,
}

#[derive(Args)]
pub(super) struct Restore {
    /// A file that `papo backup` wrote
    file: PathBuf,
    /// Directory of the data, without a database yet [default: ./papo-data]
    #[arg(long, env = "PAPO_DATA_DIR", value_name = "DIR", default_value = "papo-data", hide_default_value = true)]
    data_dir: PathBuf,
    /// The secret.key of that time, where it isn't beside the backup
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) fn back_up(args: &Backup, texts: &Texts) -> Result<(), Failure> {
    backup::back_up(&args.data_dir, &args.file, args.with_key).map_err(|error| failed(texts, &error))?;
    let shown = args.file.display().to_string();
    println!("{}", texts.with("cli.backup.done", [("file", shown.as_str())]));
    if !args.with_key {
        println!("{}", texts.text("cli.backup.without_key"));
    }
    Ok(())
}

pub(super) fn restore(args: &Restore, texts: &Texts) -> Result<(), Failure> {
    let (found, with_key) = backup::restore(&args.file, &args.data_dir, args.key.as_deref()).map_err(|error| failed(texts, &error))?;
    let (dir, chats) = (args.data_dir.display().to_string(), found.chats.to_string());
    println!("{}", texts.with("cli.restore.done", [("dir", dir.as_str()), ("chats", &chats)]));
    if !with_key && found.vault_check.is_some() {
        println!("{}", texts.with("cli.restore.without_key", [("dir", dir.as_str())]));
    }
    Ok(())
}

/// Prints a line for each thing that was looked at; a fault is a failure.
pub(super) fn check(args: Serve, texts: &Texts) -> Result<(), Failure> {
    let (config, key) = serve_config(args, texts)?;
    let findings = check::check(&config, key.as_deref());
    for finding in &findings {
        let word = match finding.severity {
            Severity::Fine => "cli.check.fine",
            Severity::Warning => "cli.check.warning",
            Severity::Fault => "cli.check.fault",
        };
        let text = texts.with(&format!("cli.check.{}", finding.code), [("what", finding.what.as_str())]);
        println!("{}  {text} [{}]", texts.text(word), finding.code);
    }
    let faults = findings.iter().filter(|finding| finding.severity == Severity::Fault).count();
    if faults == 0 { Ok(()) } else { Err(Failure { text: texts.count("cli.check.faults", faults, &[]), code: 1 }) }
}

fn failed(texts: &Texts, error: &BackupError) -> Failure {
    let text = texts.with(&format!("cli.error.{}", error.code()), [("what", error.to_string().as_str())]);
    Failure { text: format!("{text} [{}]", error.code()), code: 1 }
}
