//! Hamlet units by what people call them: "TDP 5" is "Tổ dân phố số 5", and a sheet named "Sen Hạ" speaks of
//! "Thôn Sen Hạ". One unit in two spellings would be two scopes, and half of its households would reach nobody.

use domain::text::fold;

/// "TDP Tre Hạ", "Tổ dân phố Tre Hạ": one whole name. The core is "tre ha".
pub(crate) fn unit_keys(name: &str) -> (String, String) {
    let folded = fold(name);
    for (written, short) in [
        ("to dan pho", "tdp"),
        ("tdp", "tdp"),
        ("thon", "thon"),
        ("khu pho", "khu pho"),
        ("khu dan cu", "kdc"),
    ] {
        if let Some(rest) = folded.strip_prefix(written).filter(|rest| rest.starts_with(' ')) {
            let rest = rest.trim();
            // "số 5"; the folded "sở" of Thôn Sở Thượng looks the same and belongs to the name.
            let numbered =
                rest.strip_prefix("so ").filter(|after| after.starts_with(|c: char| c.is_ascii_digit()));
            let core = numbered.unwrap_or(rest).to_owned();
            return (format!("{short} {core}"), core);
        }
    }
    (folded.clone(), folded)
}

struct Names {
    folded: String,
    whole: String,
    core: String,
}

impl Names {
    fn of(name: &str) -> Self {
        let (whole, core) = unit_keys(name);
        Self { folded: fold(name), whole, core }
    }

    /// Says what it is called and not what it is.
    fn is_bare(&self) -> bool {
        self.whole == self.core
    }
}

/// Hamlet units by position, found by any spelling of their names.
#[derive(Default)]
pub struct UnitNames(Vec<Names>);

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// The unit at this position.
    One(usize),
    /// None that is known.
    None,
    /// It may be one or another; nobody but a person can say.
    Several,
}

impl UnitNames {
    /// One more unit; its position.
    pub fn add(&mut self, name: &str) -> usize {
        self.0.push(Names::of(name));
        self.0.len() - 1
    }

    /// The unit of a name: as it is written, else as it is spelled in any way, else by the name alone where
    /// one of the two does not say whether it is a thôn or a TDP.
    pub fn find(&self, name: &str) -> Meant {
        let name = Names::of(name);
        let ways: [&dyn Fn(&Names) -> bool; 3] =
            [&|known| known.folded == name.folded, &|known| known.whole == name.whole, &|known| {
                known.core == name.core && (known.is_bare() || name.is_bare())
            }];
        for way in ways {
            let mut found = self.0.iter().enumerate().filter(|(_, known)| way(known));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => return Meant::One(at),
                (Some(_), Some(_)) => return Meant::Several,
                (None, _) => {}
            }
        }
        Meant::None
    }
}

impl<'a> FromIterator<&'a str> for UnitNames {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(Names::of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_meet_by_name() {
        let check =
            |a: &str, b: &str, same: bool| assert_eq!(unit_keys(a).0 == unit_keys(b).0, same, "{a} {b}");
        check("TDP Tre Hạ", "Tổ dân phố Tre Hạ", true);
        check("TDP 5", "Tổ dân phố số 5", true);
        check("THÔN SEN HẠ", "Thôn Sen Hạ", true);
        check("Thôn Sen Hạ", "TDP Sen Hạ", false);
        check("Thôn Sở Thượng", "Thôn Thượng", false);
        assert_eq!(unit_keys("Sen Hạ").1, unit_keys("Thôn Sen Hạ").1);
    }

    #[test]
    fn a_name_means_one_unit_or_a_person_must_say() {
        let check = |known: &[&str], name: &str, expect| {
            let units: UnitNames = known.iter().copied().collect();
            assert_eq!(units.find(name), expect, "{name} among {known:?}");
        };
        check(&["Thôn Sen Hạ", "Tổ dân phố số 5"], "TDP 5", Meant::One(1));
        check(&["Thôn Sen Hạ", "Tổ dân phố số 5"], "sen ha", Meant::One(0));
        check(&["Sen Hạ"], "Thôn Sen Hạ", Meant::One(0));
        check(&["Thôn 5"], "TDP 5", Meant::None);
        check(&["Thôn 5"], "Thôn 15", Meant::None);
        check(&["Thôn Sen Hạ", "TDP Sen Hạ"], "Sen Hạ", Meant::Several);
        check(&["Thôn Sen Hạ", "TDP Sen Hạ"], "Tổ dân phố Sen Hạ", Meant::One(1));
        // Made in two spellings once: each is itself.
        check(&["TDP 5", "Tổ dân phố số 5"], "TDP 5", Meant::One(0));
        check(&["TDP 5", "Tổ dân phố số 5"], "TDP số 5", Meant::Several);
    }
}
