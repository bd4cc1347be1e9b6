//! The only place that prints. With `--json` the result stands as JSON on the last line of standard output;
//! everything else is for people: results on standard output, warnings and errors on standard error.
//! Sentences come from the catalogue. Nothing personal is printed but what was asked for.

use std::io::Write;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Serialize;
use serde_json::json;
use server::{ServerError, messages};

/// A line for people. A closed pipe is no reason to fail after the work is done.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A sentence of the catalogue, with texts put in.
pub(crate) fn say(code: &str, params: &[(&str, &str)]) {
    line(&messages::filled(code, params));
}

/// A sentence that must not be missed, and that no pipe swallows.
pub(crate) fn warn(code: &str, params: &[(&str, &str)]) {
    warn_line(&messages::filled(code, params));
}

fn warn_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
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
    warn_line(&format!("{sentence} [{}]", error.code()));
    if as_json {
        json(&json!({ "error": { "code": error.code(), "message": sentence } }));
    }
}

/// A command line that is none: a sentence in front, what the parser has to say behind it.
pub(crate) fn usage(error: &clap::Error, as_json: bool) {
    // An option without its value is reported as one whose value is empty.
    let no_value =
        matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(text)) if text.is_empty());
    let code = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "arguments.no_command"
        }
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => "arguments.unknown",
        ErrorKind::MissingRequiredArgument => "arguments.missing",
        ErrorKind::InvalidValue if no_value => "arguments.missing",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "arguments.invalid",
        _ => "arguments.wrong",
    };
    let sentence = messages::filled(code, &[]);
    warn_line(&format!("{sentence} [{code}]\n\n{}", error.render().to_string().trim_end()));
    if as_json {
        json(&json!({ "error": { "code": code, "message": sentence } }));
    }
}
