//! What a page may do, word for word: one command, nothing from elsewhere, nothing to elsewhere. Whoever widens it
//! changes this file too, and says why in docs/adr/0005.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

const CONFIG: &str = include_str!("../tauri.conf.json");
const EMPTY: &str = include_str!("../examples/empty/tauri.conf.json");
const CAPABILITY: &str = include_str!("../capabilities/main.json");
const MANIFEST: &str = include_str!("../Cargo.toml");
const ISOLATION: &str = include_str!("../../ui/isolation/index.js");

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn one_capability_one_window_one_command() {
    let mut capability = read(CAPABILITY);
    let description = capability["description"].take();
    assert!(description.is_string());
    let only = json!({
        "identifier": "main",
        "description": null,
        "windows": ["main"],
        "permissions": ["allow-call"],
    });
    assert_eq!(capability, only);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/capabilities");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["main.json"]);
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_goes_there() {
    let security = json!({
        "csp": {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "font-src": "'self'",
            "img-src": "'self' data:",
            "connect-src": "ipc: http://ipc.localhost",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        },
        "pattern": { "use": "isolation", "options": { "dir": "../ui/isolation" } },
        "freezePrototype": true,
        "capabilities": ["main"],
    });
    let config = read(CONFIG);
    assert_eq!(config["app"], json!({ "windows": [], "security": security }), "app");
    let keys: Vec<_> = config.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["app", "build", "bundle", "identifier", "productName", "version"],
        "nothing of plugins"
    );
}

/// A plugin is code that a capability could open to a page: these three are used by the program alone.
#[test]
fn no_plugin_but_those_the_program_uses_itself() {
    let lines = MANIFEST.lines().filter_map(|line| line.strip_prefix("tauri-plugin-"));
    let plugins: Vec<_> = lines.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(plugins, ["dialog", "single-instance", "window-state"]);
}

#[test]
fn the_frame_between_lets_the_one_command_and_its_progress_through() {
    let through = "const LET_THROUGH = ['call', 'plugin:__TAURI_CHANNEL__|fetch'];";
    assert!(ISOLATION.lines().any(|line| line == through));
}

/// The window that ours is timed against; it may call nothing, and its path to the frame is its own.
#[test]
fn the_empty_window_is_held_by_the_same_rules() {
    let security = |config: &str| read(config)["app"]["security"].take();
    let (ours, empty) = (security(CONFIG), security(EMPTY));
    for rule in ["csp", "freezePrototype"] {
        assert_eq!(ours[rule], empty[rule], "{rule}");
    }
    assert_eq!(ours["pattern"]["use"], empty["pattern"]["use"]);
}
