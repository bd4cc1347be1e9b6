//! What no restore may take back (§6, §9): who enrolled, who may work where, who was revoked, who was erased. It is
//! written to an append-only file beside the witness before the database has it, and what a restored database lacks is
//! applied to it again (F9, F12). Lines are numbered without holes, and each is sealed together with the one before.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{DeviceId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::position::Position;
use crate::receipt::ReceiptKey;
use crate::rights::{Ended, Held, Reach, Sight};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A laptop belongs to the commune, and somebody works on it.
    Enrolled {
        /// Which laptop.
        device: DeviceId,
        /// Who works on it; a further line for each further person.
        user: UserId,
    },
    /// Somebody may work somewhere, from now on. The assignment is known by the line's number.
    Assigned {
        /// Who.
        user: UserId,
        /// Where.
        reach: Reach,
    },
    /// An assignment is over.
    Ended {
        /// The number of its line.
        assignment: u64,
        /// Where the stream stood.
        position: Position,
    },
    /// A laptop no longer belongs to the commune.
    Revoked {
        /// Which laptop.
        device: DeviceId,
    },
    /// A person, or a household with all its people, is to be forgotten by name.
    Erased {
        /// The record's id.
        subject: Uuid,
    },
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1, without holes.
    pub number: u64,
    /// When, by the server's clock.
    pub at_ms: i64,
    /// What it says.
    pub entry: Entry,
    /// Keyed BLAKE3 over this line and the code of the one before.
    #[serde(with = "crate::hex")]
    pub mac: [u8; 16],
}

/// A place in the ledger: the last line that somebody has applied, and its code. The code tells a ledger that was put back
/// and has gone on from the one that was heard of before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The line's number; 0 before the first.
    pub number: u64,
    /// [`Line::mac`]; zeros before the first.
    #[serde(with = "crate::hex")]
    pub code: [u8; 16],
}

/// Why a ledger cannot be used. It is left as it is: what it says is the law's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A line in the middle cannot be read.
    #[error("line {0} of the ledger is unreadable")]
    Unreadable(u64),
    /// A line is missing, was changed, or is of another commune.
    #[error("line {0} of the ledger is not this commune's")]
    Broken(u64),
}

impl ReceiptKey {
    /// The line that follows `previous`.
    pub fn next_line(&self, previous: Mark, at_ms: i64, entry: Entry) -> Line {
        let mut line = Line { number: previous.number + 1, at_ms, entry, mac: [0; 16] };
        line.mac = self.line_code(previous, &line);
        line
    }

    fn line_code(&self, previous: Mark, line: &Line) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"tungnha 2026 sync ledger");
        hasher.update(&previous.code);
        hasher.update(&line.number.to_le_bytes());
        hasher.update(&line.at_ms.to_le_bytes());
        // Writing into memory has no way to fail.
        hasher.update(&serde_json::to_vec(&line.entry).unwrap_or_default());
        let mut code = [0; 16];
        hasher.finalize_xof().fill(&mut code);
        code
    }

    /// Reads a ledger file. A last line that was cut off by a crash was never acted on: it is left out, and `whole`
    /// says how many bytes come before it.
    pub fn read_ledger(&self, bytes: &[u8]) -> Result<ReadLedger, LedgerError> {
        let mut read = ReadLedger::default();
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(body) = text.strip_suffix(b"\n") else { break };
            let last = read.lines.last().map(Line::mark).unwrap_or_default();
            let number = last.number + 1;
            let line: Line = serde_json::from_slice(body).map_err(|_| LedgerError::Unreadable(number))?;
            if line.number != number || line.mac != self.line_code(last, &line) {
                return Err(LedgerError::Broken(number));
            }
            read.lines.push(line);
            read.whole += text.len();
        }
        Ok(read)
    }
}

/// A ledger file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLedger {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Bytes of whole lines.
    pub whole: usize,
}

impl Line {
    /// Its place.
    pub fn mark(&self) -> Mark {
        Mark { number: self.number, code: self.mac }
    }

