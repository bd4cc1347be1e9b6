//! Days, partial births and ages. All of them are civil dates in UTC+07:00; nobody reads the system's
//! time zone, and nobody reads a clock here: "today" is an argument.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// Viet Nam has one time zone without daylight saving.
const UTC_PLUS_7_SECONDS: i32 = 7 * 3600;

/// A civil date in Viet Nam. On the wire and in tables: `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Day(#[cfg_attr(feature = "types", ts(type = "string"))] NaiveDate);

impl Day {
    /// The given date, if the calendar has it.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// The date in UTC+07:00 at a moment in milliseconds since 1970. Moments outside the calendar
    /// (a laptop with a broken clock) become its first or last day.
    pub fn at(unix_ms: i64) -> Self {
        let zone = FixedOffset::east_opt(UTC_PLUS_7_SECONDS);
        let moment = DateTime::from_timestamp_millis(unix_ms);
        match (moment, zone) {
            (Some(moment), Some(zone)) => Self(moment.with_timezone(&zone).date_naive()),
            _ => Self(if unix_ms < 0 { NaiveDate::MIN } else { NaiveDate::MAX }),
        }
    }

    /// `2026-11-22`.
    pub fn parse(text: &str) -> Option<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self)
    }

    /// Year, month 1–12, day 1–31.
    pub fn ymd(self) -> (i32, u32, u32) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// This many months later; the last day of the month where it is shorter.
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX))
    }

    /// This many days later.
    pub fn plus_days(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX))
    }

    /// As people read it: `22/11/2026`.
    pub fn shown(self) -> String {
        self.0.format("%d/%m/%Y").to_string()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

/// A birth as far as it is known: the year, perhaps the month, perhaps the day. Old people's births are
/// often a year only. On the wire and in tables: `1956`, `1956-03`, `1956-03-05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: i32,
    month: Option<u32>,
    day: Option<u32>,
}

/// Why a text is not a birth. The screen has a sentence for each, with an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Nothing that looks like a date.
    #[error("not a date")]
    Unreadable,
    /// `85`: the person is asked which century.
    #[error("a year needs four digits")]
    TwoDigitYear,
    /// 30/02, month 13.
    #[error("no such day in the calendar")]
    NoSuchDay,
    /// Before 1900 or far in the future; births after today are found by [`PartialDate::is_after`].
    #[error("year out of range")]
    YearOutOfRange,
}

/// Nobody alive was born before; a list that says so is mistyped.
const FIRST_YEAR: i32 = 1900;
const LAST_YEAR: i32 = 2199;

