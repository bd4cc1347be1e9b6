//! One function per command: open, call, print.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::calendar::Day;
use domain::consent::Basis;
use domain::people::Role;
use roster::RowTrouble;
use serde_json::json;
use server::address::{self, Running, ServerAddress};
use server::http::probe;
use server::machine::{Machine, SystemMachine, is_clock_set_by_network};
use server::messages::{filled, number};
use server::{
    DataFolder, EnrolOrder, ImportOrder, NewCommune, Options, Register, ServerError, Serving, Transport,
};

use crate::arguments::{Arguments, Backup, Command, DataDir, Enrol, Figures, Init, Restore, Roster, Serve};
use crate::{figures_table, output};

/// Between two words of the witness in a quiet time.
const WITNESS_EVERY: Duration = Duration::from_secs(3600);

pub(crate) fn run(arguments: Arguments) -> Result<(), ServerError> {
    let json = arguments.json;
    match arguments.command {
        Command::Init(init) => self::init(init, json),
        Command::Serve(serve) => self::serve(&serve, json),
        Command::Enrol(enrol) => self::enrol(enrol, json),
        Command::Roster(Roster::Preview { file }) => preview(&file, json),
        Command::Roster(Roster::Import { data, file, handed_over_by, hamlet, new_hamlet }) => {
            import(&data, &file, &ImportOrder { handed_over_by, hamlet, new_hamlet }, json)
        }
        Command::Figures(figures) => self::figures(&figures, json),
        Command::Backup(backup) => self::backup(&backup, json),
        Command::Restore(restore) => self::restore(&restore, json),
    }
}

fn open(data: &DataDir) -> Result<Register, ServerError> {
    Register::open(&data.path, options(data))
}

fn options(data: &DataDir) -> Options {
    Options { clock_is_right: data.clock_is_right || is_clock_set_by_network(), ..Options::default() }
}

fn init(init: Init, json: bool) -> Result<(), ServerError> {
    let basis = Basis::from_code(&init.basis);
    if let Basis::Unrecognised(_) = basis {
        return Err(ServerError::UnknownBasis);
    }
    // Read before anything is made: a slip must not leave half a commune.
    let address: Option<ServerAddress> = init.address.as_deref().map(str::parse).transpose()?;
    let commune = NewCommune { name: init.commune_name, code: init.commune_code, basis };
    let (path, options) = (&init.data.path, options(&init.data));
    let register = match &init.postgres {
        None => Register::create(path, &commune, options),
        Some(url) => Register::create_in_postgres(path, &commune, url, options),
    }?;
    if let Some(address) = &address {
        address::keep(register.folder(), &address.to_string())?;
    }
    output::say("cli.init.done", &[("commune", &commune.name)]);
    if let Some(address) = &address {
        said_where(address);
    }
    say_keep_the_keys(register.folder());
    if json {
        output::json(&json!({ "commune": register.commune(), "seal_to": register.keys().seal_to() }));
    }
    Ok(())
}

/// Said at once and at every backup: what cannot be got back once it is too late.
fn say_keep_the_keys(folder: &DataFolder) {
    let keys = std::path::absolute(folder.keys()).unwrap_or_else(|_| folder.keys());
    output::warn("cli.keys", &[("keys", &keys.display().to_string())]);
}

fn said_where(address: &ServerAddress) {
    output::say("cli.serve.called", &[("address", &address.to_string())]);
    warn_of_loopback(address);
}

fn warn_of_loopback(address: &ServerAddress) {
    if address.is_this_machine_only() {
        output::warn("enrol.only_this_machine", &[("address", &address.to_string())]);
    }
}

fn serve(serve: &Serve, json: bool) -> Result<(), ServerError> {
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let register = Arc::new(open(&serve.data)?);
    let folder = register.folder();
    let said: Option<ServerAddress> = serve.address.as_deref().map(str::parse).transpose()?;
    let transport =
        if serve.http_behind_proxy { Transport::BehindProxy } else { Transport::Tls(serve.names.clone()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anybody is told that it serves: whoever hears that may ask it to end at once.
        let asked = asked_to_end()?;
        let mut serving = server::serve(&register, serve.listen(), &transport)?;
        tokio::spawn(bear_witness(Arc::clone(&register)));
        let running = Running {
            listen: serving.address,
            name: serve.names.first().cloned(),
            behind_proxy: serve.http_behind_proxy,
        };
        folder.say_running(&running)?;
        // Only a server that really serves changes what codes say.
        if let Some(said) = &said {
            address::keep(folder, &said.to_string())?;
        }
        let kept = address::kept(folder)?;
        let called = address::decide(None, kept.as_deref(), Some(&running), None, address::in_network);
        output::say("cli.serve.done", &[("listening", &serving.url)]);
        match &called {
            Ok(address) => said_where(address),
            // It serves all the same; who makes a code is told again.
            Err(error) => output::warn(error.code(), &[]),
        }
        if json {
            let address = called.ok().map(|address| address.to_string());
            output::json(&json!({ "listening": serving.url, "address": address }));
        }
        let served = until_stopped(&mut serving, asked).await;
        folder.say_ended()?;
        served
    })
}

