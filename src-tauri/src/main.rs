//! The window: a thin shell over `app`. It opens one window, hands commands of the page to the desk on a
//! thread of their own, and holds no rule of the register. What it may never do: touch the network, show
//! a page that the program did not bring along, or keep anything of a page on the disk.
// No console window beside the real one on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]
// Before there is a window, what went wrong can only be said on the terminal.
#![allow(clippy::print_stderr)]

mod bridge;
mod options;
mod platform;
mod window;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use app::desk::{Desk, Tools};
use clap::Parser;
use tauri::Manager;

use crate::options::Options;
use crate::platform::Trouble;

fn main() -> ExitCode {
    let options = Options::parse();
    match platform::prepare().and_then(|()| run(options).map_err(|_| Trouble::Window)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            platform::tell(&trouble.sentence());
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> tauri::Result<()> {
    let mut builder = tauri::Builder::default();
    // Two folders are two laptops (tests, a stick): only the usual one is kept to a single window, and only its
    // window is found again where it stood. Whoever opens the same folder twice is stopped by its lock.
    if options.data.is_none() {
        builder = builder.plugin(window::remembered());
        if platform::has_session_bus() {
            builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
                let list = Options::try_parse_from(arguments).ok().and_then(|options| options.list);
                // Named from where the second one was started.
                window::show(app, list.map(|list| Path::new(&folder).join(list)));
            }));
        }
    }
    builder
        .plugin(tauri_plugin_dialog::init())
        .setup(move |app| {
            let folder = match options.data {
                Some(folder) => folder,
                None => app.path().app_local_data_dir()?,
            };
            let (chooser, saver) = (app.handle().clone(), app.handle().clone());
            let desk = Arc::new(Desk::new(Tools {
                folder,
                machine: || Box::new(app::SystemMachine::default()),
                durability: app::Durability::Full,
                key_cost: app::KeyCost::default(),
                choose_file: Box::new(move || window::choose_list(&chooser)),
                choose_place: Box::new(move |name| window::choose_place(&saver, name)),
            }));
            if let Some(list) = options.list {
                desk.offer_file(list);
            }
            app.manage(desk);
            window::open(app)?;
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![bridge::call])
        .run(tauri::generate_context!())
}
