//! What befalls a history beside saving and syncing: disks that are copied and put back, a server whose power goes or
//! that is put back to a backup, clocks, assignments, orders to forget, messages that come late.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use anyhow::Result;
use server::Whereabouts;
use sync_core::laptop::{LaptopStore, Which};
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use tests::dice::Dice;

use crate::edits;
use crate::laptop::Laptop;
use crate::line::Power;
use crate::office::{Office, PutBack, UNITS};
use crate::world::{Confirmed, DAY_MS, World};

impl World {
    /// The server's power goes while it answers the last of some messages; nobody hears that answer.
    pub(super) fn sync_and_server_crashes(&mut self, l: usize) -> Result<()> {
        let after = self.dice.below(6);
        let exchanged = self.exchange(l, true, Power::ServerLosesIt(after))?;
        let mut cut_off = false;
        if exchanged.power == Power::Gone {
            cut_off = self.office.crash(&exchanged.server)?;
        }
        if cut_off {
            self.happens("server_crash");
        }
        self.look(l)?;
        self.note(&format!("the server crashes in a sync of {l}: {}, cut off {cut_off}", exchanged.told));
        Ok(())
    }

    pub(super) fn turn_clock(&mut self, l: usize) -> Result<()> {
        let years = i64::try_from(self.dice.below(101))? - 20;
        let off_ms = if self.dice.below(3) == 0 { 0 } else { years * 365 * DAY_MS };
        let before = self.laptop(l)?.off_ms.swap(off_ms, Ordering::Relaxed);
        if before != off_ms {
            self.happens("clock_jumped");
        }
        self.note(&format!("{l}'s clock is off by {} days", off_ms / DAY_MS));
        Ok(())
    }

    pub(super) fn put_server_back(&mut self) -> Result<()> {
        let (nth, witness, by_hand) = (self.dice.below(3), self.dice.below(2) == 0, self.dice.below(2) == 0);
        let by_hand = by_hand && self.office.in_a_file;
        let Some(back) = self.office.put_back(nth, witness, by_hand)? else { return Ok(()) };
        let PutBack { forgotten, witnessed, noticed } = back;
        if forgotten > 0 {
            if by_hand {
                self.happens("server_put_back_by_hand");
            }
            self.happens(if witnessed {
                "server_put_back_with_witness"
            } else {
                "server_put_back_without_witness"
            });
            // Before any laptop comes.
            if !noticed && (witnessed || !by_hand) {
                self.complaints.push("the server was put back, and does not notice".into());
            }
        }
        self.note(&format!("the server forgets {forgotten} positions, witness {witnessed}"));
        // What is neither in the backup nor on a disk is gone.
        self.forget_what_is_nowhere()
    }

    fn forget_what_is_nowhere(&mut self) -> Result<()> {
        let mut gone = Vec::new();
        for (id, confirmed) in self.confirmed.iter().filter(|(_, confirmed)| confirmed.disks.is_empty()) {
            if self.office.register()?.whereabouts(&confirmed.op)? == Whereabouts::Nowhere {
                gone.push(*id);
            }
        }
        for id in gone {
            let lost = self.confirmed.remove(&id);
            self.forgotten.extend(lost.map(|lost| lost.op.header.record));
        }
        Ok(())
    }

    pub(super) fn image(&mut self, l: usize) -> Result<()> {
        let reached = self.confirmed.iter().filter(|(_, one)| one.disks.contains(&l)).map(|(id, _)| *id);
        let (reached, number) = (reached.collect(), self.steps);
        self.laptop(l)?.copied(number, reached)?;
        self.note(&format!("{l}'s disk is copied"));
        Ok(())
    }

    pub(super) fn put_laptop_back(&mut self, l: usize) -> Result<()> {
        let Some(image) = self.laptop(l)?.image.clone() else { return Ok(()) };
        self.laptop(l)?.put_back(&image)?;
        let mut forgotten = 0;
        for (id, confirmed) in &mut self.confirmed {
            if !image.reached.contains(id) {
                forgotten += u64::from(confirmed.disks.remove(&l));
            }
        }
        if forgotten > 0 {
            self.happens("laptop_put_back");
        }
        self.note(&format!("{l}'s disk is put back: {forgotten} ops forgotten"));
        self.forget_what_is_nowhere()
    }

    pub(super) fn clone_laptop(&mut self, l: usize) -> Result<()> {
        let twin = self.laptops.len();
        if twin >= 6 {
            return Ok(());
        }
        let cloned = self.laptop(l)?.cloned(&format!("laptop-{twin}"))?;
        self.laptops.push(cloned);
        for confirmed in self.confirmed.values_mut().filter(|one| one.disks.contains(&l)) {
            confirmed.disks.insert(twin);
        }
        self.happens("laptop_cloned");
        self.note(&format!("{twin} is a copy of {l}"));
        Ok(())
    }

