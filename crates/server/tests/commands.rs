//! The program itself: commands beside a running server, exit codes, and an import that is killed.

#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use sync_core::api::EnrolmentCode;

fn program(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tungnha-server"));
    command.args(arguments).env("TUNGNHA_DATA", data);
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    program(data, arguments).output().unwrap()
}

fn last_line(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn ok(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    last_line(&output)
}

fn list(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/roster").join(name);
    path.to_str().unwrap().to_owned()
}

/// A process of the test; ends with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn commune() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    ok(&data, &["init", "--commune-name", "Xã Đồng Sen", "--json"]);
    (dir, data)
}

#[test]
fn commands_work_beside_a_running_server() {
    let (dir, data) = commune();
    let mut serve = program(&data, &["serve"]);
    let mut serving = Running(serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(serving.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    let url = listening["listening"].as_str().unwrap();
    assert!(url.starts_with("https://127.0.0.1:"));

    let preview = ok(&data, &["roster", "preview", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    assert_eq!((preview["households"].as_u64(), preview["persons"].as_u64()), (Some(84), Some(409)));
    let report = ok(&data, &["roster", "import", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    assert_eq!(report["added"]["households"], 84, "{report}");
    let unit = preview["hamlet_units"][0]["name"].as_str().unwrap();
    let figures = ok(&data, &["figures", "--json", "--hamlet", unit]);
    assert_eq!((figures["households"].as_u64(), figures["persons"].as_u64()), (Some(84), Some(409)));

    let issued = ok(&data, &["enrol", "--role", "hamlet_head", "--hamlet", unit, "--json"]);
    let code: EnrolmentCode = issued["code"].as_str().unwrap().parse().unwrap();
    assert_eq!(code.address.as_deref(), Some(url));
    let to = dir.path().join("backups");
    let backup = ok(&data, &["backup", "--to", to.to_str().unwrap()]);
    assert_eq!(backup["verified"], true);
}

#[test]
fn what_does_not_hold_is_said_in_a_sentence_with_a_code() {
    let (dir, data) = commune();
    let missing = dir.path().join("nothing");
    let check = |data: &Path, arguments: &[&str], code: &str| {
        let output = run(data, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let error = &last_line(&output)["error"];
        assert_eq!(error["code"], code, "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(error["message"].as_str().unwrap()) && said.contains(code), "{said}");
    };
    check(&data, &["init", "--commune-name", "Xã Khác", "--json"], "server.already_set_up");
    check(&missing, &["init", "--commune-name", "X", "--basis", "x", "--json"], "server.unknown_basis");
    check(&missing, &["figures", "--json"], "server.not_set_up");
    check(&missing, &["serve", "--json"], "server.not_set_up");
    check(&data, &["figures", "--hamlet", "Thôn Lạ", "--json"], "enrol.unknown_hamlet");
    check(&data, &["enrol", "--role", "hamlet_head", "--json"], "enrol.hamlet_needed");
    check(&data, &["enrol", "--role", "king", "--json"], "enrol.unknown_role");
    check(&data, &["roster", "preview", "/nowhere.xlsx", "--json"], "server.io");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    check(&data, &["roster", "import", manifest.to_str().unwrap(), "--json"], "roster.no_header");
}

/// Killed while it writes: SQLite spills into its log long before the commit, and all of it is dropped.
#[test]
fn an_import_that_is_killed_leaves_nothing() {
    let (_dir, data) = commune();
    let before = ok(&data, &["figures", "--json"]);
    let mut import = program(&data, &["roster", "import", &list("danh-sach-xa-mau.xlsx")]);
    let mut import = Running(import.stdout(Stdio::null()).spawn().unwrap());
    let log = data.join("register.db-wal");
    while std::fs::metadata(&log).map_or(0, |log| log.len()) < 2 << 20 {
        assert!(import.0.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    import.0.kill().unwrap();
    import.0.wait().unwrap();
    assert_eq!(ok(&data, &["figures", "--json"]), before);
    assert_eq!(before["households"], 0);
}
