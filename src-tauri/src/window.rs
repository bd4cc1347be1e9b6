//! The one window: how it is made, found again, and what it may show.

use std::path::PathBuf;
use std::sync::Arc;

use app::desk::Desk;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, Runtime, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_window_state::StateFlags;

use crate::platform;

const MAIN: &str = "main";

/// Size and place are found again. Nothing else of a window is kept.
pub(crate) fn remembered<R: Runtime>() -> TauriPlugin<R> {
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    tauri_plugin_window_state::Builder::default().with_state_flags(flags).build()
}

/// Opens it. Incognito: the webview keeps no cache, no storage and no history of names on the disk.
pub(crate) fn open<M: Manager<tauri::Wry>>(manager: &M) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(manager, MAIN, WebviewUrl::App("index.html".into()))
        .title("Từng Nhà")
        .inner_size(1366.0, 698.0)
        // A screen of 1280×720, or one of 1366×768 where everything is drawn twice as large.
        .prevent_overflow()
        .min_inner_size(480.0, 320.0)
        .incognito(!platform::is_automated())
        // Only pages that the program brought along.
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .build()?;
    platform::outlive_the_page(&window)
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
