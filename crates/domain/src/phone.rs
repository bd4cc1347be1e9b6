//! Telephone numbers as people and spreadsheets write them.

use serde::{Deserialize, Serialize};

/// A Vietnamese number, digits only, with its leading 0: a mobile (10 digits, 03 05 07 08 09) or a
/// landline (11 digits, 02). Carriers are not checked: numbers are portable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// The text is no Vietnamese number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Vietnamese telephone number")]
pub struct PhoneError;

impl Phone {
    /// Reads `0912 345 678`, `0912.345.678`, `+84 912…`, `84912…` and `912345678`, whose leading 0 a
    /// spreadsheet took for the start of a number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let mut digits = String::new();
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '.' | '-' | '(' | ')' | '+' | '\u{a0}' => {}
                _ => return Err(PhoneError),
            }
        }
        let international = text.trim().starts_with('+') || digits.len() > 10;
        let national = match digits.strip_prefix("84") {
            Some(rest) if international => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
            _ if digits.starts_with('0') => digits,
            _ => format!("0{digits}"),
        };
        let mobile =
            national.len() == 10 && matches!(national.as_bytes().get(1), Some(b'3' | b'5' | b'7'..=b'9'));
        let landline = national.len() == 11 && national.starts_with("02");
        if mobile || landline { Ok(Self(national)) } else { Err(PhoneError) }
    }

    /// Digits with the leading 0, for tables and the wire.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// `0912 345 678`, `024 3827 1234`.
    pub fn shown(&self) -> String {
        let (area, rest) = self.0.split_at(if self.0.len() == 11 { 3 } else { 4 });
        let (middle, last) = rest.split_at(rest.len() / 2);
        format!("{area} {middle} {last}")
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;
    fn try_from(text: String) -> Result<Self, PhoneError> {
        Self::parse(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_written() {
        let check = |written: &str, expect: Option<&str>| {
            assert_eq!(Phone::parse(written).ok().map(|p| p.0).as_deref(), expect, "{written}");
        };
        check("0912345678", Some("0912345678"));
        check("0912.345.678", Some("0912345678"));
        check(" 0912 345 678 ", Some("0912345678"));
        check("912345678", Some("0912345678"));
        check("+84 912 345 678", Some("0912345678"));
        check("+84 (0) 912 345 678", Some("0912345678"));
        check("84912345678", Some("0912345678"));
        check("0843456789", Some("0843456789"));
        check("843456789", Some("0843456789"));
        check("02438271234", Some("02438271234"));
        check("0112345678", None);
        check("09123456", None);
        check("không có", None);
        check("", None);
    }

    #[test]
    fn shown_in_groups() {
        assert_eq!(Phone::parse("912345678").unwrap().shown(), "0912 345 678");
        assert_eq!(Phone::parse("02438271234").unwrap().shown(), "024 3827 1234");
    }
}
