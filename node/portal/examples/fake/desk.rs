//! A desk of made-up people, for looking at pages without a node and for their tests.
#![allow(dead_code, reason = "the example and the tests use different parts")]
use portal::desk::{
    Chart, Depth, Desk, DeskError, FacilityName, FeedRow, Found, FoundRow, Holder, HolderAnswer, Home, ItemPath,
    ItemRow, ItemView, LogRow, MemberRow, NetworkRow, Person, RowStatus,
};
use protocol::engine::HolderStatus;
use protocol::ids::{FacilityId, NetworkId, NodeKey, PatientRef, RequestId};
use protocol::kinds::{Coarse, DataKind, FacilityClass, KindSet};
use protocol::policy::Freshness;
use protocol::time::{DAY_MS, Date, HOUR_MS, MINUTE_MS, Millis};
use records::model::{Line, LineKind, Mark, Sex};
use service::Staff;
use std::sync::Mutex;
use std::time::Duration;

/// Made-up people of one hospital, and six others.
pub struct FakeDesk {
    /// How long each holder takes to answer more than the one before.
    pub pause: Duration,
    /// Items of each holder.
    pub items: u32,
    /// The family name of patient 1.
    pub family: String,
    /// What was asked on which ground.
    pub asked: Mutex<Vec<String>>,
    /// Copies that a withdrawal took away.
    pub are_copies_gone: Mutex<bool>,
}

impl FakeDesk {
    /// As people are to see it.
    pub fn new() -> Self {
        Self {
            pause: Duration::from_millis(500),
            items: 24,
            family: "髙橋".into(),
            asked: Mutex::default(),
            are_copies_gone: Mutex::new(false),
        }
    }
    /// Without waiting, for tests.
    pub fn quick() -> Self {
        Self { pause: Duration::ZERO, ..Self::new() }
    }
    fn person(&self, number: u64) -> Option<Person> {
        let (name, kana, birth, sex) = match number {
            1 => (format!("{} フミ子", self.family), "タカハシ フミコ", "19410903", Sex::Female),
            2 => ("佐々木 翔太".into(), "ササキ ショウタ", "20170701", Sex::Male),
            3 => ("髙橋 フミ子".into(), "タカハシ フミコ", "19890107", Sex::Female),
            _ => return None,
        };
        Some(Person {
            patient: PatientRef(number),
            facility: facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital),
            number: format!("0041-228{number}"),
            name,
            kana: kana.into(),
            birth: Date::parse(birth),
            sex,
            is_deleted: false,
        })
    }
    fn answers(&self) -> Vec<(Holder, RowStatus)> {
        use HolderStatus as S;
        let answered = RowStatus::Answered;
        let last_seen = Some(NOW.minus(92 * MINUTE_MS));
        vec![
            (holder("0410000022", "仙台みやぎ総合病院", FacilityClass::Hospital, "MMWIN"), answered(S::Data)),
            (
                holder("0310000033", "ひかり診療所", FacilityClass::Clinic, "気仙ネット"),
                answered(S::Offline { last_seen }),
            ),
            (holder("0340000044", "ひまわり薬局", FacilityClass::Pharmacy, "気仙ネット"), answered(S::Data)),
            (
                holder("0360000055", "さくら訪問看護", FacilityClass::VisitingNursing, "気仙ネット"),
                answered(S::Pending),
            ),
            (holder("0370000066", "あおぞら介護", FacilityClass::Care, "気仙ネット"), answered(S::Late)),
            (holder("0330000077", "なぎさ歯科", FacilityClass::Dental, "気仙ネット"), answered(S::Nothing)),
            (
                holder("0410000088", "青葉クリニック", FacilityClass::Clinic, "MMWIN"),
                answered(S::OutsideAccord { clause: 2 }),
            ),
            (holder("0410000099", "泉中央病院", FacilityClass::Hospital, "MMWIN"), RowStatus::Unlinked),
        ]
    }
}

