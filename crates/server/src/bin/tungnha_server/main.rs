//! `tungnha-server`: the commune's server and the commands beside it. This parses, calls and maps; what
//! is called is in the library. Exit code 0 only when what was asked for holds.

mod arguments;
mod commands;
mod output;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let json = arguments.json;
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, json);
            ExitCode::FAILURE
        }
    }
}
