//! The desk without a window: one line of JSON asks, lines of JSON answer. The pages are tested in a
//! browser over it, on the same commands that the window runs.
//!
//! `desk FOLDER [LIST]`; in: `{"id","name","request"}`; out: `{"id","progress"}`…, then `{"id","reply"}` or
//! `{"id","error"}`. Each command runs on a thread of its own, as in the window.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use app::commands::{self, Call};
use app::desk::{Desk, Tools};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), list) = (arguments.next(), arguments.next()) else {
        eprintln!("desk FOLDER [LIST]");
        return ExitCode::FAILURE;
    };
    // Beside the data folder, where a test looks for it.
    let beside = folder.with_file_name("");
    let desk = Arc::new(Desk::new(Tools {
        folder,
        machine: || Box::new(app::SystemMachine::default()),
        durability: app::Durability::Off,
        // Passphrases of invented people.
        key_cost: app::KeyCost { memory_kib: 64, passes: 1 },
        choose_file: Box::new(move || list.clone()),
        choose_place: Box::new(move |name| Some(beside.join(name))),
    }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(asked) = serde_json::from_str::<Value>(&line) else { continue };
        let desk = Arc::clone(&desk);
        std::thread::spawn(move || answer(&desk, &asked));
    }
    ExitCode::SUCCESS
}

fn answer(desk: &Desk, asked: &Value) {
    let part = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (id, request) = (part("id"), part("request"));
    let name = asked.get("name").and_then(Value::as_str).unwrap_or_default();
    let mut tell = |step| println!("{}", json!({ "id": id, "progress": step }));
    match commands::run(&mut Call { desk, tell: &mut tell }, name, request) {
        Ok(reply) => println!("{}", json!({ "id": id, "reply": reply })),
        Err(error) => println!("{}", json!({ "id": id, "error": error })),
    }
}
