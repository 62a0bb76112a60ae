use crate::scenario::Scenario;
use crate::seed::Stream;
use crate::world::{Founded, Patient};
use protocol::consent::{ConsentReceipt, LegalBase, Networks, Readers, Stance, Withdrawal, WithdrawalScope};
use protocol::ids::{Hash, ReceiptId};
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles};
use protocol::time::Millis;

/// What a patient says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Yes, as the usual form has it.
    Broad,
    /// Yes, to care facilities and their staff too.
    WithCare,
    /// Yes, but only these kinds.
    Kinds(KindSet),
    /// Yes, for referral alone.
    ReferralOnly,
    /// Yes, for so many milliseconds.
    ForATime(u64),
    /// Yes, to readers of one network alone.
    OneNetwork(usize),
    /// Yes, to all but the facility of this node.
    AllBut(usize),
    /// No, to the facility of this node.
    Not(usize),
    /// Everything is taken back.
    Withdraw,
    /// Some kinds are taken back.
    WithdrawKinds(KindSet),
    /// What was taken back is given again.
    Return,
}

/// A statement as patients make them; most sign the usual form.
pub fn statement(scenario: &Scenario, draws: &mut Stream) -> Statement {
    let node = draws.index(scenario.nodes.len());
    let network = draws.index(scenario.file.network.len());
    let some = draws.weighted(&[
        (2, KindSet::of(&[Coarse::Prescription])),
        (2, KindSet::of(&[Coarse::Lab, Coarse::Prescription])),
        (1, KindSet::of(&[Coarse::Disease, Coarse::Allergy])),
    ]);
    let span = draws.between(3 * 3_600_000, 40 * 3_600_000);
    draws.weighted(&[
        (90, Statement::Broad),
        (10, Statement::WithCare),
        (10, Statement::Kinds(some)),
        (5, Statement::ReferralOnly),
        (10, Statement::ForATime(span)),
        (5, Statement::OneNetwork(network)),
        (4, Statement::AllBut(node)),
        (3, Statement::Not(node)),
        (3, Statement::WithdrawKinds(some)),
    ])
}

/// The receipts that a desk writes for it; several where a new yes must lift an old no.
pub fn write(
    statement: Statement,
    of: &Patient,
    founded: &Founded,
    now: Millis,
    draws: &mut Stream,
) -> Vec<ConsentReceipt> {
    let id = ReceiptId(draws.bytes());
    let taker = founded.nodes[of.node].facility.clone();
    let mut receipt = ConsentReceipt::broad(id, taker.clone(), of.id.clone(), now);
    // Each paper is its own, so that the log's entry for it can be told from others.
    receipt.evidence = Hash(draws.bytes());
    receipt.staff = "s1".into();
    let usual =
        classes(&[FacilityClass::Hospital, FacilityClass::Clinic, FacilityClass::Dental, FacilityClass::Pharmacy]);
    let facility = |node: usize| founded.nodes[node].facility.clone();
    match statement {
        Statement::Broad => {}
        Statement::WithCare => {
            let care = classes(&[FacilityClass::Care, FacilityClass::VisitingNursing]);
            receipt.readers = Readers::All { classes: Codes(usual.0 | care.0) };
            receipt.roles = Codes(receipt.roles.0 | roles(&[Role::CareManager, Role::CareStaff]).0);
            receipt.purposes = Codes(receipt.purposes.0 | purposes(&[Purpose::CarePlan]).0);
        }
        Statement::Kinds(kinds) => receipt.kinds = kinds,
        Statement::ReferralOnly => receipt.purposes = purposes(&[Purpose::Referral]),
        Statement::ForATime(span) => receipt.to = Some(now.plus(span)),
        Statement::OneNetwork(network) => receipt.networks = Networks::List(vec![founded.networks[network].id]),
        Statement::AllBut(node) => receipt.readers = Readers::AllBut { classes: usual, except: vec![facility(node)] },
        Statement::Not(node) => {
            receipt.stance = Stance::Deny;
            receipt.readers = Readers::List(vec![facility(node)]);
        }
        Statement::Withdraw | Statement::WithdrawKinds(_) => {
            let scope = match statement {
                Statement::WithdrawKinds(kinds) => WithdrawalScope::Kinds(kinds),
                _ => WithdrawalScope::Everything,
            };
            let withdrawal = Withdrawal {
                taker,
                patient: of.id.clone(),
                scope,
                taken_at: now,
                received_at: now,
                text_version: String::new(),
                evidence: receipt.evidence,
                staff: "s1".into(),
                even_in_emergency: draws.permille(400),
            };
            receipt = withdrawal.receipt(id);
        }
        Statement::Return => {
            receipt.base = LegalBase::Signed;
            let mut lift = receipt.lift(ReceiptId(draws.bytes()));
            lift.evidence = Hash(draws.bytes());
            // The withdrawal spoke of every class, role and purpose; so must what lifts it.
            lift.readers = Readers::All { classes: Codes::of(FacilityClass::ALL.iter().map(|class| class.code())) };
            lift.roles = Codes::of(Role::ALL.iter().map(|role| role.code()));
            lift.purposes = Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code()));
            return vec![lift, receipt];
        }
    }
    vec![receipt]
}
