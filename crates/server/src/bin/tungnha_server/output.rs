//! The only place that prints. JSON stands alone on the last line of standard output; sentences for people
//! go above it, errors to standard error. Nothing personal is printed but what was asked for.

use std::io::Write;

use serde::Serialize;
use serde_json::json;
use server::{ServerError, messages};

/// A line for people. A closed pipe is no reason to fail after the work is done.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The result, as the last line.
pub(crate) fn json<T: Serialize>(value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        line(&text);
    }
    let _ = std::io::stdout().flush();
}

/// A sentence and the code; with `--json` the same as JSON.
pub(crate) fn error(error: &ServerError, as_json: bool) {
    let sentence = messages::sentence(error.code(), &error.params());
    let _ = writeln!(std::io::stderr(), "{sentence} [{}]", error.code());
    if as_json {
        json(&json!({ "error": { "code": error.code(), "message": sentence } }));
    }
}
