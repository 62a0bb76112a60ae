use super::accord::{self, Scope};
use super::emergency::{allowed, is_emergency};
use super::{Ask, Facts, Freshness, MatchGrade, MembershipFact, Relation, Why, kinds_for};
use crate::consent::{self, Mode, Query};
use crate::ids::ReceiptId;
use crate::kinds::{KindSet, MemberRole, Purpose};
use crate::limits::{CLOCK_TOLERANCE_MS, REQUEST_LIFE_MS};
use crate::time::Period;

/// What the holder does with a request. The whole of it goes into the holder's log before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Serves.
    Permit {
        /// Kinds that are served; never more than were asked for.
        kinds: KindSet,
        /// Care dates that are served.
        period: Period,
        /// Whether a rule took kinds away.
        cut: bool,
        /// What permits it.
        basis: Basis,
        /// The accord's clause, if the reader is of another network.
        clause: Option<u16>,
    },
    /// Waits for somebody.
    Pending(Why),
    /// Does not serve.
    Refuse {
        /// The reason.
        why: Why,
        /// The accord's clause that leaves it out.
        clause: Option<u16>,
    },
    /// Could not be judged now; may be asked again.
    Busy(Why),
}

/// What a yes rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A statement of the patient.
    Consent(ReceiptId),
    /// The emergency rule: limited kinds, told to the holder's desk, reviewed afterwards.
    BreakGlass,
}

/// Decides on a request: the one place where it is decided.
///
/// Order: limits, membership, revocation and freshness, accord, quota, evidence, match grade, consent, role and kind,
/// emergency. The first check that fails gives the answer, so the log names the earliest reason, and nothing about the
/// patient is looked at for somebody who may not ask.
pub fn decide(ask: &Ask, facts: &Facts<'_>) -> Decision {
    match checked(ask, facts) {
        Ok(decision) | Err(decision) => decision,
    }
}

fn checked(ask: &Ask, facts: &Facts<'_>) -> Result<Decision, Decision> {
    within_limits(ask, facts)?;
    is_member(facts)?;
    is_trusted(ask, facts)?;
    let scope = accord::scope(ask, facts).map_err(|(why, clause)| Decision::Refuse { why, clause })?;
    within_quota(facts)?;
    has_evidence(ask)?;
    is_same_patient(facts)?;
    let consented = match consented(ask, facts, scope.kinds) {
        // Without consent an emergency still comes to the emergency rule, after the rules of role and kind.
        Err(_) if is_emergency(ask.purpose) => None,
        found => Some(found?),
    };
    let readable = readable(ask, facts)?;
    match consented {
        Some((kinds, receipt)) => Ok(permit(ask, &scope, kinds.and(readable), Basis::Consent(receipt))),
        None => without_consent(ask, facts, &scope, readable),
    }
}

/// No consent covers it: only an emergency is left, and what the patient closed even then stays closed.
fn without_consent(ask: &Ask, facts: &Facts<'_>, scope: &Scope, readable: KindSet) -> Result<Decision, Decision> {
    if facts.deceased {
        return Err(refuse(Why::Deceased));
    }
    let opened = allowed(ask, facts).map_err(refuse)?.and(scope.kinds).and(readable);
    let left = consent::left_in_emergency(facts.receipts, &query(ask, facts), opened.and(ask.kinds), facts.now);
    if left.is_empty() && !opened.and(ask.kinds).is_empty() {
        return Err(refuse(Why::EmergencyForbidden));
    }
    Ok(permit(ask, scope, left, Basis::BreakGlass))
}

fn within_limits(ask: &Ask, facts: &Facts<'_>) -> Result<(), Decision> {
    let ends_before = matches!((ask.period.from, ask.period.to), (Some(from), Some(to)) if to < from);
    let too_far = ask.deadline.since(facts.now) > REQUEST_LIFE_MS + CLOCK_TOLERANCE_MS;
    if ask.kinds.is_empty() || ask.limit_bytes == 0 || ends_before || too_far {
        Err(refuse(Why::Malformed))
    } else if !facts.addressed {
        Err(refuse(Why::WrongHolder))
    } else if ask.deadline <= facts.now {
        Err(Decision::Busy(Why::DeadlinePassed))
    } else if facts.replayed {
        Err(refuse(Why::Replayed))
    } else {
        Ok(())
    }
}

fn is_member(facts: &Facts<'_>) -> Result<(), Decision> {
    match facts.membership {
        MembershipFact::Missing => Err(refuse(Why::NotAMember)),
        MembershipFact::Of { from, .. } if facts.now < from => Err(refuse(Why::MembershipNotYet)),
        MembershipFact::Of { to, .. } if to <= facts.now => Err(refuse(Why::MembershipExpired)),
        MembershipFact::Of { roles, .. } if !roles.has(MemberRole::Reader.code()) => Err(refuse(Why::NotAReader)),
        MembershipFact::Of { .. } => Ok(()),
    }
}

