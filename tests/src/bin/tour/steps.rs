//! The steps of the tour, in order.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use app::{AppError, Laptop, lists, register};
use domain::figures::Figures;
use serde_json::{Value, json};
use store::tables::{members, visits as visit_table};

use crate::Tour;
use crate::laptops::{enrol, place};
use crate::readable;
use crate::visits::{self, Evening};
use tests::commune::{Commune, Serving};
use tests::home;
use tests::report::Report;

/// The ledger that a hamlet really keeps.
const LEDGER: &str = "tests/fixtures/roster/so-ho-thon-sen-ha.xlsx";

/// Runs the tour in an empty folder.
pub(crate) fn run(options: &Tour, folder: &Path) -> Result<Report> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let list = options.list.clone().unwrap_or_else(|| root.join(LEDGER));
    let mut tour = Walk {
        report: Report { seed: options.seed, ..Report::default() },
        folder: folder.to_owned(),
        list,
        commune: Commune::init(&folder.join("server"))?,
    };
    tour.walk(options)?;
    Ok(tour.report)
}

struct Walk {
    report: Report,
    folder: PathBuf,
    list: PathBuf,
    commune: Commune,
}

/// What a laptop's sync said, or the code of its refusal.
fn synced(laptop: &mut Laptop) -> Result<Value> {
    Ok(match app::sync::now(laptop, &mut |_| {}) {
        Ok(report) => serde_json::to_value(report)?,
        Err(AppError { code, .. }) => json!({ "code": code }),
    })
}

impl Walk {
    fn walk(&mut self, options: &Tour) -> Result<()> {
        let hamlet = self.import(options.seed)?;
        let serving = self.commune.serve(None)?;
        let address = serving.address.clone();
        let member_folder = self.folder.join("laptop-lan");
        let (mut lan, passphrase) = self.enrol_and_pull("Lan", "team_member", &hamlet, &serving)?;
        self.same_list_on_the_laptop(&mut lan)?;
        drop(serving);

        let before = register::figures(&mut lan, None)?;
        let evening =
            Evening { passphrase: passphrase.clone(), visits: visits::of_seed(&mut lan, options.seed)? };
        let households: Vec<_> = evening.visits.iter().map(|visit| visit.household).collect();
        drop(lan);
        let confirmed = self.visits_and_kill(&member_folder, &evening)?;
        let mut lan = self.reopen(&member_folder, &passphrase, &households, &confirmed)?;
        self.server_away(&mut lan)?;

        let serving = self.commune.serve(Some(&address))?;
        self.send(&mut lan)?;
        let after = self.same_figures("figures-of-both", &mut lan, &hamlet)?;
        self.report.households = after.households;
        self.report.persons = after.persons;
        (self.report.met_before, self.report.met_after) = (before.met_in_person, after.met_in_person);
        let started = Instant::now();
        let moved = |figures: &Figures| json!({ "reached": figures.reached, "met": figures.met_in_person, "complete": figures.complete, "declined": figures.declined });
        let expected = json!({ "reached": before.reached + 3, "met": before.met_in_person + 1, "complete": before.complete + 1, "declined": before.declined + 1 });
        self.report.step("three-visits-counted", started, moved(&after), expected);

        let (mut head, _) = self.enrol_and_pull("Tu", "hamlet_head", &hamlet, &serving)?;
        self.second_laptop(&mut lan, &mut head, &households)?;
        drop(serving);
        self.nothing_readable(options, &mut lan)
    }

    /// The commune office takes the list in; another process previews it.
    fn import(&mut self, seed: u64) -> Result<String> {
        let started = Instant::now();
        let file = self.list.to_str().context("the list's path")?.to_owned();
        let preview = self.commune.json(&["roster", "preview", &file, "--json"])?;
        self.commune.json(&[
            "roster",
            "import",
            &file,
            "--handed-over-by",
            "Ông Tư, trưởng thôn",
            "--json",
        ])?;
        let figures = self.commune.json(&["figures", "--json"])?;
        let counts = |of: &Value| json!({ "households": of.get("households"), "persons": of.get("persons") });
        self.report.step("import", started, counts(&figures), counts(&preview));

        let started = Instant::now();
        self.commune.json(&["roster", "import", &file, "--json"])?;
        let again = self.commune.json(&["figures", "--json"])?;
        self.report.step("import-again-adds-nothing", started, counts(&again), counts(&preview));
        let units = preview.get("hamlet_units").and_then(Value::as_array).context("no units")?;
        let at = usize::try_from(seed % units.len().max(1) as u64)?;
        let name = units.get(at).and_then(|unit| unit.get("name")).and_then(Value::as_str);
        Ok(name.context("a list without a hamlet unit")?.to_owned())
    }

