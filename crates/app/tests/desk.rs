//! The desk as a window uses it: commands by name, JSON in and out, in the training hamlet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::TcpListener;

use app::commands::{self, Call};
use app::desk::{Desk, Tools};
use serde_json::{Value, json};
use store::{DataFolder, Durability, KeyCost, SystemMachine, enrolling};
use sync_core::api::EnrolmentCode;
use sync_core::wire::SigningKey;

/// Chosen wherever a list is asked for.
const LIST: &str = "Thôn;Số nhà;Họ và tên;Năm sinh;Quan hệ\nThôn Khác;9;Lê Mới Toanh;1990;Chủ hộ\n";

struct Window {
    desk: Desk,
    _folder: tempfile::TempDir,
}

impl Window {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (list, beside) = (folder.path().join("list.csv"), folder.path().join("saved"));
        std::fs::write(&list, LIST).unwrap();
        let desk = Desk::new(Tools {
            folder: folder.path().join("data"),
            machine: || Box::new(SystemMachine::default()),
            durability: Durability::Full,
            key_cost: KeyCost { memory_kib: 64, passes: 1 },
            choose_file: Box::new(move || Some(list.clone())),
            choose_place: Box::new(move |name| Some(beside.join(name))),
        });
        Self { desk, _folder: folder }
    }

    fn training() -> Self {
        let window = Self::new();
        window.ask("train", Value::Null);
        window
    }

    fn try_ask(&self, name: &str, request: Value) -> Result<Value, String> {
        let mut call = Call { desk: &self.desk, tell: &mut |_| {} };
        commands::run(&mut call, name, request).map_err(|error| error.code)
    }

    fn ask(&self, name: &str, request: Value) -> Value {
        self.try_ask(name, request).unwrap_or_else(|code| panic!("{name}: {code}"))
    }

    /// A household of several, and its first adult.
    fn somebody(&self) -> (Value, Value) {
        let today = self.ask("today", json!({}));
        for door in today["doors"].as_array().unwrap() {
            let household = self.ask("household", json!({ "household": door["household"] }));
            let adult = household["people"].as_array().unwrap().iter().find(|one| one["adult"] == true);
            if let (Some(adult), true) = (adult, household["people"].as_array().unwrap().len() > 1) {
                return (household.clone(), adult["member"].clone());
            }
        }
        panic!("the training hamlet has no household of several");
    }
}

fn visit(household: &Value, member: &Value, answers: &Value) -> Value {
    json!({
        "household": household["household"], "outcome": "met", "channel": "at_home",
        "respondent": member, "members_unchanged": true,
        "consents": [[member, "agreed"]], "text_version": household["script"]["version"],
        "learned": [{ "member": member, "answers": answers }],
        "topics": [], "guided": [], "next_day": null,
    })
}

#[test]
fn a_new_laptop_says_so_and_nothing_else_can_be_asked() {
    let window = Window::new();
    assert_eq!(window.ask("start", Value::Null)["stage"], "new");
    for name in ["today", "progress", "sending"] {
        let request = if name == "sending" { Value::Null } else { json!({}) };
        assert_eq!(window.try_ask(name, request), Err("app.not_open".into()), "{name}");
    }
    assert_eq!(window.try_ask("today", json!("x")), Err("app.bad_request".into()));
    assert_eq!(window.try_ask("format_disk", Value::Null), Err("app.no_such_command".into()));
}

#[test]
fn a_locked_laptop_whose_words_nobody_has_shown_to_have_takes_a_code_as_well() {
    let window = Window::new();
    let data = |name: &str| window.desk.folder().join(name);
    let standing = || {
        let start = window.ask("start", Value::Null);
        (start["stage"].clone(), start["enrolling"].clone())
    };
    assert_eq!(standing(), (json!("new"), json!(false)));
    {
        let folder = DataFolder::open(window.desk.folder()).unwrap();
        let _begun = enrolling::begin(&folder, &mut SystemMachine::default(), false).unwrap();
    }
    assert_eq!(standing(), (json!("new"), json!(true)), "cut off before the commune answered");
    std::fs::write(data("register.db"), b"made").unwrap();
    assert_eq!(standing(), (json!("locked"), json!(true)), "cut off while the words were copied");
    enrolling::end(&DataFolder::open(window.desk.folder()).unwrap()).unwrap();
    assert_eq!(standing(), (json!("locked"), json!(false)));
}

