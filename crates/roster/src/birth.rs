//! Births as cells hold them: dates, serials, years, and what people type.

use domain::calendar::{DateError, Day, PartialDate};

use crate::list::Trouble;
use crate::sheet::Cell;

/// The day before 01/01/1900 in a spreadsheet's count, its invented 29/02/1900 included.
const SERIAL_DAY_ZERO: (i32, u32, u32) = (1899, 12, 30);
/// Integers from here on are serial days (1906), not years.
const SERIALS_FROM: f64 = 2200.0;
/// 31/12/2199.
const SERIALS_TO: f64 = 109_575.0;

/// A birth as of today, or why it cannot be one. `Ok(None)` for a cell that says there is none.
pub(crate) fn read(cell: &Cell, today: Day) -> Result<Option<PartialDate>, Trouble> {
    let birth = match cell {
        Cell::Date(date) => Some(*date),
        Cell::Number(number) => Some(of_number(*number).map_err(trouble)?),
        Cell::Text(text) => of_text(text).map_err(trouble)?,
    };
    match birth {
        Some(birth) if birth.is_after(today) => Err(Trouble::BirthInFuture),
        birth => Ok(birth),
    }
}

/// A birth whose day, month and year stand in three cells; an empty or zero part is unknown.
pub(crate) fn read_parts(parts: [Option<&Cell>; 3], today: Day) -> Result<Option<PartialDate>, Trouble> {
    let [day, month, year] = parts;
    let part = |cell: Option<&Cell>| match cell.map(Cell::shown) {
        None => Ok(None),
        Some(text) if text.chars().all(|c| !c.is_alphanumeric()) => Ok(None),
        Some(text) => {
            text.parse::<u32>().map(|n| Some(n).filter(|n| *n > 0)).map_err(|_| Trouble::BirthUnreadable)
        }
    };
    let (day, month, year) = match (year, part(day)?, part(month)?) {
        // The whole birth stands in the column of the year.
        (Some(year), None, None) => return read(year, today),
        (year, day, month) => (day, month, part(year)?),
    };
    let Some(year) = year else {
        return if day.or(month).is_some() { Err(Trouble::BirthUnreadable) } else { Ok(None) };
    };
    if year < 100 {
        return Err(Trouble::BirthTwoDigitYear);
    }
    let year = i32::try_from(year).map_err(|_| Trouble::BirthOutOfRange)?;
    let birth = PartialDate::new(year, month, day.filter(|_| month.is_some())).map_err(trouble)?;
    if birth.is_after(today) { Err(Trouble::BirthInFuture) } else { Ok(Some(birth)) }
}

fn of_number(number: f64) -> Result<PartialDate, DateError> {
    // A month and year typed with a dot, of which the spreadsheet made a number: 9.1992, 10.199.
    if number.fract() != 0.0 && (1.0..13.0).contains(&number) {
        return PartialDate::parse(&format!("{number:.4}"));
    }
    if (SERIALS_FROM..=SERIALS_TO).contains(&number) {
        return of_serial(number);
    }
    if number.fract() != 0.0 {
        return Err(DateError::Unreadable);
    }
    of_digits(&number.to_string())
}

fn of_serial(number: f64) -> Result<PartialDate, DateError> {
    let (year, month, day) = SERIAL_DAY_ZERO;
    // Within the bounds above, so that nothing is cut off but the time of day.
    let days = (0..=110_000_u64).rev().find(|days| *days as f64 <= number).unwrap_or(0);
    let date = Day::new(year, month, day).ok_or(DateError::Unreadable)?.plus_days(days);
    let (year, month, day) = date.ymd();
    PartialDate::new(year, Some(month), Some(day))
}

/// `1985`, `05031985`, `5031985` whose leading 0 a spreadsheet ate.
fn of_digits(digits: &str) -> Result<PartialDate, DateError> {
    let padded = if digits.len() == 7 { format!("0{digits}") } else { digits.to_owned() };
    match (padded.get(..2), padded.get(2..4), padded.get(4..)) {
        (Some(day), Some(month), Some(year)) if padded.len() == 8 => {
            PartialDate::parse(&format!("{day}/{month}/{year}"))
        }
        _ => PartialDate::parse(digits),
    }
}

