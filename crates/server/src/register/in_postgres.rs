//! What holds of a register in PostgreSQL beyond what every store must answer: its schema, its writers, connections
//! that break, and that its backups are those of a file.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use database::{DatabaseKey, Durability};
use domain::consent::Basis;
use domain::ids::{DeviceId, UserId};
use domain::registry::RecordKind;
use sync_core::commune::CommuneStore;
use sync_core::ingest::LogView;
use sync_core::ledger::Entry;
use uuid::Uuid;

use super::own::OwnGroup;
use super::stored::ASKED_AT_EVERY_PUSH;
use super::{NewCommune, Options, Register, copying, making, open_file};
use crate::cluster::{database, psql, with_tls};
use crate::error::ServerError;
use crate::folder::DataFolder;
use crate::restore::{RestoreReport, restore, restore_into_postgres};

fn options() -> Options {
    Options { durability: Durability::Off, ..Options::default() }
}

fn commune() -> NewCommune {
    NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent }
}

fn make(data: &Path, url: &str) -> Register {
    Register::create_in_postgres(data, &commune(), url, options()).unwrap()
}

fn open(data: &Path) -> Result<Register, ServerError> {
    Register::open(data, options())
}

fn unit(n: u128) -> OwnGroup {
    OwnGroup::unit_named(Uuid::from_u128(n), "Thôn Sen")
}

fn commit(register: &Register, n: u128) -> Result<(), ServerError> {
    register.write(|intake| intake.write_own(unit(n)))
}

fn enrolled(n: u128) -> Entry {
    Entry::Enrolled { device: DeviceId(Uuid::from_u128(n)), user: UserId(Uuid::from_u128(n + 100)) }
}

/// Ends every connection to a database but the one that asks.
fn end_connections(url: &str) {
    psql(
        url,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

/// By table, a line for each column; by index, its columns.
type Schema = BTreeMap<String, Vec<String>>;

fn schema_of_a_file() -> (Schema, Schema) {
    let dir = tempfile::tempdir().unwrap();
    let file =
        open_file(&dir.path().join("a.db"), &zeroize::Zeroizing::new([1; 32]), Durability::Off).unwrap();
    let ask = |sql: &str| {
        let mut statement = file.prepare(sql).unwrap();
        let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let mut found = Schema::new();
        for pair in pairs {
            let (name, line): (String, String) = pair.unwrap();
            found.entry(name).or_default().push(line);
        }
        found
    };
    let columns = ask(
        "SELECT one.name, column.name || ' ' ||
           CASE column.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE lower(column.type) END ||
           CASE column.\"notnull\" WHEN 1 THEN ' always' ELSE '' END
         FROM sqlite_schema AS one, pragma_table_info(one.name) AS column
         WHERE one.type = 'table' AND one.name NOT LIKE 'refinery%' AND one.name NOT LIKE 'sqlite%'
         ORDER BY one.name, column.cid",
    );
    let indexes = ask(
        "SELECT one.name || coalesce(nullif('.' || list.name, '.sqlite_autoindex_' || one.name || '_1'), ''),
           (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno))
             || coalesce(' ' || substr(made.sql, nullif(instr(made.sql, 'WHERE'), 0)), '')
         FROM sqlite_schema AS one, pragma_index_list(one.name) AS list
           LEFT JOIN sqlite_schema AS made ON made.name = list.name
         WHERE one.type = 'table' AND one.name NOT LIKE 'refinery%' ORDER BY 1",
    );
    (columns, indexes)
}

fn schema_of(url: &str) -> (Schema, Schema) {
    let ask = |sql: &str| {
        let mut found = Schema::new();
        for line in psql(url, sql) {
            let (name, line) = line.split_once('|').unwrap();
            found.entry(name.to_owned()).or_default().push(line.to_owned());
        }
        found
    };
    let columns = ask(
        "SELECT table_name, column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' always' ELSE '' END
         FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name NOT LIKE 'refinery%'
         ORDER BY table_name, ordinal_position",
    );
    let indexes = ask(
        "SELECT tablename || coalesce(nullif('.' || indexname, '.' || tablename || '_pkey'), ''),
           substring(replace(indexdef, '\"', '') from '\\((.*?)\\)') || coalesce(' WHERE ' || substring(indexdef from 'WHERE \\((.*)\\)'), '')
         FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE 'refinery%' ORDER BY 1",
    );
    (columns, indexes)
}

/// A table or column that one of them lacks would be missing in every backup.
#[test]
fn both_schemas_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    drop(make(dir.path(), &url));
    let (file, postgres) = (schema_of_a_file(), schema_of(&url));
    assert_eq!(file.0, postgres.0);
    assert_eq!(file.1, postgres.1);
    let tables: BTreeSet<_> = file.0.keys().map(String::as_str).collect();
    assert_eq!(tables, copying::TABLES.into());
    assert!(file.1.values().flatten().all(|columns| columns.starts_with("commune_id")), "{:?}", file.1);
    // Nothing that a database spread over several machines could not have.
    let others = "SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
                  WHERE nspname = current_schema() AND relkind NOT IN ('r', 'i')
                  UNION ALL SELECT tgname FROM pg_trigger UNION ALL
                  SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema()
                    AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name NOT LIKE 'refinery%'";
    assert_eq!(psql(&url, others), [""; 0]);
}