    /// As it stands in the file.
    pub fn to_text(&self) -> String {
        // Writing into memory has no way to fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// What all lines together say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last line's.
    pub mark: Mark,
    codes: BTreeMap<u64, [u8; 16]>,
    users: BTreeMap<DeviceId, BTreeSet<UserId>>,
    assignments: BTreeMap<u64, (UserId, Held)>,
    revoked: BTreeSet<DeviceId>,
    erased: BTreeMap<u64, Uuid>,
}

impl Standing {
    /// Of these lines, in their order.
    pub fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Self {
        let mut standing = Self::default();
        lines.into_iter().for_each(|line| standing.read(line));
        standing
    }

    /// With one more line.
    pub fn read(&mut self, line: &Line) {
        self.mark = line.mark();
        self.codes.insert(line.number, line.mac);
        match &line.entry {
            Entry::Enrolled { device, user } => {
                self.users.entry(*device).or_default().insert(*user);
            }
            Entry::Assigned { user, reach } => {
                self.assignments.insert(line.number, (*user, Held { reach: *reach, ended: None }));
            }
            Entry::Ended { assignment, position } => {
                if let Some((_, held)) = self.assignments.get_mut(assignment) {
                    let ended = Ended { position: *position, at_ms: line.at_ms };
                    held.ended.get_or_insert(ended);
                }
            }
            Entry::Revoked { device } => {
                self.revoked.insert(*device);
            }
            Entry::Erased { subject } => {
                self.erased.insert(line.number, *subject);
            }
        }
    }

    /// Who works on a laptop.
    pub fn users_of(&self, device: DeviceId) -> Vec<UserId> {
        self.users.get(&device).into_iter().flatten().copied().collect()
    }

    /// What the people of a laptop may write, ended assignments included. A revoked laptop may write nothing: what it
    /// still brings is kept apart.
    pub fn held_by(&self, device: DeviceId) -> Vec<Held> {
        let on_it = |user: &UserId| self.users.get(&device).is_some_and(|users| users.contains(user));
        let all = self.assignments.values().filter(|(user, _)| on_it(user) && !self.is_revoked(device));
        all.map(|(_, held)| *held).collect()
    }

    /// What a laptop may see. A revoked one sees nothing, not even what is everybody's.
    pub fn sight_of(&self, device: DeviceId) -> Sight {
        if self.is_revoked(device) { Sight::NOTHING } else { Sight::of(&self.held_by(device)) }
    }

    /// The present assignments of somebody: their numbers and reach.
    pub fn present(&self, user: UserId) -> Vec<(u64, Reach)> {
        let open = |(_, (whose, held)): &(&u64, &(UserId, Held))| *whose == user && held.ended.is_none();
        self.assignments.iter().filter(open).map(|(number, (_, held))| (*number, held.reach)).collect()
    }

    /// True if the laptop was revoked.
    pub fn is_revoked(&self, device: DeviceId) -> bool {
        self.revoked.contains(&device)
    }

    /// The code of a line.
    pub fn code_of(&self, number: u64) -> Option<[u8; 16]> {
        self.codes.get(&number).copied()
    }

