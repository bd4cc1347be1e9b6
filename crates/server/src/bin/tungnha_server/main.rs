//! `tungnha-server`: the commune's server and the commands beside it. This parses, calls and maps; what
//! is called is in the library. Exit code 0 only when what was asked for holds; 2 for a command line that
//! is none, 1 for everything else.

mod arguments;
mod commands;
mod figures_table;
mod output;

use std::process::ExitCode;

const USAGE: u8 = 2;

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    // Asked for even where the rest cannot be read.
    let json = line.iter().any(|word| word == "--json");
    let arguments = match arguments::read(line) {
        Ok(arguments) => arguments,
        Err(asked) if !asked.use_stderr() => {
            output::line(asked.render().to_string().trim_end());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            output::usage(&error, json);
            return ExitCode::from(USAGE);
        }
    };
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, json);
            ExitCode::FAILURE
        }
    }
}
