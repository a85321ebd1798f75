//! The binary `zhenren`: reads the configuration, wires the crates together, runs one command.
//!
//! Knows no rule of a verification; start reading at `cli` and `commands`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program prints"
)]

/// `println!` for a reader who may go away early (`| head`): what is left is not printed.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _gone = writeln!(std::io::stdout().lock(), $($words)*);
    }};
}

/// The same without the end of a line, for texts that have their own.
macro_rules! put {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _gone = write!(std::io::stdout().lock(), $($words)*);
    }};
}

mod cli;
mod commands;
mod config;
mod exit;
mod logging;
mod progress;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::Cli;
use exit::Exit;

fn main() -> ExitCode {
    // Before anything else: a decode worker must not read configuration or start threads.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == "decode-worker")
    {
        return zhenren_media::worker::main();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match commands::run(cli) {
        Ok(exit) => exit.code(),
        Err(error) => {
            eprintln!("zhenren: {error:#}");
            Exit::of_error(&error).code()
        }
    }
}

/// Help goes to standard output and is no failure; anything else is bad usage.
fn usage(error: &clap::Error) -> ExitCode {
    let is_asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if error.print().is_err() || !is_asked {
        return Exit::Usage.code();
    }
    Exit::Good.code()
}
