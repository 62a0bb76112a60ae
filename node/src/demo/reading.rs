use super::networks::{agreed_kinds, every_class};
use super::people::{Both, Cast, everybody};
use super::stage::{House, Stage, staff};
use crate::failure::Failure;
use protocol::audit::What;
use protocol::consent::Readers;
use protocol::engine::HolderStatus;
use protocol::ids::{FacilityId, PatientRef};
use protocol::kinds::{Coarse, KindSet, Purpose, Role, purposes, roles};
use protocol::policy::Why;
use protocol::time::HOUR_MS;
use serde::Serialize;
use service::access_log::{LogQuery, check_evidence};
use service::consents::{ConsentSpec, WithdrawSpec};
use service::fetching::{FetchSpec, HolderRow, RowState};
use service::locating::is_certain;
use service::timeline::{Origin, TimelineSpec, Timelines};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What the reading part showed.
#[derive(Debug, Default, Serialize)]
pub struct Read {
    pub consents: u64,
    pub sync_bytes: u64,
    pub sync_ms: u64,
    pub across: Got,
    pub within: Vec<Got>,
    pub proofs: Vec<Proven>,
    pub refusals: Vec<Refusal>,
    pub withdrawal: Withdrawn,
}

/// What one holder gave.
#[derive(Debug, Default, Serialize)]
pub struct Got {
    pub holder: String,
    pub network: String,
    pub status: &'static str,
    pub items: usize,
    pub verified: usize,
    pub bytes: u64,
    pub kinds: Vec<&'static str>,
    pub took_ms: u64,
}

/// One event that both logs prove.
#[derive(Debug, Serialize)]
pub struct Proven {
    pub side: &'static str,
    pub leaf: u64,
    pub witnesses: usize,
    pub both_signed: bool,
}

/// One refusal, with what the reader saw and what the holder's log says.
#[derive(Debug, Serialize)]
pub struct Refusal {
    pub what: &'static str,
    pub holder: String,
    pub status: &'static str,
    pub clause: Option<u16>,
    pub reason: Option<u16>,
    pub why: Option<&'static str>,
    pub expected: bool,
}

/// How the withdrawal went.
#[derive(Debug, Default, Serialize)]
pub struct Withdrawn {
    pub ms: u64,
    pub entries_removed: usize,
    pub copies_before: usize,
    pub copies_after: usize,
    pub still_announced: bool,
}

/// Consent, look-up, fetch, verify, refuse, withdraw.
pub fn play(stage: &Stage<'_>, cast: &Cast) -> Result<Read, Failure> {
    let sent_before = sent(stage);
    let consents = consents(stage, cast)?;
    stage.done(&format!("{consents} consents recorded at the desks"));
    let synced = Instant::now();
    wait_for_index(stage, cast)?;
    let mut read =
        Read { consents, sync_bytes: sent(stage) - sent_before, sync_ms: millis(synced.elapsed()), ..Read::default() };
    let entries: u64 = stage.houses.iter().map(|house| house.ears.entries()).sum();
    stage.done(&format!(
        "{entries} sealed entries published and followed, {} KiB between the nodes",
        read.sync_bytes / 1024
    ));
    fetch_and_prove(stage, cast, &mut read)?;
    refuse(stage, cast, &mut read)?;
    withdraw(stage, cast, &mut read)?;
    Ok(read)
}

fn sent(stage: &Stage<'_>) -> u64 {
    stage.houses.iter().filter_map(|house| house.desk().net()).map(|net| net.sent_bytes()).sum()
}

/// Everybody agrees at every desk, but for those on whom a refusal is shown; the desks work at the same time.
fn consents(stage: &Stage<'_>, cast: &Cast) -> Result<u64, Failure> {
    let clerk = staff(Role::Clerk)?;
    let (clinic, hospital) = (stage.clinic()?.plan.id.clone(), stage.hospital()?.plan.id.clone());
    let at_desk = |house: &House| -> Result<u64, Failure> {
        let mut count = 0;
        for patient in everybody(house) {
            stage.go_on()?;
            let mut spec =
                ConsentSpec { readers: Readers::All { classes: every_class() }, ..ConsentSpec::broad(patient) };
            spec.roles = roles(&[
                Role::Doctor,
                Role::Nurse,
                Role::Pharmacist,
                Role::Dentist,
                Role::CareManager,
                Role::CareStaff,
            ]);
            spec.purposes = purposes(&[Purpose::Treatment, Purpose::Referral, Purpose::CarePlan]);
            if house.plan.id == clinic && patient == cast.silent.reader {
                continue;
            }
            if house.plan.id == hospital && patient == cast.narrow.holder {
                spec.roles = roles(&[Role::Doctor]);
            }
            house.service().record_consent(&clerk, &spec)?;
            count += 1;
        }
        Ok(count)
    };
    std::thread::scope(|scope| {
        let desks: Vec<_> = stage.houses.iter().map(|house| scope.spawn(|| at_desk(house))).collect();
        let lost = || Failure::store("a desk of the demo ended early");
        desks.into_iter().map(|desk| desk.join().unwrap_or_else(|_| Err(lost()))).sum()
    })
}

