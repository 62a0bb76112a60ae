use super::stage::{House, Stage};
use crate::failure::Failure;
use protocol::engine::JoinStatus;
use protocol::ids::{Hash, NetworkId};
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles};
use service::accords::{AccordTerms, ClauseTerms, Holders};
use service::founders::{Founding, sign_charter};
use service::keys::Share;
use service::signing::Signing;

/// Both networks are founded by two of three founders; one share is with an office that runs no node.
pub fn found(stage: &Stage<'_>) -> Result<(), Failure> {
    for seat in [stage.hospital()?, stage.partner()?] {
        let name = seat.plan.network.clone();
        let shares = shares(stage, seat)?;
        let founding = Founding::usual(name.clone(), shares.iter().map(Share::public).collect(), 2);
        let [own, _, office] = &shares;
        let draft = seat.service().draft_network(&founding, std::slice::from_ref(own))?;
        if draft.tally.is_enough() {
            return Err(Failure::store("one founder of three was enough to found a network"));
        }
        let signed = sign_charter(&draft.file, office)?;
        let network = seat.service().found(&signed.file)?;
        let half = seat.service().admit_own(network, &seat.plan.id, std::slice::from_ref(own))?;
        expect_half(&half)?;
        expect_whole(&seat.service().sign_proposal(half.hash, std::slice::from_ref(office))?)?;
        stage.done(&format!("{name} founded by 2 of 3 founders ({}, {})", own.name, office.name));
    }
    Ok(())
}

/// The founders' shares of a house's network: kept beside the nodes, as sticks in drawers would be.
fn shares(stage: &Stage<'_>, seat: &House) -> Result<[Share; 3], Failure> {
    let folder = stage.data().with_file_name(format!("shares-{}", seat.plan.id));
    std::fs::create_dir_all(&folder).map_err(|error| Failure::store(format!("{}: {error}", folder.display())))?;
    let names =
        [seat.plan.name.clone(), format!("{} 医師会", seat.plan.network), format!("{} 事務局", seat.plan.network)];
    let share = |at: usize| {
        let path = folder.join(format!("founder-{at}.share"));
        if path.exists() {
            return Share::read(&path).map_err(Failure::from);
        }
        let share = Share::new(&names[at]);
        share.write(&path)?;
        Ok(share)
    };
    Ok([share(0)?, share(1)?, share(2)?])
}

fn expect_half(signing: &Signing) -> Result<(), Failure> {
    if signing.is_complete() { Err(Failure::store("one founder of three was enough to sign")) } else { Ok(()) }
}

fn expect_whole(signing: &Signing) -> Result<(), Failure> {
    if signing.is_complete() { Ok(()) } else { Err(Failure::store("two founders of three were not enough to sign")) }
}

/// The network that a house founded or joined.
pub fn network_of(house: &House) -> Result<NetworkId, Failure> {
    let network = house.service().networks().into_iter().next();
    network.ok_or_else(|| Failure::store(format!("{} is in no network", house.plan.name)))
}

/// Everybody else joins: invite, request, admission by two of three.
pub fn join(stage: &Stage<'_>) -> Result<(), Failure> {
    let seat = stage.hospital()?;
    let network = network_of(seat)?;
    let shares = shares(stage, seat)?;
    for house in stage.houses.iter().filter(|house| house.is_of(stage.home()) && house.plan.id != seat.plan.id) {
        let invite = seat.service().invite(network, house.plan.id.clone(), Vec::new())?;
        house.service().join(&invite.to_text())?;
        let asked = stage.until("a request to join", || {
            let waiting = seat.service().pending_joins();
            Ok(waiting.into_iter().find(|join| join.request.invite == invite.id()))
        })?;
        let half = seat.service().admit(asked.request.invite, &shares[..1])?;
        expect_half(&half)?;
        expect_whole(&seat.service().sign_proposal(half.hash, &shares[2..])?)?;
        stage.until("an admission", || {
            Ok((house.service().join_status(network) == Some(JoinStatus::Admitted)).then_some(()))
        })?;
        stage.done(&format!("{} invited, asked to join, admitted by 2 of 3 founders", house.plan.name));
    }
    Ok(())
}

/// The kinds that the accord opens.
pub fn agreed_kinds() -> KindSet {
    KindSet::of(&[Coarse::Prescription, Coarse::Lab])
}

/// Both networks sign an accord on prescriptions and laboratory results, for treatment and referral.
pub fn agree(stage: &Stage<'_>) -> Result<(), Failure> {
    let (here, there) = (stage.hospital()?, stage.partner()?);
    let partner_charter = there.service().export_charter(network_of(there)?)?;
    let clause = |holders| ClauseTerms {
        holders,
        kinds: agreed_kinds(),
        roles: roles(&[Role::Doctor, Role::Nurse, Role::Pharmacist]),
        purposes: purposes(&[Purpose::Treatment, Purpose::Referral]),
        classes: classes(&[FacilityClass::Hospital, FacilityClass::Clinic, FacilityClass::Pharmacy]),
    };
    let terms = AccordTerms {
        own: network_of(here)?,
        partner_charter,
        clauses: vec![clause(Holders::Theirs), clause(Holders::Ours)],
        from: None,
        to: None,
        text_hash: Hash([0; 32]),
        copy_hours: None,
        contacts: Vec::new(),
    };
    let ours = here.service().propose_accord(&terms, &shares(stage, here)?[1..])?;
    there.service().import(&here.service().export(ours.hash)?)?;
    let both = there.service().sign_proposal(ours.hash, &shares(stage, there)?[1..])?;
    expect_whole(&both)?;
    here.service().import(&there.service().export(ours.hash)?)?;
    for house in &stage.houses {
        stage.until("the accord at every node", || {
            Ok(house.service().accords().iter().any(|accord| accord.in_force).then_some(()))
        })?;
    }
    let wanted = stage.houses.len() - 1;
    for house in [stage.clinic()?, there] {
        stage.until("lines between the networks", || {
            let up = house.service().peers().iter().filter(|peer| peer.is_up).count();
            Ok((up >= wanted.min(house.service().peers().len()).max(1)).then_some(()))
        })?;
    }
    stage.done("accord signed by both networks: prescriptions and laboratory results, for treatment and referral");
    Ok(())
}

/// Every class of facility, for consents of the demo that leave the choice to the rules.
pub fn every_class() -> Codes {
    Codes::of(FacilityClass::ALL.iter().map(|class| class.code()))
}
