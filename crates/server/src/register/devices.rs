//! Enrolment codes, devices, users and their assignments. Of codes and tokens only hashes are kept; they
//! are found by an id in front of them and compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::calendar::Day;
use domain::ids::{AssignmentId, DeviceId, HamletUnitId, UserId};
use domain::people::{HamletUnit, Role};
use domain::registry::{RecordKind, no};
use domain::text::clean;
use roster::{Meant, UnitNames};
use sync_core::api::{ApiCode, EnrolReply, EnrolRequest, EnrolmentCode, ReadmitReply, ReadmitRequest};
use sync_core::commune::CommuneStore;
use sync_core::ledger::Entry;
use sync_core::membership::Certificate;
use sync_core::op::Scope;
use sync_core::position::Position;
use sync_core::rights::{Ended, Held, Reach, Sight};
use sync_core::wire::VerifyingKey;
use uuid::Uuid;

use super::Register;
use super::intake::Intake;
use super::log::{Log, json, to_json};
use super::own::{OwnEdit, OwnGroup};
use super::sql::params;
use crate::error::{ServerError, refused};
use crate::machine::{Machine, random};

/// A code lies about on paper and in messages until it is used; after a month nobody knows any more whom it
/// was for, and whoever finds it could come in.
pub(crate) const DAYS_AT_MOST: u32 = 30;
const MINUTES_AT_MOST: u32 = DAYS_AT_MOST * 24 * 60;

/// A new enrolment code, as somebody at the commune orders it.
#[derive(Clone, Debug)]
pub struct EnrolOrder {
    /// What the person is.
    pub role: Role,
    /// Names of hamlet units; none for roles that see the whole commune.
    pub hamlet_units: Vec<String>,
    /// Who it is for, or empty.
    pub user_name: String,
    /// How long the code can be used: from a minute to 30 days.
    pub valid_minutes: u32,
    /// Where the server is reached, if the code shall say it.
    pub address: Option<String>,
}

impl EnrolOrder {
    /// Refuses what no register could make a code of.
    pub fn check(&self) -> Result<(), ServerError> {
        if let Role::Unrecognised(_) = self.role {
            return Err(ServerError::UnknownRole);
        }
        if !self.role.sees_whole_commune() && self.hamlet_units.is_empty() {
            return Err(ServerError::HamletNeeded);
        }
        // Whoever names a hamlet means that one, and would hand out the whole commune.
        if self.role.sees_whole_commune() && !self.hamlet_units.is_empty() {
            return Err(ServerError::HamletNotNeeded);
        }
        match self.valid_minutes {
            0 => Err(ServerError::NoMinutes),
            1..=MINUTES_AT_MOST => Ok(()),
            _ => Err(ServerError::TooManyMinutes),
        }
    }
}

/// A code that was made. It is shown once.
#[derive(Clone, Debug)]
pub struct IssuedCode {
    /// To be handed over.
    pub code: EnrolmentCode,
    /// Until when it can be used.
    pub expires_at_ms: i64,
    /// The units as the register writes them.
    pub hamlet_units: Vec<String>,
}

/// A device that showed its token.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) signing_key: VerifyingKey,
    pub(crate) sight: Sight,
    /// It may push what it still has into quarantine, and fetch the order to erase itself; nothing else.
    pub(crate) revoked: bool,
}

/// A secret with the id it is looked up by, as one word.
struct Secret {
    id: Uuid,
    random: [u8; 32],
}

impl Secret {
    fn new(id: Uuid, machine: &dyn Machine) -> Result<Self, ServerError> {
        Ok(Self { id, random: random(machine)? })
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, random) = bytes.split_at_checked(16)?;
        Some(Self { id: Uuid::from_slice(id).ok()?, random: random.try_into().ok()? })
    }

    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.id.as_bytes().as_slice(), &self.random].concat())
    }

    fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 server secret");
        hasher.update(self.id.as_bytes()).update(&self.random).finalize()
    }

    /// Hashes of BLAKE3 compare in constant time.
    fn is(&self, kept: [u8; 32]) -> bool {
        self.hash() == blake3::Hash::from_bytes(kept)
    }
}