#[test]
fn a_look_from_elsewhere_while_a_laptop_is_opened_finds_it_as_it_was() {
    let window = Window::new();
    // A commune that takes the call and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let code = EnrolmentCode {
        address: Some(format!("https://{}", silent.local_addr().unwrap())),
        identity: SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes(),
        secret: "invented".into(),
    };
    let form = json!({ "code": code.to_string(), "address": null, "device_name": "Máy chị Lan" });
    std::thread::scope(|scope| {
        let enrolling = scope.spawn(|| window.try_ask("enrol", form.clone()));
        let (call, _) = silent.accept().unwrap();
        let start = window.ask("start", Value::Null);
        assert_eq!((&start["stage"], &start["trouble"]), (&json!("new"), &Value::Null));
        let second = window.try_ask("unlock", json!({ "passphrase": "aovang cuado balo nhatranh" }));
        assert_eq!(second, Err("store.in_use".into()));
        assert_eq!(window.ask("start", Value::Null)["stage"], "new", "still under way");
        drop((call, silent));
        assert_eq!(enrolling.join().unwrap(), Err("enrol.unreachable".into()));
    });
    let start = window.ask("start", Value::Null);
    assert_eq!((&start["stage"], &start["enrolling"]), (&json!("new"), &json!(true)));
}

#[test]
fn the_look_of_the_screen_is_known_before_anybody_unlocks() {
    let window = Window::new();
    let look = || window.ask("start", Value::Null)["look"].clone();
    assert_eq!(look(), json!({ "theme": "system", "text_size": 100, "language": "vi" }));
    let chosen = json!({ "theme": "dark", "text_size": 130, "language": "en" });
    window.ask("keep_look", chosen.clone());
    assert_eq!(look(), chosen);
    let unknown = json!({ "theme": "dark", "text_size": 7, "language": "en" });
    assert_eq!(window.try_ask("keep_look", unknown), Err("app.bad_request".into()));
    assert_eq!(look(), chosen);
    assert_eq!(window.ask("start", Value::Null)["stage"], "new", "a look is no register");
}

#[test]
fn training_is_a_hamlet_of_its_own_that_sends_nothing() {
    let window = Window::training();
    let start = window.ask("start", Value::Null);
    assert_eq!((&start["stage"], &start["here"]["training"]), (&json!("open"), &json!(true)));
    assert!(!window.ask("today", json!({}))["doors"].as_array().unwrap().is_empty());
    assert_eq!(window.try_ask("send", Value::Null), Err("sync.training_stays".into()));
    window.ask("lock", Value::Null);
    assert_eq!(window.ask("start", Value::Null)["stage"], "new");
    // Again, afresh.
    window.ask("train", Value::Null);
}

#[test]
fn what_is_weighed_is_what_save_shows_and_undo_takes_it_back() {
    let window = Window::training();
    let (household, member) = window.somebody();
    let request = visit(&household, &member, &json!([["guides_family", "yes", null], ["uses", "yes", null]]));
    let before = window.ask("progress", json!({}));
    let waiting = window.ask("sending", Value::Null)["waiting"].clone();

    let weighed = window.ask("weigh_visit", request.clone());
    assert_eq!(window.ask("progress", json!({}))["figures"], before["figures"], "weighing writes nothing");
    assert_eq!(window.ask("sending", Value::Null)["waiting"], waiting);

    let saved = window.ask("save_visit", request);
    assert_eq!((&saved["verdict"], &saved["progress"]), (&weighed["verdict"], &weighed["progress"]));
    let after = window.ask("progress", json!({}));
    assert_eq!(
        after["figures"]["met_in_person"].as_i64().unwrap(),
        before["figures"]["met_in_person"].as_i64().unwrap() + 1
    );

    let undo = json!({ "household": household["household"], "visit": saved["visit"] });
    window.ask("undo_visit", undo.clone());
    assert_eq!(window.ask("progress", json!({}))["figures"], before["figures"]);
    let again = window.ask("household", json!({ "household": household["household"] }));
    assert_eq!((&again["last_visit"], &again["people"]), (&household["last_visit"], &household["people"]));
    assert_eq!(window.try_ask("undo_visit", undo), Err("visit.nothing_to_take_back".into()));
}

