//! A laptop's store in memory: what the random histories and the simulator run on.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{CommuneId, DeviceId};
use uuid::Uuid;

use crate::digest::bucket_of;
use crate::erasure::Listed;
use crate::ledger::Mark;
use crate::local::LocalCounts;
use crate::offer::BareOp;
use crate::op::{GroupId, OpId, Scope};
use crate::position::{Position, is_after};
use crate::row::Row;
use crate::wire::PageGroup;

use super::{LaptopStore, Own, Standing, State, Which};

/// When a header was last offered.
type Offered = Option<(u32, Mark)>;

/// Everything a laptop holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Whose register, and which laptop.
    pub identity: (CommuneId, DeviceId),
    /// How far it has come.
    pub state: State,
    /// Base rows.
    pub base: BTreeMap<(u16, Uuid), Row>,
    /// Own groups that are not in the base yet, in the order of saving.
    pub own: Vec<Own>,
    /// To be given back, and readable here.
    pub retained: BTreeMap<GroupId, PageGroup>,
    /// To be given back, and readable by the commune only.
    pub sealed: BTreeMap<u64, PageGroup>,
    /// Of how many sealed groups it ever was.
    pub sealed_ever: u64,
    /// What stays of ops about somebody erased.
    pub bare: BTreeMap<OpId, (BareOp, Offered)>,
    /// Who is listed.
    pub erased: BTreeSet<Listed>,
}

impl Memory {
    /// An empty one.
    pub fn new(commune: CommuneId, device: DeviceId, state: State) -> Self {
        Self {
            identity: (commune, device),
            state,
            base: BTreeMap::new(),
            own: vec![],
            retained: BTreeMap::new(),
            sealed: BTreeMap::new(),
            sealed_ever: 0,
            bare: BTreeMap::new(),
            erased: BTreeSet::new(),
        }
    }
}

impl Own {
    fn is_apart(&self) -> bool {
        matches!(self.standing, Standing::Apart(_))
    }

    fn is(&self, which: Which) -> bool {
        match which {
            Which::All => true,
            Which::Pending => self.standing == Standing::Pending,
            Which::Apart => self.is_apart() && self.receipts.is_empty(),
            Which::Taken => self.standing == Standing::Taken,
            Which::UpTo(end) => self.at.is_some_and(|at| at.epoch == end.epoch && !is_after(at, end)),
            Which::Elsewhere(epoch) => {
                !self.receipts.is_empty() && self.at.is_none_or(|at| at.epoch != epoch)
            }
        }
    }
}

impl LaptopStore for Memory {
    type Error = std::convert::Infallible;

    fn identity(&self) -> (CommuneId, DeviceId) {
        self.identity
    }

    fn state(&self) -> Result<State, Self::Error> {
        Ok(self.state.clone())
    }

    fn put_state(&mut self, state: &State) -> Result<(), Self::Error> {
        self.state.clone_from(state);
        Ok(())
    }

    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, Self::Error> {
        Ok(self.base.get(&(kind, record)).cloned())
    }

