//! `bench spine`: what a team member waits for on one laptop.

mod import;
mod progress;
mod save;
mod search;

use anyhow::Result;
use store::Durability;

use crate::report::Report;
use crate::{Out, commune};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take the first households of the sample commune with so many people; without it all 27,765
    #[arg(long)]
    people: Option<usize>,
    #[command(flatten)]
    out: Out,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let base = dir.path().join("base");
    println!("reading the list and filling the store");
    let (store, portions) = commune::filled_store(&base, commune::portions(options.people)?)?;
    let people: usize =
        portions.iter().flat_map(|portion| &portion.households).map(|(_, _, members)| members.len()).sum();
    let size = format!("{people} people");
    let key = store.key().1.clone();
    drop(store);
    let mut report = Report { name: "spine", rows: vec![], notes: vec![] };
    for durability in [Durability::Full, Durability::Off] {
        println!("saving visits, {durability:?}");
        let given = save::Given { dir: dir.path(), base: &base, key: &key, portions: &portions, size: &size };
        save::run(&mut report, &given, durability)?;
    }
    println!("importing the list");
    import::run(&mut report, dir.path(), &key, &portions, &size)?;
    println!("searching");
    search::run(&mut report, &base, &portions, &size)?;
    println!("opening the figures");
    progress::run(&mut report, &base, &size)?;
    report.write(&options.out.out)
}
