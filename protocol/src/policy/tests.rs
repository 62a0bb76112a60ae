use super::*;
use crate::consent::{ConsentReceipt, LegalBase, Withdrawal, WithdrawalScope};
use crate::ids::{AuthorityId, FacilityId, Hash, NetworkId, PatientId, ReceiptId, RequestId};
use crate::kinds::{
    Coarse, Codes, FacilityClass, KindSet, MemberRole, Purpose, Role, classes, member_roles, purposes, roles,
};
use crate::limits::{CLOCK_TOLERANCE_MS, REQUEST_LIFE_MS};
use crate::time::{Date, HOUR_MS, Millis, Period};
use proptest::prelude::*;

const NOW: Millis = Millis(1_000_000);
const HERE: NetworkId = NetworkId([1; 32]);
const THERE: NetworkId = NetworkId([2; 32]);

fn facility(number: u8) -> FacilityId {
    FacilityId::parse(&format!("{number:010}")).expect("ten digits")
}
fn patient() -> PatientId {
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.19900000001").expect("an OID");
    PatientId::new(authority, "00012345").expect("a number")
}
fn consent() -> ConsentReceipt {
    ConsentReceipt::broad(ReceiptId([1; 16]), facility(1), patient(), Millis(10))
}
fn stop() -> ConsentReceipt {
    Withdrawal {
        taker: facility(1),
        patient: patient(),
        scope: WithdrawalScope::Everything,
        taken_at: Millis(20),
        received_at: Millis(20),
        text_version: String::new(),
        evidence: Hash([0; 32]),
        staff: String::new(),
        even_in_emergency: false,
    }
    .receipt(ReceiptId([2; 16]))
}
fn ask() -> Ask {
    Ask {
        request: RequestId([9; 16]),
        reader: facility(5),
        holder: facility(1),
        staff_role: Role::Doctor,
        purpose: Purpose::Treatment,
        kinds: KindSet::of(&[Coarse::Lab, Coarse::Prescription]),
        period: Period::ALL,
        limit_bytes: 1 << 20,
        deadline: NOW.plus(60_000),
        evidence: Some(Evidence { kind: EvidenceKind::Reception, commitment: Hash([5; 32]) }),
        reader_base: Some(ReaderBase { receipt: ReceiptId([8; 16]), base: LegalBase::Signed }),
        emergency: None,
    }
}
fn clause(number: u16, kinds: &[Coarse]) -> Clause {
    Clause {
        number,
        holder_network: HERE,
        kinds: KindSet::of(kinds),
        roles: roles(&[Role::Doctor, Role::Pharmacist]),
        purposes: purposes(&[Purpose::Treatment, Purpose::Emergency]),
        classes: classes(&[FacilityClass::Hospital, FacilityClass::Clinic]),
    }
}
fn accord(clauses: &[Clause]) -> Relation<'_> {
    Relation::Accord { holder_network: HERE, clauses, from: Millis(0), to: NOW.plus(1) }
}
fn facts(receipts: &[ConsentReceipt]) -> Facts<'_> {
    Facts {
        now: NOW,
        addressed: true,
        replayed: false,
        membership: MembershipFact::Of {
            roles: member_roles(&[MemberRole::Reader]),
            kinds: KindSet::ALL,
            from: Millis(0),
            to: NOW.plus(1),
        },
        revoked: false,
        suspended: false,
        freshness: Freshness::Green,
        relation: Relation::Same { network: HERE },
        reader_network: HERE,
        reader_class: FacilityClass::Hospital,
        quota_left: 1,
        grade: MatchGrade::Certain,
        receipts,
        deceased: false,
        emergency: EmergencyFacts { is_open: true, ..EmergencyFacts::default() },
    }
}
fn why(decision: Decision) -> Option<Why> {
    match decision {
        Decision::Permit { .. } => None,
        Decision::Pending(why) | Decision::Busy(why) | Decision::Refuse { why, .. } => Some(why),
    }
}
#[track_caller]
fn check(ask: &Ask, facts: &Facts<'_>, expect: Option<Why>) {
    assert_eq!(why(decide(ask, facts)), expect);
}