/// A code as it is kept.
struct KeptCode {
    secret_hash: [u8; 32],
    user_name: String,
    role: Role,
    hamlet_units: Vec<HamletUnitId>,
    expires_at_ms: i64,
    used_by: Option<DeviceId>,
}

impl Log<'_> {
    /// The commune's hamlet units.
    pub(crate) fn hamlet_units(&self) -> Result<Vec<HamletUnit>, ServerError> {
        let rows = self.rows_of(RecordKind::HamletUnit)?;
        Ok(rows.iter().filter_map(|row| HamletUnit::try_from(row).ok()).collect())
    }

    /// The unit of a name, spelled in any way.
    pub(crate) fn hamlet_unit_named(&self, name: &str) -> Result<HamletUnit, ServerError> {
        let mut units = self.hamlet_units()?;
        let names: UnitNames = units.iter().map(|unit| unit.name.as_str()).collect();
        match names.find(name) {
            Meant::One(at) if at < units.len() => Ok(units.swap_remove(at)),
            _ => Err(ServerError::UnknownHamlet),
        }
    }

    /// The assignments of a device's user, ended ones included.
    pub(crate) fn assignments_of(&self, device: DeviceId) -> Result<Vec<Held>, ServerError> {
        let sql = "SELECT scope_id, ended_epoch, ended_position, ended_at_ms
                   FROM assignments JOIN device_users USING (commune_id, user_id)
                   WHERE commune_id = ?1 AND device_id = ?2 ORDER BY abs(number)";
        self.all(sql, params![self.commune.0, device.0], |row| {
            let scope: Option<Uuid> = row.get(0)?;
            let reach = scope.map_or(Reach::WholeCommune, |scope| Reach::Scope(Scope(scope)));
            let (epoch, position): (Option<u32>, Option<i64>) = (row.get(1)?, row.get(2)?);
            let at_ms: Option<i64> = row.get(3)?;
            let ended = epoch.zip(position).zip(at_ms).map(|((epoch, position), at_ms)| Ended {
                position: Position { epoch, position: position.cast_unsigned() },
                at_ms,
            });
            Ok(Held { reach, ended })
        })
    }

    fn enrolled(&self, device: DeviceId) -> Result<Option<Enrolled>, ServerError> {
        let sql = "SELECT user_id, signing_key, first_seen_on IS NOT NULL
                   FROM devices WHERE commune_id = ?1 AND device_id = ?2";
        self.one(sql, params![self.commune.0, device.0], |row| {
            let key: [u8; 32] = row.get(1)?;
            Ok(Enrolled {
                id: device,
                user: UserId(row.get(0)?),
                signing_key: VerifyingKey::from_bytes(&key).map_err(|_| ServerError::Damaged)?,
                revoked: self.is_revoked(device)?,
                seen: row.get(2)?,
            })
        })
    }

    fn kept_code(&self, id: Uuid) -> Result<Option<KeptCode>, ServerError> {
        let sql = "SELECT secret_hash, user_name, role, hamlet_units, expires_at_ms, used_by
                   FROM enrolments WHERE commune_id = ?1 AND code_id = ?2";
        self.one(sql, params![self.commune.0, id], |row| {
            let role: String = row.get(2)?;
            Ok(KeptCode {
                secret_hash: row.get(0)?,
                user_name: row.get(1)?,
                role: Role::from_code(&role),
                hamlet_units: json(row, 3)?,
                expires_at_ms: row.get(4)?,
                used_by: row.get::<Option<Uuid>>(5)?.map(DeviceId),
            })
        })
    }
}

impl Register {
    /// The names of the commune's hamlet units, as the register writes them.
    pub fn hamlet_unit_names(&self) -> Result<Vec<String>, ServerError> {
        let units = self.read(|log| log.hamlet_units())?;
        Ok(units.into_iter().map(|unit| unit.name).collect())
    }

