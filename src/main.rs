//! The program `papo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    papo::cli::run()
}