/// What is asked for at every push is found by an index that tells more than the commune apart.
#[test]
fn nothing_on_the_way_of_a_push_is_searched_through() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    // Of a table with little in it, it would read all.
    psql(
        &url,
        "INSERT INTO quarantine
           SELECT commune_id, decode(md5(i::text), 'hex'), '\\x00', i % 40, '\\x00', 1, i, 0, i, '[]', '\\x00', '[]',
             2, CASE WHEN i % 100 > 0 THEN decode(md5((i % 999)::text), 'hex') END
           FROM communes, generate_series(1, 20000) AS i;
         INSERT INTO records
           SELECT commune_id, 2, decode(md5(i::text), 'hex'), '\\x00', '\\x00', '\\x00',
             decode(md5((i % 5000)::text), 'hex'), decode(md5((i % 4999)::text), 'hex')
           FROM communes, generate_series(1, 20000) AS i;
         ANALYZE",
    );
    for sql in ASKED_AT_EVERY_PUSH {
        let mut asked = sql.to_owned();
        // The plan for whatever may be asked, not for these values.
        let types = ["bytea", if sql.contains("reason = ?2") { "text" } else { "bytea" }, "bytea", "bigint"];
        let count = (1..=4).filter(|n| sql.contains(&format!("?{n}"))).count();
        asked = asked.replace('?', "$");
        let nothing = vec!["NULL"; count].join(", ");
        let plan = psql(
            &url,
            &format!(
                "SET plan_cache_mode = force_generic_plan;
                 PREPARE asked ({}) AS {asked}; EXPLAIN EXECUTE asked ({nothing})",
                types[..count].join(", ")
            ),
        );
        let conditions: Vec<_> = plan.iter().filter(|line| line.contains("Index Cond:")).collect();
        assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{sql}: {plan:#?}");
        assert!(!conditions.is_empty(), "{sql}: {plan:#?}");
        assert!(conditions.iter().all(|line| line.contains(" AND ")), "{sql}: {plan:#?}");
    }
    drop(register);
}

/// Servers of one folder, and of two that share nothing but the keys and the database.
#[test]
fn writers_come_one_after_the_other_without_holes() {
    let dir = tempfile::tempdir().unwrap();
    let (url, here, there) = (database(), dir.path().join("here"), dir.path().join("there"));
    drop(make(&here, &url));
    std::fs::create_dir_all(there.join("keys")).unwrap();
    for name in
        ["keys/database.key", "keys/receipts.key", "keys/identity.key", "keys/sealed.key", "postgres.json"]
    {
        std::fs::copy(here.join(name), there.join(name)).unwrap();
    }
    let registers = [&here, &here, &there].map(|data| open(data).unwrap());
    std::thread::scope(|scope| {
        for (at, register) in (0_u128..).zip(&registers) {
            scope.spawn(move || {
                for n in 0..20 {
                    commit(register, 1 + at * 100 + n).unwrap();
                    if n % 5 == 0 {
                        register.write(|intake| intake.note(enrolled(1000 + at * 100 + n))).unwrap();
                    }
                }
            });
        }
    });
    let of = |sql: &str| psql(&url, sql).join(",");
    assert_eq!(of("SELECT count(*), min(position), max(position) FROM commits"), "60|1|60");
    assert_eq!(of("SELECT position FROM communes"), "60");
    assert_eq!(of("SELECT count(*), max(number) FROM ledger"), "12|12");
    // Each folder has heard of every line once it has written again.
    for register in &registers {
        register.write(|_| Ok(())).unwrap();
    }
    let [one, other] = [&here, &there].map(|data| std::fs::read(data.join("ledger.jsonl")).unwrap());
    assert_eq!(one, other);
    assert_eq!(one.split(|byte| *byte == b'\n').count(), 13);
}

