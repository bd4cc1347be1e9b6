//! The program itself: commands beside a running server, what codes say, what people are told, exit codes,
//! and an import that is killed.

#![cfg(test)]

mod cluster;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use domain::consent::Basis;
use serde_json::Value;
use server::machine::{Machine, SystemMachine, is_clock_set_by_network};
use server::{NewCommune, Options, Register};
use sync_core::api::EnrolmentCode;

fn program(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tungnha-server"));
    command.args(arguments).env("TUNGNHA_DATA", data).env_remove("TUNGNHA_POSTGRES");
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

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// A server of its own process; returns where it listens.
fn serve(data: &Path, arguments: &[&str]) -> (Running, String) {
    let mut serve = program(data, &[&["serve", "--json"], arguments].concat());
    let mut serving = Running(serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let lines = BufReader::new(serving.0.stdout.as_mut().unwrap()).lines();
    let mut json = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let url = json.next().unwrap()["listening"].as_str().unwrap().to_owned();
    (serving, url)
}

fn address_in(issued: &Value) -> Option<String> {
    let code: EnrolmentCode = issued["code"].as_str().unwrap().parse().unwrap();
    assert_eq!(code.address.as_deref(), issued["address"].as_str());
    code.address
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
    let (_serving, url) = serve(&data, &["--listen", "127.0.0.1:0"]);
    assert!(url.starts_with("https://127.0.0.1:"));

    let preview = ok(&data, &["roster", "preview", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    assert_eq!((preview["households"].as_u64(), preview["persons"].as_u64()), (Some(84), Some(409)));
    let report = ok(&data, &["roster", "import", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    assert_eq!(report["added"]["households"], 84, "{report}");
    let unit = preview["hamlet_units"][0]["name"].as_str().unwrap();
    let figures = ok(&data, &["figures", "--json", "--hamlet", unit]);
    assert_eq!((figures["households"].as_u64(), figures["persons"].as_u64()), (Some(84), Some(409)));

    let issued = ok(&data, &["enrol", "--role", "hamlet_head", "--hamlet", unit, "--json"]);
    assert_eq!(address_in(&issued), Some(url));
    assert_eq!(issued["answering"], true);
    let to = dir.path().join("backups");
    let backup = ok(&data, &["backup", "--to", to.to_str().unwrap(), "--json"]);
    assert_eq!(backup["verified"], true);

    let table = said(&run(&data, &["figures", "--hamlet", unit])).0;
    let has = |words: &[&str]| {
        let fits = |line: &str| line.split_whitespace().eq(words.iter().copied());
        assert!(table.lines().any(fits), "{words:?} in\n{table}");
    };
    has(&["Hộ", "trong", "sổ", "84"]);
    has(&["đã", "đến", "0", "0,0%"]);
    has(&["đã", "gặp", "0", "0,0%"]);
    has(&["đủ", "mục", "chính", "0", "0,0%"]);
    has(&["Nhân", "khẩu", "409"]);
    assert!(table.contains("chưa rõ") && !table.contains('{') && !table.contains("fact."), "{table}");
}

/// What a laptop keeps for years is what somebody said, or what works.
#[test]
fn codes_name_an_address_that_works_or_that_somebody_chose() {
    let (_dir, data) = commune();
    let enrol = |more: &[&str]| run(&data, &[&["enrol", "--role", "admin", "--json"], more].concat());
    let address = |output: &Output| address_in(&last_line(output)).unwrap();
    let told = enrol(&["--address", "192.0.2.77:9"]);
    assert_eq!(address(&told), "https://192.0.2.77:9");
    assert!(said(&told).1.contains("chưa trả lời ở https://192.0.2.77:9"), "{:?}", said(&told));
    assert_eq!(last_line(&told)["answering"], false);

    for (wrong, code) in [
        ("0.0.0.0:8443", "address.unspecified"),
        ("[::]:8443", "address.unspecified"),
        ("192.0.2.77:0", "address.no_port"),
        ("http://192.0.2.77:9", "address.in_clear"),
        ("nói bừa", "address.unreadable"),
    ] {
        let refused = enrol(&["--address", wrong]);
        assert_eq!(refused.status.code(), Some(1), "{wrong}");
        assert_eq!(last_line(&refused)["error"]["code"], code, "{wrong}");
    }
    let day = said(&run(&data, &["enrol", "--role", "admin", "--address", "127.0.0.1:9"])).0;
    assert!(
        day.contains("dùng được trong 1 ngày") && day.lines().last().unwrap().starts_with("TN1."),
        "{day}"
    );
    let dead = enrol(&["--valid-minutes", "0", "--address", "192.0.2.77:9"]);
    assert_eq!(last_line(&dead)["error"]["code"], "enrol.no_minutes");

    // This machine only: because somebody said so, and with a warning.
    let here = enrol(&["--address", "127.0.0.1:9"]);
    let warned = said(&here).1;
    assert!(warned.contains("chỉ dùng được ngay trên máy này"), "{warned}");
    assert_eq!(last_line(&here)["this_machine_only"], true);

    // What a dead server left behind is not believed; a running one is.
    let (serving, url) = serve(&data, &["--listen", "127.0.0.1:0"]);
    let live = enrol(&[]);
    assert_eq!((address(&live), last_line(&live)["answering"].clone()), (url.clone(), true.into()));
    drop(serving);
    assert!(data.join("listening.json").exists(), "killed: it could not clear up");
    let stale = enrol(&[]);
    if stale.status.success() {
        // Its port will most likely be the same again; that somebody listens there now is not taken from it.
        let (address, warned) = (address(&stale), said(&stale).1);
        assert_eq!(address.rsplit(':').next(), url.rsplit(':').next());
        assert!(!address.contains("127.0.0.1") && warned.contains(&address), "{address} {warned}");
        assert_eq!(last_line(&stale)["answering"], false);
    } else {
        // A machine without a network says so, and makes no code that cannot work.
        assert_eq!(last_line(&stale)["error"]["code"], "address.no_network");
    }

    // Said at the start of the server, it is kept.
    drop(serve(&data, &["--listen", "127.0.0.1:0", "--address", "may-chu.xa.example:443"]));
    assert_eq!(address(&enrol(&[])), "https://may-chu.xa.example:443");
    assert_eq!(address(&enrol(&["--address", "192.0.2.77:9"])), "https://192.0.2.77:9");
    // Another program at the port is not the commune's server.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || drop(other.accept().unwrap()));
    assert_eq!(last_line(&enrol(&["--address", &at]))["answering"], false);
    answering.join().unwrap();
}

/// Whoever starts the next server finds its own word there, not the removal of the last one's.
#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_end_clears_up() {
    let (_dir, data) = commune();
    let (mut serving, _) = serve(&data, &["--listen", "127.0.0.1:0"]);
    assert!(data.join("listening.json").exists());
    let asked = Command::new("kill").args(["-TERM", &serving.0.id().to_string()]).status().unwrap();
    assert!(asked.success() && serving.0.wait().unwrap().success());
    assert!(!data.join("listening.json").exists());
}

/// Each row with its reason in words, where people look for it; nothing that nobody wrote.
#[test]
fn a_list_is_read_out_to_people() {
    let (dir, data) = commune();
    let file = dir.path().join("thon.csv");
    let lines = "Thôn;Số hộ;Họ và tên;Ngày sinh;Quan hệ;Điện thoại\n\
        Thôn Sen Hạ;1;Lê Văn An;30/02/1956;Chủ hộ;\nThôn Sen Hạ;1;;1960;Vợ;\nThôn Sen Hạ;1;Lê Minh;2001;Con;\n";
    std::fs::write(&file, lines).unwrap();
    let file = file.to_str().unwrap();
    let shown = said(&run(&data, &["roster", "preview", file])).0;
    for line in [
        "  dòng 3, cột C: Dòng có chữ nhưng không có họ tên: bỏ qua dòng này.",
        "  dòng 2, cột D: Không có ngày này trong lịch (như 30/02): để trống ngày sinh.",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in\n{shown}");
    }
    assert!(!shown.contains("trang ,") && !shown.contains("list.") && !shown.contains('{'), "{shown}");

    let imported = said(&run(&data, &["roster", "import", file])).0;
    assert!(imported.contains("Chưa đọc được 1 dòng"), "{imported}");
    let nowhere = dir.path().join("nowhere.csv");
    std::fs::write(&nowhere, "Số hộ;Họ và tên;Ngày sinh;Quan hệ\n9;Vũ Hoa;1960;Chủ hộ\n").unwrap();
    let imported = said(&run(&data, &["roster", "import", nowhere.to_str().unwrap()])).0;
    assert!(imported.contains("1 hộ chưa rõ thôn"), "{imported}");
    assert!(!imported.contains("cli.") && !imported.contains('{'), "{imported}");

    // A slip of the pen makes no hamlet; who means a new one says so.
    let elsewhere = dir.path().join("elsewhere.csv");
    std::fs::write(&elsewhere, "Số hộ;Họ và tên;Ngày sinh;Quan hệ\n4;Ngô Tám;1971;Chủ hộ\n").unwrap();
    let into = |hamlet: &str, more: &[&str]| {
        let file = if more.is_empty() { &nowhere } else { &elsewhere };
        let words = ["roster", "import", file.to_str().unwrap(), "--hamlet", hamlet];
        said(&run(&data, &[&words[..], more].concat()))
    };
    let (shown, warned) = into("Thôn Sen Hại", &[]);
    assert!(shown.is_empty() && warned.contains("[list.unknown_hamlet]"), "{shown} {warned}");
    assert!(warned.contains("Thôn Sen Hạ") && warned.contains("--new-hamlet"), "{warned}");
    assert!(into("sen ha", &[]).0.contains("1 hộ"));
    assert!(into("Thôn Lúa", &["--new-hamlet"]).0.contains("1 hộ"));
    let units = |hamlet: &str| ok(&data, &["figures", "--json", "--hamlet", hamlet])["households"].as_u64();
    assert_eq!((units("Sen Hạ"), units("Thôn Lúa")), (Some(2), Some(1)));

    // Who asks for a unit that is not there is told which are.
    for arguments in
        [&["figures", "--hamlet", "Thôn Lạ"][..], &["enrol", "--role", "team_lead", "--hamlet", "x"]]
    {
        let output = run(&data, arguments);
        let (shown, warned) = said(&output);
        assert!(
            shown.is_empty() && warned.contains("Thôn Sen Hạ") && warned.contains("[enrol.unknown_hamlet]"),
            "{warned}"
        );
    }
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let (_dir, data) = commune();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = other.local_addr().unwrap().to_string();
    let refused = run(&data, &["serve", "--listen", &at, "--json"]);
    assert_eq!(last_line(&refused)["error"]["code"], "server.cannot_listen");
    assert!(!data.join("listening.json").exists());
}

/// As the register was left last week.
#[derive(Debug)]
struct LastWeek;

impl Machine for LastWeek {
    fn wall_ms(&self) -> i64 {
        SystemMachine.wall_ms() - 7 * 24 * 3600 * 1000
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        SystemMachine.fill_random(bytes)
    }
}

#[test]
fn a_clock_that_is_days_ahead_needs_a_person_s_word() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let commune = NewCommune { name: "Xã Thử".into(), code: String::new(), basis: Basis::Consent };
    let options = Options { machine: Arc::new(LastWeek), ..Options::default() };
    let register = Register::create(&data, &commune, options).unwrap();
    register.bear_witness().unwrap();
    let backup = register.backup(&dir.path().join("backups")).unwrap().file;
    drop(register);
    // Where the network has set the clock, nobody is asked.
    if !is_clock_set_by_network() {
        let (list, backup) = (list("so-ho-thon-sen-ha.xlsx"), backup.to_str().unwrap());
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["enrol", "--role", "admin"],
            &["roster", "import", &list],
            &["figures"],
            &["restore", backup],
        ] {
            let refused = run(&data, &[command, &["--json"]].concat());
            assert_eq!(last_line(&refused)["error"]["code"], "server.clock_ahead", "{command:?}");
            assert!(said(&refused).1.contains("7 ngày"), "{}", said(&refused).1);
        }
    }
    ok(&data, &["figures", "--clock-is-right", "--json"]);
    ok(&data, &["figures", "--json"]);
    serve(&data, &["--listen", "127.0.0.1:0"]);
}

#[test]
fn an_address_said_at_init_is_in_every_code_and_a_wrong_one_makes_no_commune() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let init = |address: &str| run(&data, &["init", "--commune-name", "X", "--json", "--address", address]);
    assert_eq!(last_line(&init("0.0.0.0:1"))["error"]["code"], "address.unspecified");
    assert!(!data.exists());
    assert!(init("192.0.2.5").status.success());
    let issued = ok(&data, &["enrol", "--role", "admin", "--json"]);
    assert_eq!(address_in(&issued).as_deref(), Some("https://192.0.2.5:8443"));
}

#[test]
fn the_keys_are_spoken_of_at_once_and_at_every_backup() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let to = dir.path().join("backups");
    for arguments in [&["init", "--commune-name", "X"][..], &["backup", "--to", to.to_str().unwrap()]] {
        let output = run(&data, arguments);
        let (shown, warned) = said(&output);
        assert!(output.status.success() && !shown.contains('{'), "{shown}{warned}");
        for words in
            [data.join("keys").to_str().unwrap(), "cất riêng", "kể cả bản sao lưu", "đọc được tất cả"]
        {
            assert!(warned.contains(words), "{words} in {warned}");
        }
    }
}

#[test]
fn whose_a_code_is_which_file_is_missing_and_a_backup_on_the_same_disk_are_said() {
    let (dir, data) = commune();
    let enrolled = run(&data, &["enrol", "--role", "admin", "--name", "Chị Hoa", "--address", "192.0.2.5"]);
    assert!(said(&enrolled).0.contains("Cấp cho: Quản trị, Chị Hoa."), "{}", said(&enrolled).0);
    let missing = run(&data, &["roster", "preview", "no-such-list.xlsx"]);
    assert!(!missing.status.success() && said(&missing).1.contains("Không thấy tệp no-such-list.xlsx"));
    let to = dir.path().join("beside");
    let backed_up = run(&data, &["backup", "--to", to.to_str().unwrap()]);
    assert!(backed_up.status.success() && said(&backed_up).1.contains("cùng ổ đĩa"));
}

#[test]
fn a_backup_is_restored_where_nobody_serves() {
    let (dir, data) = commune();
    let to = dir.path().join("backups");
    let made = ok(&data, &["backup", "--to", to.to_str().unwrap(), "--json"]);
    let file = made["file"].as_str().unwrap();
    let households = ok(&data, &["figures", "--json"])["households"].clone();
    let (serving, _) = serve(&data, &["--listen", "127.0.0.1:0", "--http-behind-proxy"]);
    let refused = run(&data, &["restore", file, "--json"]);
    assert_eq!(last_line(&refused)["error"]["code"], "server.in_use");
    drop(serving);
    let restored = run(&data, &["restore", file, "--json"]);
    let (out, warned) = said(&restored);
    assert!(restored.status.success() && out.contains("Đã khôi phục"), "{out}{warned}");
    assert!(warned.contains("ngừng gửi"), "{warned}");
    let report = last_line(&restored);
    assert_eq!((report["epoch"].clone(), report["position"].clone()), (2.into(), made["position"].clone()));
    assert!(Path::new(report["set_aside"].as_str().unwrap()).exists());
    assert_eq!(ok(&data, &["figures", "--json"])["households"], households);
    let nonsense = run(&data, &["restore", &list("../../../Cargo.toml"), "--json"]);
    assert_eq!(last_line(&nonsense)["error"]["code"], "backup.not_ours");
    let missing = run(&data, &["restore", "/nowhere.db", "--json"]);
    assert!(said(&missing).1.contains("/nowhere.db"));
}

#[test]
fn a_backup_beside_the_register_is_none() {
    let (dir, data) = commune();
    let inside = data.join("new/backups");
    let round = data.join("../data/backups");
    let wrong = vec![data.clone(), data.join("keys"), inside, round, dir.path().join("none/../data/b")];
    // Only on Windows does a link need rights that people do not have.
    #[cfg(unix)]
    let wrong = {
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        [wrong, vec![link.join("deeper"), link]].concat()
    };
    let before: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for to in wrong {
        let refused = run(&data, &["backup", "--to", to.to_str().unwrap(), "--json"]);
        assert_eq!(last_line(&refused)["error"]["code"], "backup.inside", "{}", to.display());
    }
    let after: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(after.len(), before.len(), "{after:?}");
    let relative =
        program(&data, &["backup", "--to", "backups", "--json"]).current_dir(&data).output().unwrap();
    assert_eq!(last_line(&relative)["error"]["code"], "backup.inside");
    ok(&data, &["backup", "--to", dir.path().join("data-backups").to_str().unwrap(), "--json"]);
}

#[test]
fn a_command_line_that_is_none_is_answered_in_vietnamese() {
    let (_dir, data) = commune();
    let check = |arguments: &[&str], code: &str, detail: &str| {
        let output = run(&data, arguments);
        let warned = said(&output).1;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let first = warned.lines().next().unwrap();
        assert!(first.ends_with(&format!(". [{code}]")) && first.contains(['ầ', 'ị', 'ệ']), "{warned}");
        assert!(warned.contains(detail), "{warned}");
        if arguments.contains(&"--json") {
            let error = &last_line(&output)["error"];
            assert_eq!(error["code"], code);
            assert!(first.starts_with(error["message"].as_str().unwrap()));
        } else {
            assert!(output.stdout.is_empty());
        }
    };
    check(&["figures", "--nothing", "--json"], "arguments.unknown", "--nothing");
    check(&["figures", "--nothing"], "arguments.unknown", "--nothing");
    check(&["dance", "--json"], "arguments.unknown", "dance");
    check(&["backup", "--json"], "arguments.missing", "--to");
    check(&["backup", "--to"], "arguments.missing", "--to");
    check(&["serve", "--listen", "here", "--json"], "arguments.invalid", "here");
    check(&["enrol", "--role", "admin", "--valid-minutes", "-5"], "arguments.invalid", "-5");
    check(&["enrol", "--role", "admin", "--valid-minutes", "x", "--json"], "arguments.invalid", "x");
    check(&[], "arguments.no_command", "figures");
    let help = run(&data, &["enrol", "--help"]);
    assert!(help.status.success() && said(&help).0.contains("Cách dùng: "));
    assert!(run(&data, &["--version"]).status.success());
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
    check(&missing, &["init", "--commune-name", " ", "--json"], "server.commune_name_needed");
    check(&missing, &["figures", "--json"], "server.not_set_up");
    check(&missing, &["serve", "--json"], "server.not_set_up");
    check(&data, &["figures", "--hamlet", "Thôn Lạ", "--json"], "enrol.unknown_hamlet");
    check(&data, &["enrol", "--role", "hamlet_head", "--json"], "enrol.hamlet_needed");
    let both = ["enrol", "--role", "commune_officer", "--hamlet", "Thôn Sen Hạ", "--json"];
    check(&data, &both, "enrol.hamlet_not_needed");
    check(&data, &["enrol", "--role", "king", "--json"], "enrol.unknown_role");
    check(&data, &["roster", "preview", "/nowhere.xlsx", "--json"], "server.io");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    check(&data, &["roster", "import", manifest.to_str().unwrap(), "--json"], "roster.no_header");
}

/// The same commands where the register is in PostgreSQL; its address is said once, and its password never.
#[cfg(unix)]
#[test]
fn a_commune_in_postgres_is_served_backed_up_and_put_back() {
    let (dir, url) = (tempfile::tempdir().unwrap(), cluster::database());
    let (data, to) = (dir.path().join("data"), dir.path().join("backups"));
    let with_password = url.replace("tungnha@", "tungnha:bi-mat@");
    let init = |data: &Path, url: &str| {
        let mut init = program(data, &["init", "--commune-name", "Xã Đồng Sen", "--json"]);
        init.env("TUNGNHA_POSTGRES", url).output().unwrap()
    };
    for (wrong, code) in [
        ("postgresql://tungnha:bi-mat@192.0.2.9/tungnha", "server.postgres_beyond"),
        ("bi-mat", "server.postgres_unreadable"),
        ("postgresql://tungnha:bi-mat@127.0.0.1:1/tungnha", "server.database_unreachable"),
    ] {
        let refused = init(&data, wrong);
        assert_eq!(last_line(&refused)["error"]["code"], code);
        let (out, warned) = said(&refused);
        assert!(!data.exists() && !format!("{out}{warned}").contains("bi-mat"), "{warned}");
    }
    let made = init(&data, &with_password);
    assert!(made.status.success() && !data.join("register.db").exists(), "{:?}", said(&made));
    let (serving, _) = serve(&data, &["--listen", "127.0.0.1:0"]);
    ok(&data, &["roster", "import", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    let figures = ok(&data, &["figures", "--json"]);
    assert_eq!((figures["households"].as_u64(), figures["persons"].as_u64()), (Some(84), Some(409)));
    let backup = ok(&data, &["backup", "--to", to.to_str().unwrap(), "--json"]);
    assert_eq!(backup["verified"], true);
    let file = backup["file"].as_str().unwrap();
    assert_eq!(last_line(&run(&data, &["restore", file, "--json"]))["error"]["code"], "server.in_use");
    drop(serving);
    let restored = run(&data, &["restore", file, "--json"]);
    let report = last_line(&restored);
    assert_eq!((report["epoch"].clone(), report["position"].clone()), (2.into(), backup["position"].clone()));
    assert!(Path::new(report["set_aside"].as_str().unwrap()).exists());
    assert_eq!(ok(&data, &["figures", "--json"]), figures);
    let shown = said(&restored);
    assert!(!format!("{}{}", shown.0, shown.1).contains("bi-mat"));

    // From a file into another database, and the file is no longer where a register lies.
    let (_dir, in_a_file) = commune();
    ok(&in_a_file, &["roster", "import", &list("so-ho-thon-sen-ha.xlsx"), "--json"]);
    let backup = ok(&in_a_file, &["backup", "--to", to.to_str().unwrap(), "--json"]);
    let other = cluster::database();
    ok(&in_a_file, &["restore", backup["file"].as_str().unwrap(), "--postgres", &other, "--json"]);
    assert!(!in_a_file.join("register.db").exists());
    assert_eq!(ok(&in_a_file, &["figures", "--json"]), figures);
    assert_eq!(cluster::psql(&other, "SELECT count(*) > 400 FROM records"), ["t"]);
}

/// Killed while it writes, and PostgreSQL finds nobody at the other end.
#[cfg(unix)]
#[test]
fn an_import_into_postgres_that_is_killed_leaves_nothing() {
    let (dir, url) = (tempfile::tempdir().unwrap(), cluster::database());
    let data = dir.path().join("data");
    ok(&data, &["init", "--commune-name", "Xã Đồng Sen", "--postgres", &url, "--json"]);
    let before = ok(&data, &["figures", "--json"]);
    let mut import = program(&data, &["roster", "import", &list("danh-sach-xa-mau.xlsx")]);
    let mut import = Running(import.stdout(Stdio::null()).spawn().unwrap());
    // As large as what nobody sees yet has made it.
    while cluster::psql(&url, "SELECT pg_total_relation_size('ops') > 1000000") != ["t"] {
        assert!(import.0.try_wait().unwrap().is_none(), "it ended before it could be killed");
    }
    import.0.kill().unwrap();
    import.0.wait().unwrap();
    assert_eq!(ok(&data, &["figures", "--json"]), before);
    assert_eq!(cluster::psql(&url, "SELECT count(*) FROM bodies"), ["0"]);
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
