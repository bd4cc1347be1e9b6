//! One function per command: open, call, print.

use std::path::Path;
use std::sync::Arc;

use domain::calendar::Day;
use domain::consent::Basis;
use domain::people::Role;
use serde_json::{Value, json};
use server::machine::{Machine, SystemMachine};
use server::{
    DataFolder, EnrolOrder, ImportOrder, NewCommune, Options, Register, ServerError, Serving, Transport,
};

use crate::arguments::{Arguments, Backup, Command, Enrol, Figures, Init, Roster, Serve};
use crate::output;

pub(crate) fn run(arguments: Arguments) -> Result<(), ServerError> {
    let json = arguments.json;
    match arguments.command {
        Command::Init(init) => self::init(init, json),
        Command::Serve(serve) => self::serve(&serve),
        Command::Enrol(enrol) => self::enrol(enrol, json),
        Command::Roster(Roster::Preview { file }) => preview(&file),
        Command::Roster(Roster::Import { data, file, handed_over_by, hamlet }) => {
            import(&data.path, &file, &ImportOrder { handed_over_by, hamlet }, json)
        }
        Command::Figures(figures) => self::figures(&figures),
        Command::Backup(backup) => self::backup(&backup),
    }
}

fn open(path: &Path) -> Result<Register, ServerError> {
    Register::open(path, Options::default())
}

fn init(init: Init, json: bool) -> Result<(), ServerError> {
    let basis = Basis::from_code(&init.basis);
    if let Basis::Unrecognised(_) = basis {
        return Err(ServerError::UnknownBasis);
    }
    let commune = NewCommune { name: init.commune_name, code: init.commune_code, basis };
    let register = Register::create(&init.data.path, &commune, Options::default())?;
    if json {
        output::json(&json!({ "commune": register.commune(), "seal_to": register.keys().seal_to() }));
    } else {
        output::line(&format!("Đã tạo dữ liệu của {}.", commune.name));
    }
    Ok(())
}

fn serve(serve: &Serve) -> Result<(), ServerError> {
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let register = Arc::new(open(&serve.data.path)?);
    let transport =
        if serve.http_behind_proxy { Transport::BehindProxy } else { Transport::Tls(serve.names.clone()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let serving = server::serve(&register, serve.listen, &transport)?;
        let url = match serve.names.first() {
            Some(name) if !serve.http_behind_proxy => format!("https://{name}:{}", serving.address.port()),
            _ => serving.url.clone(),
        };
        let listening = register.folder().listening();
        std::fs::write(&listening, json!({ "listening": url }).to_string())?;
        output::json(&json!({ "listening": serving.url }));
        let served = until_stopped(serving).await;
        std::fs::remove_file(listening)?;
        served
    })
}

/// Serves until it is asked to end, by Ctrl-C or by the service manager.
async fn until_stopped(serving: Serving) -> Result<(), ServerError> {
    asked_to_end().await?;
    serving.stop();
    serving.ended().await
}

#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Where the server of this folder listens, if one runs.
fn listening(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(DataFolder::new(path).listening()).ok()?;
    let json: Value = serde_json::from_str(&text).ok()?;
    json.get("listening")?.as_str().map(str::to_owned)
}

fn enrol(enrol: Enrol, json: bool) -> Result<(), ServerError> {
    let order = EnrolOrder {
        role: Role::from_code(&enrol.role),
        hamlet_units: enrol.hamlets,
        user_name: enrol.name,
        valid_minutes: enrol.valid_minutes,
        address: enrol.address.or_else(|| listening(&enrol.data.path)),
    };
    let issued = open(&enrol.data.path)?.issue_code(&order)?;
    let code = issued.code.to_string();
    if json {
        output::json(&json!({
            "code": code,
            "role": order.role,
            "hamlet_units": issued.hamlet_units,
            "address": order.address,
            "expires_at_ms": issued.expires_at_ms,
        }));
    } else {
        output::line(&format!("Mã kết nối, dùng một lần, trong {} phút:", order.valid_minutes));
        output::line(&code);
    }
    Ok(())
}

fn today() -> Day {
    Day::at(SystemMachine.wall_ms())
}

fn preview(file: &Path) -> Result<(), ServerError> {
    let preview = server::preview_list(file, today())?;
    output::line(&format!("{} hộ, {} nhân khẩu.", preview.households, preview.persons));
    output::json(&preview);
    Ok(())
}

fn import(data: &Path, file: &Path, order: &ImportOrder, json: bool) -> Result<(), ServerError> {
    let register = open(data)?;
    let list = server::read_list(file, today())?;
    let report = register.import(&list, order)?;
    output::line(&format!(
        "Thêm {} hộ, {} nhân khẩu; đã có {} hộ, {} nhân khẩu; chưa nhập {} dòng, {} hộ.",
        report.added.households,
        report.added.persons,
        report.matched.households,
        report.matched.persons,
        report.refused.rows,
        report.refused.households + report.refused.without_hamlet,
    ));
    if json {
        output::json(&report);
    }
    Ok(())
}

fn figures(figures: &Figures) -> Result<(), ServerError> {
    let counted = open(&figures.data.path)?.figures(figures.hamlet.as_deref())?;
    output::json(&counted);
    Ok(())
}

fn backup(backup: &Backup) -> Result<(), ServerError> {
    let report = open(&backup.data.path)?.backup(&backup.to)?;
    output::json(&report);
    Ok(())
}