/// One thing wrong with a request that is otherwise fine.
type Fault = (Why, fn(&mut Ask, &mut Facts<'_>));

fn membership(facts: &mut Facts<'_>, from: Millis, to: Millis) {
    let roles = member_roles(&[MemberRole::Reader]);
    facts.membership = MembershipFact::Of { roles, kinds: KindSet::ALL, from, to };
}
fn outside(facts: &mut Facts<'_>, number: usize) {
    facts.reader_network = THERE;
    facts.relation = accord(&OUTSIDE[number..=number]);
}
/// Clauses that leave out the class, the purpose, the role, the kinds, and one that is of the other direction.
static OUTSIDE: [Clause; 5] = {
    const FITS: Clause = Clause {
        number: 4,
        holder_network: HERE,
        kinds: KindSet::ALL,
        roles: Codes(u64::MAX),
        purposes: Codes(u64::MAX),
        classes: Codes(u64::MAX),
    };
    [
        Clause { classes: Codes(0), ..FITS },
        Clause { purposes: Codes(0), ..FITS },
        Clause { roles: Codes(0), ..FITS },
        Clause { kinds: KindSet::NONE, ..FITS },
        Clause { holder_network: THERE, ..FITS },
    ]
};
/// Every reason that can be had one at a time, in the order of the checks.
const FAULTS: &[Fault] = &[
    (Why::Malformed, |ask, _| ask.kinds = KindSet::NONE),
    (Why::Malformed, |ask, _| ask.limit_bytes = 0),
    (Why::Malformed, |ask, _| ask.period = Period { from: Date::new(2026, 2, 2), to: Date::new(2026, 2, 1) }),
    (Why::Malformed, |ask, _| ask.deadline = NOW.plus(REQUEST_LIFE_MS + CLOCK_TOLERANCE_MS + 1)),
    (Why::WrongHolder, |_, facts| facts.addressed = false),
    (Why::DeadlinePassed, |ask, _| ask.deadline = NOW),
    (Why::Replayed, |_, facts| facts.replayed = true),
    (Why::NotAMember, |_, facts| facts.membership = MembershipFact::Missing),
    (Why::MembershipNotYet, |_, facts| membership(facts, NOW.plus(1), NOW.plus(2))),
    (Why::MembershipExpired, |_, facts| membership(facts, Millis(0), NOW)),
    (Why::NotAReader, |_, facts| {
        let roles = member_roles(&[MemberRole::Holder, MemberRole::Witness]);
        facts.membership = MembershipFact::Of { roles, kinds: KindSet::ALL, from: Millis(0), to: NOW.plus(1) };
    }),
    (Why::Revoked, |_, facts| facts.revoked = true),
    (Why::Suspended, |_, facts| facts.suspended = true),
    (Why::StateTooOld, |_, facts| facts.freshness = Freshness::Red),
    (Why::NoAccord, |_, facts| facts.relation = Relation::None),
    (Why::NoAccord, |_, facts| outside(facts, 4)),
    (Why::AccordNotYet, |_, facts| {
        facts.relation =
            Relation::Accord { holder_network: HERE, clauses: &OUTSIDE, from: NOW.plus(1), to: NOW.plus(2) };
    }),
    (Why::AccordExpired, |_, facts| {
        facts.relation = Relation::Accord { holder_network: HERE, clauses: &OUTSIDE, from: Millis(0), to: NOW };
    }),
    (Why::OutsideAccordClasses, |_, facts| outside(facts, 0)),
    (Why::OutsideAccordPurposes, |_, facts| outside(facts, 1)),
    (Why::OutsideAccordRoles, |_, facts| outside(facts, 2)),
    (Why::OutsideAccordKinds, |_, facts| outside(facts, 3)),
    (Why::Quota, |_, facts| facts.quota_left = 0),
    (Why::NoEvidence, |ask, _| ask.evidence = None),
    (Why::PurposeMayNot, |ask, _| ask.purpose = Purpose::Research),
    (Why::NeedsHuman, |_, facts| facts.grade = MatchGrade::NeedsHuman),
    (Why::NoMatch, |_, facts| facts.grade = MatchGrade::NotSame),
    (Why::NoSuchPatient, |_, facts| facts.grade = MatchGrade::UnknownHandle),
    (Why::Deceased, |_, facts| facts.deceased = true),
    (Why::NoReaderConsent, |ask, _| ask.reader_base = None),
    (Why::NoHolderConsent, |_, facts| facts.receipts = &[]),
];

#[test]
fn a_request_with_nothing_wrong_is_served() {
    let receipts = [consent()];
    let decision = decide(&ask(), &facts(&receipts));
    let kinds = ask().kinds;
    let basis = Basis::Consent(ReceiptId([1; 16]));
    assert_eq!(decision, Decision::Permit { kinds, period: Period::ALL, cut: false, basis, clause: None });
    assert_eq!(shown(&decision), Shown::Data);
}
#[test]
fn each_fault_alone_gives_its_reason() {
    let receipts = [consent()];
    for (reason, spoil) in FAULTS {
        let (mut ask, mut facts) = (ask(), facts(&receipts));
        spoil(&mut ask, &mut facts);
        check(&ask, &facts, Some(*reason));
    }
}
#[test]
fn of_two_faults_the_earlier_check_is_named() {
    let receipts = [consent()];
    for (at, (early, spoil)) in FAULTS.iter().enumerate() {
        for (late, spoil_more) in &FAULTS[at + 1..] {
            let (mut ask, mut facts) = (ask(), facts(&receipts));
            // The later one first, so that where both speak of one fact (the membership) the earlier one stands.
            spoil_more(&mut ask, &mut facts);
            spoil(&mut ask, &mut facts);
            assert_eq!(why(decide(&ask, &facts)), Some(*early), "{early} before {late}");
        }
    }
}
#[test]
fn consent_comes_before_role_and_kind() {
    let everybody = ConsentReceipt { roles: Codes(u64::MAX), ..consent() };
    let clerk = Ask { staff_role: Role::Clerk, ..ask() };
    check(&clerk, &facts(&[]), Some(Why::NoHolderConsent));
    check(&clerk, &facts(std::slice::from_ref(&everybody)), Some(Why::RoleMayNot));
    let receipts = [everybody];
    let membership = MembershipFact::Of {
        roles: member_roles(&[MemberRole::Reader]),
        kinds: KindSet::of(&[Coarse::Meal]),
        from: Millis(0),
        to: NOW.plus(1),
    };
    check(&ask(), &Facts { membership, ..facts(&receipts) }, Some(Why::KindMayNot));
    check(&clerk, &Facts { membership, ..facts(&receipts) }, Some(Why::RoleMayNot));
}
#[test]
fn the_log_tells_stopped_and_ended_consent_from_none() {
    check(&ask(), &facts(&[consent(), stop()]), Some(Why::Stopped));
    let ended = ConsentReceipt { to: Some(NOW), ..consent() };
    check(&ask(), &facts(std::slice::from_ref(&ended)), Some(Why::ConsentEnded));
    check(&ask(), &facts(&[ended, stop()]), Some(Why::Stopped));
    check(&ask(), &facts(&[ConsentReceipt { to: Some(NOW.plus(1)), ..consent() }]), None);
}
#[test]
fn an_emergency_without_consent_is_refused_by_the_last_rule() {
    let emergency = Ask { purpose: Purpose::Emergency, ..ask() };
    check(&emergency, &facts(&[]), Some(Why::EmergencyNotAllowed));
    check(&emergency, &facts(&[consent(), stop()]), Some(Why::EmergencyNotAllowed));
    check(&Ask { staff_role: Role::Clerk, ..emergency.clone() }, &facts(&[]), Some(Why::RoleMayNot));
    let said = ConsentReceipt { purposes: purposes(&[Purpose::Emergency]), ..consent() };
    check(&emergency, &facts(&[said]), None);
}
fn broken_glass() -> Ask {
    let said = BreakGlass {
        reason: EmergencyReason::Unconscious,
        text: "brought in unconscious".into(),
        factors: 2,
        is_present: true,
    };
    Ask { purpose: Purpose::Emergency, kinds: KindSet::ALL, reader_base: None, emergency: Some(said), ..ask() }
}
#[test]
fn broken_glass_opens_the_limited_kinds_and_nothing_else() {
    for receipts in [vec![], vec![consent()], vec![consent(), stop()]] {
        let Decision::Permit { kinds, cut, basis, .. } = decide(&broken_glass(), &facts(&receipts)) else {
            panic!("refused with {} statements", receipts.len());
        };
        assert_eq!((kinds, cut, basis), (emergency_kinds(), true, Basis::BreakGlass));
        assert!(!kinds.has(Coarse::Document) && !kinds.has(Coarse::Visit) && !kinds.has(Coarse::Basic));
    }
    let documents = Ask { kinds: KindSet::of(&[Coarse::Document]), ..broken_glass() };
    check(&documents, &facts(&[]), Some(Why::NothingInScope));
}
#[test]
fn a_consent_that_covers_emergencies_needs_no_broken_glass() {
    let said = ConsentReceipt { purposes: purposes(&[Purpose::Emergency]), ..consent() };
    let asked = Ask { reader_base: ask().reader_base, ..broken_glass() };
    let decision = decide(&asked, &facts(&[said]));
    assert!(matches!(decision, Decision::Permit { basis: Basis::Consent(_), kinds: KindSet::ALL, .. }), "{decision:?}");
}
#[test]
fn not_even_in_an_emergency_holds_until_it_is_taken_back_and_only_for_its_kinds() {
    let never = ConsentReceipt { even_in_emergency: true, ..stop() };
    check(&broken_glass(), &facts(&[consent(), never.clone()]), Some(Why::EmergencyForbidden));
    let drugs = ConsentReceipt { kinds: KindSet::of(&[Coarse::Prescription]), ..never.clone() };
    match decide(&broken_glass(), &facts(&[drugs])) {
        Decision::Permit { kinds, .. } => {
            assert_eq!(kinds, emergency_kinds().without(KindSet::of(&[Coarse::Prescription])));
        }
        other => panic!("{other:?}"),
    }
    let lift = ConsentReceipt { taken_at: Millis(30), ..never.lift(ReceiptId([3; 16])) };
    check(&broken_glass(), &facts(&[never, lift]), None);
}
#[test]
fn an_emergency_is_judged_by_charter_accord_lapse_and_death() {
    let closed = Facts { emergency: EmergencyFacts::default(), ..facts(&[]) };
    check(&broken_glass(), &closed, Some(Why::EmergencyNotAllowed));
    let lapsed = EmergencyFacts { is_open: true, is_lapsed: true, ..EmergencyFacts::default() };
    check(&broken_glass(), &Facts { emergency: lapsed, ..facts(&[]) }, Some(Why::EmergencyLapsed));
    check(&broken_glass(), &Facts { deceased: true, ..facts(&[]) }, Some(Why::Deceased));
    // Row 161: the partner's clause may leave emergencies out.
    let clauses = [Clause { purposes: purposes(&[Purpose::Treatment]), ..clause(3, &[Coarse::Lab]) }];
    let abroad = Facts { relation: accord(&clauses), reader_network: THERE, ..facts(&[]) };
    check(&broken_glass(), &abroad, Some(Why::OutsideAccordPurposes));
    let clauses = [clause(3, &[Coarse::Lab, Coarse::Document])];
    let abroad = Facts { relation: accord(&clauses), ..abroad };
    match decide(&broken_glass(), &abroad) {
        Decision::Permit { kinds, clause, .. } => assert_eq!((kinds, clause), (KindSet::of(&[Coarse::Lab]), Some(3))),
        other => panic!("{other:?}"),
    }
}
#[test]
fn what_the_reader_lets_out_the_holder_judges_again() {
    let said = broken_glass().emergency.expect("said");
    let with = |said: BreakGlass| Ask { emergency: Some(said), ..broken_glass() };
    check(&with(BreakGlass { factors: 1, ..said.clone() }), &facts(&[]), Some(Why::EmergencyFactors));
    check(&with(BreakGlass { text: " ".into(), ..said.clone() }), &facts(&[]), Some(Why::EmergencyReasonMissing));
    check(&with(BreakGlass { is_present: false, ..said }), &facts(&[]), Some(Why::EmergencyNotPresent));
    check(&Ask { staff_role: Role::Pharmacist, ..broken_glass() }, &facts(&[]), Some(Why::EmergencyRole));
    check(&Ask { purpose: Purpose::Treatment, ..broken_glass() }, &facts(&[consent()]), Some(Why::NoReaderConsent));
}
#[test]
fn emergencies_are_judged_on_the_last_step_of_the_ladder_and_nothing_else_is() {
    let red = Facts { freshness: Freshness::Red, ..facts(&[]) };
    check(&broken_glass(), &red, None);
    check(&ask(), &red, Some(Why::StateTooOld));
    check(&Ask { purpose: Purpose::Treatment, ..broken_glass() }, &red, Some(Why::StateTooOld));
}
#[test]
fn a_declared_disaster_opens_to_more_staff_and_ends_with_it() {
    let asked = Ask { purpose: Purpose::Disaster, staff_role: Role::Pharmacist, ..broken_glass() };
    check(&asked, &facts(&[]), Some(Why::EmergencyNotAllowed));
    let declared = EmergencyFacts { is_disaster: true, is_lapsed: true, ..EmergencyFacts::default() };
    let facts = Facts { emergency: declared, ..facts(&[]) };
    check(&asked, &facts, None);
    check(&broken_glass(), &facts, Some(Why::EmergencyNotAllowed));
}
#[test]
fn row_163_the_family_of_the_dead_may_still_ask() {
    let receipts = [ConsentReceipt { purposes: purposes(&[Purpose::PatientRequest]), ..consent() }];
    let family = Ask { purpose: Purpose::PatientRequest, ..ask() };
    check(&family, &Facts { deceased: true, ..facts(&receipts) }, None);
}
#[test]
fn an_accord_cuts_to_its_clauses_and_names_the_first_that_opens() {
    let receipts = [consent()];
    let clauses = [clause(3, &[Coarse::Image]), clause(5, &[Coarse::Lab]), clause(6, &[Coarse::Visit])];
    let facts = Facts { relation: accord(&clauses), reader_network: THERE, ..facts(&receipts) };
    match decide(&ask(), &facts) {
        Decision::Permit { kinds, cut, clause, .. } => {
            assert_eq!((kinds, cut, clause), (KindSet::of(&[Coarse::Lab]), true, Some(5)));
        }
        other => panic!("{other:?}"),
    }
}
#[test]
fn a_refusal_by_the_accord_cites_the_clause_that_came_nearest() {
    let receipts = [consent()];
    let clauses = [
        Clause { classes: classes(&[FacilityClass::Care]), ..clause(3, &[Coarse::Lab]) },
        clause(5, &[Coarse::Image]),
        Clause { roles: roles(&[Role::Nurse]), ..clause(6, &[Coarse::Lab]) },
    ];
    let facts = Facts { relation: accord(&clauses), reader_network: THERE, ..facts(&receipts) };
    let decision = decide(&ask(), &facts);
    assert_eq!(decision, Decision::Refuse { why: Why::OutsideAccordKinds, clause: Some(5) });
    assert_eq!(shown(&decision), Shown::OutsideAccord { clause: 5 });
}
#[test]
fn rules_that_allow_different_kinds_leave_nothing() {
    let receipts = [ConsentReceipt { kinds: KindSet::of(&[Coarse::Lab]), ..consent() }];
    let membership = MembershipFact::Of {
        roles: member_roles(&[MemberRole::Reader]),
        kinds: KindSet::of(&[Coarse::Prescription]),
        from: Millis(0),
        to: NOW.plus(1),
    };
    check(&ask(), &Facts { membership, ..facts(&receipts) }, Some(Why::NothingInScope));
}
#[test]
fn evidence_of_zeros_is_none() {
    let receipts = [consent()];
    let evidence = Some(Evidence { kind: EvidenceKind::Referral, commitment: Hash([0; 32]) });
    check(&Ask { evidence, ..ask() }, &facts(&receipts), Some(Why::NoEvidence));
}
#[test]
fn the_ladder_has_its_steps_at_24_and_72_hours() {
    assert_eq!(ladder(0), Freshness::Green);
    assert_eq!(ladder(24 * HOUR_MS), Freshness::Green);
    assert_eq!(ladder(24 * HOUR_MS + 1), Freshness::Amber);
    assert_eq!(ladder(72 * HOUR_MS), Freshness::Amber);
    assert_eq!(ladder(72 * HOUR_MS + 1), Freshness::Red);
    assert_eq!(ladder(u64::MAX), Freshness::Red);
}
#[test]
fn codes_and_words_of_reasons_read_back_and_never_repeat() {
    let mut seen = std::collections::BTreeSet::new();
    for why in Why::ALL {
        assert_eq!(Why::from_code(why.code()), Some(*why));
        assert_eq!(Why::parse(why.word()), Some(*why));
        assert!(seen.insert(why.code()) && why.word().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    }
    assert_eq!(Why::from_code(9_999), None);
}
#[test]
fn those_who_run_the_network_read_nothing() {
    for role in [Role::Clerk, Role::Auditor, Role::Administrator, Role::NetworkOffice] {
        assert!(kinds_for(role).is_empty());
    }
    assert!(kinds_for(Role::CareStaff).is_within(kinds_for(Role::Doctor)));
}
#[test]
fn every_reason_about_the_patient_looks_the_same() {
    let about_the_patient = [
        Why::NoSuchPatient,
        Why::NoMatch,
        Why::NoHolderConsent,
        Why::ConsentEnded,
        Why::Stopped,
        Why::Deceased,
        Why::NothingInScope,
        Why::EmergencyNotAllowed,
        Why::EmergencyRole,
        Why::EmergencyFactors,
        Why::EmergencyReasonMissing,
        Why::EmergencyNotPresent,
        Why::EmergencyForbidden,
        Why::EmergencyLapsed,
    ];
    for why in about_the_patient {
        assert_eq!(shown(&Decision::Refuse { why, clause: Some(4) }), Shown::Nothing, "{why}");
    }
}

#[cfg(feature = "plants")]
#[test]
fn planted_bugs_let_through_what_policy_forbids() {
    let planted = |id: &str, ask: &Ask, facts: &Facts<'_>| {
        crate::plants::plant(id);
        let decision = decide(ask, facts);
        crate::plants::clear();
        decision
    };
    assert_eq!(why(planted("P01", &ask(), &facts(&[]))), None);
    let (receipts, clauses) = ([consent()], [clause(1, &[Coarse::Lab])]);
    let relation = Relation::Accord { holder_network: HERE, clauses: &clauses, from: Millis(0), to: NOW };
    let over = Facts { relation, reader_network: THERE, ..facts(&receipts) };
    assert_eq!(why(planted("P06", &ask(), &over)), None);
    assert_eq!(why(planted("P01", &ask(), &Facts { receipts: &[], ..over })), Some(Why::AccordExpired));
    let dated = Ask { period: Period { from: Date::new(2026, 1, 1), to: None }, ..ask() };
    let wide = planted("P15", &dated, &facts(&receipts));
    assert!(matches!(wide, Decision::Permit { period: Period::ALL, .. }));
}

prop_compose! {
    fn any_ask()(role in 0u8..11, purpose in 0u8..9, kinds in any::<u32>(), limit in 0u64..3, due in 0u64..3, based in any::<bool>()) -> Ask {
        Ask {
            staff_role: Role::from_code(role).expect("a role"),
            purpose: Purpose::from_code(purpose).expect("a purpose"),
            kinds: KindSet::from_bits(kinds),
            limit_bytes: limit,
            deadline: NOW.plus(due),
            reader_base: ask().reader_base.filter(|_| based),
            ..ask()
        }
    }
}

proptest! {
    #[test]
    fn a_permit_never_goes_beyond_request_consent_accord_role_and_membership(
        ask in any_ask(),
        consented in any::<u32>(),
        opened in any::<u32>(),
        member in any::<u32>(),
        foreign in any::<bool>(),
    ) {
        let consented = KindSet::from_bits(consented);
        let receipts = [ConsentReceipt { kinds: consented, ..consent() }];
        let clauses = [Clause { kinds: KindSet::from_bits(opened), ..clause(2, &[]) }];
        let membership = MembershipFact::Of {
            roles: member_roles(&[MemberRole::Reader]),
            kinds: KindSet::from_bits(member),
            from: Millis(0),
            to: NOW.plus(1),
        };
        let mut facts = Facts { membership, ..facts(&receipts) };
        if foreign {
            facts.relation = accord(&clauses);
            facts.reader_network = THERE;
        }
        if let Decision::Permit { kinds, period, cut, .. } = decide(&ask, &facts) {
            let mut most = ask.kinds.and(consented).and(KindSet::from_bits(member)).and(kinds_for(ask.staff_role));
            if foreign {
                most = most.and(KindSet::from_bits(opened));
            }
            prop_assert_eq!(kinds, most);
            prop_assert!(!kinds.is_empty());
            prop_assert_eq!(cut, kinds != ask.kinds);
            prop_assert_eq!(period, ask.period);
            prop_assert!(ask.reader_base.is_some());
        }
    }
    #[test]
    fn what_a_stranger_sees_never_depends_on_the_patient(ask in any_ask(), grade in 0usize..5, consented in any::<bool>()) {
        let grades = [
            MatchGrade::Certain,
            MatchGrade::Human,
            MatchGrade::NeedsHuman,
            MatchGrade::NotSame,
            MatchGrade::UnknownHandle,
        ];
        let receipts = if consented { vec![consent()] } else { vec![] };
        let stranger = |grade, receipts| Facts { membership: MembershipFact::Missing, grade, ..facts(receipts) };
        let one = decide(&ask, &stranger(grades[grade], &receipts));
        prop_assert_eq!(one, decide(&ask, &stranger(MatchGrade::UnknownHandle, &[])));
    }
}
