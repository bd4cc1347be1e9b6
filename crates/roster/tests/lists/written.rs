//! Lists written by the tests, read back and compared person by person.

use domain::text::fold;
use roster::{Counts, Limits, Register, Trouble, match_list, open, read};

use crate::fixtures::today;
use crate::generated::{Home, Person, written};

const SEEDS: u64 = 60;

#[test]
fn what_was_written_is_read() {
    for seed in 0..SEEDS {
        let written = written(seed);
        let list = read(&open(&written.bytes, &Limits::default()).unwrap(), today())
            .unwrap_or_else(|why| panic!("{why} {}", written.layout));
        let read: Vec<Home> = list
            .households
            .iter()
            .zip(&written.homes)
            .map(|(household, home)| Home {
                unit: household.hamlet_unit.clone(),
                alley: household.alley.clone(),
                house_no: household.house_no.clone(),
                // Not every layout writes the code.
                code: home.code.clone(),
                people: household
                    .members
                    .iter()
                    .map(|member| Person {
                        name: member.full_name.clone(),
                        birth: member.birth.unwrap_or_else(|| panic!("{member:?} {}", written.layout)),
                        sex: member.sex.clone().unwrap(),
                        relation: member.relation.clone(),
                        phone: member.phone.as_ref().map(|phone| phone.digits().to_owned()),
                    })
                    .collect(),
            })
            .collect();
        for (read, home) in read.iter().zip(&written.homes) {
            assert_eq!(fold(&read.unit), fold(&home.unit), "{}", written.layout);
            assert_eq!(&Home { unit: home.unit.clone(), ..read.clone() }, home, "{}", written.layout);
        }
        assert_eq!(list.households.len(), written.homes.len(), "{}", written.layout);
        let rejected = list.rejected.iter().filter(|row| row.reason == Trouble::NameMissing).count();
        assert_eq!(
            (rejected, list.rejected.len()),
            (written.rejected, written.rejected),
            "{}",
            written.layout
        );
        assert_eq!(list.warnings, [], "{}", written.layout);
    }
}

#[test]
fn two_layouts_of_the_same_people_meet() {
    for seed in 0..SEEDS {
        let list = read(&open(&written(seed).bytes, &Limits::default()).unwrap(), today()).unwrap();
        let persons = list.persons();
        let again = match_list(&list, &Register::from(&list));
        assert_eq!(again.person_counts, Counts { matched: persons, ..Counts::default() }, "seed {seed}");
    }
}