    /// Makes an enrolment code: random, for one device, for some minutes.
    pub fn issue_code(&self, order: &EnrolOrder) -> Result<IssuedCode, ServerError> {
        order.check()?;
        let id = Uuid::from_bytes(random(self.machine())?);
        let secret = Secret::new(id, self.machine())?;
        let (expires_at_ms, hamlet_units) = self.write(|intake| {
            let mut units = Vec::new();
            for name in &order.hamlet_units {
                units.push(intake.log.hamlet_unit_named(name)?);
            }
            let ids: Vec<HamletUnitId> = units.iter().map(|unit| unit.id).collect();
            let minutes = i64::from(order.valid_minutes);
            let expires_at_ms = intake.now_ms().saturating_add(minutes * 60_000);
            intake.log.run(
                "INSERT INTO enrolments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
                params![
                    intake.commune().0,
                    id,
                    secret.hash().as_bytes(),
                    clean(&order.user_name),
                    order.role.code(),
                    to_json(&ids)?,
                    expires_at_ms,
                ],
            )?;
            Ok((expires_at_ms, units.into_iter().map(|unit| unit.name).collect()))
        })?;
        let code = EnrolmentCode {
            address: order.address.clone(),
            identity: self.keys().identity_public(),
            secret: secret.text(),
        };
        Ok(IssuedCode { code, expires_at_ms, hamlet_units })
    }

    /// Turns a code into a device. The device that a code made is answered again while the code holds and its
    /// token was never shown: its laptop may never have seen the first answer. Nobody else is.
    pub fn enrol(&self, request: &EnrolRequest) -> Result<EnrolReply, ServerError> {
        let shown = Secret::parse(&request.secret).ok_or_else(|| refused(ApiCode::EnrolUnknownCode))?;
        let signing_key = request.proven_key().ok_or_else(|| refused(ApiCode::EnrolBadKey))?;
        self.write(|intake| {
            let code = intake.log.kept_code(shown.id)?.filter(|code| shown.is(code.secret_hash));
            let code = code.ok_or_else(|| refused(ApiCode::EnrolUnknownCode))?;
            let known = code.used_by.map(|device| intake.log.enrolled(device)).transpose()?.flatten();
            if code.used_by.is_some() && known.as_ref().is_none_or(|one| one.signing_key != signing_key) {
                return Err(refused(ApiCode::EnrolUsedCode));
            }
            if intake.now_ms() >= code.expires_at_ms {
                return Err(refused(ApiCode::EnrolExpiredCode));
            }
            let device = match known {
                Some(known) => intake.renewed(&known)?,
                None => {
                    let device = intake.new_device(&code, &request.device_name, &signing_key)?;
                    intake.log.run(
                        "UPDATE enrolments SET used_by = ?3 WHERE commune_id = ?1 AND code_id = ?2",
                        params![intake.commune().0, shown.id, device.id.0],
                    )?;
                    device
                }
            };
            self.enrol_reply(intake, code, device)
        })
    }

    /// A laptop that the register has forgotten, because it was put back to before the enrolment, by its certificate; and
    /// one that it knows and that lost the answer. What the ledger says of it stands above what the certificate says: to one
    /// that was revoked the token opens what is open to such (ADR 0012).
    pub fn readmit(&self, request: &ReadmitRequest) -> Result<ReadmitReply, ServerError> {
        let bad = || refused(ApiCode::AuthBadCertificate);
        let certificate = &request.certificate;
        let key = request.proven_key().ok_or_else(bad)?;
        let ours =
            certificate.commune == self.commune() && self.keys().receipts.verify_certificate(certificate);
        if !ours {
            return Err(bad());
        }
        self.write(|intake| {
            if intake.log.enrolled(certificate.device)?.is_some_and(|known| known.signing_key != key) {
                return Err(bad());
            }
            let token = Secret::new(certificate.device.0, self.machine())?;
            intake.admit_again(certificate, &request.device_name, &token)?;
            Ok(ReadmitReply { token: token.text() })
        })
    }

    /// How many laptops were ever enrolled here.
    pub fn device_count(&self) -> Result<u64, ServerError> {
        let sql = "SELECT count(*) FROM devices WHERE commune_id = ?1";
        let count = self.read(|log| log.one(sql, params![log.commune.0], |row| row.get::<i64>(0)))?;
        Ok(count.unwrap_or(0).cast_unsigned())
    }

