//! What patients said, read a second time and in another way than the core does: no code of `protocol::consent` decides here.
use super::frames::Asked;
use protocol::consent::{ConsentReceipt, Holders, Mode, Networks, Readers, Stance};
use protocol::ids::{FacilityId, NetworkId, ReceiptId};
use protocol::kinds::{Coarse, FacilityClass, KindSet, Purpose, Role};
use protocol::time::Millis;

/// Who would read what.
pub(super) struct Question<'a> {
    pub network: NetworkId,
    pub reader: &'a FacilityId,
    pub class: FacilityClass,
    pub holder: &'a FacilityId,
    pub role: Role,
    pub purpose: Purpose,
    pub kind: Coarse,
    pub now: Millis,
}

impl<'a> Question<'a> {
    /// What a member of that network and class asked, for one kind and at one moment.
    pub(super) fn of(
        asked: &'a Asked,
        (network, class): (NetworkId, FacilityClass),
        kind: Coarse,
        now: Millis,
    ) -> Self {
        let (reader, holder) = (&asked.reader, &asked.holder);
        Self { network, reader, class, holder, role: asked.role, purpose: asked.purpose, kind, now }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes.
    Yes,
    /// No, by this statement.
    No(ReceiptId),
    /// Nothing was said.
    Nothing,
}

/// What a patient's statements come to.
///
/// All that speak to the question are gathered; a later lift strikes out every no before it; a stop that is left decides;
/// else the most specific ones decide, and among those any no.
pub(super) fn said(receipts: &[ConsentReceipt], question: &Question<'_>) -> Said {
    let speaking: Vec<(&ConsentReceipt, Speech)> =
        receipts.iter().filter_map(|receipt| Some((receipt, speech(receipt, question)?))).collect();
    let lifted_at =
        speaking.iter().filter(|(_, speech)| *speech == Speech::Lift).map(|(receipt, _)| receipt.taken_at).max();
    let left: Vec<_> = speaking
        .into_iter()
        .filter(|(receipt, speech)| match speech {
            Speech::Lift => false,
            Speech::Yes => true,
            Speech::No | Speech::Stop => lifted_at.is_none_or(|lifted| lifted <= receipt.taken_at),
        })
        .collect();
    if let Some((stop, _)) = left.iter().find(|(_, speech)| *speech == Speech::Stop) {
        return Said::No(stop.id);
    }
    let Some(weight) = left.iter().map(|(receipt, _)| weight(receipt, question)).max() else { return Said::Nothing };
    let mut heaviest = left.iter().filter(|(receipt, _)| self::weight(receipt, question) == weight);
    match heaviest.find(|(_, speech)| *speech == Speech::No) {
        Some((receipt, _)) => Said::No(receipt.id),
        None => Said::Yes,
    }
}

/// Whether the patient closed it even for emergencies: a no with that mark, after which no lift speaks to the question.
pub(super) fn never(receipts: &[ConsentReceipt], question: &Question<'_>) -> bool {
    let speaking: Vec<(&ConsentReceipt, Speech)> =
        receipts.iter().filter_map(|receipt| Some((receipt, speech(receipt, question)?))).collect();
    let lifted_at = speaking.iter().filter(|(_, speech)| *speech == Speech::Lift).map(|(one, _)| one.taken_at).max();
    speaking.iter().any(|(receipt, speech)| {
        let is_no = matches!(speech, Speech::No | Speech::Stop) && receipt.even_in_emergency;
        is_no && lifted_at.is_none_or(|lifted| lifted <= receipt.taken_at)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Yes,
    No,
    Stop,
    Lift,
}

fn speech(receipt: &ConsentReceipt, question: &Question<'_>) -> Option<Speech> {
    let begun = receipt.from <= question.now;
    let over = receipt.to.is_some_and(|to| to <= question.now);
    let networks = match &receipt.networks {
        Networks::All => true,
        Networks::List(list) => list.contains(&question.network),
    };
    let holders = match &receipt.holders {
        Holders::All => true,
        Holders::List(list) => list.contains(question.holder),
    };
    let concerns = begun
        && !over
        && networks
        && holders
        && receipt.modes.has(Mode::Publish.code())
        && receipt.kinds.has(question.kind)
        && receipt.roles.has(question.role.code())
        && receipt.purposes.has(question.purpose.code());
    if !concerns {
        return None;
    }
    let class = question.class.code();
    let (named, left_out) = match &receipt.readers {
        Readers::All { classes } => (classes.has(class), false),
        Readers::List(list) => (list.contains(question.reader), false),
        Readers::AllBut { classes, except } => {
            let left_out = except.contains(question.reader);
            (classes.has(class) && !left_out, left_out)
        }
    };
    match (receipt.stance, named) {
        (Stance::Permit, true) => Some(Speech::Yes),
        (Stance::Permit, false) if left_out => Some(Speech::No),
        (Stance::Deny, true) => Some(Speech::No),
        (Stance::Stop, true) => Some(Speech::Stop),
        (Stance::Lift, true) => Some(Speech::Lift),
        _ => None,
    }
}

/// How much it weighs: named reader before named holder before named kinds, roles, purposes.
fn weight(receipt: &ConsentReceipt, question: &Question<'_>) -> u8 {
    let reader = match &receipt.readers {
        Readers::All { .. } => false,
        Readers::List(_) => true,
        Readers::AllBut { except, .. } => except.contains(question.reader),
    };
    let holder = receipt.holders != Holders::All;
    let kinds = receipt.kinds != KindSet::ALL;
    let roles = Role::ALL.iter().any(|role| !receipt.roles.has(role.code()));
    let purposes = Purpose::ALL.iter().any(|purpose| !receipt.purposes.has(purpose.code()));
    [reader, holder, kinds, roles, purposes].into_iter().fold(0, |sum, bit| sum << 1 | u8::from(bit))
}
