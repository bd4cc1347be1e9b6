//! The one window: how it is made, found again, what it may show, and what its page is told before it asks.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use app::commands::{self, Call};
use app::desk::Desk;
use serde_json::Value;
use tauri::http::Response;
use tauri::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, Runtime, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_window_state::StateFlags;

use crate::platform;

const MAIN: &str = "main";
/// What stands in `ui/index.html`, within quotation marks, for what the first page needs.
const ROOM: &[u8] = b"__START__";

/// Size and place are found again. Nothing else of a window is kept.
pub(crate) fn remembered<R: Runtime>() -> TauriPlugin<R> {
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    tauri_plugin_window_state::Builder::default().with_state_flags(flags).build()
}

/// Opens it. Incognito: the webview keeps no cache, no storage and no history of names on the disk.
pub(crate) fn open<M: Manager<tauri::Wry>>(manager: &M) -> tauri::Result<()> {
    let desk = Arc::clone(&manager.state::<Arc<Desk>>());
    let window = WebviewWindowBuilder::new(manager, MAIN, WebviewUrl::App("index.html".into()))
        .title("Từng Nhà")
        .inner_size(1366.0, 698.0)
        // A screen of 1280×720, or one of 1366×768 where everything is drawn twice as large.
        .prevent_overflow()
        .min_inner_size(480.0, 320.0)
        .incognito(!platform::is_automated())
        // Only pages that the program brought along.
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .on_web_resource_request(move |_, response| tell(response, || start(&desk)))
        .build()?;
    platform::outlive_the_page(&window)
}

/// Where this laptop stands while it is closed. A page that is loaded again over an open one asks by itself.
fn start(desk: &Desk) -> Option<Value> {
    let told = commands::run(&mut Call { desk, tell: &mut |_| {} }, "start", Value::Null).ok()?;
    (told.get("here") == Some(&Value::Null)).then_some(told)
}

/// Writes what the first page needs into the page itself. Its first question would take as long as all the rest of
/// its start: the frame that questions go through comes after the page.
fn tell(response: &mut Response<Cow<'static, [u8]>>, start: impl FnOnce() -> Option<Value>) {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return;
    }
    let Some(at) = response.body().windows(ROOM.len()).position(|window| window == ROOM) else { return };
    let Some(start) = start() else { return };
    // Within quotation marks of HTML.
    let told = start.to_string().replace('&', "&amp;").replace('"', "&quot;");
    response.body_mut().to_mut().splice(at..at + ROOM.len(), told.into_bytes());
    // The next time it may stand elsewhere.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// A second start: the first window comes to the front, with the list the second was started with. The
/// page asks anew when it gets the focus.
pub(crate) fn show(app: &AppHandle, list: Option<PathBuf>) {
    if let Some(list) = list {
        app.state::<Arc<Desk>>().offer_file(list);
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window that cannot be raised is still there.
        let _ = window.unminimize();
        let _ = window.set_focus();
        // A desktop that lets no window come forward by itself gives it no focus; the page must know all the same.
        let _ = window.eval("dispatchEvent(new Event('focus'))");
    }
}

/// Asks where to save a list to fill in.
pub(crate) fn choose_place(app: &AppHandle, name: &str) -> Option<PathBuf> {
    let asked = app.dialog().file().set_file_name(name).add_filter("Excel", &["xlsx"]);
    asked.blocking_save_file()?.into_path().ok()
}

/// Asks for a household list.
pub(crate) fn choose_list(app: &AppHandle) -> Option<PathBuf> {
    let asked = app.dialog().file().add_filter("Excel, CSV", &["xlsx", "xls", "xlsm", "ods", "csv"]);
    asked.blocking_pick_file()?.into_path().ok()
}

#[cfg(test)]
mod tests {
    use app::desk::Tools;
    use serde_json::json;

    use super::*;

    const HTML: &str = "text/html; charset=utf-8";
    const PAGE: &[u8] = include_bytes!("../../ui/index.html");

    fn told(page: &'static [u8], kind: &'static str, start: Option<Value>) -> String {
        let mut response = Response::new(Cow::Borrowed(page));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        tell(&mut response, || start);
        String::from_utf8(response.into_body().into_owned()).expect("a page is text")
    }

    #[test]
    fn the_page_is_told_where_the_laptop_stands_and_nothing_gets_out_of_the_quotation_marks() {
        let page = told(PAGE, HTML, Some(json!({ "stage": "a&b", "odd": "\"><script>" })));
        let told = page.split(r#"name="start" content=""#).nth(1).and_then(|rest| rest.split('"').next());
        let told = told.expect("there is room").replace("&quot;", "\"").replace("&amp;", "&");
        assert_eq!(
            serde_json::from_str::<Value>(&told).expect("JSON"),
            json!({ "stage": "a&b", "odd": "\"><script>" })
        );
    }

    #[test]
    fn other_files_and_an_open_register_stay_as_they_are() {
        assert_eq!(told(PAGE, HTML, None).as_bytes(), PAGE);
        assert_eq!(told(ROOM, "text/javascript", Some(json!({}))).as_bytes(), ROOM);
    }

    #[test]
    fn only_a_closed_laptop_is_told_of() {
        let dir = tempfile::tempdir().expect("a folder");
        let desk = Desk::new(Tools {
            folder: dir.path().join("data"),
            machine: || Box::new(app::SystemMachine::default()),
            durability: app::Durability::Off,
            key_cost: app::KeyCost { memory_kib: 64, passes: 1 },
            choose_file: Box::new(|| None),
            choose_place: Box::new(|_| None),
        });
        let ask = |name| commands::run(&mut Call { desk: &desk, tell: &mut |_| {} }, name, Value::Null);
        assert_eq!(start(&desk).expect("told")["stage"], "new");
        ask("train").expect("training");
        assert_eq!(start(&desk), None);
        ask("lock").expect("lock");
        assert_eq!(start(&desk).expect("told")["stage"], "new");
    }
}