impl PartialDate {
    /// Checks the calendar: a day needs a month.
    pub fn new(year: i32, month: Option<u32>, day: Option<u32>) -> Result<Self, DateError> {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return Err(DateError::YearOutOfRange);
        }
        let complete = match (month, day) {
            (None, Some(_)) => None,
            (month, day) => Day::new(year, month.unwrap_or(1), day.unwrap_or(1)),
        };
        complete.map(|_| Self { year, month, day }).ok_or(DateError::NoSuchDay)
    }

    /// Reads what people type and lists contain: `5/3/1985`, `05-03-1985`, `05.03.1985`, `1985-03-05`,
    /// `3/1985`, `1985`.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let parts: Vec<&str> =
            text.trim().split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| !part.bytes().all(|b| b.is_ascii_digit()) || part.len() > 4) {
            return Err(DateError::Unreadable);
        }
        let number = |part: &&str| part.parse::<u32>().map_err(|_| DateError::Unreadable);
        let year = |part: &&str| match part.len() {
            4 => part.parse::<i32>().map_err(|_| DateError::Unreadable),
            2 => Err(DateError::TwoDigitYear),
            _ => Err(DateError::Unreadable),
        };
        match parts.as_slice() {
            [y] => Self::new(year(y)?, None, None),
            [y, m] if y.len() == 4 => Self::new(year(y)?, Some(number(m)?), None),
            [m, y] => Self::new(year(y)?, Some(number(m)?), None),
            [y, m, d] if y.len() == 4 => Self::new(year(y)?, Some(number(m)?), Some(number(d)?)),
            [d, m, y] => Self::new(year(y)?, Some(number(m)?), Some(number(d)?)),
            _ => Err(DateError::Unreadable),
        }
    }

    /// Year of birth.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Month of birth, 1–12, if known.
    pub fn month(self) -> Option<u32> {
        self.month
    }

    /// Day of birth, 1–31, if known.
    pub fn day(self) -> Option<u32> {
        self.day
    }

    /// True if the day itself is known.
    pub fn is_complete(self) -> bool {
        self.day.is_some()
    }

    /// The day to count ages from, with the missing parts as the rule file says (`docs` of
    /// [`AssumedBirth`]).
    pub fn assumed(self, assumed: AssumedBirth) -> Day {
        let month = self.month.unwrap_or(assumed.month);
        let day = self.day.unwrap_or(assumed.day);
        Day::new(self.year, month, day)
            .or_else(|| Day::new(self.year, month, 1))
            .unwrap_or(Day(NaiveDate::MIN))
    }

    /// True if even the earliest reading lies after that day: born in the future.
    pub fn is_after(self, today: Day) -> bool {
        self.assumed(AssumedBirth { month: 1, day: 1 }) > today
    }

    /// True if both can be the same birth: equal in every part that both know.
    pub fn agrees_with(self, other: Self) -> bool {
        let same = |a: Option<u32>, b: Option<u32>| a.zip(b).is_none_or(|(a, b)| a == b);
        self.year == other.year && same(self.month, other.month) && same(self.day, other.day)
    }

    /// As people read it: `05/03/1985`, `03/1985`, `1985`.
    pub fn shown(self) -> String {
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{day:02}/{month:02}/{}", self.year),
            (Some(month), None) => format!("{month:02}/{}", self.year),
            _ => self.year.to_string(),
        }
    }
}

impl std::fmt::Display for PartialDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.month, self.day) {
            (Some(month), Some(day)) => write!(f, "{:04}-{month:02}-{day:02}", self.year),
            (Some(month), None) => write!(f, "{:04}-{month:02}", self.year),
            _ => write!(f, "{:04}", self.year),
        }
    }
}

impl TryFrom<String> for PartialDate {
    type Error = DateError;
    fn try_from(text: String) -> Result<Self, DateError> {
        Self::parse(&text)
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

/// What stands in for an unknown month and day of birth when an age is counted. Door rules §1: year-only
/// births count from 01/01, month-only from day 01; a commune can change it in its rule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssumedBirth {
    /// 1–12
    pub month: u32,
    /// 1–31
    pub day: u32,
}

/// An age in full years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// Full years on the reference day; 0 for somebody not yet born then.
    pub years: u32,
    /// True if the birth is not complete: lists show "ước tính".
    pub estimated: bool,
}

impl Age {
    /// Full years on a day (Bộ luật Dân sự 2015 counts "đủ" years: the birthday itself completes one;
    /// somebody born on 29/02 completes a year on 01/03 of a common year).
    pub fn on(day: Day, birth: PartialDate, assumed: AssumedBirth) -> Self {
        let (year, month, date) = day.ymd();
        let (born_year, born_month, born_date) = birth.assumed(assumed).ymd();
        let before_birthday = (month, date) < (born_month, born_date);
        let years = year - born_year - i32::from(before_birthday);
        Self { years: u32::try_from(years).unwrap_or(0), estimated: !birth.is_complete() }
    }

