//! A PostgreSQL of the tests' own: Debian's, started in a temporary folder behind a socket there, for the process that
//! runs the tests and for as long as it lives. A shell waits for the end of that process, however it ends, then stops
//! what it started and takes the folder away.

#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// `$1` the folder, `$2` where the programs are, `$3` what else is set.
const SCRIPT: &str = r#"
set -e
trap '' HUP INT TERM
cd "$1"
PATH="$2:$PATH"
initdb -D data -U tungnha -A trust -E UTF8 --locale=C --no-sync >log 2>&1
cat >>data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$1'
fsync = off
max_connections = 200
$3
END
pg_ctl -D data -l log -w start >/dev/null
echo ready
cat >/dev/null
pg_ctl -D data -m immediate -w stop >/dev/null
cd /
rm -rf "$1"
"#;

struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    /// Its input is closed by the system when this process ends.
    _shell: Child,
    databases: AtomicU32,
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start("", &[]));

impl Cluster {
    /// With more settings, and files that they name.
    fn start(settings: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("tungnha-pg-").tempdir().unwrap().keep();
        let programs = programs();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(&folder).arg(&programs).arg(settings);
        let mut paths = vec![folder.clone()];
        for (name, content) in files {
            let path = folder.join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            paths.push(path);
        }
        // It refuses to run as the one who may do everything.
        if std::fs::metadata(&folder).is_ok_and(|made| std::os::unix::fs::MetadataExt::uid(&made) == 0) {
            let (user, group) = postgres_user();
            paths.iter().for_each(|path| chown(path, Some(user), Some(group)).unwrap());
            shell.uid(user).gid(group);
        }
        // Not of our group: whoever ends us from a terminal does not end the one that clears up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "PostgreSQL did not start: {}", log());
        Self { folder, programs, _shell: shell, databases: AtomicU32::new(0) }
    }
}

/// Debian's newest, or what the path leads to.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).max_by_key(|path| version(path));
    newest.map(|version| version.join("bin")).unwrap_or_default()
}

fn postgres_user() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("no user postgres");
    let number = |at: usize| line.split(':').nth(at).unwrap().parse().unwrap();
    (number(2), number(3))
}

/// The address of a new database.
pub(crate) fn database() -> String {
    let name = format!("t{}", CLUSTER.databases.fetch_add(1, Ordering::SeqCst));
    let host = CLUSTER.folder.to_str().unwrap();
    let made = Command::new(CLUSTER.programs.join("createdb"))
        .args(["-h", host, "-U", "tungnha", "-T", "template0", &name])
        .status()
        .unwrap();
    assert!(made.success());
    format!("postgresql://tungnha@{}/{name}", host.replace('/', "%2F"))
}

/// Takes a database away, whoever still looks at it.
#[allow(dead_code, reason = "few databases go before the process ends")]
pub(crate) fn remove(url: &str) {
    let name = url.rsplit('/').next().unwrap();
    let removed = Command::new(CLUSTER.programs.join("dropdb"))
        .args(["-h", CLUSTER.folder.to_str().unwrap(), "-U", "tungnha", "--force", name])
        .status()
        .unwrap();
    assert!(removed.success());
}

/// One that is called `localhost` by its certificate and speaks in cipher at a port. It lives as long as what is
/// returned; whom to trust is in the file.
#[allow(dead_code, reason = "not every suite goes over a network")]
pub(crate) fn with_tls() -> (u16, PathBuf, Box<dyn std::any::Any>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let settings = "ssl = on\nssl_cert_file = '../cert.pem'\nssl_key_file = '../key.pem'";
    let at = format!("listen_addresses = '127.0.0.1'\nport = {port}");
    let files = [("cert.pem", certificate.as_str()), ("key.pem", &key)];
    let cluster = Cluster::start(&format!("{settings}\n{at}"), &files);
    (port, cluster.folder.join("cert.pem"), Box::new(cluster))
}

/// What a statement answers there, asked from outside: a line for each row.
#[allow(dead_code, reason = "not every suite looks from outside")]
pub(crate) fn psql(url: &str, sql: &str) -> Vec<String> {
    let mut psql = Command::new(CLUSTER.programs.join("psql"));
    let output =
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", sql]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