#[test]
fn what_was_said_and_not_saved_is_there_again_until_it_is_saved_and_only_while_open() {
    let window = Window::training();
    let (household, member) = window.somebody();
    let here = json!({ "household": household["household"] });
    let keep = |draft: Value| {
        window.ask("keep_draft", json!({ "household": household["household"], "draft": draft }))
    };
    let draft = || window.ask("household", here.clone())["draft"].clone();
    assert_eq!(draft(), Value::Null);
    keep(json!("said"));
    assert_eq!(draft(), json!("said"));
    keep(Value::Null);
    assert_eq!(draft(), Value::Null);
    keep(json!("said again"));
    window.ask("save_visit", visit(&household, &member, &json!([["uses", "yes", null]])));
    assert_eq!(draft(), Value::Null);
    keep(json!("after it"));
    window.ask("lock", Value::Null);
    assert_eq!(window.try_ask("household", here.clone()), Err("app.not_open".into()));
    let late = json!({ "household": household["household"], "draft": "late" });
    assert_eq!(window.try_ask("keep_draft", late), Err("app.not_open".into()));
}

#[test]
fn what_was_looked_at_on_one_laptop_is_not_taken_in_on_another() {
    let window = Window::training();
    assert_eq!(window.ask("choose_list", Value::Null)["households"], 1);
    let source = json!({ "handed_over_by": "Ông Tư", "basis": "" });
    // Another laptop on the desk: another invented hamlet.
    window.ask("train", Value::Null);
    assert_eq!(window.try_ask("take_list_in", source.clone()), Err("roster.no_list_chosen".into()));
    assert_eq!(window.ask("look_at_list", json!({})), Value::Null);
    window.ask("choose_list", Value::Null);
    window.ask("take_list_in", source);
}

#[test]
fn a_column_is_read_as_somebody_says_and_a_cell_is_repaired_in_place() {
    let window = Window::training();
    let path = window._folder.path().join("list.csv");
    std::fs::write(
        &path,
        "Thôn;Số nhà;Họ và tên;Tên gọi;Năm sinh;Quan hệ;CCCD\nThôn Mẫu;9;Lê Mới;Lê Cũ;19900;Chủ hộ;1\n;;;Lê Hai;1991;Con;2\n",
    )
    .unwrap();
    let page = window.ask("choose_list", Value::Null);
    let columns: Vec<&str> =
        page["columns"].as_array().unwrap().iter().map(|one| one["column"].as_str().unwrap()).collect();
    assert_eq!(columns, ["A", "B", "C", "D", "E", "F"], "a number of identity cards is no choice");
    let rejected = json!([{ "sheet": "", "row": 3, "column": "C", "reason": "name_missing", "text": "" }]);
    let warned =
        json!({ "sheet": "", "row": 2, "column": "E", "reason": "birth_unreadable", "text": "19900" });
    assert_eq!((&page["rejected"], &page["warnings"][0], &page["persons"]), (&rejected, &warned, &json!(1)));

    let repairs = json!([
        { "sheet": "", "row": 3, "column": "C", "text": "Lê Ba" },
        { "sheet": "", "row": 2, "column": "E", "text": "1990" },
    ]);
    let page = window.ask("look_at_list", json!({ "repairs": repairs }));
    assert_eq!((&page["rejected"], &page["persons"], &page["repairs"]), (&json!([]), &json!(2), &repairs));

    let mapping = json!({ "full_name": "D", "birth": "E", "relation": "F", "hamlet_unit": "A" });
    let page = window.ask("look_at_list", json!({ "mapping": mapping }));
    let read_as =
        |role: &str| page["mapping"].as_array().unwrap().iter().find(|one| one["role"] == role).cloned();
    let name = json!({ "role": "full_name", "column": "D", "title": "Tên gọi" });
    assert_eq!((read_as("full_name"), read_as("house_no")), (Some(name), None));
    assert_eq!(page["repairs"], repairs, "what was repaired stays repaired");

    // Nobody's name: refused, and the next look goes on from before.
    let nameless = json!({ "mapping": { "birth": "E" } });
    assert_eq!(window.try_ask("look_at_list", nameless), Err("roster.no_header".into()));
    let unknown = json!({ "mapping": { "shoe_size": "E" } });
    assert_eq!(window.try_ask("look_at_list", unknown), Err("app.bad_request".into()));
    assert_eq!(window.ask("look_at_list", json!({}))["mapping"], page["mapping"]);
    // Another choice of file begins as found.
    assert_eq!(window.ask("choose_list", Value::Null)["repairs"], json!([]));
}

#[test]
fn a_list_that_the_program_was_started_with_waits_for_the_laptop_to_be_opened() {
    let window = Window::new();
    window.desk.offer_file(window._folder.path().join("list.csv"));
    window.ask("train", Value::Null);
    assert_eq!(window.ask("start", Value::Null)["list_offered"], true);
    assert_eq!(window.ask("look_at_list", json!({}))["households"], 1);
    assert_eq!(window.ask("start", Value::Null)["list_offered"], false, "it was looked at");
    window.ask("choose_list", Value::Null);
    assert_eq!(window.ask("start", Value::Null)["list_offered"], false, "chosen on the page itself");
}

