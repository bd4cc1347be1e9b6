//! What befalls a history beside saving and syncing: disks that are copied and put back, a server whose power goes or
//! that is put back to a backup, clocks, assignments, orders to forget, messages that come late.

use std::sync::atomic::Ordering;

use anyhow::Result;
use server::Whereabouts;
use sync_core::laptop::{LaptopStore, Which};
use sync_core::local::LocalStore;
use tests::dice::Dice;

use crate::edits;
use crate::line::Power;
use crate::world::{DAY_MS, World};

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
        let Some(forgotten) = self.office.put_back(nth, witness, by_hand)? else { return Ok(()) };
        if by_hand && forgotten > 0 {
            self.happens("server_put_back_by_hand");
        }
        if forgotten > 0 {
            self.happens(if witness {
                "server_put_back_with_witness"
            } else {
                "server_put_back_without_witness"
            });
        }
        self.note(&format!("the server forgets {forgotten} positions, witness {witness}"));
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
            self.confirmed.remove(&id);
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
        self.office.register()?.assign(device, &units)?;
        self.happens("reassigned");
        self.note(&format!("{l} works in {} units now", units.len()));
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
        let gone = self.office.register()?.erase(subject)?;
        self.happens("erased");
        self.note(&format!("{} are to be forgotten", gone.len()));
        self.erased.extend(gone);
        Ok(())
    }

    pub(super) fn revoke(&mut self, l: usize) -> Result<()> {
        let device = self.laptop(l)?.device();
        let others = self.laptops.iter().filter(|one| !one.revoked && one.device() != device).count();
        if others < 2 {
            return Ok(());
        }
        self.office.register()?.revoke(device)?;
        self.laptops.iter_mut().filter(|one| one.device() == device).for_each(|one| one.revoked = true);
        self.happens("revoked");
        self.note(&format!("{l} is revoked"));
        Ok(())
    }

    pub(super) fn mend(&mut self, l: usize) -> Result<()> {
        let apart = self.laptop(l)?.store()?.exchange(|laptop| laptop.store.owns(Which::Apart, 1))?;
        let Some(group) = apart.into_iter().next().map(|own| own.numbered.group) else { return Ok(()) };
        let Some(scope) = group.scope() else { return Ok(()) };
        if let Some(saved) = edits::dismiss(self.laptop(l)?.store()?, group.id, scope)? {
            self.confirm(l, saved)?;
            self.happens("mended");
            self.note(&format!("{l} decides about what is kept apart"));
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
