//! What the server itself writes (imports, the console): ops of a device of its own, through the same
//! intake as everybody's (sync rules §6).

use domain::ids::JobId;
use domain::registry::RecordKind;
use sync_core::commune::Sender;
use sync_core::group::Group;
use sync_core::ingest::{GroupOutcome, LogView};
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::rights::{Held, Reach};
use sync_core::value::Value;
use sync_core::wire::Numbered;
use uuid::Uuid;

use super::intake::Intake;
use crate::error::ServerError;
use crate::machine::random;

/// Version of the field registry that ops are written by.
const SCHEMA: u16 = 1;

/// Fields of one record.
#[derive(Clone, Debug)]
pub(crate) struct OwnEdit {
    pub(crate) kind: RecordKind,
    pub(crate) record: Uuid,
    pub(crate) fields: Vec<(u16, Value)>,
}

/// One Save of the server.
#[derive(Clone, Debug)]
pub(crate) struct OwnGroup {
    pub(crate) scope: Scope,
    /// The long action it is a part of.
    pub(crate) job: Option<JobId>,
    pub(crate) edits: Vec<OwnEdit>,
}

#[cfg(test)]
impl OwnGroup {
    /// A hamlet unit gets a name.
    pub(crate) fn unit_named(record: Uuid, name: &str) -> Self {
        let fields = vec![(domain::registry::no::UNIT_NAME, name.into())];
        let edit = OwnEdit { kind: RecordKind::HamletUnit, record, fields };
        Self { scope: Scope::COMMUNE, job: None, edits: vec![edit] }
    }
}

/// The server may write everywhere.
const HELD: &[Held] = &[Held { reach: Reach::WholeCommune, ended: None }];

impl Intake<'_> {
    /// Writes a group. Values that stand already are left out; nothing is written if nothing differs.
    pub(crate) fn write_own(&mut self, group: OwnGroup) -> Result<(), ServerError> {
        let id = GroupId::random(random(self.machine)?);
        let header = self.own_header(id, &group);
        let mut ops = Vec::with_capacity(group.edits.len());
        for edit in group.edits {
            ops.extend(self.own_op(&header, ops.len(), edit)?);
        }
        if ops.is_empty() {
            return Ok(());
        }
        let group = Group::seeded(id, random(self.machine)?, ops);
        let (device, incarnation) = (self.office.device, self.office.incarnation);
        let dseq = self.log.last_number(device, incarnation)? + 1;
        let numbered = Numbered { incarnation, dseq, group };
        let users = [self.office.user];
        match self.rules.take(Sender { device, users: &users, held: HELD }, &numbered, 0)?.outcome {
            GroupOutcome::Applied | GroupOutcome::Superseded => Ok(()),
            // The whole transaction is dropped: a group of ours is right or it is not written.
            _ => Err(ServerError::Internal("own group")),
        }
    }

    fn own_header(&self, id: GroupId, group: &OwnGroup) -> OpHeader {
        OpHeader {
            id: OpId { group: id, index: 0 },
            job: group.job,
            commune: self.commune(),
            scope: group.scope,
            kind: 0,
            record: Uuid::nil(),
            device: self.office.device,
            actor: self.office.user,
            schema: SCHEMA,
            wall_ms: self.now_ms(),
            session: self.session,
            base: self.position(),
        }
    }

    fn own_op(&self, header: &OpHeader, at: usize, edit: OwnEdit) -> Result<Option<Op>, ServerError> {
        let row = self.row(edit.kind.no(), edit.record)?;
        let standing = |no: u16| row.as_ref().and_then(|row| row.value(no)).unwrap_or(&Value::Null);
        let mut fields: Vec<FieldEdit> = edit
            .fields
            .into_iter()
            .filter(|(no, value)| standing(*no) != value)
            .map(|(no, value)| FieldEdit::replacing(no, value, row.as_ref(), row.as_ref()))
            .collect();
        fields.sort_by_key(|field| field.no);
        let index = u16::try_from(at).map_err(|_| ServerError::Internal("too many ops"))?;
        let id = OpId { group: header.id.group, index };
        let header = OpHeader { id, kind: edit.kind.no(), record: edit.record, ..header.clone() };
        // The salt is the group's to give, from its seed.
        Ok((!fields.is_empty()).then_some(Op { header, salt: [0; 16], fields }))
    }
}
