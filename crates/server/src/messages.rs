//! Sentences for codes, out of the one catalogue file. Everything else of the program speaks in codes and
//! numbers; only the command line looks sentences up here.

use std::collections::BTreeMap;

const CATALOGUE: &str = include_str!("../../../assets/messages/vi.json");

fn kept(code: &str) -> String {
    let catalogue: BTreeMap<String, String> = serde_json::from_str(CATALOGUE).unwrap_or_default();
    catalogue.get(code).cloned().unwrap_or_else(|| code.to_owned())
}

/// The sentence of a code, with numbers put in for `{name}`. A code without one is shown as it is.
pub fn sentence(code: &str, params: &BTreeMap<String, i64>) -> String {
    params
        .iter()
        .fold(kept(code), |text, (name, value)| text.replace(&format!("{{{name}}}"), &number(*value)))
}

/// The same with texts: for what the command line was asked to show to who sits there.
pub fn filled(code: &str, params: &[(&str, &str)]) -> String {
    params.iter().fold(kept(code), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// As it is written here: `1.234`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    if value < 0 { format!("-{text}") } else { text }
}

/// `85,3%`, rounded to the nearest tenth; `100,0%` says all of them and `0,0%` nobody, so what only rounds to
/// them says `<0,1%` and `>99,9%`. Nothing of nothing is no rate. `formatShare` of the pages says the same.
pub fn percent(part: i64, whole: i64) -> Option<String> {
    let (part, whole) = (u128::try_from(part).ok()?, u128::try_from(whole).ok().filter(|whole| *whole > 0)?);
    let rounded = (part * 1000 + whole / 2) / whole;
    let (sign, tenths) = match rounded {
        0 if part > 0 => ("<", 1),
        1000 if part < whole => (">", 999),
        rounded => ("", i64::try_from(rounded).ok()?),
    };
    Some(format!("{sign}{},{}%", number(tenths / 10), tenths % 10))
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
    fn every_trouble_of_a_list_has_a_sentence() {
        for trouble in roster::Trouble::ALL {
            let code = format!("list.trouble.{}", trouble.code());
            assert!(filled(&code, &[]).ends_with('.'), "{code}");
        }
    }

    #[test]
    fn numbers_as_they_are_written_here() {
        for (value, text) in
            [(0, "0"), (999, "999"), (1234, "1.234"), (1_234_567, "1.234.567"), (-12_345, "-12.345")]
        {
            assert_eq!(number(value), text);
        }
        for (part, whole, text) in [
            (412, 586, Some("70,3%")),
            (1, 3, Some("33,3%")),
            (2, 3, Some("66,7%")),
            (5, 5, Some("100,0%")),
            (9_999, 10_000, Some(">99,9%")),
            (1, 5_741, Some("<0,1%")),
            (0, 9, Some("0,0%")),
        ] {
            assert_eq!(percent(part, whole).as_deref(), text);
        }
        assert_eq!(percent(0, 0), None);
        assert_eq!(filled("cli.init.done", &[("commune", "Xã Đồng Sen")]), "Đã tạo dữ liệu của Xã Đồng Sen.");
    }

    /// Short sentences that say what happened and what to do; pleading belongs to forms.
    #[test]
    fn few_pleas() {
        assert!(!CATALOGUE.contains("ui lòng"));
    }

    #[test]
    fn numbers_are_put_in_and_unknown_codes_are_shown() {
        let params = BTreeMap::from([("retry_after_s".to_owned(), 5)]);
        assert!(sentence("server.busy", &params).contains("5 giây"));
        assert_eq!(sentence("nobody.knows", &BTreeMap::new()), "nobody.knows");
    }
}
