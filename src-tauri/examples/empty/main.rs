//! A window of the same build with nothing in it: what `cargo xtask bench start` compares the real one with. The
//! size, the security settings and the isolation frame are the real window's; there is no register, no plugin and
//! no script of ours, and the page is one colour.

use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            WebviewWindowBuilder::new(app, "main", WebviewUrl::App("index.html".into()))
                .inner_size(1366.0, 698.0)
                .prevent_overflow()
                .incognito(true)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!("examples/empty/tauri.conf.json"))
}