#[test]
fn a_connection_that_breaks_loses_nothing_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    commit(&register, 1).unwrap();
    // PostgreSQL was started again since the last transaction: nobody notices.
    end_connections(&url);
    assert_eq!(register.position().unwrap(), 1);
    commit(&register, 2).unwrap();
    // In the middle of one: nothing of it is kept, and who asked is told to come again.
    let cut = register.write(|intake| {
        intake.write_own(unit(3))?;
        end_connections(&url);
        intake.write_own(unit(4))
    });
    assert!(matches!(cut, Err(ServerError::DatabaseUnreachable)), "{cut:?}");
    assert_eq!(
        sync_core::api::ApiError::from(ServerError::DatabaseUnreachable).code,
        sync_core::api::ApiCode::ServerBusy
    );
    let cut = register.read(|log| {
        end_connections(&url);
        log.head().map(drop)
    });
    assert!(matches!(cut, Err(ServerError::DatabaseUnreachable)), "{cut:?}");
    assert_eq!(register.position().unwrap(), 2);
    commit(&register, 3).unwrap();
    assert_eq!(open(dir.path()).unwrap().position().unwrap(), 3);
}

/// More of them than PostgreSQL lets in at once: each is answered, and few connections stay.
#[test]
fn a_crowd_of_readers_is_let_in_by_and_by() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    let most = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..60 {
            scope.spawn(|| {
                let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
                let open = register.read(|log| log.one(sql, &[], |row| row.get::<i64>(0))).unwrap();
                most.fetch_max(open.unwrap().cast_unsigned(), std::sync::atomic::Ordering::Relaxed);
            });
        }
    });
    // Those that were left are closing still; and the one that writes.
    let most = most.into_inner();
    assert!((1..60).contains(&most), "{most}");
    let few = "SELECT count(*) <= 6 FROM pg_stat_activity WHERE datname = current_database()";
    while psql(&url, few) != ["t"] {
        std::thread::yield_now();
    }
    assert_eq!(register.position().unwrap(), 0);
}

/// The line was on the disk before its commit was cut off: it was ordered, and counts.
#[test]
fn a_line_of_the_ledger_outlives_the_commit_that_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    let cut = register.write(|intake| {
        intake.note(enrolled(1))?;
        end_connections(&url);
        Ok(())
    });
    assert!(cut.is_err());
    register.write(|intake| intake.note(enrolled(2))).unwrap();
    assert_eq!(
        register.read(|log| Ok(log.head()?.ledger.number)).unwrap(),
        1,
        "nothing had reached the disk"
    );
    // Written, and then the connection broke.
    let next = register.read(|log| Ok(log.head()?.ledger)).unwrap();
    let line = register.keys().receipts.next_line(next, 5, enrolled(1)).to_text();
    let file = dir.path().join("ledger.jsonl");
    let before = std::fs::read(&file).unwrap();
    std::fs::write(&file, [before.as_slice(), line.as_bytes()].concat()).unwrap();
    register.write(|intake| intake.note(enrolled(3))).unwrap();
    let users = |n| register.read(|log| log.users_of(DeviceId(Uuid::from_u128(n)))).unwrap().len();
    assert_eq!([users(1), users(2), users(3)], [1; 3]);
}

/// PostgreSQL calls it done when it undoes a transaction in which something failed.
#[test]
fn what_failed_is_never_called_kept() {
    let dir = tempfile::tempdir().unwrap();
    let register = make(dir.path(), &database());
    let kept = register.write(|intake| {
        intake.write_own(unit(1))?;
        let nonsense = intake.log.run("UPDATE nowhere SET x = 1", &[]);
        assert!(matches!(nonsense, Err(ServerError::Postgres(code)) if code == "42P01"));
        Ok(())
    });
    assert!(kept.is_err());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let panics = |intake: &mut super::intake::Intake<'_>| -> Result<(), ServerError> {
            intake.write_own(unit(2))?;
            panic!("in the middle")
        };
        register.write(panics)
    }));
    assert!(panicked.is_err());
    assert_eq!(register.position().unwrap(), 0);
    commit(&register, 3).unwrap();
    assert_eq!(register.position().unwrap(), 1);
}