    fn enrol_reply(
        &self,
        intake: &Intake<'_>,
        code: KeptCode,
        device: Admitted,
    ) -> Result<EnrolReply, ServerError> {
        let units = intake.log.hamlet_units()?;
        let name_of =
            |id: &HamletUnitId| units.iter().find(|unit| unit.id == *id).map(|unit| unit.name.clone());
        let key = intake.log.enrolled(device.id)?.ok_or(ServerError::Internal("enrolled"))?.signing_key;
        let reaches = if code.role.sees_whole_commune() {
            vec![Reach::WholeCommune]
        } else {
            code.hamlet_units.iter().map(|unit| Reach::Scope((*unit).into())).collect()
        };
        let certificate = self.keys().receipts.certify(Certificate {
            commune: intake.commune(),
            device: device.id,
            user: device.user,
            user_name: code.user_name,
            role: code.role.clone(),
            device_key: key.to_bytes(),
            reaches,
            enrolled_at_ms: intake.now_ms(),
            mac: [0; 16],
        });
        Ok(EnrolReply {
            certificate: Some(certificate),
            commune: intake.commune(),
            commune_name: intake.office.name.clone(),
            device: device.id,
            user: device.user,
            role: code.role,
            hamlet_unit_names: code.hamlet_units.iter().map(|id| name_of(id).unwrap_or_default()).collect(),
            hamlet_units: code.hamlet_units,
            token: device.token,
            seal_to: self.keys().seal_to(),
            basis: intake.office.basis.clone(),
            server_time_ms: self.now_ms(),
        })
    }

    /// The device of a token, with what it may see.
    pub(crate) fn authenticate(&self, token: &str) -> Result<Device, ServerError> {
        let unknown = || refused(ApiCode::AuthUnknownToken);
        let shown = Secret::parse(token).ok_or_else(unknown)?;
        let (device, seen) = self.read(|log| {
            let sql = "SELECT token_hash, signing_key, first_seen_on IS NOT NULL
                       FROM devices WHERE commune_id = ?1 AND device_id = ?2";
            let found = log.one(sql, params![log.commune.0, shown.id], |row| {
                let hash: [u8; 32] = row.get(0)?;
                let key: [u8; 32] = row.get(1)?;
                Ok((hash, key, row.get::<bool>(2)?))
            })?;
            let (token_hash, key, seen) = found.ok_or_else(unknown)?;
            if !shown.is(token_hash) {
                return Err(unknown());
            }
            let id = DeviceId(shown.id);
            let revoked = log.is_revoked(id)?;
            let sight = log.sight_of(id)?;
            let signing_key = VerifyingKey::from_bytes(&key).map_err(|_| ServerError::Damaged)?;
            Ok((Device { id, signing_key, sight, revoked }, seen))
        })?;
        if !seen {
            self.first_seen(&shown)?;
        }
        Ok(device)
    }

    /// The answer has arrived: from now on the code gives this device no other token. Not noted is not let in,
    /// or a copy of the laptop's folder could still be answered after the laptop itself was at work.
    fn first_seen(&self, shown: &Secret) -> Result<(), ServerError> {
        self.write(|intake| {
            let today = intake.today().to_string();
            let noted = intake.log.one(
                "UPDATE devices SET first_seen_on = coalesce(first_seen_on, ?4)
                 WHERE commune_id = ?1 AND device_id = ?2 AND token_hash = ?3 RETURNING 1",
                params![intake.commune().0, shown.id, shown.hash().as_bytes(), today],
                |_| Ok(()),
            )?;
            // Renewed between the reading and this.
            noted.ok_or_else(|| refused(ApiCode::AuthUnknownToken))
        })
    }

    /// Takes a device's access away.
    pub fn revoke(&self, device: DeviceId) -> Result<(), ServerError> {
        self.write(|intake| intake.note(Entry::Revoked { device }))
    }
}

/// A device with the token it was just given.
struct Admitted {
    id: DeviceId,
    user: UserId,
    token: String,
}

/// A device that a code made earlier.
struct Enrolled {
    id: DeviceId,
    user: UserId,
    signing_key: VerifyingKey,
    revoked: bool,
    /// It has shown a token.
    seen: bool,
}