    pub(super) fn reassign(&mut self, l: usize) -> Result<()> {
        let units = if self.dice.below(4) == 0 { vec![] } else { self.some_units() };
        let device = self.laptop(l)?.device();
        self.order(|office| Ok(office.register()?.assign(device, &units)?))?;
        let told = format!("{l} works in {} units now", units.len());
        let units = BTreeSet::from_iter(units);
        if self.works_in.insert(device, units.clone()) != Some(units) && !self.laptop(l)?.revoked {
            self.happens("reassigned");
        }
        self.note(&told);
        Ok(())
    }

    /// The commune orders something. Sometimes the power goes right after: what was ordered stays so, by the ledger.
    pub(super) fn order<T>(&mut self, order: impl FnOnce(&Office) -> Result<T>) -> Result<T> {
        let (stood, crashes) = (self.office.stands(), self.dice.below(6) == 0);
        let ordered = order(&self.office)?;
        if crashes && self.office.crash(&stood)? {
            self.happens("server_crash_in_an_order");
            self.note("the server crashes after an order");
        }
        Ok(ordered)
    }

    /// At the end, so that nothing waits for want of a right but what a revoked laptop wrote.
    pub(super) fn everybody_works_everywhere(&mut self) -> Result<()> {
        let units = UNITS.map(|(_, unit)| unit);
        for laptop in self.laptops.iter().filter(|laptop| !laptop.revoked) {
            self.office.register()?.assign(laptop.device(), &units)?;
        }
        self.note("everybody works everywhere");
        Ok(())
    }

    pub(super) fn erase(&mut self, l: usize) -> Result<()> {
        let all = store::tables::households::list(self.laptop(l)?.store()?.reading())?;
        let mut dice = Dice::new(self.dice.roll());
        let Some(household) = dice.choose(&all) else { return Ok(()) };
        let people = store::tables::members::of_household(self.laptop(l)?.store()?.reading(), household.id)?;
        let subject = match dice.choose(&people).filter(|_| dice.clone().below(2) == 0) {
            Some(person) => person.id.0,
            None => household.id.0,
        };
        let was_there = self.is_in_log(subject)?;
        let lives_in = self.office.lives_in()?;
        self.erased.insert(subject);
        self.erased
            .extend(lives_in.iter().filter(|(_, lives)| **lives == subject).map(|(person, _)| *person));
        for one in self.under_it(subject) {
            let taken = |confirmed: &Confirmed| confirmed.taken && confirmed.op.header.record == one;
            if lives_in.get(&one).is_some_and(|lives| *lives != subject) {
                self.moved_on(one, subject);
            } else if self.is_in_log(one)? {
                self.erased.insert(one);
            } else if self.confirmed.values().any(taken) {
                self.spared.insert(one);
            }
        }
        let gone = self.order(|office| Ok(office.register()?.erase(subject)?))?;
        if was_there && !self.is_in_log(subject)? {
            self.happens("erased");
        }
        self.note(&format!("{} are to be forgotten", gone.len()));
        Ok(())
    }

    /// At the end: of a household that is erased nobody lives on whom the log had forgotten then.
    pub(super) fn ordered_once_more(&mut self) -> Result<()> {
        for one in std::mem::take(&mut self.spared) {
            self.office.register()?.erase(one)?;
            self.erased.insert(one);
        }
        Ok(())
    }

    pub(super) fn revoke(&mut self, l: usize) -> Result<()> {
        let device = self.laptop(l)?.device();
        let others = self.laptops.iter().filter(|one| !one.revoked && one.device() != device).count();
        if others < 2 {
            return Ok(());
        }
        self.order(|office| Ok(office.register()?.revoke(device)?))?;
        self.laptops.iter_mut().filter(|one| one.device() == device).for_each(|one| one.revoked = true);
        self.happens("revoked");
        self.note(&format!("{l} is revoked"));
        Ok(())
    }

    pub(super) fn mend(&mut self, l: usize) -> Result<()> {
        let apart = self.laptop(l)?.store()?.exchange(|laptop| laptop.store.owns(Which::Apart, 1))?;
        let Some(group) = apart.into_iter().next().map(|own| own.numbered.group) else { return Ok(()) };
        let Some(scope) = group.scope() else { return Ok(()) };
        // Mostly somebody who works there; its author, who may have no right to, where nobody does.
        let works_there = |laptop: &Laptop| {
            let units = self.works_in.get(&laptop.device());
            !laptop.revoked && units.is_some_and(|units| units.iter().any(|unit| Scope::from(*unit) == scope))
        };
        let decides = self.laptops.iter().position(works_there).unwrap_or(l);
        if let Some(saved) = edits::dismiss(self.laptop(decides)?.store()?, group.id, scope)? {
            self.confirm(decides, saved, Some("mended"))?;
            self.decided.insert(group.id);
            self.note(&format!("{decides} decides about what {l} has apart"));
        }
        Ok(())
    }

    pub(super) fn bring_late(&mut self) -> Result<()> {
        let nth = usize::try_from(self.dice.below(self.late.len().max(1) as u64))?;
        if nth >= self.late.len() {
            return Ok(());
        }
        let arrived = self.late.remove(nth).arrive(&self.office);
        if arrived {
            self.happens("late");
        }
        self.note(&format!("a message comes late: {arrived}"));
        Ok(())
    }
}
