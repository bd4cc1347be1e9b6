//! Sentences for codes, out of the one catalogue file. Everything else of the program speaks in codes and
//! numbers; only the command line looks sentences up here.

use std::collections::BTreeMap;

const CATALOGUE: &str = include_str!("../../../assets/messages/vi.json");

/// The sentence of a code, with numbers put in for `{name}`. A code without one is shown as it is.
pub fn sentence(code: &str, params: &BTreeMap<String, i64>) -> String {
    let catalogue: BTreeMap<String, String> = serde_json::from_str(CATALOGUE).unwrap_or_default();
    let mut sentence = catalogue.get(code).cloned().unwrap_or_else(|| code.to_owned());
    for (name, number) in params {
        sentence = sentence.replace(&format!("{{{name}}}"), &number.to_string());
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ServerError;

    #[test]
    fn every_code_has_a_sentence() {
        for error in ServerError::samples() {
            let sentence = sentence(error.code(), &BTreeMap::new());
            assert!(sentence.contains(' ') && sentence.ends_with('.'), "{}: {sentence}", error.code());
        }
    }

    #[test]
    fn numbers_are_put_in_and_unknown_codes_are_shown() {
        let params = BTreeMap::from([("retry_after_s".to_owned(), 5)]);
        assert!(sentence("server.busy", &params).contains("5 giây"));
        assert_eq!(sentence("nobody.knows", &BTreeMap::new()), "nobody.knows");
    }
}