impl Intake<'_> {
    /// Another token for a device that never showed the one it has; that one opens nothing any more.
    fn renewed(&mut self, known: &Enrolled) -> Result<Admitted, ServerError> {
        if known.revoked {
            return Err(refused(ApiCode::AuthRevoked));
        }
        if known.seen {
            return Err(refused(ApiCode::EnrolUsedCode));
        }
        let token = Secret::new(known.id.0, self.machine)?;
        self.log.run(
            "UPDATE devices SET token_hash = ?3 WHERE commune_id = ?1 AND device_id = ?2",
            params![self.commune().0, known.id.0, token.hash().as_bytes()],
        )?;
        Ok(Admitted { id: known.id, user: known.user, token: token.text() })
    }

    fn admit_again(&mut self, by: &Certificate, name: &str, token: &Secret) -> Result<(), ServerError> {
        let commune = self.commune().0;
        self.log.run(
            "INSERT INTO users VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![commune, by.user.0, by.user_name, by.role.code()],
        )?;
        self.log.run(
            "INSERT INTO devices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)
             ON CONFLICT (commune_id, device_id) DO UPDATE SET token_hash = ?6",
            params![
                commune,
                by.device.0,
                by.user.0,
                clean(name),
                by.device_key,
                token.hash().as_bytes(),
                by.enrolled_at_ms,
            ],
        )?;
        // The ledger is lost too: then the certificate is all that is known.
        if !self.log.users_of(by.device)?.contains(&by.user) {
            self.note(Entry::Enrolled { device: by.device, user: by.user })?;
            if self.log.assignments_of(by.device)?.is_empty() {
                by.reaches
                    .iter()
                    .try_for_each(|reach| self.note(Entry::Assigned { user: by.user, reach: *reach }))?;
            }
        }
        Ok(())
    }

    fn new_device(
        &mut self,
        code: &KeptCode,
        device_name: &str,
        signing_key: &VerifyingKey,
    ) -> Result<Admitted, ServerError> {
        let now_ms = u64::try_from(self.now_ms()).unwrap_or_default();
        let id = DeviceId::new(now_ms, random(self.machine)?);
        let user = UserId::new(now_ms, random(self.machine)?);
        let token = Secret::new(id.0, self.machine)?;
        let commune = self.commune().0;
        let sql = "INSERT INTO users VALUES (?1, ?2, ?3, ?4)";
        self.log.run(sql, params![commune, user.0, code.user_name, code.role.code()])?;
        self.log.run(
            "INSERT INTO devices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
            params![
                commune,
                id.0,
                user.0,
                clean(device_name),
                signing_key.as_bytes(),
                token.hash().as_bytes(),
                self.now_ms(),
            ],
        )?;
        self.note(Entry::Enrolled { device: id, user })?;
        if code.role.sees_whole_commune() {
            self.assign(user, &code.role, None)?;
        }
        for unit in &code.hamlet_units {
            self.assign(user, &code.role, Some(*unit))?;
        }
        Ok(Admitted { id, user, token: token.text() })
    }

    /// An assignment, in the ledger and, for everybody to see, in the commune-wide stream.
    fn assign(&mut self, user: UserId, role: &Role, unit: Option<HamletUnitId>) -> Result<(), ServerError> {
        let reach = unit.map_or(Reach::WholeCommune, |unit| Reach::Scope(unit.into()));
        self.note(Entry::Assigned { user, reach })?;
        let now_ms = u64::try_from(self.now_ms()).unwrap_or_default();
        let mut fields = vec![
            (no::ASSIGNMENT_USER, user.0.into()),
            (no::ASSIGNMENT_ROLE, role.code().into()),
            (no::ASSIGNMENT_FROM, Day::at(self.now_ms()).into()),
        ];
        fields.extend(unit.map(|unit| (no::ASSIGNMENT_UNIT, unit.0.into())));
        let record = AssignmentId::new(now_ms, random(self.machine)?).0;
        let edit = OwnEdit { kind: RecordKind::Assignment, record, fields };
        self.write_own(OwnGroup { scope: Scope::COMMUNE, job: None, edits: vec![edit] })
    }
}