impl Desk for FakeDesk {
    fn name(&self) -> String {
        "大船渡みなと病院".into()
    }
    fn is_ready(&self) -> bool {
        true
    }
    fn now(&self) -> Millis {
        NOW
    }
    fn home(&self, _: &Staff) -> Result<Home, DeskError> {
        let member = |holder: Holder, seen: Option<u64>| MemberRow {
            facility: holder.facility,
            is_own: false,
            is_online: seen == Some(0),
            seen: seen.map(|ago| NOW.minus(ago)),
        };
        let own = MemberRow {
            facility: facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital),
            is_own: true,
            is_online: false,
            seen: None,
        };
        let all: Vec<Holder> = self.answers().into_iter().map(|(holder, _)| holder).collect();
        let of = |name: &str| all.iter().filter(|holder| holder.network == name).cloned().collect::<Vec<_>>();
        let seen = [Some(92 * MINUTE_MS), Some(0), Some(0), Some(3 * DAY_MS), None];
        let mut near: Vec<MemberRow> =
            of("気仙ネット").into_iter().zip(seen).map(|(one, seen)| member(one, seen)).collect();
        near.insert(0, own);
        Ok(Home {
            now: NOW,
            node: self.name(),
            key: NodeKey([0x5a; 32]),
            facilities: vec![facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital)],
            patients: 214,
            is_running: true,
            freshness: Some(Freshness::Green),
            networks: vec![NetworkRow {
                id: NetworkId([1; 32]),
                name: "気仙ネット".into(),
                is_member: true,
                members: near,
                accords: vec!["MMWIN".into()],
            }],
            feeds: vec![
                feed("大船渡みなと病院 main", NOW.minus(4 * MINUTE_MS), 0),
                feed("大船渡みなと病院 ANX01", NOW.minus(29 * HOUR_MS), 2),
            ],
            log: LogRow { size: 1_204, witnessed: Some((1_198, Some(2))), is_good: true },
        })
    }
    fn search(&self, _: &Staff, text: &str) -> Result<Found, DeskError> {
        match text.trim() {
            "" => Err(DeskError::EmptySearch),
            "busy" => Err(DeskError::Busy),
            "高橋" | "タカハシ" | "S16.9.3" => {
                let rows = [1, 3].into_iter().filter_map(|number| self.person(number));
                Ok(Found {
                    rows: rows.map(|person| FoundRow { person, records: self.items }).collect(),
                    more: false,
                    now: NOW,
                })
            }
            _ => Ok(Found { rows: Vec::new(), more: false, now: NOW }),
        }
    }
    fn chart(&self, _: &Staff, patient: PatientRef) -> Result<Chart, DeskError> {
        let person = self.person(patient.0).ok_or(DeskError::Unknown)?;
        let holders =
            if patient.0 == 1 { self.answers().into_iter().map(|(holder, _)| holder).collect() } else { Vec::new() };
        Ok(Chart {
            now: NOW,
            person,
            own: (0..self.items).map(|number| item(0, number, ItemPath::Own([number as u8; 16]))).collect(),
            own_checked: Some(NOW.minus(4 * MINUTE_MS)),
            allergies: Some(vec!["セフェム系（発疹）".into(), "ヨード造影剤".into()]),
            holders: (patient.0 < 3).then_some(holders),
        })
    }
    fn ask(
        &self,
        _: &Staff,
        _: PatientRef,
        ground: &str,
        each: &mut dyn FnMut(HolderAnswer) -> bool,
    ) -> Result<(), DeskError> {
        self.asked.lock().expect("the fake").push(ground.to_owned());
        let mut answers: Vec<(usize, (Holder, RowStatus))> = self.answers().into_iter().enumerate().collect();
        // Holders do not answer in the order of the page.
        answers.rotate_left(2);
        for (slot, (holder, status)) in answers {
            std::thread::sleep(self.pause);
            let has_data = status == RowStatus::Answered(HolderStatus::Data);
            let count = if has_data { self.items } else { 0 };
            let copy = |number: u32| {
                item(slot as u32 + 1, number, ItemPath::Copy(RequestId([slot as u8; 16]), [number as u8; 16]))
            };
            each(HolderAnswer { holder, status, items: (0..count).map(copy).collect(), is_cut: slot == 2, at: NOW });
        }
        Ok(())
    }
    fn kept(&self, _: &Staff, _: PatientRef, items: &[ItemPath]) -> Vec<ItemPath> {
        if *self.are_copies_gone.lock().expect("the fake") { Vec::new() } else { items.to_vec() }
    }
    fn item(&self, _: &Staff, patient: PatientRef, path: &ItemPath, depth: Depth) -> Result<ItemView, DeskError> {
        let person = self.person(patient.0).ok_or(DeskError::Unknown)?;
        let (holder, network, until) = match path {
            ItemPath::Own([first, ..]) if *first >= 250 => return Err(DeskError::Unknown),
            ItemPath::Own(_) => (person.facility.clone(), None, None),
            ItemPath::Copy(..) => (
                facility("0410000022", "仙台みやぎ総合病院", FacilityClass::Hospital),
                Some("MMWIN".to_owned()),
                Some(NOW.plus(12 * HOUR_MS)),
            ),
        };
        let result = |label: &str, value: &str, detail: &str, mark| {
            Line::of(LineKind::Result, value).label(label).detail(detail).mark(mark)
        };
        Ok(ItemView {
            now: NOW,
            person,
            row: item(0, 3, *path),
            holder,
            network,
            until,
            lines: vec![
                Line::of(LineKind::Department, "循環器内科"),
                result("クレアチニン", "1.39 mg/dL", "0.46–0.79", Mark::High),
                result("カリウム", "5.1 mmol/L", "3.6–4.8", Mark::High),
                result("ヘモグロビン", "10.9 g/dL", "11.6–14.8", Mark::Low),
                result("アルブミン", "3.9 g/dL", "4.1–5.1", Mark::None),
                Line::of(LineKind::Comment, "溶血（－）<b>&\"'"),
            ],
            problems: vec!["segment 7 (OBX-3): unknown code".into()],
            original: (depth == Depth::Original).then(|| format!("MSH|^~\\&|HIS\nPID|||1||{}^フミ子\n", self.family)),
            bytes: 2_481,
        })
    }
}