#[test]
fn today_and_progress_show_the_same_doors() {
    let window = Window::training();
    let progress = window.ask("progress", json!({}));
    let mut doors = 0;
    for alley in progress["alleys"].as_array().unwrap() {
        let today = window.ask("today", json!({ "alley": alley["line"]["key"] }));
        assert_eq!(today["doors"], alley["doors"]);
        doors += alley["doors"].as_array().unwrap().len();
    }
    assert_eq!(progress["figures"]["households"], doors);
    let head = &progress["alleys"][0]["doors"][0]["head"]["full_name"];
    let hits = window.ask("find", json!({ "query": head }));
    assert_eq!(&hits[0]["person"]["full_name"], head);
}

#[test]
fn a_refused_visit_writes_nothing() {
    let window = Window::training();
    let (household, member) = window.somebody();
    let waiting = window.ask("sending", Value::Null)["waiting"].clone();
    let mut request = visit(&household, &member, &json!([["uses", "yes", null]]));
    request["consents"] = json!([]);
    assert_eq!(window.try_ask("weigh_visit", request.clone()), Err("visit.no_consent".into()));
    assert_eq!(window.try_ask("save_visit", request), Err("visit.no_consent".into()));
    assert_eq!(window.ask("sending", Value::Null)["waiting"], waiting);
}

#[test]
fn the_list_to_fill_in_is_what_our_own_reader_takes_in() {
    let window = Window::training();
    let place = window.desk.folder().with_file_name("saved");
    // The folder that somebody chose has gone: said, and nothing half written anywhere.
    assert_eq!(window.try_ask("save_sample", Value::Null), Err("roster.sample_not_saved".into()));
    std::fs::create_dir(&place).unwrap();
    let saved = window.ask("save_sample", Value::Null);
    let file = place.join(saved["file_name"].as_str().unwrap());
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1, "no other file beside it");

    let today = domain::calendar::Day::parse("2026-11-25").unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let book = roster::open(&bytes, &roster::Limits::default()).unwrap();
    let preview = roster::read(&book, today).unwrap().preview();
    assert_eq!((preview.households, preview.persons), (2, 5));
    assert!(preview.rejected.is_empty() && preview.warnings.is_empty(), "{preview:?}");

    window.desk.offer_file(file);
    let page = window.ask("look_at_list", json!({}));
    assert_eq!((page["households"].clone(), page["persons"].clone()), (json!(2), json!(5)));
    let roles: Vec<_> =
        page["mapping"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    for role in ["hamlet_unit", "full_name", "birth", "sex", "relation", "alley", "house_no", "phone", "note"]
    {
        assert!(roles.contains(&role), "{role} in {roles:?}");
    }
    assert_eq!(page["result"]["households_added"], json!(2), "{page}");
}

#[test]
fn a_lesson_is_done_by_doing_it() {
    let window = Window::training();
    let done = || -> Vec<String> {
        let lessons = window.ask("lessons", Value::Null);
        let done = lessons.as_array().unwrap().iter().filter(|one| one["done"] == true);
        done.map(|one| one["lesson"].as_str().unwrap().to_owned()).collect()
    };
    let (household, member) = window.somebody();
    assert_eq!(done(), [""; 0], "looked at from the street");
    window.ask("keep_draft", json!({ "household": household["household"], "draft": null }));
    assert_eq!(done(), ["opened"]);
    let saved = window.ask("save_visit", visit(&household, &member, &json!([])));
    assert_eq!(done(), ["opened", "met"]);
    let undo = json!({ "household": household["household"], "visit": saved["visit"] });
    window.ask("undo_visit", undo);
    assert_eq!(done(), ["opened", "met", "taken_back"], "what was taken back was done all the same");
    window.ask("progress", json!({}));
    let mut absent = visit(&household, &Value::Null, &json!([]));
    for (key, nothing) in
        [("consents", json!([])), ("learned", json!([])), ("members_unchanged", json!(false))]
    {
        absent[key] = nothing;
    }
    absent["outcome"] = json!("absent");
    window.ask("save_visit", absent);
    assert_eq!(done(), ["opened", "met", "absent", "taken_back", "figures"]);

    window.ask("train", Value::Null);
    assert_eq!(done(), [""; 0], "another hamlet, made anew");
    window.ask("lock", Value::Null);
    assert_eq!(window.ask("lessons", Value::Null), json!([]), "none where nobody trains");
}
