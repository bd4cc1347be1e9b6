//! The one command of the page: a name and a request in, a reply or an error code out. Everything that
//! can be asked stands in `app::commands`.

use std::sync::Arc;

use app::AppError;
use app::commands::{self, Call};
use app::desk::{Desk, JobProgress};
use serde_json::Value;
use tauri::State;
use tauri::ipc::Channel;

/// Runs a command on a thread of its own: keys are derived and networks waited for while the page lives on.
#[tauri::command]
pub(crate) async fn call(
    desk: State<'_, Arc<Desk>>,
    name: String,
    request: Value,
    progress: Channel<JobProgress>,
) -> Result<Value, AppError> {
    let desk = Arc::clone(&desk);
    let run = move || {
        // A page that went away needs no progress any more.
        let mut tell = |step: JobProgress| drop(progress.send(step));
        commands::run(&mut Call { desk: &desk, tell: &mut tell }, &name, request)
    };
    tauri::async_runtime::spawn_blocking(run).await.unwrap_or_else(|_| Err(AppError::fault()))
}