    fn enrol_and_pull(
        &mut self,
        name: &str,
        role: &str,
        hamlet: &str,
        serving: &Serving,
    ) -> Result<(Laptop, String)> {
        let started = Instant::now();
        let code = self.commune.code(role, Some(hamlet))?;
        let folder = self.folder.join(format!("laptop-{}", name.to_lowercase()));
        let (mut laptop, passphrase) = enrol(&folder, &code, &serving.address, &format!("Máy {name}"))?;
        let report = app::sync::now(&mut laptop, &mut |_| {})?;
        self.report.pulled_ops += report.received_ops;
        let step = format!("enrol-and-pull-{}", name.to_lowercase());
        self.compare_figures(&step, started, &mut laptop, hamlet)?;

        let started = Instant::now();
        let used = enrol(&self.folder.join("thief"), &code, &serving.address, "Máy lạ").map(drop);
        let refusal = used.err().and_then(|error| error.downcast::<AppError>().ok()).map(|error| error.code);
        self.report.step("a-code-is-used-once", started, json!(refusal), json!("enrol.used_code"));
        Ok((laptop, passphrase))
    }

    fn same_list_on_the_laptop(&mut self, laptop: &mut Laptop) -> Result<()> {
        let started = Instant::now();
        // A list of a whole commune would bring other hamlets' households to this laptop.
        let preview = register::figures(laptop, None)?;
        let bytes = std::fs::read(&self.list)?;
        let looked = lists::look(laptop, &bytes)?;
        if i64::try_from(looked.view.preview.households)? != preview.households {
            return Ok(());
        }
        let source =
            lists::Source { handed_over_by: "Ông Tư, trưởng thôn".into(), basis: String::new() };
        let result = lists::take_in(laptop, &looked, &source, &mut |_, _| {})?;
        let shown =
            json!({ "households_added": result.households_added, "persons_added": result.persons_added });
        let expected = json!({ "households_added": 0, "persons_added": 0 });
        self.report.step("same-list-on-the-laptop-adds-nothing", started, shown, expected);
        Ok(())
    }

    fn same_figures(&mut self, name: &str, laptop: &mut Laptop, hamlet: &str) -> Result<Figures> {
        self.compare_figures(name, Instant::now(), laptop, hamlet)
    }

    fn compare_figures(
        &mut self,
        name: &str,
        started: Instant,
        laptop: &mut Laptop,
        hamlet: &str,
    ) -> Result<Figures> {
        let shown = register::figures(laptop, None)?;
        let expected = self.commune.json(&["figures", "--json", "--hamlet", hamlet])?;
        self.report.step(name, started, serde_json::to_value(&shown)?, expected);
        Ok(shown)
    }

    /// Another process records the visits, confirms each, and is killed while a fourth save is open.
    fn visits_and_kill(&mut self, folder: &Path, evening: &Evening) -> Result<Vec<String>> {
        let started = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("visits")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("no input")?;
        writeln!(stdin, "{}", serde_json::to_string(evening)?)?;
        let stdout = child.stdout.take().context("no output")?;
        let mut confirmed = Vec::new();
        for line in BufReader::new(stdout).lines() {
            match line?.as_str() {
                "open" => break,
                visit => confirmed.push(visit.to_owned()),
            }
        }
        child.kill()?;
        let ended = child.wait()?;
        let shown = json!({ "confirmed": confirmed.len(), "ended_by_itself": ended.code().is_some() });
        self.report.step(
            "three-visits-then-kill-9",
            started,
            shown,
            json!({ "confirmed": 3, "ended_by_itself": false }),
        );
        Ok(confirmed)
    }