/// Says in a quiet time too that the clock went on.
async fn bear_witness(register: Arc<Register>) {
    loop {
        let register = Arc::clone(&register);
        let borne = tokio::task::spawn_blocking(move || register.bear_witness()).await;
        if let Ok(Err(error)) = borne {
            tracing::warn!(code = error.code(), "witness");
        }
        tokio::time::sleep(WITNESS_EVERY).await;
    }
}

/// Serves until it is asked to end, by Ctrl-C or by the service manager.
async fn until_stopped(serving: &mut Serving, asked: impl Future<Output = ()>) -> Result<(), ServerError> {
    asked.await;
    serving.stop();
    serving.ended().await
}

#[cfg(unix)]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let mut pressed = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        pressed.recv().await;
    })
}

fn enrol(enrol: Enrol, json: bool) -> Result<(), ServerError> {
    let mut order = EnrolOrder {
        role: Role::from_code(&enrol.role),
        hamlet_units: enrol.hamlets,
        user_name: enrol.name,
        valid_minutes: enrol.valid_minutes,
        address: None,
    };
    order.check()?;
    let register = open(&enrol.data)?;
    let address = address_of(&register, enrol.address.as_deref())?;
    order.address = Some(address.to_string());
    let issued = naming_units(&register, register.issue_code(&order))?;
    let answering = probe::answers(register.keys(), &address)?;
    let (code, shown) = (issued.code.to_string(), address.to_string());
    warn_of_loopback(&address);
    if !answering {
        output::warn("enrol.nobody_answers", &[("address", &shown)]);
    }
    output::say("cli.enrol.whose", &[("whose", &whose(&order))]);
    let lasts = lasting(order.valid_minutes);
    output::say("cli.enrol.done", &[("lasts", &lasts), ("address", &shown)]);
    if json {
        output::json(&json!({
            "code": code,
            "role": order.role,
            "hamlet_units": issued.hamlet_units,
            "address": shown,
            "this_machine_only": address.is_this_machine_only(),
            "answering": answering,
            "expires_at_ms": issued.expires_at_ms,
        }));
    } else {
        output::line(&code);
    }
    Ok(())
}

