//! What goes out of a laptop's sight, and is sealed for the commune before its readable copy goes (§7, F7).

use std::collections::BTreeSet;

use crate::position::Epoch;
use crate::retained::split;
use crate::rights::Sight;
#[cfg(feature = "sabotage")]
use crate::wire::PageGroup;

use super::returning::NOWHERE;
use super::{Laptop, LaptopStore, Which};

impl<S: LaptopStore> Laptop<S> {
    /// The commune does not know this laptop any more: it seals all that it holds, and gives it back (§7). Which life of
    /// the log the server lives in is not said to it: each time it is as if that were another one.
    pub fn turned_away(&mut self) -> Result<(), S::Error> {
        let before = self.state.epoch().map_or(0, |epoch| epoch.number);
        self.state.epoch = Some(Epoch { number: before.max(NOWHERE).saturating_add(1), nonce: 0 });
        self.state.sight = Some(Sight::NOTHING);
        self.hide()
    }

    /// Of a laptop that was turned away no page delivers what it made itself and the commune has: it is sealed as what
    /// others made is.
    fn seal_own(&mut self) -> Result<(), S::Error> {
        if self.state.sight != Some(Sight::NOTHING) {
            return Ok(());
        }
        for own in self.store.owns(Which::Taken, usize::MAX)? {
            self.store.scrub();
            self.store.seal(&own.as_offered())?;
            self.store.remove_own(own.numbered.group.id)?;
        }
        Ok(())
    }

    /// Rows out of sight go.
    pub(super) fn hide(&mut self) -> Result<(), S::Error> {
        for scope in self.store.scopes()? {
            if self.sees(scope) {
                continue;
            }
            for row in self.store.rows_in(scope, None)? {
                self.take_away(row.kind, row.record)?;
            }
        }
        Ok(())
    }

    /// Whatever may have to be given back of records that are not here any more is sealed (F7); so is what was kept of a
    /// record whose row never came, or was gone already.
    pub(super) fn seal_what_left(&mut self) -> Result<(), S::Error> {
        self.seal_own()?;
        let mut names = std::mem::take(&mut self.news);
        for (kind, record) in std::mem::take(&mut self.lost) {
            names.extend(self.store.kept_about(kind, record)?);
        }
        for name in names {
            let Some(mut kept) = self.store.kept(name)? else { continue };
            let mut leaves = BTreeSet::new();
            for op in &kept.group.ops {
                if !self.has_row(op)? {
                    leaves.insert(op.id());
                }
            }
            let Some(part) = split(&mut kept, |op| leaves.contains(&op.id())) else { continue };
            #[cfg(feature = "sabotage")]
            let part = PageGroup {
                receipts: if domain::fault::is("foreign_not_sealed") { vec![] } else { part.receipts },
                ..part
            };
            self.store.seal(&part)?;
            if kept.group.ops.is_empty() {
                self.store.remove_kept(name)?;
            } else {
                self.store.put_kept(&kept)?;
            }
        }
        Ok(())
    }
}
