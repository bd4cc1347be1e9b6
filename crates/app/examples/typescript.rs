//! Prints the TypeScript declarations of the commands; `cargo xtask codegen` puts them into their place.
#![allow(clippy::print_stdout)]

fn main() {
    print!("{}", app::commands::typescript());
}