/// 2026-11-22 10:42 in Japan.
pub const NOW: Millis = Millis(1_795_311_720_000);

fn facility(id: &str, name: &str, class: FacilityClass) -> FacilityName {
    FacilityName { id: FacilityId::parse(id).expect("ten digits"), name: name.into(), class: Some(class) }
}

fn holder(id: &str, name: &str, class: FacilityClass, network: &str) -> Holder {
    let kinds = KindSet::of(&[Coarse::Visit, Coarse::Prescription, Coarse::Lab]);
    Holder { facility: facility(id, name, class), network: network.into(), kinds }
}

fn feed(name: &str, scanned: Millis, quarantined: u64) -> FeedRow {
    let facility = FacilityId::parse("0310000011").expect("ten digits");
    FeedRow { facility, name: name.into(), scanned: Some(scanned), quarantined, unreadable: 0 }
}

fn item(salt: u32, number: u32, path: ItemPath) -> ItemRow {
    let kinds = [
        ("ADT-12", "外来受診 循環器内科"),
        ("OMP-01", "アピキサバン錠2.5mg 他2剤 28日分"),
        ("OML-11", "BNP クレアチニン カリウム 他18項目"),
        ("OMG-01", "胸部単純X線 2方向"),
        ("OMP-01", "フロセミド錠40mg 14日分"),
        ("OMG-03", "心エコー AVA 1.6cm²"),
        ("PPR-01", "慢性心不全、心房細動、慢性腎臓病"),
        ("ADT-61", "セフェム系、ヨード造影剤"),
    ];
    let (kind, title) = kinds[((number * 3 + salt) % 8) as usize];
    let days = i64::from(number) * 17 % 430 + i64::from(salt) * 2;
    let at = NOW.minus(u64::try_from(days).expect("not negative") * DAY_MS);
    let kind = DataKind::parse(kind).expect("a kind");
    let care_date = (!kind.is_whole_state()).then(|| at.date_jst());
    ItemRow { path, kind, care_date, title: title.into(), made_at: at, checked_at: NOW }
}