fn of_text(text: &str) -> Result<Option<PartialDate>, DateError> {
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    // "?", "không rõ", "-": there is none, which is no mistake.
    if numbers.is_empty() {
        return if text.chars().count() <= 20 { Ok(None) } else { Err(DateError::Unreadable) };
    }
    if text.contains(':') {
        // A moment: "1985-03-05 00:00:00", "05/03/1985 0:00".
        let date = text.split(['T', ' ']).next().unwrap_or_default();
        return PartialDate::parse(date).map(Some);
    }
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let (parts, words) = (numbers.len(), text.chars().any(char::is_alphabetic));
    match numbers.as_slice() {
        [only] if only.len() >= 7 => of_digits(only),
        // "00/00/1950", "0/1950"; "01/00/1950", where a day without a month says nothing.
        [.., month, year] if zero(month) && parts <= 3 && year.len() == 4 => PartialDate::parse(year),
        [day, month, year] if zero(day) => PartialDate::parse(&format!("{month}/{year}")),
        // "ngày 5 tháng 3 năm 1985", "SN 1950", "khoảng 1950", "1950 (?)".
        _ if words && parts <= 3 => PartialDate::parse(&numbers.join("/")),
        _ => PartialDate::parse(text.trim_matches(|c: char| !c.is_ascii_digit())),
    }
    .map(Some)
}

fn trouble(why: DateError) -> Trouble {
    match why {
        DateError::Unreadable => Trouble::BirthUnreadable,
        DateError::TwoDigitYear => Trouble::BirthTwoDigitYear,
        DateError::NoSuchDay => Trouble::BirthNoSuchDay,
        DateError::YearOutOfRange => Trouble::BirthOutOfRange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(birth: Result<Option<PartialDate>, Trouble>) -> String {
        match birth {
            Ok(Some(birth)) => birth.to_string(),
            Ok(None) => "none".into(),
            Err(why) => why.code().to_owned(),
        }
    }

    #[test]
    fn births_in_cells() {
        let today = Day::new(2026, 11, 22).unwrap();
        let text = |text: &str, expect: &str| {
            assert_eq!(shown(read(&Cell::Text(text.into()), today)), expect, "{text}")
        };
        text("9/7/1962", "1962-07-09");
        text("28-08-1993", "1993-08-28");
        text("09/1992", "1992-09");
        text("1950", "1950");
        text("00/00/1950", "1950");
        text("00/03/1950", "1950-03");
        text("01/00/1950", "1950");
        text("ngày 5 tháng 3 năm 1985", "1985-03-05");
        text("SN 1950", "1950");
        text("1985-03-05 00:00:00", "1985-03-05");
        text("05031985", "1985-03-05");
        text("không rõ", "none");
        text("?", "none");
        text("30/02/1985", "birth_no_such_day");
        text("05/03/85", "birth_two_digit_year");
        text("23/11/2026", "birth_in_future");
        text("05/03/1785", "birth_out_of_range");
        text("1/2/3/4", "birth_unreadable");
        let number = |number: f64, expect: &str| {
            assert_eq!(shown(read(&Cell::Number(number), today)), expect, "{number}")
        };
        number(2025.0, "2025");
        number(31_111.0, "1985-03-05");
        number(31_111.5, "1985-03-05");
        number(9.1992, "1992-09");
        number(10.199, "1990-10");
        number(5_031_985.0, "1985-03-05");
        number(85.0, "birth_two_digit_year");
        number(-1.0, "birth_unreadable");
        number(1e300, "birth_unreadable");
    }

    #[test]
    fn births_in_three_cells() {
        let today = Day::new(2026, 11, 22).unwrap();
        let check = |parts: [&str; 3], expect: &str| {
            let cells = parts.map(|part| Cell::text(part, 100));
            assert_eq!(
                shown(read_parts([cells[0].as_ref(), cells[1].as_ref(), cells[2].as_ref()], today)),
                expect
            );
        };
        check(["5", "3", "1985"], "1985-03-05");
        check(["", "3", "1985"], "1985-03");
        check(["", "", "1985"], "1985");
        check(["5", "", "1985"], "1985");
        check(["00", "00", "1985"], "1985");
        check(["", "", "05/03/1985"], "1985-03-05");
        check(["", "", ""], "none");
        check(["5", "3", ""], "birth_unreadable");
        check(["31", "2", "1985"], "birth_no_such_day");
        check(["5", "3", "85"], "birth_two_digit_year");
        check(["1", "1", "2027"], "birth_in_future");
    }
}
