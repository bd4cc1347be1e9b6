//! Pages of the stream, and rows that are compared and fetched (§5, §7, §8). Base rows are written here and nowhere
//! else.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::op::{OpId, Scope};
use crate::parents::begun;
use crate::position::Epoch;
use crate::receipt::Receipt;
use crate::rights::Sight;
use crate::row::Row;
use crate::wire::{Delivered, DigestsReply, Exit, Page, PageGroup, RowsReply, RowsRequest, in_order};

use super::{Laptop, LaptopStore};

/// What came of comparing digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Both hold the same, and the laptop stands where the server stood.
    Same,
    /// To be fetched.
    Differ(RowsRequest),
    /// The server stands in another life of the log, or somebody was erased meanwhile: to be greeted again.
    GreetAgain,
}

impl<S: LaptopStore> Laptop<S> {
    /// Merges a page into base rows, drops from the overlay what it delivers, and moves the cursor to its end. False,
    /// and nothing changes, if it does not begin at the cursor.
    pub fn apply_page(&mut self, page: Page) -> Result<bool, S::Error> {
        let begins_at_cursor = page.from == self.state.cursor && !self.state.compares;
        #[cfg(feature = "sabotage")]
        let begins_at_cursor = begins_at_cursor || domain::fault::is("cursor");
        if !begins_at_cursor {
            return Ok(false);
        }
        #[cfg(feature = "sabotage")]
        if domain::fault::is("cursor_first") {
            self.state.cursor = Some(page.to);
        }
        // What is lost goes with this page; what came into sight is fetched when all else stands at the head.
        self.state.sight = page.sight.or(self.state.sight.take());
        for group in &page.kept {
            self.keep_unseen(group, page.to.epoch.number)?;
        }
        let mut touched = BTreeSet::new();
        for delivered in in_order(page.exits, page.groups, page.rows) {
            match delivered {
                Delivered::Exit(exit) => self.leave(&exit)?,
                Delivered::Group(group) => self.deliver(&group, page.to.epoch, &mut touched)?,
                Delivered::Row(whole) => {
                    touched.insert((whole.row.kind, whole.row.record));
                    self.store.put_row(&whole.row)?;
                }
            }
        }
        self.state.cursor = Some(page.to);
        self.state.epoch = Some(page.to.epoch);
        self.heard(page.proof);
        self.settle()?;
        self.forget_of_page(&touched)?;
        self.hide()?;
        Ok(true)
    }

    fn leave(&mut self, exit: &Exit) -> Result<(), S::Error> {
        let row = self.store.row(exit.kind, exit.record)?;
        if row.is_some_and(|row| row.scope == exit.from.into()) {
            self.take_away(exit.kind, exit.record)?;
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        delivered: &PageGroup,
        epoch: Epoch,
        touched: &mut BTreeSet<(u16, Uuid)>,
    ) -> Result<(), S::Error> {
        let receipts: HashMap<OpId, &Receipt> =
            delivered.receipts.iter().map(|receipt| (receipt.op, receipt)).collect();
        for op in &delivered.group.ops {
            let Some(receipt) = receipts.get(&op.id()) else { continue };
            #[cfg(feature = "sabotage")]
            if domain::fault::is("group_split") && Some(op) != delivered.group.ops.first() {
                continue;
            }
            let key = (op.header.kind, op.header.record);
            let mut row = match self.store.row(key.0, key.1)? {
                Some(row) => row,
                None => begun(op, |kind, record| {
                    Ok::<_, S::Error>(self.store.row(kind, record)?.map(|row| row.scope))
                })?,
            };
            row.merge(op, receipt.stamp);
            self.store.put_row(&row)?;
            touched.insert(key);
        }
        self.keep(delivered, epoch.number)?;
        // The reply may have been lost: what the stream delivers whole is known to be there.
        let own = self.store.own(delivered.group.id)?;
        if own.is_some_and(|own| own.numbered.group.ops.iter().all(|op| receipts.contains_key(&op.id()))) {
            self.store.remove_own(delivered.group.id)?;
        }
        Ok(())
    }

    /// Compares what is here with the server's digests. Where they differ, the rows of those buckets are fetched; the
    /// other side's digest is never adopted.
    pub fn compare(&mut self, theirs: &DigestsReply) -> Result<Compared, S::Error> {
        if theirs.ledger != self.state.ledger || Some(theirs.at.epoch) != self.state.epoch() {
            return Ok(Compared::GreetAgain);
        }
        let scopes = theirs.of.iter().map(|(scope, _)| *scope).chain(self.store.scopes()?);
        let mut scopes: BTreeSet<Scope> = scopes.collect();
        scopes.retain(|scope| self.sees(*scope));
        let mut of = Vec::new();
        for scope in scopes {
            let there = theirs.of.iter().find(|(one, _)| *one == scope);
            let there = there.map(|(_, buckets)| buckets.clone()).unwrap_or_default();
            let differing = self.store.buckets(scope)?.differing(&there);
            of.extend((!differing.is_empty()).then_some((scope, differing)));
        }
        if !of.is_empty() {
            return Ok(Compared::Differ(RowsRequest { of }));
        }
        self.state.cursor = Some(theirs.at);
        self.state.compares = false;
        self.settle()?;
        self.hide()?;
        Ok(Compared::Same)
    }

    /// Takes rows that were fetched in the place of what is in their buckets. The server may have moved on meanwhile:
    /// that the rows are those of one moment is said by the next comparison. False: to be greeted again.
    pub fn take_rows(&mut self, reply: &RowsReply) -> Result<bool, S::Error> {
        if reply.ledger != self.state.ledger || Some(reply.at.epoch) != self.state.epoch() {
            return Ok(false);
        }
        let came: BTreeSet<(u16, Uuid)> = reply.rows.iter().map(|row| (row.kind, row.record)).collect();
        for (scope, buckets) in &reply.of {
            for Row { kind, record, .. } in self.store.rows_in(*scope, Some(buckets))? {
                if !came.contains(&(kind, record)) {
                    self.take_away(kind, record)?;
                }
            }
        }
        for group in &reply.kept {
            self.keep_unseen(group, reply.at.epoch.number)?;
        }
        for row in &reply.rows {
            if self.sees(row.scope) {
                self.store.put_row(row)?;
            }
        }
        self.state.compares = true;
        self.hide()?;
        Ok(true)
    }

    /// After what waited was pushed and the stream was read to its head: what came into sight is fetched next, what is not
    /// in sight any more goes.
    pub fn look_round(&mut self, sight: &Sight) -> Result<(), S::Error> {
        let before = self.state.sight.replace(sight.clone());
        // What is in both is all there was to see: nothing came.
        self.state.compares |= before.is_none_or(|before| before.and(sight) != *sight);
        self.hide()
    }

    pub(super) fn sees(&self, scope: Scope) -> bool {
        self.state.sight.as_ref().is_none_or(|sight| sight.covers(scope))
    }
}
