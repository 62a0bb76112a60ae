use super::{ConsentReceipt, Holders, Mode, Stance};
use crate::ids::{FacilityId, NetworkId, ReceiptId};
use crate::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role};
use crate::time::Millis;

/// Who would read what of whom: the question that receipts answer, but for the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which side asks itself.
    pub mode: Mode,
    /// The reader's network.
    pub network: NetworkId,
    /// Who would read.
    pub reader: FacilityId,
    /// What kind of house the reader is.
    pub class: FacilityClass,
    /// Whose records.
    pub holder: FacilityId,
    /// What the member of staff is.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
}

/// The answer for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Permit {
        /// The receipt that says so.
        by: ReceiptId,
    },
    /// No.
    Deny {
        /// The receipt that says so; none if nothing was said at all.
        by: Option<ReceiptId>,
    },
}

/// Settles what the receipts of one patient say about one kind at `now`.
///
/// Order: 1. a stop beats everything. 2. What names the reader beats what does not; then the same for holder, kind, role and
/// purpose. 3. At equal rank no beats yes. 4. Of the same rank and stance the newest is named. 5. Nothing said is no.
/// A no that was lifted later does not count. The order of `receipts` does not matter. Cost: O(receipts²) only where a no was
/// lifted, O(receipts) else.
pub fn verdict(receipts: &[ConsentReceipt], query: &Query, kind: Coarse, now: Millis) -> Verdict {
    let mut stop: Option<&ConsentReceipt> = None;
    let mut best: Option<(Rank, &ConsentReceipt)> = None;
    for receipt in receipts.iter().filter(|receipt| receipt.is_in_force(now)) {
        let Some(says_yes) = says(receipt, query, kind) else { continue };
        if !says_yes && is_lifted(receipts, receipt, query, kind, now) {
            continue;
        }
        if receipt.stance == Stance::Stop {
            stop = newer(stop, receipt);
            continue;
        }
        let rank = rank(receipt, query, says_yes);
        best = match best {
            Some((top, held)) if top == rank => newer(Some(held), receipt).map(|newest| (top, newest)),
            Some((top, held)) if top > rank => Some((top, held)),
            _ => Some((rank, receipt)),
        };
    }
    match (stop, best) {
        (Some(stop), _) => Verdict::Deny { by: Some(stop.id) },
        (None, Some((rank, receipt))) if rank.no => Verdict::Deny { by: Some(receipt.id) },
        (None, Some((_, receipt))) => Verdict::Permit { by: receipt.id },
        (None, None) => Verdict::Deny { by: None },
    }
}

/// The kinds that may be read, and one receipt that says so.
pub fn permitted(receipts: &[ConsentReceipt], query: &Query, now: Millis) -> (KindSet, Option<ReceiptId>) {
    permitted_of(receipts, query, KindSet::ALL, now)
}

/// Which of the `wanted` kinds may be read, and one receipt that says so for one of them.
pub fn permitted_of(
    receipts: &[ConsentReceipt],
    query: &Query,
    wanted: KindSet,
    now: Millis,
) -> (KindSet, Option<ReceiptId>) {
    let mut kinds = KindSet::NONE;
    let mut first = None;
    for kind in wanted.iter() {
        if let Verdict::Permit { by } = verdict(receipts, query, kind, now) {
            kinds = kinds.or(KindSet::of(&[kind]));
            first = first.or(Some(by));
        }
    }
    (kinds, first)
}

/// Whether a stop is in force for any of `kinds`.
pub fn is_stopped(receipts: &[ConsentReceipt], query: &Query, kinds: KindSet, now: Millis) -> bool {
    let stops = receipts.iter().filter(|receipt| receipt.stance == Stance::Stop && receipt.is_in_force(now));
    stops.into_iter().any(|stop| {
        let hit = |kind| says(stop, query, kind) == Some(false) && !is_lifted(receipts, stop, query, kind, now);
        kinds.iter().any(hit)
    })
}

