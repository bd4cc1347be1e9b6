//! `bench start`: what a person waits for when the window opens. The real program over a commune's register, on a
//! virtual screen whose pixels are read while it draws, by a keyboard of that screen; beside it, in turn, a window
//! of the same build with nothing in it.

mod keyboard;
mod screen;
mod window;

use std::path::Path;

use anyhow::{Context, Result};
use app::desk::{Desk, Tools};
use app::{Durability, KeyCost};
use serde_json::{Value, json};
use tests::display::Display;
use tests::laptop::PASSPHRASE;

use crate::measure::{median, millis, percentile, timed};
use crate::report::{Report, Row};
use crate::{Out, commune};
use window::{Started, Window};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// So many people at least; the sample commune is taken as often as it takes: 160,000 live in 33,000 households
    #[arg(long, default_value_t = 160_000)]
    people: usize,
    /// Starts of each window
    #[arg(long, default_value_t = 21)]
    rounds: usize,
    /// A start to the unlock page may take so many times what the empty window takes
    #[arg(long, default_value_t = 1.3)]
    start_at_most: f64,
    /// From the last key of the unlock page to Hôm nay, without the key derivation
    #[arg(long, default_value_t = 300.0)]
    unlock_ms: f64,
    #[command(flatten)]
    out: Out,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::create_dir_all(&options.out.out)?;
    let data = dir.path().join("data");
    println!("filling a register");
    let size = fill(&data, options.people)?;
    let (mut ours, mut empty, mut unlock) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        println!("start {} of {}", round + 1, options.rounds);
        // A screen of its own each time: what one window left behind is no matter to the next.
        let display = Display::virtual_screen()?;
        let nothing = Window::open(&display, dir.path(), &Started::Empty)?;
        empty.push(nothing.shown_ms);
        nothing.close()?;
        let display = Display::virtual_screen()?;
        let mut window = Window::open(&display, dir.path(), &Started::Over(&data))?;
        ours.push(window.shown_ms);
        if round == 0 {
            window.picture(&options.out.out.join("start-unlock.png"))?;
        }
        unlock.push(window.type_and_enter(PASSPHRASE)?);
        if round == 0 {
            window.picture(&options.out.out.join("start-today.png"))?;
        }
        window.close()?;
    }
    let without = without_a_window(&data)?;
    let spread = |values: &[f64]| {
        format!(
            "{:.0} to {:.0}, {:.0} to {:.0} in the middle half",
            percentile(values, 0),
            percentile(values, 100),
            percentile(values, 25),
            percentile(values, 75)
        )
    };
    let row = |work: &str, ours: f64, reference: &str, reference_value: f64, at_most: f64| Row {
        work: work.into(),
        size: format!("{size}, median of {}", options.rounds),
        unit: "ms",
        ours,
        reference: reference.into(),
        reference_value,
        at_most: Some(at_most),
    };
    let report = Report {
        name: "start",
        rows: vec![
            row(
                "start to the unlock page",
                median(&ours),
                "a Tauri window of the same build, size and security settings that shows one colour",
                median(&empty),
                options.start_at_most,
            ),
            row(
                "unlock to Hôm nay, key derivation left out",
                median(&unlock),
                "no work: the limit itself",
                options.unlock_ms,
                1.0,
            ),
        ],
        notes: vec![
            format!("start: {} ms; the empty window: {} ms", spread(&ours), spread(&empty)),
            format!("unlock to Hôm nay: {} ms", spread(&unlock)),
            format!("the same two questions to the desk without a window, once: {without:.0} ms"),
        ],
    };
    report.write(&options.out.out)
}

/// Makes a register of the sample commune, as often as it takes; says how large it is.
fn fill(data: &Path, people: usize) -> Result<String> {
    let portions = commune::portions(Some(people))?;
    let (store, portions) = commune::filled_store(data, portions)?;
    drop(store);
    let households = portions.iter().flat_map(|portion| &portion.households);
    let (households, people) =
        households.fold((0, 0), |(homes, people), (_, _, members)| (homes + 1, people + members.len()));
    Ok(format!("{households} households, {people} people"))
}

/// What the page asks for after the last key, without a page.
fn without_a_window(data: &Path) -> Result<f64> {
    let desk = Desk::new(Tools {
        folder: data.to_owned(),
        machine: || Box::new(app::SystemMachine::default()),
        durability: Durability::Full,
        key_cost: KeyCost { memory_kib: 64, passes: 1 },
        choose_file: Box::new(|| None),
        choose_place: Box::new(|_| None),
    });
    let ask = |name: &str, request: Value| {
        let mut call = app::commands::Call { desk: &desk, tell: &mut |_| {} };
        app::commands::run(&mut call, name, request)
            .map_err(|error| anyhow::anyhow!("{name}: {}", error.code))
    };
    let (asked, spent) = timed(|| {
        ask("unlock", json!({ "passphrase": PASSPHRASE }))?;
        ask("today", json!({}))
    });
    asked?.get("doors").and_then(Value::as_array).filter(|doors| !doors.is_empty()).context("no doors")?;
    Ok(millis(spent.wall))
}
