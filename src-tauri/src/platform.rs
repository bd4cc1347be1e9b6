//! What differs between machines, in one place, and what is said where there is no page to say it.

use std::collections::BTreeMap;
use std::panic::PanicHookInfo;

const CATALOGUE: &str = include_str!("../../assets/messages/vi.json");

/// What is missing where the program cannot start, or stopped; each has a sentence in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is no screen to open a window on.
    Display,
    /// Windows lacks the part that shows pages.
    Webview,
    /// The window did not open.
    Window,
}

impl Trouble {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Display, "window.no_display"),
        (Self::Webview, "window.no_webview"),
        (Self::Window, "window.no_window"),
    ];

    /// The sentence for people.
    pub(crate) fn sentence(self) -> String {
        let catalogue: BTreeMap<String, String> = serde_json::from_str(CATALOGUE).unwrap_or_default();
        let key = Self::ALL.iter().find(|(one, _)| *one == self).map(|(_, key)| *key).unwrap_or_default();
        catalogue.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }
}

/// Tells where there is no page: on the terminal, and on Windows, where nobody starts a program from one, in a box.
pub(crate) fn tell(said: &str) {
    eprintln!("{said}");
    #[cfg(windows)]
    rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title("Từng Nhà")
        .set_description(said)
        .show();
}

/// Done before anything else starts.
pub(crate) fn prepare() -> Result<(), Trouble> {
    // The toolkit panics where it finds no screen, in English and with its own file names. Whatever panics:
    // what was saved is saved, and what a value held is nobody's business on a terminal.
    std::panic::set_hook(Box::new(say));
    #[cfg(target_os = "linux")]
    {
        if !linux::has_display() {
            return Err(Trouble::Display);
        }
        linux::leave_dmabuf_out();
    }
    #[cfg(windows)]
    if tauri::webview_version().is_err() {
        return Err(Trouble::Webview);
    }
    Ok(())
}

fn say(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let place = place.unwrap_or_default();
    // On any other thread the page is there to tell it.
    match std::thread::current().name() {
        Some("main") => tell(&format!("{} ({place})", Trouble::Window.sentence())),
        _ => eprintln!("{place}"),
    }
}

/// Whether a test drives the window. An incognito webview of WebKitGTK cannot be driven.
pub(crate) fn is_automated() -> bool {
    std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|value| value == "true")
}

/// Whether a second start can reach the first.
pub(crate) fn has_session_bus() -> bool {
    #[cfg(target_os = "linux")]
    return linux::has_session_bus();
    #[cfg(not(target_os = "linux"))]
    true
}

/// Where the webview draws in a process of its own and that process ends (out of memory, a broken driver), the
/// page is loaded again. The program, its register and the answers not saved yet live on in this process.
pub(crate) fn outlive_the_page(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    #[cfg(target_os = "linux")]
    window.with_webview(|webview| linux::reload_when_it_ends(&webview.inner()))?;
    // WebView2 makes a new process by itself and shows the page anew.
    #[cfg(not(target_os = "linux"))]
    let _ = window;
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env::var_os;
    use std::path::Path;

    use webkit2gtk::{WebView, WebViewExt};

    /// Old graphics chips show a blank window where WebKitGTK hands its pictures over in graphics memory.
    const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

    pub(super) fn has_display() -> bool {
        ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// Whoever sets the variable, to whatever, has decided otherwise. Called before there is a second thread, which
    /// is what makes a change of the environment safe.
    pub(super) fn leave_dmabuf_out() {
        // Where it fails, the window may still open.
        let _ = webkit2gtk::glib::setenv(NO_DMABUF, "1", false);
    }

    pub(super) fn has_session_bus() -> bool {
        var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty())
            || var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists())
    }

    pub(super) fn reload_when_it_ends(view: &WebView) {
        view.connect_web_process_terminated(|view, _reason| view.reload());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_sentence() {
        for (trouble, key) in Trouble::ALL {
            let sentence = trouble.sentence();
            assert!(sentence.len() > key.len() && sentence.contains(' '), "{key}: {sentence}");
        }
    }
}