fn is_trusted(ask: &Ask, facts: &Facts<'_>) -> Result<(), Decision> {
    if facts.revoked {
        Err(refuse(Why::Revoked))
    } else if facts.suspended {
        Err(refuse(Why::Suspended))
    } else if facts.freshness == Freshness::Red && (ask.emergency.is_none() || !is_emergency(ask.purpose)) {
        // The last step of the ladder: emergencies are still judged.
        Err(Decision::Busy(Why::StateTooOld))
    } else {
        Ok(())
    }
}

fn within_quota(facts: &Facts<'_>) -> Result<(), Decision> {
    if facts.quota_left == 0 { Err(Decision::Busy(Why::Quota)) } else { Ok(()) }
}

fn has_evidence(ask: &Ask) -> Result<(), Decision> {
    if ask.evidence.is_none_or(|evidence| evidence.commitment.0 == [0; 32]) {
        Err(refuse(Why::NoEvidence))
    } else if ask.purpose == Purpose::Research {
        // Research gets aggregates, never single records.
        Err(refuse(Why::PurposeMayNot))
    } else {
        Ok(())
    }
}

fn is_same_patient(facts: &Facts<'_>) -> Result<(), Decision> {
    match facts.grade {
        MatchGrade::Certain | MatchGrade::Human => Ok(()),
        MatchGrade::NeedsHuman => Err(Decision::Pending(Why::NeedsHuman)),
        MatchGrade::NotSame => Err(refuse(Why::NoMatch)),
        MatchGrade::UnknownHandle => Err(refuse(Why::NoSuchPatient)),
    }
}

/// The kinds that consent leaves of those asked for and open by the accord, and one receipt that says so.
fn consented(ask: &Ask, facts: &Facts<'_>, open: KindSet) -> Result<(KindSet, ReceiptId), Decision> {
    if facts.deceased && ask.purpose != Purpose::PatientRequest {
        return Err(refuse(Why::Deceased));
    }
    let wanted = ask.kinds.and(open);
    #[cfg(feature = "plants")]
    if crate::plants::on("P01") && matches!(facts.relation, Relation::Same { .. }) {
        return Ok((wanted, facts.receipts.first().map_or(ReceiptId([0; 16]), |receipt| receipt.id)));
    }
    if ask.reader_base.is_none() {
        return Err(refuse(Why::NoReaderConsent));
    }
    let query = query(ask, facts);
    match consent::permitted_of(facts.receipts, &query, wanted, facts.now) {
        (kinds, Some(receipt)) => Ok((kinds, receipt)),
        (_, None) if consent::is_stopped(facts.receipts, &query, wanted, facts.now) => Err(refuse(Why::Stopped)),
        (_, None) if consent::was_permitted(facts.receipts, &query, wanted, facts.now) => {
            Err(refuse(Why::ConsentEnded))
        }
        (_, None) => Err(refuse(Why::NoHolderConsent)),
    }
}

fn query(ask: &Ask, facts: &Facts<'_>) -> Query {
    Query {
        mode: Mode::Publish,
        network: match facts.relation {
            Relation::Same { network } => network,
            Relation::Accord { .. } | Relation::None => facts.reader_network,
        },
        reader: ask.reader.clone(),
        class: facts.reader_class,
        holder: ask.holder.clone(),
        role: ask.staff_role,
        purpose: ask.purpose,
    }
}

/// The kinds that role and membership leave.
fn readable(ask: &Ask, facts: &Facts<'_>) -> Result<KindSet, Decision> {
    let by_role = kinds_for(ask.staff_role);
    let by_membership = match facts.membership {
        MembershipFact::Of { kinds, .. } => kinds,
        MembershipFact::Missing => KindSet::NONE,
    };
    if by_role.and(ask.kinds).is_empty() {
        Err(refuse(Why::RoleMayNot))
    } else if by_membership.and(ask.kinds).is_empty() {
        Err(refuse(Why::KindMayNot))
    } else {
        Ok(by_role.and(by_membership))
    }
}

fn permit(ask: &Ask, scope: &Scope, allowed: KindSet, basis: Basis) -> Decision {
    let kinds = ask.kinds.and(allowed);
    if kinds.is_empty() {
        return refuse(Why::NothingInScope);
    }
    Decision::Permit { kinds, period: period(ask), cut: kinds != ask.kinds, basis, clause: scope.clause }
}

fn period(ask: &Ask) -> Period {
    #[cfg(feature = "plants")]
    if crate::plants::on("P15") {
        return Period::ALL;
    }
    ask.period
}

fn refuse(why: Why) -> Decision {
    Decision::Refuse { why, clause: None }
}