#[test]
fn communes_side_by_side_see_nothing_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let [one, other] = ["one", "other"].map(|name| make(&dir.path().join(name), &url));
    commit(&one, 1).unwrap();
    commit(&one, 2).unwrap();
    commit(&other, 1).unwrap();
    assert_eq!((one.position().unwrap(), other.position().unwrap()), (2, 1));
    let backup = other.backup(&dir.path().join("backups")).unwrap().file;
    commit(&other, 3).unwrap();
    drop(other);
    restore(&dir.path().join("other"), &backup, false, options()).unwrap();
    assert_eq!(one.position().unwrap(), 2);
    assert_eq!(open(&dir.path().join("other")).unwrap().position().unwrap(), 1);
    let foreign = one.backup(&dir.path().join("backups")).unwrap().file;
    assert_eq!(code(restore(&dir.path().join("other"), &foreign, true, options())), "backup.not_ours");
}

fn code(result: Result<RestoreReport, ServerError>) -> String {
    result.unwrap_err().code().to_owned()
}

fn position_in(file: &Path, key: &DatabaseKey) -> i64 {
    let file = database::connect(file, key, Durability::Off).unwrap();
    file.query_row("SELECT position FROM communes", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_backup_is_put_back_and_what_was_there_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (data, to, url) = (dir.path().join("data"), dir.path().join("backups"), database());
    let register = make(&data, &url);
    commit(&register, 1).unwrap();
    register.write(|intake| intake.note(enrolled(1))).unwrap();
    let report = register.backup(&to).unwrap();
    assert!(report.verified && report.file.ends_with("register-1-000000000001.db"));
    assert_eq!(register.read(|log| register.beside().watermark(log, &log.head()?)).unwrap().position, 1);
    commit(&register, 2).unwrap();
    commit(&register, 3).unwrap();
    register.revoke(DeviceId(Uuid::from_u128(1))).unwrap();
    assert_eq!(code(restore(&data, &report.file, false, options())), "server.in_use");
    let keys = register.keys().database.clone();
    drop(register);
    let restored = restore(&data, &report.file, false, options()).unwrap();
    assert_eq!((restored.epoch, restored.position, restored.commits_missing), (2, 1, Some(2)));
    assert_eq!(position_in(&restored.set_aside.unwrap(), &keys), 3);
    let register = open(&data).unwrap();
    assert!(!register.is_a_file());
    // Said after the backup, and heard all the same.
    assert!(register.read(|log| log.is_revoked(DeviceId(Uuid::from_u128(1)))).unwrap());
    commit(&register, 4).unwrap();
    assert_eq!(register.position().unwrap(), 2);
    drop(register);
    let left: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("restoring")), "{left:?}");
    // The database is lost with everything in it, and an older backup is no longer one of those that may be put back.
    psql(&url, &copying::TABLES.map(|table| format!("DELETE FROM {table};")).concat());
    assert_eq!(open(&data).unwrap_err().code(), "server.register_missing");
    let restored = restore(&data, &report.file, false, options()).unwrap();
    assert_eq!((restored.position, restored.set_aside), (1, None));
    assert_eq!(open(&data).unwrap().position().unwrap(), 1);
}

/// Cut off anywhere the old rows or the new ones are there, never some of each.
#[test]
fn a_putting_back_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, url) = (dir.path().join("data"), database());
    let register = make(&data, &url);
    commit(&register, 1).unwrap();
    let backup = register.backup(&dir.path().join("backups")).unwrap().file;
    commit(&register, 2).unwrap();
    drop(register);
    psql(&url, "ALTER TABLE tallies ADD CONSTRAINT full_now CHECK (false) NOT VALID");
    psql(&url, "ALTER TABLE records ADD CONSTRAINT full_now CHECK (false) NOT VALID");
    assert_eq!(code(restore(&data, &backup, false, options())), "server.database");
    psql(&url, "ALTER TABLE tallies DROP CONSTRAINT full_now; ALTER TABLE records DROP CONSTRAINT full_now");
    let register = open(&data).unwrap();
    assert_eq!((register.position().unwrap(), register.epoch().unwrap().number), (2, 1));
    drop(register);
    assert_eq!(restore(&data, &backup, false, options()).unwrap().position, 1);
}

