//! The commune's own list and a hamlet's ledger: counted, found again, readable by nobody from outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::people::Role;
use server::machine::Machine;
use server::{ImportOrder, Options, Register, preview_list, read_list};

use crate::office::Office;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/roster").join(name)
}

fn today() -> domain::calendar::Day {
    domain::calendar::Day::at(crate::office::NOON)
}

/// Every file under a folder.
fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[tokio::test]
async fn a_commune_is_taken_in_once_and_its_ledger_finds_itself() {
    let office = Office::open();
    let file = fixture("danh-sach-xa-mau.xlsx");
    let preview = preview_list(&file, today()).unwrap();
    assert_eq!((preview.households, preview.persons, preview.hamlet_units.len()), (5741, 27765, 56));
    let list = read_list(&file, today()).unwrap();
    let order = ImportOrder { handed_over_by: "Vũ Thị Hà".into(), ..ImportOrder::default() };
    let report = office.register.import(&list, &order).unwrap();
    let added = (report.added.households, report.added.persons, report.added.hamlet_units);
    assert_eq!(added, (5741, 27765, 56));
    let position = office.register.position().unwrap();

    let again = office.register.import(&list, &order).unwrap();
    assert_eq!((again.added, again.matched.households), (server::lists::Added::default(), 5741));
    assert_eq!(office.register.position().unwrap(), position);

    let ledger = read_list(&fixture("so-ho-thon-sen-ha.xlsx"), today()).unwrap();
    let report = office.register.import(&ledger, &ImportOrder::default()).unwrap();
    assert!(report.matched.households >= 80, "{report:?}");
    assert_eq!(report.matched.households + report.added.households + report.refused.households, 84);

    let figures = office.register.figures(None).unwrap();
    assert!(figures.households >= 5741 && figures.persons >= 27765);
    assert!(office.register.figures_hold().unwrap());

    // A hamlet head gets the hamlet, whole groups, and nothing of the others.
    let unit = &list.households[0].hamlet_unit;
    let mut head = office.laptop(Role::HamletHead, &[unit]).await;
    head.pull(256 * 1024).await;
    let of_unit = list.households.iter().filter(|household| household.hamlet_unit == *unit).count();
    let held = head.rows.iter().filter(|row| row.kind == 3).count();
    assert!(held >= of_unit && held < of_unit + 85, "{held} {of_unit}");
    let scope = head.unit_id(unit).into();
    assert!(head.rows.iter().all(|row| row.scope == scope || row.scope == sync_core::op::Scope::COMMUNE));

    nothing_is_readable(&office, &list);
    a_backup_holds_the_same(&office);
}

fn nothing_is_readable(office: &Office, list: &roster::RosterList) {
    let mut paths = Vec::new();
    files(office.dir.path(), &mut paths);
    assert!(paths.iter().any(|path| path.ends_with("register.db-wal")));
    let name = list.households[0].members[0].full_name.as_str();
    for needle in [name, "Vũ Thị Hà", "Thôn Sen Hạ", "Xã Thử Nghiệm"] {
        for path in &paths {
            let bytes = std::fs::read(path).unwrap();
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{needle} in {}", path.display());
        }
    }
}

fn a_backup_holds_the_same(office: &Office) {
    let to = office.dir.path().join("backups");
    let report = office.register.backup(&to).unwrap();
    assert!(report.verified && report.file.exists());
    assert_eq!(report.position, office.register.position().unwrap());
    assert_eq!(std::fs::read_dir(&to).unwrap().count(), 1, "nothing but the copy");
    // Put where a register belongs, with the keys, it opens and counts the same.
    let restored = office.dir.path().join("restored");
    std::fs::create_dir_all(restored.join("keys")).unwrap();
    std::fs::copy(&report.file, restored.join("register.db")).unwrap();
    for entry in std::fs::read_dir(office.register.folder().keys()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), restored.join("keys").join(entry.file_name())).unwrap();
    }
    // At the same moment: somebody comes of age on most days.
    let machine = Arc::clone(&office.machine) as Arc<dyn Machine>;
    let copy = Register::open(&restored, Options { machine, ..Options::default() }).unwrap();
    assert_eq!(copy.figures(None).unwrap(), office.register.figures(None).unwrap());
    // Without the key it is nothing.
    std::fs::write(restored.join("keys/database.key"), "0".repeat(64)).unwrap();
    assert!(Register::open(&restored, Options::default()).is_err());
}

#[tokio::test]
async fn a_list_fills_what_the_register_lacks_and_overwrites_nothing() {
    let office = Office::open();
    let csv = |lines: &str| {
        let path = office.dir.path().join("list.csv");
        std::fs::write(&path, format!("Thôn;Số hộ;Họ và tên;Ngày sinh;Quan hệ;Điện thoại\n{lines}")).unwrap();
        read_list(&path, today()).unwrap()
    };
    let first = csv("Thôn Sen Hạ;1;Lê Văn An;1956;Chủ hộ;\nThôn Sen Hạ;1;Vũ Thị Hoa;1960;Vợ;0912345678\n");
    let report = office.register.import(&first, &ImportOrder::default()).unwrap();
    assert_eq!((report.added.households, report.added.persons), (1, 2), "{report:?}");
    let second = csv("Thôn Sen Hạ;1;Lê Văn An;05/03/1956;Chủ hộ;0987654321\n\
                      Thôn Sen Hạ;1;Vũ Thị Hoa;1960;Vợ;0900000009\nThôn Sen Hạ;1;Lê Minh;2001;Con;\n");
    let report = office.register.import(&second, &ImportOrder::default()).unwrap();
    assert_eq!((report.added.households, report.added.persons), (0, 1), "{report:?}");
    assert_eq!((report.matched.persons, report.matched.persons_differing), (2, 2));
    let mut officer = office.officer().await;
    officer.pull(1 << 20).await;
    let people: Vec<domain::people::Member> =
        officer.rows.iter().filter_map(|row| domain::people::Member::try_from(row).ok()).collect();
    let named = |name: &str| people.iter().find(|member| member.full_name == name).unwrap();
    let phone = |name: &str| named(name).phone.as_ref().map(|phone| phone.digits().to_owned());
    assert_eq!(phone("Lê Văn An").as_deref(), Some("0987654321"));
    assert_eq!(named("Lê Văn An").birth.unwrap().to_string(), "1956-03-05");
    assert_eq!(phone("Vũ Thị Hoa").as_deref(), Some("0912345678"));
    assert_eq!(people.len(), 3);
}
