//! The figures as a small table for people. The same numbers as `--json` gives; nothing is counted here.

use domain::calendar::Day;
use domain::figures::{FamilyFigures, Figures};
use server::messages::{filled, number, percent};

/// Wide enough for the longest name of a fact; numbers of a commune have seven characters with dots.
const NAME_WIDE: usize = 38;
const NUMBER_WIDE: usize = 10;

fn word(code: &str) -> String {
    filled(&format!("cli.figures.{code}"), &[])
}

/// A name, then columns flush right.
fn row(name: &str, columns: &[String]) -> String {
    let cells: String = columns.iter().map(|cell| format!("{cell:>NUMBER_WIDE$}")).collect();
    format!("{name:<NAME_WIDE$}{cells}").trim_end().to_owned()
}

fn share(part: i64, whole: i64) -> String {
    percent(part, whole).unwrap_or_else(|| "–".to_owned())
}

fn part(code: &str, value: i64, whole: i64) -> String {
    row(&format!("  {}", word(code)), &[number(value), share(value, whole)])
}

fn family(title: &str, figures: &FamilyFigures) -> Vec<String> {
    let whole = figures.met + figures.not_met + figures.insufficient;
    vec![
        String::new(),
        row(&word(title), &[number(whole)]),
        part("family_met", figures.met, whole),
        part("family_not_met", figures.not_met, whole),
        part("family_insufficient", figures.insufficient, whole),
    ]
}

/// The lines of the table.
pub(crate) fn lines(figures: &Figures, hamlet: Option<&str>, day: Day) -> Vec<String> {
    let day = day.shown();
    let mut lines = vec![match hamlet {
        Some(hamlet) => filled("cli.figures.base_hamlet", &[("hamlet", hamlet), ("day", &day)]),
        None => filled("cli.figures.base_commune", &[("day", &day)]),
    }];
    if figures.households == 0 {
        lines.push(word("no_households"));
        return lines;
    }
    let households = figures.households;
    lines.extend([
        String::new(),
        row(&word("households"), &[number(households)]),
        part("reached", figures.reached, households),
        part("met_in_person", figures.met_in_person, households),
        part("complete", figures.complete, households),
        part("declined", figures.declined, households),
    ]);
    let rooms = &figures.rented_rooms;
    if rooms.households > 0 {
        lines.push(part("rooms", rooms.households, households));
    }
    lines.push(row(&word("persons"), &[number(figures.persons)]));
    lines.push(part("away", figures.away, figures.persons));
    lines.extend(family("family", &figures.digital_family));
    if rooms.households > 0 {
        lines.extend(family("family_rooms", &rooms.digital_family));
    }
    lines.push(String::new());
    // "Có" on its own would read as the whole truth: what is not known stands beside it with its share.
    lines.push(row(
        &word("facts"),
        &[word("yes"), "%".to_owned(), word("no"), word("unknown"), "%".to_owned()],
    ));
    for (fact, counts) in &figures.facts {
        let whole = counts.yes + counts.no + counts.unknown;
        let name = format!("  {}", filled(&format!("fact.{}", fact.code()), &[]));
        let cells = [
            number(counts.yes),
            share(counts.yes, whole),
            number(counts.no),
            number(counts.unknown),
            share(counts.unknown, whole),
        ];
        lines.push(row(&name, &cells));
    }
    lines.push(word("shares"));
    lines
}

#[cfg(test)]
mod tests {
    use domain::tally::ThreeWay;

    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_every_fact_has_a_name() {
        let by = server::register::counted_by(domain::consent::Basis::Consent).unwrap();
        let mut figures = Figures::of(&domain::tally::Tally::default(), &by.rules, vec![]);
        figures.households = 1234;
        figures.met_in_person = 412;
        figures.digital_family = FamilyFigures { met: 5, not_met: 6, insufficient: 1000 };
        for counts in figures.facts.values_mut() {
            *counts = ThreeWay { yes: 853, no: 47, unknown: 100 };
        }
        let lines = lines(&figures, Some("Thôn Sen Hạ"), Day::at(1_795_323_600_000));
        let text = lines.join("\n");
        assert_eq!(lines[0], "Số liệu của Thôn Sen Hạ, tính đến 22/11/2026");
        assert!(text.contains(&row("  đã gặp", &["412".into(), "33,4%".into()])), "{text}");
        let facts: Vec<_> = lines.iter().filter(|line| line.contains("85,3%")).collect();
        assert_eq!(facts.len(), figures.facts.len());
        for line in facts {
            let name: String = line.chars().take(NAME_WIDE).collect();
            assert!(name.ends_with("  ") && !name.contains("fact."), "{line}");
            assert_eq!(line.chars().count(), NAME_WIDE + 5 * NUMBER_WIDE, "{line}");
        }
        assert!(!text.contains("cli.") && text.contains("chưa rõ"));
    }
}