/// The road from a file into PostgreSQL, and what a backup there says is what a file would say.
#[test]
fn a_register_goes_from_its_file_into_postgres() {
    let dir = tempfile::tempdir().unwrap();
    let (data, to, url) = (dir.path().join("data"), dir.path().join("backups"), database());
    let register = Register::create(&data, &commune(), options()).unwrap();
    let of = register.commune();
    for n in 1..=3 {
        commit(&register, n).unwrap();
    }
    let (backup, keys) = (register.backup(&to).unwrap().file, register.keys().database.clone());
    drop(register);
    let moved = restore_into_postgres(&data, &backup, &url, false, options()).unwrap();
    assert_eq!((moved.epoch, moved.position), (2, 3));
    let aside = moved.set_aside.unwrap();
    assert_eq!(position_in(&aside, &keys), 3);
    assert!(!data.join("register.db").exists());
    let register = open(&data).unwrap();
    assert!(!register.is_a_file() && register.commune() == of);
    let again = register.backup(&to).unwrap().file;
    drop(register);
    let rows = |file: &Path, table: &str| {
        let file = database::connect(file, &keys, Durability::Off).unwrap();
        let mut statement = file.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3")).unwrap();
        let count = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            (0..count).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect::<Result<Vec<_>, _>>()
        };
        statement.query_map([], row).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    for table in copying::TABLES.iter().filter(|table| **table != "communes") {
        assert_eq!(rows(&again, table), rows(&backup, table), "{table}");
    }
    assert_eq!(rows(&again, "bodies").len(), 3);
    // Cut off before the note: the file is still the register, and the rows are set aside too when it is moved again.
    std::fs::remove_file(data.join("postgres.json")).unwrap();
    std::fs::copy(&aside, data.join("register.db")).unwrap();
    assert!(open(&data).unwrap().is_a_file());
    let moved = restore_into_postgres(&data, &backup, &url, false, options()).unwrap();
    assert_eq!(position_in(&moved.set_aside.unwrap(), &keys), 3);
    let is_of_rows = |name: &std::ffi::OsString| name.to_string_lossy().ends_with("-postgres.db");
    let files = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(files.filter(is_of_rows).count(), 1);
}

#[test]
fn a_making_that_was_cut_off_is_ended_by_the_next() {
    let url = database();
    for at in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let (data, mut steps) = (dir.path().join("data"), 0);
        let made = making::make(&DataFolder::new(&data), &commune(), Some(&url), &options(), &mut || {
            steps += 1;
            if steps > at { Err(ServerError::Internal("killed")) } else { Ok(()) }
        });
        let noted = data.join("postgres.json").exists();
        if !noted {
            assert_eq!(open(&data).unwrap_err().code(), "server.not_set_up", "{at}");
            drop(make(&data, &url));
        }
        assert_eq!(open(&data).unwrap().position().unwrap(), 0);
        let again = Register::create(&data, &commune(), options()).unwrap_err();
        assert_eq!(again.code(), "server.already_set_up");
        if made.is_ok() {
            assert!(at > 9, "{at}");
            return;
        }
    }
}

/// With whom it speaks is proven by certificates, and everything goes in cipher.
#[test]
fn over_a_network_it_speaks_only_with_who_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let (port, roots, _lives) = with_tls();
    let other = dir.path().join("other.pem");
    std::fs::write(&other, rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem())
        .unwrap();
    let url = |host: &str, roots: &Path| {
        format!("postgresql://tungnha@{host}:{port}/postgres?sslrootcert={}", roots.display())
    };
    let code = |url: &str| {
        let made = Register::create_in_postgres(&dir.path().join("data"), &commune(), url, options());
        made.map(drop).map_err(|error| error.code().to_owned())
    };
    let unreachable = Err("server.database_unreachable".to_owned());
    assert_eq!(code(&url("localhost", &other)), unreachable, "somebody else's certificate");
    assert_eq!(code(&url("127.0.0.1", &roots)), unreachable, "another name than the certificate's");
    assert_eq!(code(&url("localhost", &dir.path().join("nowhere"))), Err("server.io".to_owned()));
    assert_eq!(code(&url("localhost", &roots)), Ok(()));
    let register = open(&dir.path().join("data")).unwrap();
    commit(&register, 1).unwrap();
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(register.read(|log| log.one(sql, &[], |row| row.get::<bool>(0))).unwrap(), Some(true));
}

