//! `cargo xtask sabotage`: proof that the checks can fail. Each fault is compiled in under the feature
//! `sabotage` and chosen by `TUNGNHA_FAULT`; the one test that it names must pass without it and fail
//! with it. A build of its own under `target/sabotage`, so that nobody's product has the feature.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{cargo, root};

/// Which faults.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    /// Names of faults; none means all of them
    names: Vec<String>,
}

/// A fault and the test that must notice it.
struct Fault {
    name: &'static str,
    package: &'static str,
    /// The integration test the test is in; `None` for tests beside the code.
    target: Option<&'static str>,
    test: &'static str,
}

impl Fault {
    const fn beside(name: &'static str, package: &'static str, test: &'static str) -> Self {
        Self { name, package, target: None, test }
    }

    /// Beside the rules of sync.
    const fn core(name: &'static str, test: &'static str) -> Self {
        Self::beside(name, "sync-core", test)
    }

    /// In `crates/store/tests/laptop`.
    const fn laptop(name: &'static str, test: &'static str) -> Self {
        Self { name, package: "store", target: Some("laptop"), test }
    }

    fn check(&self) -> String {
        match self.target {
            Some(target) => format!("{}/{target}::{}", self.package, self.test),
            None => format!("{}::{}", self.package, self.test),
        }
    }
}

const FAULTS: &[Fault] = &[
    // An unknown answer counts as a no.
    Fault::beside("criteria", "domain", "criteria::tests::unknown_is_not_no"),
    // The first writer wins.
    Fault::core("merge", "laws::the_last_writer_wins_and_the_first_event_stands"),
    // The stamp does not look at the ops that an edit replaces.
    Fault::core(
        "skip_replaces",
        "histories::f13_an_edit_from_2010_beats_the_winner_it_saw_also_when_the_server_forgot_it",
    ),
    // A list writes over what somebody corrected.
    Fault::core("import_overwrites", "records::listed::tests::a_list_fills_gaps_and_overwrites_nothing"),
    // `>=` for `>`: what was seen last arrives for ever.
    Fault::core("at_least", "position::tests::last_seen_is_not_after_itself"),
    // The gate writes rows, and no op tells the other devices.
    Fault::laptop("gate", "saving::a_save_is_in_rows_tallies_overlay_and_sealed_outbox"),
    // Rows change and the kept counts do not.
    Fault::laptop("tallies", "saving::a_visit_moves_the_figures_and_an_undo_moves_them_back"),
    // A page that does not begin at the cursor is taken.
    Fault::laptop("cursor", "syncing::f05_a_page_that_does_not_begin_at_the_cursor_is_refused_whole"),
    // The cursor is committed before the rows.
    Fault::laptop("cursor_first", "full_disk::f05_a_page_that_finds_no_room_moves_neither_rows_nor_cursor"),
    // An acknowledged op leaves the overlay before the stream has delivered it.
    Fault::laptop(
        "acknowledged_is_delivered",
        "syncing::f04_acknowledged_stays_in_the_overlay_until_the_stream_delivers_it",
    ),
    // The server does not read in its ledger who works where.
    Fault::core("assignments_forgotten", "moving::f09_a_restore_gives_no_scope_back_and_takes_none_away"),
    // What is given back lies at the position that it had in the life that ended.
    Fault::core(
        "receipt_position",
        "rewind::f01_what_is_given_back_gets_a_new_position_and_keeps_its_receipt",
    ),
    // A laptop that finds another epoch goes on as if nothing had happened.
    Fault::core(
        "epoch_forgotten",
        "rewind::two_restores_of_one_backup_are_two_epochs_and_a_laptop_of_either_comes_over",
    ),
    // What leaves a laptop is sealed without its receipts, and nobody can give it back.
    Fault::core("foreign_not_sealed", "moving::f07_what_leaves_a_laptop_can_still_be_given_back"),
    // Of a group the first op is shown, and the others are not.
    Fault::core("group_split", "crossing::found_again::put_into_moves_and_back_with_others"),
    // Of somebody erased only the record itself is looked for, not what lies under it.
    Fault::core(
        "erased_by_record",
        "erasing::f12_what_lies_under_an_erased_person_is_not_kept_when_it_arrives",
    ),
    // Laptops forget what the newest backup has, and an older one may be put back.
    Fault::beside(
        "newest_watermark",
        "server",
        "register::beside::tests::laptops_keep_what_the_oldest_backup_lacks",
    ),
    // A code is renamed, and no catalogue has a sentence for it.
    Fault::beside("message_key", "app", "error::tests::every_code_has_a_sentence"),
    // A type of the pages' questions changes, and nobody writes it anew for the pages.
    Fault::beside("stale_type", "app", "commands::tests::the_generated_types_are_fresh"),
];