    fn put_row(&mut self, row: &Row) -> Result<(), Self::Error> {
        self.base.insert((row.kind, row.record), row.clone());
        Ok(())
    }

    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), Self::Error> {
        self.base.remove(&(kind, record));
        Ok(())
    }

    fn scopes(&self) -> Result<Vec<Scope>, Self::Error> {
        let scopes: BTreeSet<Scope> = self.base.values().map(|row| row.scope).collect();
        Ok(scopes.into_iter().collect())
    }

    fn rows_in(&self, scope: Scope, buckets: Option<&[u8]>) -> Result<Vec<Row>, Self::Error> {
        let asked = |row: &&Row| buckets.is_none_or(|buckets| buckets.contains(&bucket_of(row.record)));
        Ok(self.base.values().filter(|row| row.scope == scope).filter(asked).cloned().collect())
    }

    fn own(&self, group: GroupId) -> Result<Option<Own>, Self::Error> {
        Ok(self.own.iter().find(|own| own.numbered.group.id == group).cloned())
    }

    fn owns(&self, which: Which, most: usize) -> Result<Vec<Own>, Self::Error> {
        Ok(self.own.iter().filter(|own| own.is(which)).take(most).cloned().collect())
    }

    fn put_own(&mut self, own: &Own) -> Result<(), Self::Error> {
        match self.own.iter_mut().find(|one| one.numbered.group.id == own.numbered.group.id) {
            Some(place) => place.clone_from(own),
            None => self.own.push(own.clone()),
        }
        Ok(())
    }

    fn put_part_of_own(&mut self, own: &Own) -> Result<(), Self::Error> {
        self.put_own(own)
    }

    fn remove_own(&mut self, group: GroupId) -> Result<(), Self::Error> {
        self.own.retain(|own| own.numbered.group.id != group);
        Ok(())
    }

    fn counts(&self) -> Result<LocalCounts, Self::Error> {
        let count =
            |is: fn(&Standing) -> bool| self.own.iter().filter(|own| is(&own.standing)).count() as u64;
        Ok(LocalCounts {
            pending_groups: count(|standing| *standing == Standing::Pending),
            acknowledged_groups: count(|standing| *standing == Standing::Taken),
            quarantined_groups: self.own.iter().filter(|own| own.is_apart() && !own.mended).count() as u64,
        })
    }

    fn kept(&self, group: GroupId) -> Result<Option<PageGroup>, Self::Error> {
        Ok(self.retained.get(&group).cloned())
    }

    fn kept_names(&self) -> Result<Vec<GroupId>, Self::Error> {
        Ok(self.retained.keys().copied().collect())
    }

    fn kept_about(&self, kind: u16, record: Uuid) -> Result<Vec<GroupId>, Self::Error> {
        let about = |one: &PageGroup| {
            one.group.ops.iter().any(|op| (op.header.kind, op.header.record) == (kind, record))
        };
        Ok(self.retained.values().filter(|one| about(one)).map(|one| one.group.id).collect())
    }

    fn kept_elsewhere(
        &self,
        epoch: u32,
        after: Option<GroupId>,
        most: usize,
    ) -> Result<Vec<PageGroup>, Self::Error> {
        let after = |one: &&PageGroup| after.is_none_or(|after| one.group.id > after);
        let elsewhere = self.retained.values().filter(|one| one.position.epoch != epoch);
        Ok(elsewhere.filter(after).take(most).cloned().collect())
    }

    fn put_kept(&mut self, group: &PageGroup) -> Result<(), Self::Error> {
        self.retained.insert(group.group.id, group.clone());
        Ok(())
    }

    fn remove_kept(&mut self, group: GroupId) -> Result<(), Self::Error> {
        self.retained.remove(&group);
        Ok(())
    }

    fn seal(&mut self, group: &PageGroup) -> Result<(), Self::Error> {
        self.sealed_ever += 1;
        self.sealed.insert(self.sealed_ever, group.clone());
        Ok(())
    }

    fn sealed_elsewhere(
        &self,
        epoch: u32,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, Self::Error> {
        let elsewhere = self.sealed.range(after + 1..).filter(|(_, one)| one.position.epoch != epoch);
        // Writing into memory has no way to fail.
        let payload = |one: &PageGroup| serde_json::to_vec(one).unwrap_or_default();
        Ok(elsewhere.take(most).map(|(number, one)| (*number, payload(one))).collect())
    }

    fn remove_sealed(&mut self, number: u64) -> Result<(), Self::Error> {
        self.sealed.remove(&number);
        Ok(())
    }

    fn put_sealed_at(&mut self, number: u64, position: Position) -> Result<(), Self::Error> {
        if let Some(sealed) = self.sealed.get_mut(&number) {
            sealed.position = position;
        }
        Ok(())
    }

    fn forget_up_to(&mut self, watermark: Position) -> Result<(), Self::Error> {
        let stays =
            |one: &PageGroup| one.position.epoch != watermark.epoch || is_after(one.position, watermark);
        self.retained.retain(|_, kept| stays(kept));
        self.sealed.retain(|_, sealed| stays(sealed));
        Ok(())
    }

    fn put_bare(&mut self, bare: &BareOp) -> Result<(), Self::Error> {
        self.bare.insert(bare.header.id, (bare.clone(), None));
        Ok(())
    }

    fn bare_to_offer(&self, epoch: u32, ledger: Mark, most: usize) -> Result<Vec<BareOp>, Self::Error> {
        let now = Some((epoch, ledger));
        let to_offer = self.bare.values().filter(|(_, offered)| *offered != now);
        Ok(to_offer.map(|(bare, _)| bare.clone()).take(most).collect())
    }

    fn put_bare_offered(&mut self, bare: &[BareOp], epoch: u32, ledger: Mark) -> Result<(), Self::Error> {
        for one in bare {
            if let Some((_, offered)) = self.bare.get_mut(&one.header.id) {
                *offered = Some((epoch, ledger));
            }
        }
        Ok(())
    }

    fn erased(&self) -> Result<BTreeSet<Listed>, Self::Error> {
        Ok(self.erased.clone())
    }

    fn put_erased(&mut self, listed: &BTreeSet<Listed>) -> Result<(), Self::Error> {
        self.erased.extend(listed);
        Ok(())
    }

    fn scrub(&mut self) {}
}