/// Role, hamlet units, name: which of the codes on the screen this is.
fn whose(order: &EnrolOrder) -> String {
    let role = filled(&format!("label.role.{}", order.role.code()), &[]);
    let parts = std::iter::once(&role).chain(&order.hamlet_units).chain([&order.user_name]);
    parts.filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who named a unit that is not there is told which are.
fn naming_units<T>(register: &Register, result: Result<T, ServerError>) -> Result<T, ServerError> {
    if let Err(ServerError::UnknownHamlet | ServerError::UnannouncedHamlet) = result {
        let units = register.hamlet_unit_names()?;
        if !units.is_empty() {
            output::warn("cli.units", &[("units", &units.join(", "))]);
        }
    }
    result
}

/// Who named a file that is not there is told which: a list lies in another folder more often than it is gone.
fn naming_file<T>(file: &Path, result: Result<T, ServerError>) -> Result<T, ServerError> {
    if result.is_err() && matches!(file.try_exists(), Ok(false)) {
        output::warn("cli.no_such_file", &[("file", &file.display().to_string())]);
    }
    result
}

/// In the largest unit that needs no fraction.
fn lasting(minutes: u32) -> String {
    let (code, count) = match minutes {
        days if days.is_multiple_of(24 * 60) => ("cli.lasts.days", days / (24 * 60)),
        hours if hours.is_multiple_of(60) => ("cli.lasts.hours", hours / 60),
        minutes => ("cli.lasts.minutes", minutes),
    };
    filled(code, &[("count", &number(count.into()))])
}

/// What the code shall say. The running server is asked only where nobody said it.
fn address_of(register: &Register, said: Option<&str>) -> Result<ServerAddress, ServerError> {
    let kept = address::kept(register.folder())?;
    let running = match said.or(kept.as_deref()) {
        None => probe::running(register.folder(), register.keys())?,
        Some(_) => None,
    };
    let last_port = address::last_port(register.folder());
    Ok(address::decide(said, kept.as_deref(), running.as_ref(), last_port, address::in_network)?)
}

fn today() -> Day {
    Day::at(SystemMachine.wall_ms())
}

fn count(number_of: usize) -> String {
    number(i64::try_from(number_of).unwrap_or(i64::MAX))
}

fn preview(file: &Path, json: bool) -> Result<(), ServerError> {
    let preview = naming_file(file, server::preview_list(file, today()))?;
    let counts = |households: usize, persons: usize| (count(households), count(persons));
    let (households, persons) = counts(preview.households, preview.persons);
    output::say("cli.preview.done", &[("households", &households), ("persons", &persons)]);
    for unit in &preview.hamlet_units {
        let (households, persons) = counts(unit.households, unit.persons);
        let params = [("unit", unit.name.as_str()), ("households", &households), ("persons", &persons)];
        output::say("cli.preview.unit", &params);
    }
    say_rows("cli.preview.rejected", &preview.rejected);
    say_rows("cli.preview.warnings", &preview.warnings);
    if json {
        output::json(&preview);
    }
    Ok(())
}

/// Rows with what is wrong with each.
fn say_rows(title: &str, rows: &[RowTrouble]) {
    if !rows.is_empty() {
        output::say(title, &[("rows", &count(rows.len()))]);
    }
    for trouble in rows {
        let reason = filled(&format!("list.trouble.{}", trouble.reason.code()), &[]);
        output::say("cli.preview.row", &[("at", &place(trouble)), ("reason", &reason)]);
    }
}

/// As far as there is one: a CSV has no sheet, and a sheet as a whole no row.
fn place(trouble: &RowTrouble) -> String {
    let mut parts = Vec::new();
    if !trouble.sheet.is_empty() {
        parts.push(filled("cli.at.sheet", &[("sheet", &trouble.sheet)]));
    }
    if trouble.row > 0 {
        parts.push(filled("cli.at.row", &[("row", &trouble.row.to_string())]));
    }
    if let Some(column) = &trouble.column {
        parts.push(filled("cli.at.column", &[("column", column)]));
    }
    if parts.is_empty() { filled("cli.at.file", &[]) } else { parts.join(", ") }
}

fn import(data: &DataDir, file: &Path, order: &ImportOrder, json: bool) -> Result<(), ServerError> {
    let register = open(data)?;
    let list = naming_file(file, server::read_list(file, today()))?;
    let report = naming_units(&register, register.import(&list, order))?;
    let say = |code: &str, households: usize, persons: usize| {
        output::say(code, &[("households", &count(households)), ("persons", &count(persons))]);
    };
    say("cli.import.done", report.added.households, report.added.persons);
    if report.matched.households > 0 {
        say("cli.import.matched", report.matched.households, report.matched.persons);
    }
    let refused = &report.refused;
    for (code, households, persons) in [
        ("cli.import.ambiguous", refused.households, refused.persons),
        ("cli.import.deleted", refused.households_deleted, refused.persons_deleted),
    ] {
        if households + persons > 0 {
            say(code, households, persons);
        }
    }
    if refused.without_hamlet > 0 {
        say("cli.import.without_hamlet", refused.without_hamlet, 0);
    }
    if refused.rows > 0 {
        output::say("cli.import.rows", &[("rows", &count(refused.rows))]);
    }
    if json {
        output::json(&report);
    }
    Ok(())
}

fn figures(figures: &Figures, json: bool) -> Result<(), ServerError> {
    let register = open(&figures.data)?;
    let counted = naming_units(&register, register.figures(figures.hamlet.as_deref()))?;
    if json {
        output::json(&counted);
        return Ok(());
    }
    for line in figures_table::lines(&counted, figures.hamlet.as_deref(), today()) {
        output::line(&line);
    }
    Ok(())
}

fn backup(backup: &Backup, json: bool) -> Result<(), ServerError> {
    let register = open(&backup.data)?;
    let report = register.backup(&backup.to)?;
    let bytes = number(i64::try_from(report.bytes).unwrap_or(i64::MAX));
    let file = report.file.display().to_string();
    output::say("cli.backup.done", &[("file", &file), ("bytes", &bytes)]);
    output::say("cli.backup.hash", &[("hash", &report.hash)]);
    output::say("cli.backup.no_keys", &[]);
    if report.same_disk {
        output::warn("cli.backup.same_disk", &[]);
    }
    say_keep_the_keys(register.folder());
    if json {
        output::json(&report);
    }
    Ok(())
}

fn restore(restore: &Restore, json: bool) -> Result<(), ServerError> {
    let (data, file, options) = (&restore.data.path, &restore.file, options(&restore.data));
    let put_back = match &restore.postgres {
        None => server::restore(data, file, restore.accept_loss, options),
        Some(url) => server::restore_into_postgres(data, file, url, restore.accept_loss, options),
    };
    let report = naming_file(&restore.file, put_back)?;
    output::say("cli.restore.done", &[("file", &restore.file.display().to_string())]);
    if let Some(missing) = report.commits_missing.filter(|missing| *missing > 0) {
        let missing = number(i64::try_from(missing).unwrap_or(i64::MAX));
        output::say("cli.restore.missing", &[("count", &missing)]);
    }
    if let Some(aside) = &report.set_aside {
        output::say("cli.restore.aside", &[("file", &aside.display().to_string())]);
    }
    output::warn("cli.restore.laptops", &[]);
    if json {
        output::json(&report);
    }
    Ok(())
}