#[test]
fn an_address_is_for_the_server_alone_and_a_newer_schema_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (data, url) = (dir.path().join("data"), database());
    let with_password = url.replace("tungnha@", "tungnha:bi-mat@");
    let register = make(&data, &with_password);
    let mode = std::fs::metadata(data.join("postgres.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{register:?}").contains("bi-mat"));
    drop(register);
    psql(&url, "INSERT INTO refinery_schema_history (version, name) VALUES (99, 'later')");
    assert!(matches!(open(&data), Err(ServerError::Newer { found: 99, known: 1 })));
    // Nobody is there, and nobody of that name.
    let wrong = dir.path().join("wrong");
    let nowhere = "postgresql://tungnha:bi-mat@%2Fnowhere/t";
    for url in [nowhere, &url.replace("tungnha@", "nobody:bi-mat@"), &format!("{url}x")] {
        let refused = Register::create_in_postgres(&wrong, &commune(), url, options()).unwrap_err();
        assert_eq!(refused.code(), "server.database_unreachable", "{refused:?}");
        assert!(!format!("{refused:?}{refused}").contains("bi-mat"));
    }
    assert!(!wrong.exists());
}

/// Rows are exchanged by another folder's restore while somebody waits for the commune's row: the row that was waited for is
/// gone, and whoever goes on without holding one would count beside the next writer.
#[test]
fn who_waited_while_the_rows_were_exchanged_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    commit(&register, 1).unwrap();
    let sql = "BEGIN; SELECT 1 FROM communes FOR UPDATE; CREATE TABLE held AS SELECT * FROM communes; COMMIT;
               BEGIN; SELECT 1 FROM communes FOR UPDATE; DELETE FROM communes; INSERT INTO communes SELECT * FROM held;
               SELECT pg_sleep(2); COMMIT";
    std::thread::scope(|scope| {
        let restoring = scope.spawn(|| psql(&url, sql));
        // It holds the row once what it keeps for itself can be seen.
        while psql(&url, "SELECT to_regclass('held') IS NOT NULL").concat() != "t" {
            std::thread::yield_now();
        }
        while psql(&url, "SELECT count(*) FROM (SELECT 1 FROM communes FOR UPDATE SKIP LOCKED) AS x").concat()
            != "0"
        {
            std::thread::yield_now();
        }
        let told = commit(&register, 2).map_err(|error| error.code().to_owned());
        restoring.join().unwrap();
        assert_eq!(told, Err("server.busy".to_owned()));
    });
    commit(&register, 2).unwrap();
    let there =
        psql(&url, "SELECT (SELECT position FROM communes), (SELECT max(position) FROM commits)").concat();
    assert_eq!(there, "2|2");
}

/// Who works where, and who is forgotten: by the same rules as in a file.
#[test]
fn people_are_assigned_and_erased() {
    let dir = tempfile::tempdir().unwrap();
    let register = make(dir.path(), &database());
    register.write(|intake| intake.note(enrolled(1))).unwrap();
    let unit = |n| domain::ids::HamletUnitId(Uuid::from_u128(n));
    let device = DeviceId(Uuid::from_u128(1));
    let present = || {
        let held = register.read(|log| log.held_by(device)).unwrap();
        held.iter().filter(|held| held.ended.is_none()).count()
    };
    let lines = || register.read(|log| Ok(log.head()?.ledger.number)).unwrap();
    register.assign(device, &[unit(1), unit(2)]).unwrap();
    assert_eq!(present(), 2);
    register.assign(device, &[unit(2)]).unwrap();
    let before = lines();
    register.assign(device, &[unit(2)]).unwrap();
    assert_eq!((present(), lines()), (1, before), "where nothing changes, nothing is written");
    commit(&register, 7).unwrap();
    let there = || {
        let row = register.read(|log| LogView::row(log, RecordKind::HamletUnit.no(), Uuid::from_u128(7)));
        row.unwrap().is_some()
    };
    assert!(there());
    assert_eq!(register.erase(Uuid::from_u128(7)).unwrap(), [Uuid::from_u128(7)]);
    assert!(!there());
}

/// PostgreSQL fails over to a copy that lacks the last commits, under a server that goes on.
#[test]
fn a_database_that_goes_back_under_a_running_server_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let url = database();
    let register = make(dir.path(), &url);
    commit(&register, 1).unwrap();
    psql(&url, "CREATE SCHEMA keep");
    for table in copying::TABLES {
        psql(&url, &format!("CREATE TABLE keep.{table} AS SELECT * FROM public.{table}"));
    }
    commit(&register, 2).unwrap();
    commit(&register, 3).unwrap();
    end_connections(&url);
    for table in copying::TABLES {
        let put_back = format!("INSERT INTO public.{table} SELECT * FROM keep.{table}");
        psql(&url, &format!("DELETE FROM public.{table}; {put_back}"));
    }
    commit(&register, 4).unwrap();
    assert_eq!(register.epoch().unwrap().number, 2, "the witness stood at 3");
}
