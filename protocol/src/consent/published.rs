use super::{ConsentReceipt, Mode, Query, Readers, Stance, permitted};
use crate::ids::{FacilityId, NetworkId};
use crate::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role, purposes, roles};
use crate::time::Millis;

/// Who stands behind an audience of the index: everybody who gets, keeps and passes on its shelves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Networks of the readers: the holder's own, or the accord's other side.
    pub networks: Vec<NetworkId>,
    /// Facility classes of the readers; codes of [`FacilityClass`].
    pub classes: Codes,
    /// Roles for which an entry must be of use; codes of [`Role`].
    pub roles: Codes,
    /// Purposes for which an entry must be of use; codes of [`Purpose`].
    pub purposes: Codes,
}

impl Reach {
    /// The usual reach: doctors who treat.
    pub fn usual(network: NetworkId, classes: Codes) -> Self {
        Self {
            networks: vec![network],
            classes,
            roles: roles(&[Role::Doctor]),
            purposes: purposes(&[Purpose::Treatment]),
        }
    }
}

/// The kinds that an entry may announce to the whole audience.
///
/// A kind is announced only if every class, role and purpose of the reach may read it and no single reader is left out of
/// it: otherwise the index itself would tell the reader who is left out. A reach without networks, classes, roles or
/// purposes gets nothing.
pub fn published(receipts: &[ConsentReceipt], holder: &FacilityId, reach: &Reach, now: Millis) -> KindSet {
    let mut kinds = KindSet::ALL;
    let mut asked = false;
    for query in questions(holder, reach) {
        asked = true;
        // Statements that name single readers never make an audience of them; those that exclude are taken off below.
        kinds = kinds.and(permitted(&general(receipts), &query, now).0);
        if kinds.is_empty() {
            return kinds;
        }
    }
    if asked { kinds.without(excluding(receipts, holder, reach, now)) } else { KindSet::NONE }
}

/// One question per network, class, role and purpose, by a reader that no receipt names.
fn questions<'a>(holder: &'a FacilityId, reach: &'a Reach) -> impl Iterator<Item = Query> + 'a {
    reach.networks.iter().flat_map(move |network| {
        known(reach.classes, FacilityClass::from_code).flat_map(move |class| {
            known(reach.roles, Role::from_code).flat_map(move |role| {
                known(reach.purposes, Purpose::from_code).map(move |purpose| Query {
                    mode: Mode::Publish,
                    network: *network,
                    reader: holder.clone(),
                    class,
                    holder: holder.clone(),
                    role,
                    purpose,
                })
            })
        })
    })
}

fn known<T: 'static>(codes: Codes, read: fn(u8) -> Option<T>) -> impl Iterator<Item = T> {
    codes.iter().filter_map(read)
}

/// The statements that speak of readers in general, with names taken out of them.
fn general(receipts: &[ConsentReceipt]) -> Vec<ConsentReceipt> {
    let unnamed = receipts.iter().filter(|receipt| !receipt.readers.is_list());
    unnamed
        .map(|receipt| match &receipt.readers {
            Readers::AllBut { classes, .. } if receipt.stance != Stance::Lift => {
                ConsentReceipt { readers: Readers::All { classes: *classes }, ..receipt.clone() }
            }
            // A lift for all but some lifts for an audience only if it leaves nobody out.
            Readers::AllBut { except, .. } if !except.is_empty() => {
                ConsentReceipt { readers: Readers::List(Vec::new()), ..receipt.clone() }
            }
            _ => receipt.clone(),
        })
        .collect()
}

/// The kinds of which some single reader is left out by name.
fn excluding(receipts: &[ConsentReceipt], holder: &FacilityId, reach: &Reach, now: Millis) -> KindSet {
    let mut kinds = KindSet::NONE;
    for receipt in receipts.iter().filter(|receipt| receipt.is_in_force(now)) {
        let named: &[FacilityId] = match (&receipt.readers, receipt.stance) {
            (Readers::List(list), Stance::Deny | Stance::Stop) => list,
            (Readers::AllBut { except, .. }, Stance::Permit) => except,
            _ => &[],
        };
        let concerns = receipt.modes.has(Mode::Publish.code())
            && receipt.holders.cover(holder)
            && reach.networks.iter().any(|network| receipt.networks.cover(network));
        if concerns && named.iter().any(|reader| !readmitted(receipts, receipt, reader, now)) {
            kinds = kinds.or(receipt.kinds);
        }
    }
    kinds
}

/// Whether the exclusion of one reader was taken back as a whole later: by a lift at least as wide, of all kinds it had.
fn readmitted(receipts: &[ConsentReceipt], no: &ConsentReceipt, reader: &FacilityId, now: Millis) -> bool {
    receipts.iter().any(|lift| {
        let names = match &lift.readers {
            Readers::List(list) => list.contains(reader),
            // Of which class the excluded reader is, is not known here: only a lift for every class is sure to mean it.
            Readers::All { classes } => every_class().is_within(*classes),
            Readers::AllBut { classes, except } => every_class().is_within(*classes) && !except.contains(reader),
        };
        lift.stance == Stance::Lift
            && lift.taken_at > no.taken_at
            && lift.is_in_force(now)
            && names
            && no.kinds.is_within(lift.kinds)
            && no.modes.is_within(lift.modes)
            && no.roles.is_within(lift.roles)
            && no.purposes.is_within(lift.purposes)
            && (lift.networks == super::Networks::All || lift.networks == no.networks)
            && (lift.holders == super::Holders::All || lift.holders == no.holders)
    })
}

fn every_class() -> Codes {
    Codes::of(FacilityClass::ALL.iter().map(|class| class.code()))
}

const _: () = assert!(Coarse::ALL.len() <= 32);