/// Waits until the clinic's own copies of the index name everybody that the demo needs.
fn wait_for_index(stage: &Stage<'_>, cast: &Cast) -> Result<(), Failure> {
    let (clinic, hospital, partner) = (stage.clinic()?, stage.hospital()?, stage.partner()?);
    for (who, holder) in [(cast.across, partner), (cast.narrow, hospital), (cast.silent, hospital)] {
        stage.until("the index at the clinic", || Ok(announces(clinic, who.reader, &holder.plan.id)?.then_some(())))?;
    }
    Ok(())
}

fn announces(reader: &House, patient: PatientRef, holder: &FacilityId) -> Result<bool, Failure> {
    let found = reader.service().locate(&staff(Role::Doctor)?, patient)?;
    Ok(found
        .iter()
        .any(|located| located.candidate.holder == *holder && is_certain(&located.candidate) && located.is_online))
}

fn order(patient: PatientRef) -> FetchSpec {
    FetchSpec::treatment(patient, "demo reception 1")
}

fn fetch_and_prove(stage: &Stage<'_>, cast: &Cast, read: &mut Read) -> Result<(), Failure> {
    let (clinic, partner) = (stage.clinic()?, stage.partner()?);
    let doctor = staff(Role::Doctor)?;
    let rows = clinic.service().fetch(&doctor, &order(cast.across.reader))?;
    let kept = copies(clinic, cast.across.reader)?;
    let mut across = None;
    for row in &rows {
        let got = got(row, &kept);
        if row.located.candidate.holder == partner.plan.id {
            across = Some(row);
            read.across = got;
        } else if row.has_data() {
            read.within.push(got);
        }
    }
    let row = across.ok_or_else(|| Failure::store("the partner's hospital has no row"))?;
    stage.done(&format!(
        "{}: {} records of {} fetched across the accord and verified in {} ms",
        clinic.plan.name, read.across.verified, partner.plan.name, read.across.took_ms
    ));
    let sides = [("reader", clinic, row.leaf), ("holder", partner, row.holder_leaf.map(|(leaf, _)| leaf))];
    for (side, house, leaf) in sides {
        let Some(leaf) = leaf else { continue };
        let proof = stage.until("witnesses of the log", || {
            let proof = house.service().prove(&doctor, leaf)?;
            // The other side's signature may still be on its way.
            Ok((proof.is_witnessed && proof.findings.exchange.is_some()).then_some(proof))
        })?;
        let findings = check_evidence(&proof.text).map_err(Failure::refused)?;
        let both_signed = findings.exchange.is_some_and(|exchange| exchange.names_this_leaf);
        read.proofs.push(Proven { side, leaf, witnesses: findings.witnesses.len(), both_signed });
    }
    stage.done("the same read is proven from both logs, each co-signed by witnesses");
    Ok(())
}

/// Copies of others' records that lie at a house, by holder and digest-checked item.
fn copies(house: &House, patient: PatientRef) -> Result<Vec<(FacilityId, Coarse)>, Failure> {
    let service = house.service();
    let timelines = Timelines::new(service.store().clone(), service.clock().clone());
    let shown = timelines.show(&staff(Role::Doctor)?, &TimelineSpec::all(patient))?;
    let copy = |origin: &Origin| matches!(origin, Origin::Copy { .. });
    Ok(shown.rows.into_iter().filter(|row| copy(&row.origin)).map(|row| (row.holder, row.coarse)).collect())
}

fn got(row: &HolderRow, kept: &[(FacilityId, Coarse)]) -> Got {
    let holder = &row.located.candidate.holder;
    let kinds: BTreeSet<Coarse> = row.items.iter().map(|item| item.kind.coarse()).collect();
    Got {
        holder: holder.to_string(),
        network: row.located.network_name.clone(),
        status: row.state.word(),
        items: row.items.len(),
        // Only what fits its signed digest is kept at all.
        verified: kept.iter().filter(|(of, _)| of == holder).count(),
        bytes: row.bytes,
        kinds: kinds.into_iter().map(Coarse::word).collect(),
        took_ms: millis(row.took),
    }
}