    /// Whose erasure was ordered after that line.
    pub fn erased_after(&self, number: u64) -> Vec<Uuid> {
        self.erased.range(number.saturating_add(1)..).map(|(_, subject)| *subject).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Scope;
    use crate::samples::{device, id, user};

    const KEY: ReceiptKey = ReceiptKey([7; 32]);

    fn lines(entries: impl IntoIterator<Item = Entry>) -> Vec<Line> {
        let mut last = Mark::default();
        let next = |entry| {
            let line = KEY.next_line(last, 5, entry);
            last = line.mark();
            line
        };
        entries.into_iter().map(next).collect()
    }

    fn some_lines() -> Vec<Line> {
        let unit = Reach::Scope(Scope(id(9)));
        lines([
            Entry::Enrolled { device: device(1), user: user(1) },
            Entry::Assigned { user: user(1), reach: unit },
            Entry::Enrolled { device: device(2), user: user(1) },
            Entry::Ended { assignment: 2, position: (1, 44).into() },
            Entry::Assigned { user: user(1), reach: Reach::WholeCommune },
            Entry::Erased { subject: id(77) },
            Entry::Revoked { device: device(2) },
        ])
    }

    #[test]
    fn what_the_lines_say_together() {
        let lines = some_lines();
        let standing = Standing::of(&lines);
        assert_eq!(standing.mark, lines[6].mark());
        assert_eq!(standing.users_of(device(1)), [user(1)]);
        let held = standing.held_by(device(1));
        let ended = Some(Ended { position: (1, 44).into(), at_ms: 5 });
        assert_eq!(held[0], Held { reach: Reach::Scope(Scope(id(9))), ended });
        assert_eq!(standing.sight_of(device(1)), Sight::All);
        assert_eq!((standing.held_by(device(2)), standing.sight_of(device(2))), (vec![], Sight::NOTHING));
        assert_eq!(standing.present(user(1)), [(5, Reach::WholeCommune)]);
        assert_eq!([5, 6].map(|number| standing.erased_after(number)), [vec![id(77)], vec![]]);
        assert_eq!(
            Standing::of(&lines[..3]).sight_of(device(2)),
            Sight::of(&Standing::of(&lines[..3]).held_by(device(1)))
        );
    }

    /// Each code goes over the one before: a line of another ledger does not fit in, also where its number does.
    #[test]
    fn lines_are_chained() {
        let mut forked = some_lines();
        let other = KEY.next_line(forked[3].mark(), 9, Entry::Revoked { device: device(9) });
        let after = KEY.next_line(other.mark(), 5, forked[5].entry.clone());
        assert_ne!(after.mac, forked[5].mac);
        forked[5] = after;
        let text: String = forked.iter().map(Line::to_text).collect();
        assert_eq!(KEY.read_ledger(text.as_bytes()), Err(LedgerError::Broken(6)));
    }

    /// An assignment ends once, however often that is said.
    #[test]
    fn the_first_end_stands() {
        let unit = Reach::Scope(Scope(id(9)));
        let end = |position| Entry::Ended { assignment: 2, position };
        let lines = lines([
            Entry::Enrolled { device: device(1), user: user(1) },
            Entry::Assigned { user: user(1), reach: unit },
            end((1, 44).into()),
            end((1, 50).into()),
        ]);
        let ended = Standing::of(&lines).held_by(device(1))[0].ended;
        assert_eq!(ended, Some(Ended { position: (1, 44).into(), at_ms: 5 }));
    }

    /// A crash cuts the last line; anything else that is not as it was written is said, never guessed.
    #[test]
    fn a_ledger_is_read_whole_or_not_at_all() {
        let lines = some_lines();
        let text: String = lines.iter().map(Line::to_text).collect();
        let bytes = text.as_bytes();
        assert_eq!(KEY.read_ledger(bytes), Ok(ReadLedger { lines: lines.clone(), whole: bytes.len() }));
        for cut in 0..bytes.len() {
            let read = KEY.read_ledger(&bytes[..cut]).unwrap();
            assert_eq!(read.lines, lines[..read.lines.len()]);
            assert!(read.whole <= cut && text[read.whole..cut].find('\n').is_none());
        }
        for at in (0..bytes.len()).filter(|at| bytes[*at] != b'\n') {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            // The last line may have lost its end by that, and then it counts as cut off.
            let read = KEY.read_ledger(&changed);
            assert!(read.is_err() || changed[at] == b'\n', "byte {at}");
        }
        let first = lines[0].to_text().len();
        assert_eq!(KEY.read_ledger(&bytes[first..]), Err(LedgerError::Broken(1)));
        assert_eq!(ReceiptKey([8; 32]).read_ledger(bytes), Err(LedgerError::Broken(1)));
    }
}
