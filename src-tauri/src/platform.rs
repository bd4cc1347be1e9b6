//! What differs between machines, in one place.

/// Done before anything else starts. The error is a sentence for people.
pub(crate) fn prepare() -> Result<(), &'static str> {
    #[cfg(target_os = "linux")]
    if !linux::has_display() {
        return Err("Không thấy màn hình nào để mở cửa sổ. Mở chương trình từ màn hình làm việc.");
    }
    Ok(())
}

/// Said where the window could not be opened.
pub(crate) fn no_window(error: &tauri::Error) -> String {
    format!(
        "Không mở được cửa sổ. Khởi động lại máy rồi mở lại chương trình; số liệu đã ghi vẫn còn. ({error})"
    )
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

#[cfg(target_os = "linux")]
mod linux {
    use std::env::var_os;
    use std::path::Path;

    pub(super) fn has_display() -> bool {
        ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| var_os(name).is_some_and(|value| !value.is_empty()))
    }

    pub(super) fn has_session_bus() -> bool {
        var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty())
            || var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists())
    }
}