    fn reopen(
        &mut self,
        folder: &Path,
        passphrase: &str,
        households: &[domain::ids::HouseholdId],
        confirmed: &[String],
    ) -> Result<Laptop> {
        let started = Instant::now();
        let mut laptop = Laptop::open(place(folder)?, passphrase)?;
        let mut kept = Vec::new();
        let mut unsaved = 0;
        for household in households {
            let visits = visit_table::of_household(laptop.store.reading(), *household)?;
            kept.extend(visits.into_iter().map(|(_, visit)| visit.id.to_string()));
            let state = register::household(&mut laptop, *household)?;
            unsaved += usize::from(state.household.house_no == "không được lưu");
        }
        let waiting = app::sync::waiting(&laptop)?.pending_groups;
        let shown = json!({ "kept": kept, "half_saved": unsaved, "waiting": waiting });
        self.report.step(
            "reopened-nothing-lost",
            started,
            shown,
            json!({ "kept": confirmed, "half_saved": 0, "waiting": 3 }),
        );
        Ok(laptop)
    }

    fn server_away(&mut self, laptop: &mut Laptop) -> Result<()> {
        let started = Instant::now();
        let shown = synced(laptop)?;
        self.report.step(
            "no-network-is-said-and-nothing-lost",
            started,
            shown,
            json!({ "code": "sync.unreachable" }),
        );
        Ok(())
    }

    fn send(&mut self, laptop: &mut Laptop) -> Result<()> {
        let started = Instant::now();
        let report = app::sync::now(laptop, &mut |_| {})?;
        self.report.pushed_ops += report.sent_ops;
        self.report.pulled_ops += report.received_ops;
        let waiting = app::sync::waiting(laptop)?;
        let shown = json!({ "sent": report.sent_groups, "apart": report.quarantined_groups, "waiting": waiting.pending_groups + waiting.acknowledged_groups });
        self.report.step(
            "sent-to-the-commune",
            started,
            shown,
            json!({ "sent": 3, "apart": 0, "waiting": 0 }),
        );

        let started = Instant::now();
        let shown = synced(laptop)?;
        let expected = serde_json::to_value(sync_client::Report::default())?;
        self.report.step("nothing-left-to-send", started, shown, expected);
        Ok(())
    }

    fn second_laptop(
        &mut self,
        lan: &mut Laptop,
        head: &mut Laptop,
        households: &[domain::ids::HouseholdId],
    ) -> Result<()> {
        let started = Instant::now();
        let standing = |laptop: &mut Laptop| -> Result<Value> {
            let mut shown = Vec::new();
            for household in households {
                let (progress, verdict) =
                    store::counts::standing_of(laptop.store.reading(), *household)?.context("not counted")?;
                let state = register::household(laptop, *household)?;
                let facts: Vec<_> = state.people.iter().map(|person| &person.facts).collect();
                shown.push(json!({ "progress": progress, "verdict": verdict, "facts": facts }));
            }
            Ok(Value::Array(shown))
        };
        let (shown, expected) = (standing(head)?, standing(lan)?);
        self.report.step("the-hamlet-head-s-laptop-shows-it", started, shown, expected);
        Ok(())
    }

    /// No name of anybody in any file of laptops and server, wherever they write; in a build without keys all
    /// of them.
    fn nothing_readable(&mut self, options: &Tour, laptop: &mut Laptop) -> Result<()> {
        let started = Instant::now();
        let looked_at = home::is_within(&self.folder, |variable| std::env::var_os(variable));
        self.report.step("everything-written-is-searched", started, json!(looked_at), json!(true));
        let started = Instant::now();
        let people = members::list(laptop.store.reading())?;
        let names: Vec<String> = people.into_iter().map(|member| member.full_name).take(50).collect();
        let shown = readable::found(&self.folder, &names)?;
        let expected = if options.plain { names.len() } else { 0 };
        self.report.step("names-readable-in-files", started, json!(shown), json!(expected));
        Ok(())
    }
}