    /// The day on which somebody completes this many years.
    pub fn reached_on(years: u32, birth: PartialDate, assumed: AssumedBirth) -> Day {
        let born = birth.assumed(assumed);
        let (year, month, date) = born.ymd();
        let anniversary = i32::try_from(years).ok().and_then(|years| Day::new(year + years, month, date));
        anniversary.unwrap_or_else(|| born.plus_months(years * 12).plus_days(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: AssumedBirth = AssumedBirth { month: 1, day: 1 };

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn births_as_people_write_them() {
        let check = |typed: &str, expect: Result<&str, DateError>| {
            assert_eq!(
                PartialDate::parse(typed).map(|d| d.to_string()),
                expect.map(str::to_owned),
                "{typed}"
            );
        };
        check("1/2/1985", Ok("1985-02-01"));
        check("01-02-1985", Ok("1985-02-01"));
        check(" 01.02.1985 ", Ok("1985-02-01"));
        check("1985-02-01", Ok("1985-02-01"));
        check("2/1985", Ok("1985-02"));
        check("1985-02", Ok("1985-02"));
        check("1985", Ok("1985"));
        check("85", Err(DateError::TwoDigitYear));
        check("1/2/85", Err(DateError::TwoDigitYear));
        check("30/02/1985", Err(DateError::NoSuchDay));
        check("13/1985", Err(DateError::NoSuchDay));
        check("1785", Err(DateError::YearOutOfRange));
        check("khoảng 1950", Err(DateError::Unreadable));
        check("", Err(DateError::Unreadable));
        check("1/2/3/1985", Err(DateError::Unreadable));
        check("29/02/1985", Err(DateError::NoSuchDay));
        check("29/02/1984", Ok("1984-02-29"));
    }

    #[test]
    fn ages_on_the_day_and_around_it() {
        let check = |birth: &str, on: &str, years: u32, estimated: bool| {
            let age = Age::on(day(on), PartialDate::parse(birth).unwrap(), FIRST);
            assert_eq!(age, Age { years, estimated }, "{birth} on {on}");
        };
        check("22/11/2008", "2026-11-21", 17, false);
        check("22/11/2008", "2026-11-22", 18, false);
        check("2008", "2026-01-01", 18, true);
        check("2008", "2025-12-31", 17, true);
        check("11/2008", "2026-10-31", 17, true);
        check("11/2008", "2026-11-01", 18, true);
        check("29/02/2008", "2026-02-28", 17, false);
        check("29/02/2008", "2026-03-01", 18, false);
        check("2030", "2026-01-01", 0, true);
    }

    #[test]
    fn the_day_an_age_is_reached_is_the_first_day_with_that_age() {
        for birth in ["22/11/2008", "29/02/2008", "2008", "11/2008"] {
            let birth = PartialDate::parse(birth).unwrap();
            for years in [0, 14, 16, 18, 60] {
                let reached = Age::reached_on(years, birth, FIRST);
                assert_eq!(Age::on(reached, birth, FIRST).years, years, "{birth} {years}");
                let day_before = Day(reached.0.pred_opt().unwrap());
                assert!(years == 0 || Age::on(day_before, birth, FIRST).years < years, "{birth} {years}");
            }
        }
    }

    #[test]
    fn the_commune_s_midnight_is_not_the_laptop_s() {
        // 2026-11-22T17:30Z is half past midnight of the 23rd in Phù Đổng.
        assert_eq!(Day::at(1_795_368_600_000), day("2026-11-23"));
        assert_eq!(Day::at(1_795_368_600_000 - 3_600_000), day("2026-11-22"));
        assert_eq!(Day::at(0), day("1970-01-01"));
        assert!(Day::at(i64::MAX) > day("2999-01-01"));
        assert!(Day::at(i64::MIN) < day("0001-01-01"));
    }

    #[test]
    fn partial_births_agree_where_both_are_known() {
        let check = |a: &str, b: &str, expect: bool| {
            let (a, b) = (PartialDate::parse(a).unwrap(), PartialDate::parse(b).unwrap());
            assert_eq!(a.agrees_with(b), expect, "{a} {b}");
            assert_eq!(b.agrees_with(a), expect, "{b} {a}");
        };
        check("1956", "05/03/1956", true);
        check("03/1956", "05/03/1956", true);
        check("04/1956", "05/03/1956", false);
        check("1956", "1957", false);
    }

    #[test]
    fn a_birth_in_the_future_is_seen() {
        let today = day("2026-11-22");
        assert!(PartialDate::parse("2027").unwrap().is_after(today));
        assert!(PartialDate::parse("23/11/2026").unwrap().is_after(today));
        assert!(!PartialDate::parse("2026").unwrap().is_after(today));
    }
}