/// Which of the `wanted` kinds the patient did not close even for emergencies: a no with that mark, which nothing took back.
pub fn left_in_emergency(receipts: &[ConsentReceipt], query: &Query, wanted: KindSet, now: Millis) -> KindSet {
    let marked: Vec<&ConsentReceipt> =
        receipts.iter().filter(|receipt| receipt.even_in_emergency && receipt.is_in_force(now)).collect();
    let is_closed = |kind: &Coarse| {
        let mut noes = marked.iter().filter(|no| says(no, query, *kind) == Some(false));
        noes.any(|no| !is_lifted(receipts, no, query, *kind, now))
    };
    KindSet::of(&wanted.iter().filter(|kind| !is_closed(kind)).collect::<Vec<_>>())
}
/// Whether a yes for any of `kinds` has come to its end: the reason that the holder's log gives for a refusal.
pub fn was_permitted(receipts: &[ConsentReceipt], query: &Query, kinds: KindSet, now: Millis) -> bool {
    let ended = |receipt: &&ConsentReceipt| receipt.to.is_some_and(|to| to <= now);
    let mut yes = receipts.iter().filter(|receipt| receipt.stance == Stance::Permit).filter(ended);
    yes.any(|receipt| kinds.iter().any(|kind| says(receipt, query, kind) == Some(true)))
}

/// What one receipt says to the question: yes, no, or nothing. Its time is not looked at.
fn says(receipt: &ConsentReceipt, query: &Query, kind: Coarse) -> Option<bool> {
    if !covers_but_readers(receipt, query, kind) {
        return None;
    }
    let named = receipt.readers.cover(&query.reader, query.class);
    match receipt.stance {
        Stance::Permit if named => Some(true),
        // "All but X", signed after "all", is a no to X: otherwise the older yes would still let X in.
        Stance::Permit if receipt.readers.except(&query.reader) => Some(false),
        Stance::Deny | Stance::Stop if named => Some(false),
        _ => None,
    }
}

fn covers_but_readers(receipt: &ConsentReceipt, query: &Query, kind: Coarse) -> bool {
    receipt.modes.has(query.mode.code())
        && receipt.networks.cover(&query.network)
        && receipt.holders.cover(&query.holder)
        && covers_kind(receipt, kind)
        && receipt.roles.has(query.role.code())
        && covers_purpose(receipt, query.purpose)
}

fn covers_kind(receipt: &ConsentReceipt, kind: Coarse) -> bool {
    #[cfg(feature = "plants")]
    if crate::plants::on("P02") {
        return true;
    }
    receipt.kinds.has(kind)
}

fn covers_purpose(receipt: &ConsentReceipt, purpose: Purpose) -> bool {
    #[cfg(feature = "plants")]
    if crate::plants::on("P04") {
        return true;
    }
    receipt.purposes.has(purpose.code())
}

/// Whether a no was taken back: by a lift that is newer and covers the question. At the same moment the no stays.
fn is_lifted(receipts: &[ConsentReceipt], no: &ConsentReceipt, query: &Query, kind: Coarse, now: Millis) -> bool {
    receipts.iter().any(|lift| {
        lift.stance == Stance::Lift
            && lift.taken_at > no.taken_at
            && lift.is_in_force(now)
            && covers_but_readers(lift, query, kind)
            && lift.readers.cover(&query.reader, query.class)
    })
}

/// How specific a statement is for a question; greater wins, and at equal specificity the no.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    reader: bool,
    holder: bool,
    kind: bool,
    role: bool,
    purpose: bool,
    no: bool,
}

fn rank(receipt: &ConsentReceipt, query: &Query, says_yes: bool) -> Rank {
    Rank {
        reader: receipt.readers.is_list() || receipt.readers.except(&query.reader),
        holder: matches!(receipt.holders, Holders::List(_)),
        kind: receipt.kinds != KindSet::ALL,
        role: !every_role().is_within(receipt.roles),
        purpose: !every_purpose().is_within(receipt.purposes),
        no: !says_yes,
    }
}

fn every_role() -> Codes {
    Codes::of(Role::ALL.iter().map(|role| role.code()))
}
fn every_purpose() -> Codes {
    Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code()))
}

/// The later statement; of one moment the one that came later, then the one with the greater id, so that order never matters.
fn newer<'a>(held: Option<&'a ConsentReceipt>, next: &'a ConsentReceipt) -> Option<&'a ConsentReceipt> {
    let age = |receipt: &ConsentReceipt| (receipt.taken_at, receipt.received_at, receipt.id);
    Some(held.filter(|held| age(held) >= age(next)).unwrap_or(next))
}