pub(crate) fn sabotage(options: &Options) -> Result<()> {
    if let Some(unknown) = options.names.iter().find(|name| FAULTS.iter().all(|fault| fault.name != **name)) {
        let known: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        bail!("no fault is called {unknown}; there are {}", known.join(", "));
    }
    let wanted = |fault: &&Fault| options.names.is_empty() || options.names.iter().any(|n| n == fault.name);
    let (mut report, mut missed) = (Vec::new(), 0);
    for fault in FAULTS.iter().filter(wanted) {
        let without = run(fault, false)?;
        let with = run(fault, true)?;
        let caught = without == Ran::GREEN && with == Ran::RED;
        println!("{:<26} {}  {}", fault.name, if caught { "caught" } else { "MISSED" }, fault.check());
        if !caught {
            println!("  without the fault {without:?}, with it {with:?}");
            missed += 1;
        }
        report.push(json!({ "name": fault.name, "check": fault.check(), "caught": caught }));
    }
    println!("{}", json!({ "faults": report }));
    if missed > 0 { bail!("{missed} faults that no test noticed") } else { Ok(()) }
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ran {
    passed: u32,
    failed: u32,
}

impl Ran {
    const GREEN: Self = Self { passed: 1, failed: 0 };
    const RED: Self = Self { passed: 0, failed: 1 };

    /// Out of what a test binary prints. A build that fails prints none of it.
    fn from_output(output: &str) -> Self {
        let mut ran = Self::default();
        for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            let count = |word: &str| {
                let words: Vec<_> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
                let found = words.windows(2).find(|two| two.get(1) == Some(&word));
                found.and_then(|two| two.first()?.parse().ok()).unwrap_or(0)
            };
            ran.passed += count("passed");
            ran.failed += count("failed");
        }
        ran
    }
}

fn run(fault: &Fault, with: bool) -> Result<Ran> {
    let mut command = command(fault);
    if with {
        command.env("TUNGNHA_FAULT", fault.name);
    } else {
        command.env_remove("TUNGNHA_FAULT");
    }
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let ran = Ran::from_output(&String::from_utf8_lossy(&output.stdout));
    if ran == Ran::default() {
        // Not one test: a name that is wrong, or a build that fails.
        bail!("{command:?} ran no test\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(ran)
}

fn command(fault: &Fault) -> Command {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", fault.package, "--features", "sabotage"]);
    command.arg("--target-dir").arg(root().join("target/sabotage"));
    match fault.target {
        Some(target) => command.args(["--test", target]),
        None => command.arg("--lib"),
    };
    command.args(["--", "--exact", fault.test]);
    command
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tidy;

    #[test]
    fn one_test_passed_or_failed_and_nothing_else_counts() {
        let check = |output: &str, passed, failed| {
            assert_eq!(Ran::from_output(output), Ran { passed, failed }, "{output}");
        };
        check("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out;", 1, 0);
        check("test result: FAILED. 0 passed; 1 failed; 0 ignored", 0, 1);
        check("test result: ok. 0 passed; 0 failed; 0 ignored", 0, 0);
        check("error: could not compile `domain`", 0, 0);
    }

    /// Neither a default feature nor what one of our crates asks of another switches it on: only its
    /// name on the command line does.
    #[test]
    fn nobody_gets_the_feature_unasked() {
        let metadata = tidy::metadata(None).unwrap();
        for package in tidy::ours(&metadata) {
            let name = tidy::text(package, "name");
            let features = package["features"].as_object().unwrap();
            for (feature, enables) in features.iter().filter(|(feature, _)| *feature != "sabotage") {
                assert!(!enables.to_string().contains("sabotage"), "{name}: {feature} switches it on");
            }
            for dependency in tidy::list(package, "dependencies") {
                assert!(!dependency["features"].to_string().contains("sabotage"), "{name}: {dependency}");
            }
        }
    }

    /// A fault that is compiled in and not listed here, or the other way round, proves nothing.
    #[test]
    fn the_faults_of_the_code_are_the_faults_listed() {
        let mut in_code = BTreeSet::new();
        for path in tidy::tracked_files().unwrap() {
            if path.starts_with("crates/xtask") || path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            let named = text.split("fault::is(\"").skip(1).filter_map(|rest| rest.split('"').next());
            in_code.extend(named.map(str::to_owned));
        }
        let listed: BTreeSet<_> = FAULTS.iter().map(|fault| fault.name.to_owned()).collect();
        assert_eq!(in_code, listed);
        assert_eq!(listed.len(), FAULTS.len(), "two of one name");
    }
}
