use super::{Ask, Facts, Why};
use crate::ids::NetworkId;
use crate::kinds::{Codes, KindSet};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// One clause of an accord (協定): what readers of one side may have of holders of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// Its number on paper; a refusal cites it.
    pub number: u16,
    /// The direction: records of holders in this network.
    pub holder_network: NetworkId,
    /// Kinds that it opens.
    pub kinds: KindSet,
    /// Staff it opens them to; codes of [`crate::kinds::Role`].
    pub roles: Codes,
    /// Purposes it opens them for; codes of [`crate::kinds::Purpose`].
    pub purposes: Codes,
    /// Houses it opens them to; codes of [`crate::kinds::FacilityClass`].
    pub classes: Codes,
}

/// What binds the holder's network and the reader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation<'a> {
    /// They are one.
    Same {
        /// Which.
        network: NetworkId,
    },
    /// An accord.
    Accord {
        /// The holder's side of it.
        holder_network: NetworkId,
        /// Its clauses, of both directions.
        clauses: &'a [Clause],
        /// First moment.
        from: Millis,
        /// First moment after it.
        to: Millis,
    },
    /// Nothing.
    None,
}

/// What an accord leaves of a request.
pub(super) struct Scope {
    /// Kinds that it opens.
    pub kinds: KindSet,
    /// The first clause that opens any of those asked for.
    pub clause: Option<u16>,
}

/// Checks the request against the accord, or gives the reason with the clause that came nearest.
///
/// Several clauses of one direction add up. The reason never depends on the patient.
pub(super) fn scope(ask: &Ask, facts: &Facts<'_>) -> Result<Scope, (Why, Option<u16>)> {
    let (holder_network, clauses, from, to) = match facts.relation {
        Relation::Same { .. } => return Ok(Scope { kinds: KindSet::ALL, clause: None }),
        Relation::None => return Err((Why::NoAccord, None)),
        Relation::Accord { holder_network, clauses, from, to } => (holder_network, clauses, from, to),
    };
    if facts.now < from {
        return Err((Why::AccordNotYet, None));
    }
    if has_ended(facts.now, to) {
        return Err((Why::AccordExpired, None));
    }
    let mut open = Scope { kinds: KindSet::NONE, clause: None };
    let mut nearest: Option<(Why, u16)> = None;
    for clause in clauses.iter().filter(|clause| clause.holder_network == holder_network) {
        match refusal(clause, ask, facts) {
            None => {
                open.kinds = open.kinds.or(clause.kinds);
                open.clause = open.clause.or(Some(clause.number));
            }
            // Reasons are numbered in the order of the checks: the clause that failed last came nearest.
            Some(why) if nearest.is_none_or(|(held, _)| why > held) => nearest = Some((why, clause.number)),
            Some(_) => {}
        }
    }
    match (open.clause, nearest) {
        (Some(_), _) => Ok(open),
        (None, Some((why, clause))) => Err((why, Some(clause))),
        (None, None) => Err((Why::NoAccord, None)),
    }
}

fn has_ended(now: Millis, to: Millis) -> bool {
    #[cfg(feature = "plants")]
    if crate::plants::on("P06") {
        return false;
    }
    to <= now
}

fn refusal(clause: &Clause, ask: &Ask, facts: &Facts<'_>) -> Option<Why> {
    if !clause.classes.has(facts.reader_class.code()) {
        Some(Why::OutsideAccordClasses)
    } else if !clause.purposes.has(ask.purpose.code()) {
        Some(Why::OutsideAccordPurposes)
    } else if !clause.roles.has(ask.staff_role.code()) {
        Some(Why::OutsideAccordRoles)
    } else if clause.kinds.and(ask.kinds).is_empty() {
        Some(Why::OutsideAccordKinds)
    } else {
        None
    }
}
