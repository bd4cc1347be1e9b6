//! Who was erased: nothing of them stays on a laptop (§9, ADR 0010).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::erasure::{ANY_KIND, Listed, forget, lists};
use crate::offer::BareOp;
use crate::op::Op;
use crate::retained::split;
use crate::row::Row;
use crate::wire::PageGroup;

use super::{Laptop, LaptopStore, Own, Which};

impl<S: LaptopStore> Laptop<S> {
    /// Nothing of the erased stays: rows, what is kept to be given back, what waits (F12). Headers of what has a receipt
    /// stay.
    pub(super) fn forget(&mut self, subjects: &[Uuid]) -> Result<(), S::Error> {
        if subjects.is_empty() {
            return Ok(());
        }
        let mut listed = self.store.erased()?;
        listed.extend(subjects.iter().map(|subject| (ANY_KIND, *subject)));
        let rows = self.store.rows()?;
        let own = self.store.owns(Which::All, usize::MAX)?;
        let mut kept = Vec::new();
        for name in self.store.kept_names()? {
            kept.extend(self.store.kept(name)?);
        }
        let listed = forget(&listed, &rows, ops_of(&own, &kept));
        self.store.put_erased(&listed)?;
        self.take_out(&listed, &rows, kept)?;
        let gone = |op: &Op| lists(&listed, op.header.kind, op.header.record);
        for own in own.iter().filter(|own| own.numbered.group.ops.iter().any(gone)) {
            let left = self.cut(own.as_offered(), gone)?;
            self.put_what_is_left(own, left)?;
        }
        Ok(())
    }

    /// The same for what a page brought: it may have been on its way while somebody was erased.
    pub(super) fn forget_of_page(&mut self, touched: &BTreeSet<(u16, Uuid)>) -> Result<(), S::Error> {
        let before = self.store.erased()?;
        if before.is_empty() {
            return Ok(());
        }
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        for (kind, record) in touched {
            rows.extend(self.store.row(*kind, *record)?);
            for name in self.store.kept_about(*kind, *record)? {
                kept.extend(self.store.kept(name)?);
            }
        }
        for name in self.news.clone() {
            kept.extend(self.store.kept(name)?);
        }
        let listed = forget(&before, &rows, ops_of(&[], &kept));
        if listed != before {
            self.store.put_erased(&listed)?;
        }
        self.take_out(&listed, &rows, kept)
    }

    /// Of these rows and of what is kept, those that are listed.
    fn take_out(
        &mut self,
        listed: &BTreeSet<Listed>,
        rows: &[Row],
        kept: Vec<PageGroup>,
    ) -> Result<(), S::Error> {
        for row in rows.iter().filter(|row| lists(listed, row.kind, row.record)) {
            self.store.scrub();
            self.store.remove_row(row.kind, row.record)?;
        }
        let gone = |op: &Op| lists(listed, op.header.kind, op.header.record);
        for group in kept.into_iter().filter(|group| group.group.ops.iter().any(gone)) {
            let id = group.group.id;
            match self.cut(group, gone)? {
                Some(left) => self.store.put_kept(&left)?,
                None => self.store.remove_kept(id)?,
            }
        }
        Ok(())
    }

    /// What is left of a group without the ops that `gone` says. Of those that had a receipt the header stays.
    pub(super) fn cut(
        &mut self,
        mut group: PageGroup,
        gone: impl Fn(&Op) -> bool,
    ) -> Result<Option<PageGroup>, S::Error> {
        let Some(taken) = split(&mut group, gone) else { return Ok(Some(group)) };
        self.store.scrub();
        for op in &taken.group.ops {
            if let Some(receipt) = taken.receipts.iter().find(|receipt| receipt.op == op.id()) {
                let (header, receipt) = (op.header.clone(), receipt.clone());
                self.store.put_bare(&BareOp { header, payload_hash: op.payload_hash(), receipt })?;
            }
        }
        Ok((!group.group.ops.is_empty()).then_some(group))
    }
}

fn ops_of<'o>(own: &'o [Own], kept: &'o [PageGroup]) -> impl Iterator<Item = &'o Op> {
    let own = own.iter().map(|own| &own.numbered.group);
    own.chain(kept.iter().map(|kept| &kept.group)).flat_map(|group| &group.ops)
}
