//! Names the one command that the page may call, so that the capability can allow exactly it.

fn main() {
    // The pages are built into the program: another page is another program.
    println!("cargo::rerun-if-changed=../ui/dist");
    println!("cargo::rerun-if-changed=../ui/isolation");
    let commands = tauri_build::AppManifest::new().commands(&["call"]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error={}", format!("{error:#}").replace('\n', " "));
    }
}
