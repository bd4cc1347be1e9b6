//! What a benchmark writes: a table for people, and the same as JSON.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use domain::calendar::Day;
use serde_json::json;

/// One piece of work, ours and the reference. Less is better.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) work: String,
    /// Of what: "27,765 people"
    pub(crate) size: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    /// What the reference does.
    pub(crate) reference: String,
    pub(crate) reference_value: f64,
    /// How many times the reference it may be, where somebody said so.
    pub(crate) at_most: Option<f64>,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.ours / self.reference_value
    }

    fn aim(&self) -> Option<String> {
        self.at_most.map(|times| format!("≤ {}×", (times * 100.0).round() / 100.0))
    }

    fn met(&self) -> Option<bool> {
        self.at_most.map(|times| self.ratio() <= times)
    }
}

/// All of a benchmark.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) rows: Vec<Row>,
    /// What else was seen, a line each.
    pub(crate) notes: Vec<String>,
}

impl Report {
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let machine = machine();
        let markdown = self.markdown(&machine);
        println!("{markdown}");
        std::fs::write(folder.join(format!("{}.md", self.name)), markdown)?;
        let json = self.json(&machine).to_string();
        std::fs::write(folder.join(format!("{}.json", self.name)), &json)?;
        println!("{json}");
        Ok(())
    }

    fn markdown(&self, machine: &str) -> String {
        let mut text = format!("# {}\n\n{machine}\n\n", self.name);
        text.push_str("| work | size | unit | ours | reference | ratio | aim | met |\n");
        text.push_str("|---|---|---|---:|---:|---:|---|---|\n");
        for row in &self.rows {
            let met = row.met().map_or("", |met| if met { "yes" } else { "no" });
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {:.2} | {} | {met} |",
                row.work,
                row.size,
                row.unit,
                short(row.ours),
                short(row.reference_value),
                row.ratio(),
                row.aim().unwrap_or_default(),
            );
        }
        text.push_str("\nThe reference:\n\n");
        for rows in self.rows.chunk_by(|one, next| one.reference == next.reference) {
            let works: Vec<_> = rows.iter().map(|row| row.work.as_str()).collect();
            let reference = rows.first().map(|row| row.reference.as_str()).unwrap_or_default();
            let _ = writeln!(text, "- {}: {reference}", works.join("; "));
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    fn json(&self, machine: &str) -> serde_json::Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "work": row.work, "size": row.size, "unit": row.unit, "ours": row.ours,
                    "reference": row.reference, "reference_value": row.reference_value,
                    "ratio": row.ratio(), "better": "lower", "aim": row.aim(), "met": row.met(),
                })
            })
            .collect();
        json!({ "machine": machine, "rows": rows, "notes": self.notes })
    }
}

/// Three digits that matter.
fn short(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Processor, cores, what else it had to do, day and build.
fn machine() -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let today = Day::at(i64::try_from(since.as_millis()).unwrap_or(0));
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{}, {cores} cores, {}, load {load}; {today}; {build} build, {}, commit {}",
        model.trim_matches([' ', '\t', ':']),
        std::env::consts::OS,
        said_by("rustc", &["--version"]),
        said_by("git", &["rev-parse", "--short", "HEAD"]),
    )
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| format!("{program} unknown"))
}