fn refuse(stage: &Stage<'_>, cast: &Cast, read: &mut Read) -> Result<(), Failure> {
    let (clinic, hospital, partner) = (stage.clinic()?, stage.hospital()?, stage.partner()?);
    let outside = FetchSpec { kinds: KindSet::ALL.without(agreed_kinds()), ..order(cast.across.reader) };
    let outside = one(clinic, Role::Doctor, &outside, partner)?;
    let status = &outside.state;
    let cited = matches!(status, RowState::Answered(HolderStatus::OutsideAccord { .. }));
    read.refusals.push(refusal("kinds that the accord leaves out", &outside, partner, cited));

    let narrow = one(clinic, Role::Nurse, &order(cast.narrow.reader), hospital)?;
    let refused = narrow.state == RowState::Answered(HolderStatus::Nothing);
    let mut shown = refusal("no consent at the holder for this role", &narrow, hospital, refused);
    shown.expected &= shown.why == Some(Why::NoHolderConsent.word());
    read.refusals.push(shown);

    let silent = one(clinic, Role::Doctor, &order(cast.silent.reader), hospital)?;
    let refused = silent.state == RowState::Answered(HolderStatus::NoConsentHere);
    read.refusals.push(refusal("no consent at the reader", &silent, hospital, refused));
    let words: Vec<&str> = read.refusals.iter().map(|refusal| refusal.status).collect();
    stage.done(&format!("refused as it should be: {}", words.join(", ")));
    Ok(())
}

/// The row of one holder.
fn one(reader: &House, role: Role, spec: &FetchSpec, holder: &House) -> Result<HolderRow, Failure> {
    let spec = FetchSpec { holders: vec![holder.plan.id.clone()], ..spec.clone() };
    let mut rows = reader.service().fetch(&staff(role)?, &spec)?;
    // A relative or twin may be a candidate too; of whom people would have to decide first is not asked.
    rows.retain(|row| is_certain(&row.located.candidate));
    rows.into_iter().next().ok_or_else(|| Failure::store(format!("{} has no row", holder.plan.name)))
}

fn refusal(what: &'static str, row: &HolderRow, holder: &House, expected: bool) -> Refusal {
    let clause = match row.state {
        RowState::Answered(HolderStatus::OutsideAccord { clause }) => Some(clause),
        _ => None,
    };
    // Why it refused stands in the holder's own log; the reader learns it only where it cannot tell of the patient.
    let decided = row.request.and_then(|request| {
        let query = LogQuery { request: Some(request), what: Some(What::Decided), ..LogQuery::default() };
        let lines = staff(Role::Administrator).ok().and_then(|staff| holder.service().audit(&staff, &query).ok());
        lines.and_then(|lines| lines.iter().find_map(|line| line.event.reason))
    });
    Refusal {
        what,
        holder: holder.plan.id.to_string(),
        status: row.state.word(),
        clause,
        reason: decided,
        why: decided.and_then(Why::from_code).map(Why::word),
        expected: expected && row.items.is_empty(),
    }
}

/// The patient stops at the partner's desk: entries go, copies go, the next read finds nobody.
fn withdraw(stage: &Stage<'_>, cast: &Cast, read: &mut Read) -> Result<(), Failure> {
    let (clinic, partner) = (stage.clinic()?, stage.partner()?);
    let Both { reader, holder } = cast.across;
    let of_partner = |copies: Vec<(FacilityId, Coarse)>| copies.iter().filter(|(of, _)| *of == partner.plan.id).count();
    let copies_before = of_partner(copies(clinic, reader)?);
    let began = Instant::now();
    let done = partner.service().withdraw_consent(&staff(Role::Clerk)?, &WithdrawSpec::everything(holder))?;
    let node = clinic.service().node_key();
    let obeyed = stage.until("the clinic to drop its copies", || Ok(partner.ears.obeyed(node)))?;
    stage.until("the clinic's index", || Ok((!announces(clinic, reader, &partner.plan.id)?).then_some(())))?;
    read.withdrawal = Withdrawn {
        ms: millis(obeyed.saturating_duration_since(began)),
        entries_removed: done.progress.entries_removed,
        copies_before,
        copies_after: of_partner(copies(clinic, reader)?),
        still_announced: announces(clinic, reader, &partner.plan.id)?,
    };
    let after = clinic.service().fetch(&staff(Role::Doctor)?, &order(reader))?;
    let given = after.iter().any(|row| row.located.candidate.holder == partner.plan.id && row.has_data());
    read.refusals.push(Refusal {
        what: "the patient withdrew",
        holder: partner.plan.id.to_string(),
        status: "not-announced",
        clause: None,
        reason: None,
        why: None,
        expected: !given,
    });
    stage.done(&format!(
        "withdrawn: {} copies dropped at the reader within {} ms, nothing announced any more",
        copies_before, read.withdrawal.ms
    ));
    Ok(())
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).min(HOUR_MS)
}
